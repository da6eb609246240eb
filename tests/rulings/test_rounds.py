"""Rulings 23 to 25: the next round, from our own follow-up or from the platform's; the archive."""

from typing import Any

import pytest

from shared.tickets import Hotline
from tests.factories import BODIES, Desk, SetClock, make_ticket
from tests.rulings.conftest import City

ROUND_DUE = "2026-11-23T23:59:59+08:00"  # the third workday after Wednesday the 18th
UNHAPPY: tuple[dict[str, Any], ...] = (
    {"overall": "dissatisfied"},
    {"solved": "no"},
    {"redo": True},
)


@pytest.mark.parametrize("answers", UNHAPPY)
async def test_ruling_23_a_dissatisfied_caller_opens_the_next_round_in_the_same_answer(
    desk: Desk, hotline: Hotline, answers: dict[str, Any]
) -> None:
    no = await make_ticket(hotline)
    ticket = await desk.walk(no, follow_up=answers)
    clocks = {name: clock["state"] for name, clock in ticket["clocks"].items()}

    assert (ticket["state"], ticket["round"]) == ("rework", 2)
    assert clocks == {"complete": "running", "reply": "running"}
    assert ticket["clocks"]["complete"]["due"] == ROUND_DUE
    assert (await desk.act("desk", no, "triage", **BODIES["triage"])).json()["state"] == "triaged"


@pytest.mark.parametrize("answers", UNHAPPY)
async def test_ruling_23_a_caller_who_was_not_reached_opens_none(
    desk: Desk, hotline: Hotline, answers: dict[str, Any]
) -> None:
    no = await make_ticket(hotline)
    await desk.walk(no, until="complete")
    told = await desk.act("desk", no, "follow-up", reached="refused", **answers)
    after = (await desk.act("desk", no, "follow-up", reached="refused")).json()

    assert told.status_code == 422
    assert (after["state"], after["round"]) == ("followed_up", 1)


async def test_ruling_23_after_two_own_rounds_it_is_supervised_at_level_2(
    desk: Desk, hotline: Hotline
) -> None:
    no = await make_ticket(hotline)
    for _ in range(3):
        ticket = await desk.walk(no, follow_up={"redo": True})

    assert (ticket["state"], ticket["round"]) == ("followed_up", 3)
    assert ticket["supervision_level"] == 2


@pytest.mark.parametrize(
    ("said", "state", "number"),
    [
        ({"overall": "dissatisfied", "solved": "no"}, "followed_up", 1),
        ({"redo": True}, "rework", 2),
    ],
)
async def test_ruling_23_the_platforms_follow_up_is_only_recorded_but_for_redo(
    desk: Desk, city: City, said: dict[str, Any], state: str, number: int
) -> None:
    no = await city.bring("SH-1")
    await desk.walk(no, until="complete")
    await city.say("ticket.followed_up", "SH-1", level="city", reached="yes", **said)
    ticket = (await desk.get("desk", f"/v1/tickets/{no}")).json()

    assert (ticket["state"], ticket["round"]) == (state, number)


@pytest.mark.parametrize(
    ("given", "due"),
    [({}, ROUND_DUE), ({"due": "2026-11-20T12:00:00+08:00"}, "2026-11-20T12:00:00+08:00")],
)
async def test_ruling_24_a_rework_order_opens_the_round_and_both_numbers_lead_to_it(
    desk: Desk, city: City, given: dict[str, Any], due: str
) -> None:
    no = await city.bring("SH-1")
    await desk.walk(no)
    await city.say("ticket.rework", "FH-1", of="SH-1", reason="市民不满意", **given)
    ticket = (await desk.get("desk", f"/v1/tickets/{no}")).json()

    assert (ticket["state"], ticket["round"]) == ("rework", 2)
    assert ticket["clocks"]["complete"]["due"] == due
    assert [one["no"] for one in ticket["upstream"]] == ["SH-1", "FH-1"]
    views = [(await city.view(number)).json() for number in ("SH-1", "FH-1")]
    assert {view["no"] for view in views} == {no}
    assert [view["upstream_no"] for view in views] == ["SH-1", "FH-1"]


async def test_ruling_24_on_a_ticket_still_open_it_counts_as_supervised(
    desk: Desk, city: City
) -> None:
    no = await city.bring("SH-1")
    await desk.walk(no, until="accept")
    due = "2026-11-20T12:00:00+08:00"
    await city.say("ticket.rework", "FH-1", of="SH-1", reason="复核", due=due)
    ticket = (await desk.get("desk", f"/v1/tickets/{no}")).json()

    assert (ticket["state"], ticket["round"], ticket["supervision_level"]) == ("accepted", 1, 1)
    assert ticket["clocks"]["complete"]["due"] == due
    assert (await city.view("FH-1")).json()["no"] == no


async def test_ruling_25_the_third_unreachable_ends_the_follow_up(
    desk: Desk, hotline: Hotline
) -> None:
    no = await make_ticket(hotline)
    await desk.walk(no, until="complete")
    states = [
        (await desk.act("desk", no, "follow-up", reached="unreachable")).json()["state"]
        for _ in range(3)
    ]

    assert states == ["completed", "completed", "followed_up"]


@pytest.mark.parametrize("reached", ["yes", "refused"])
async def test_ruling_25_reached_or_refused_it_is_followed_up(
    desk: Desk, hotline: Hotline, reached: str
) -> None:
    no = await make_ticket(hotline)
    await desk.walk(no, until="complete")

    after = (await desk.act("desk", no, "follow-up", reached=reached)).json()
    assert after["state"] == "followed_up"


async def test_ruling_25_a_follow_up_before_completion_is_kept_and_the_state_waits(
    desk: Desk, city: City
) -> None:
    no = await city.bring("SH-1")
    await desk.walk(no, until="reply")
    await city.say("ticket.followed_up", "SH-1", level="city", reached="yes")
    early = (await desk.get("desk", f"/v1/tickets/{no}")).json()
    done = (await desk.act("desk", no, "complete")).json()

    assert (early["state"], len(early["follow_ups"])) == ("replied", 1)
    assert (done["state"], len(done["follow_ups"])) == ("followed_up", 1)


@pytest.mark.parametrize(
    ("at", "state"),
    [("2026-12-18T09:29:59+08:00", "followed_up"), ("2026-12-18T09:30:00+08:00", "archived")],
)
async def test_ruling_25_it_is_archived_thirty_days_after_completion(
    desk: Desk, hotline: Hotline, set_clock: SetClock, at: str, state: str
) -> None:
    no = await make_ticket(hotline)
    await desk.walk(no)
    await set_clock(at)

    assert (await desk.get("desk", f"/v1/tickets/{no}")).json()["state"] == state
