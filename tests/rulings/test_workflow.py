"""Rulings 13 and 14: the main path's corners, and where nobody is to be answered."""

from typing import Any

import pytest

from shared.tickets import Hotline
from tests.factories import BODIES, Desk, make_ticket

UNIT = "sanitation-section"
VISIT: dict[str, Any] = {"findings": "现场有满溢", "participants": ["李工"]}


@pytest.mark.parametrize(
    ("who", "action", "body"),
    [
        (UNIT, "dispose", BODIES["dispose"]),
        (UNIT, "site-visit", VISIT),
        ("leader", "site-visit", VISIT),
    ],
)
async def test_ruling_13_disposal_and_site_visit_each_begin_the_work(
    desk: Desk, hotline: Hotline, who: str, action: str, body: dict[str, Any]
) -> None:
    no = await make_ticket(hotline)
    await desk.walk(no, until="accept")

    assert (await desk.act(who, no, action, **body)).json()["state"] == "in_progress"


@pytest.mark.parametrize("until", ["triage", "dispatch", "dispose", "feedback", "reply"])
async def test_ruling_13_elsewhere_a_site_visit_changes_no_state(
    desk: Desk, hotline: Hotline, until: str
) -> None:
    no = await make_ticket(hotline)
    before = await desk.walk(no, until=until)
    after = (await desk.act("desk", no, "site-visit", **VISIT)).json()

    assert after["state"] == before["state"]
    assert len(after["site_visits"]) == 1


async def test_ruling_13_feedback_comes_only_from_work_in_progress(
    desk: Desk, hotline: Hotline
) -> None:
    no = await make_ticket(hotline)
    ticket = await desk.walk(no, until="contact")
    body = {**BODIES["feedback"], "contact_id": ticket["contacts"][0]["id"]}
    refused = await desk.act(UNIT, no, "feedback", **body)

    assert (refused.status_code, refused.json()["state"]) == (409, "accepted")


async def test_ruling_13_triage_may_be_repeated_and_dispatch_may_not(
    desk: Desk, hotline: Hotline
) -> None:
    no = await make_ticket(hotline)
    await desk.walk(no, until="triage")
    again = await desk.act("desk", no, "triage", trade="sanitation", category="S-01")
    await desk.act("desk", no, "dispatch", lead=UNIT)
    twice = await desk.act("desk", no, "dispatch", lead="sanitation-centre")

    assert (again.json()["state"], again.json()["category"]) == ("triaged", "S-01")
    assert twice.status_code == 409


async def test_ruling_13_every_action_takes_its_time(desk: Desk, hotline: Hotline) -> None:
    no = await make_ticket(hotline)
    at = {"at": "2026-11-18T09:25:00+08:00", "reason": "补录"}
    dated: dict[str, Any] = {name.replace("-", "_"): at for name in BODIES}
    ticket = await desk.walk(no, **dated)

    stopped = {clock["stopped_at"] for clock in ticket["clocks"].values()}
    assert (ticket["state"], stopped) == ("followed_up", {"2026-11-18T09:25:00+08:00"})


@pytest.mark.parametrize(
    "values",
    [{"need_reply": False}, {"is_anonymous": True, "has_phone": False}],
)
async def test_ruling_14_without_a_reply_owed_completion_follows_the_feedback(
    desk: Desk, hotline: Hotline, values: dict[str, Any]
) -> None:
    no = await make_ticket(hotline, **values)
    before = await desk.walk(no, until="feedback")
    done = await desk.act("desk", no, "complete")

    assert before["clocks"]["reply"]["state"] == "exempt"
    assert (done.status_code, done.json()["state"]) == (200, "completed")


async def test_ruling_14_an_owed_reply_comes_before_completion(
    desk: Desk, hotline: Hotline
) -> None:
    no = await make_ticket(hotline)
    await desk.walk(no, until="feedback")

    assert (await desk.act("desk", no, "complete")).status_code == 409


async def test_ruling_14_nobody_to_call_is_exempt_from_contact_reply_and_follow_up(
    desk: Desk, hotline: Hotline
) -> None:
    no = await make_ticket(hotline, is_anonymous=True, has_phone=False)
    await desk.walk(no, until="accept")
    await desk.act(UNIT, no, "dispose", **BODIES["dispose"])
    feedback = await desk.act(UNIT, no, "feedback", **BODIES["feedback"])
    done = (await desk.act("desk", no, "complete")).json()

    assert feedback.status_code == 200
    states = {name: clock["state"] for name, clock in done["clocks"].items()}
    exempt = {name for name, state in states.items() if state == "exempt"}
    assert exempt == {"first_contact", "reply", "follow_up"}


async def test_ruling_14_anonymous_with_a_phone_is_an_ordinary_ticket(
    desk: Desk, hotline: Hotline
) -> None:
    no = await make_ticket(hotline, is_anonymous=True, has_phone=True)
    ticket = await desk.walk(no)

    assert ticket["state"] == "followed_up"
    assert {clock["state"] for clock in ticket["clocks"].values()} == {"met"}
    refused = await desk.act("desk", await make_ticket(hotline, is_anonymous=True), "complete")
    assert refused.status_code == 409
