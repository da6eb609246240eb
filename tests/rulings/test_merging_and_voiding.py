"""Rulings 20 to 22: two people for one decision, voiding, and merging."""

from typing import Any

import pytest

from shared.domain.words import Role
from shared.identity.keys import issue_key
from shared.tickets import Hotline
from tests.factories import BODIES, Desk, SetClock, make_ticket
from tests.rulings.conftest import City

VOID: dict[str, Any] = {"reason": "重复录入"}
YES: dict[str, Any] = {"granted": True, "comment": "同意"}
NO: dict[str, Any] = {"granted": False, "comment": "不同意"}
EXTENSION: dict[str, Any] = {"reason_code": "complex", "reason": "需多部门会商", "days": 3}


async def add_key(hotline: Hotline, desk: Desk, name: str, role: Role, actor: str) -> None:
    async with hotline.ledger(1) as ledger:
        key = await issue_key(ledger.tx.connection, 1, role=role, actor=actor)
    desk.keys = {**desk.keys, name: key.plain}


@pytest.mark.parametrize(
    ("asks", "body", "decides"),
    [("void", VOID, "confirm-void"), ("request-extension", EXTENSION, "decide-extension")],
)
@pytest.mark.parametrize(("actor", "status"), [("王主任", 403), ("李主任", 200)])
async def test_ruling_20_nobody_decides_on_what_they_asked_for(  # noqa: PLR0917
    desk: Desk,
    hotline: Hotline,
    asks: str,
    body: dict[str, Any],
    decides: str,
    actor: str,
    status: int,
) -> None:
    """The same person with another key and another role is the same person."""
    await add_key(hotline, desk, "asking", Role.DESK, "王主任")
    await add_key(hotline, desk, "deciding", Role.LEADER, actor)
    no = await make_ticket(hotline)
    assert (await desk.act("asking", no, asks, **body)).status_code == 200

    assert (await desk.act("deciding", no, decides, **YES)).status_code == status


async def test_ruling_20_every_sample_key_has_an_actor_of_its_own(
    desk: Desk, hotline: Hotline
) -> None:
    no = await make_ticket(hotline)
    for who in ("desk", "leader"):
        await desk.act(who, no, "urge", text="请尽快")
    items = (await desk.get("desk", f"/v1/tickets/{no}/events")).json()["items"]
    names = [one["data"]["actor"]["name"] for one in items]

    assert len(set(names)) == len(names) == 3


@pytest.mark.parametrize("until", ["triage", "accept", "reply", "follow-up"])
async def test_ruling_21_a_void_leaves_the_state_until_it_is_confirmed(
    desk: Desk, hotline: Hotline, until: str
) -> None:
    no = await make_ticket(hotline)
    before = await desk.walk(no, until=until)
    asked = (await desk.act("desk", no, "void", **VOID)).json()
    after = (await desk.act("leader", no, "confirm-void", **YES)).json()

    assert (asked["state"], asked["void"]["state"]) == (before["state"], "pending")
    assert asked["clocks"] == before["clocks"]
    assert (after["state"], after["void"]["state"]) == ("voided", "granted")
    assert "running" not in {clock["state"] for clock in after["clocks"].values()}


async def test_ruling_21_refused_it_goes_on(desk: Desk, hotline: Hotline) -> None:
    no = await make_ticket(hotline)
    await desk.walk(no, until="dispatch")
    await desk.act("desk", no, "void", **VOID)
    after = (await desk.act("leader", no, "confirm-void", **NO)).json()

    assert (after["state"], after["void"]["state"]) == ("dispatched", "refused")
    assert (await desk.act("sanitation-section", no, "accept", executor="李工")).status_code == 200


@pytest.mark.parametrize("until", [None, "triage", "dispose", "complete", "follow-up"])
async def test_ruling_21_the_platforms_word_voids_at_once_in_any_state(
    desk: Desk, city: City, until: str | None
) -> None:
    no = await city.bring("SH-1")
    if until is not None:
        await desk.walk(no, until=until)
    said = await city.say("ticket.voided", "SH-1", reason="销单")

    assert said["status"] == "applied"
    assert (await desk.get("desk", f"/v1/tickets/{no}")).json()["state"] == "voided"


async def test_ruling_22_the_merged_tickets_clocks_end_and_the_master_takes_the_earlier_due(
    desk: Desk, city: City
) -> None:
    early, late = "2026-11-20T12:00:00+08:00", "2026-11-30T12:00:00+08:00"
    master = await city.bring("SH-1", upstream_due=late)
    merged = await city.bring("SH-2", upstream_due=early)
    for no in (master, merged):
        await desk.walk(no, until="dispatch")
    after = (await desk.act("desk", merged, "merge", into=master)).json()
    taken = (await desk.get("desk", f"/v1/tickets/{master}")).json()

    assert (after["state"], after["merged_into"]) == ("merged", master)
    assert {clock["state"] for clock in after["clocks"].values()} <= {"cancelled", "met"}
    assert taken["clocks"]["complete"]["due"] == early
    assert taken["state"] == "dispatched"


async def test_ruling_22_a_later_due_moves_nothing(desk: Desk, city: City) -> None:
    master = await city.bring("SH-1")
    merged = await city.bring("SH-2", upstream_due="2026-12-30T12:00:00+08:00")
    for no in (master, merged):
        await desk.walk(no, until="triage")
    await desk.act("desk", merged, "merge", into=master)

    taken = (await desk.get("desk", f"/v1/tickets/{master}")).json()
    assert taken["clocks"]["complete"]["due"] == "2026-11-25T23:59:59+08:00"


@pytest.mark.parametrize("fault", ["itself", "closed", "merged", "other trade"])
async def test_ruling_22_into_must_be_open_of_the_trade_and_not_merged_itself(
    desk: Desk, hotline: Hotline, fault: str
) -> None:
    no, into = await make_ticket(hotline), await make_ticket(hotline)
    await desk.walk(no, until="triage")
    if fault == "other trade":
        await desk.act("desk", into, "triage", trade="greening", category="G-01")
    else:
        await desk.walk(into, until="follow-up" if fault == "closed" else "triage")
    if fault == "merged":
        third = await make_ticket(hotline)
        await desk.walk(third, until="triage")
        await desk.act("desk", into, "merge", into=third)
    refused = await desk.act("desk", no, "merge", into=no if fault == "itself" else into)

    assert (refused.status_code, refused.json()["type"]) == (409, "/problems/conflict")
    assert (await desk.get("desk", f"/v1/tickets/{no}")).json()["state"] == "triaged"


async def test_ruling_22_the_merged_number_shows_merged_and_the_masters_reply(
    desk: Desk, city: City
) -> None:
    master, merged = await city.bring("SH-1"), await city.bring("SH-2")
    for no in (master, merged):
        await desk.walk(no, until="triage")
    await desk.act("desk", merged, "merge", into=master)
    await desk.walk(master, until="reply", triage=BODIES["triage"])
    view = (await city.view("SH-2")).json()

    assert (view["upstream_no"], view["state"]) == ("SH-2", "merged")
    assert view["reply"]["points"] == BODIES["reply"]["reply_points"]
    assert view["reply"] == (await city.view("SH-1")).json()["reply"]


async def test_ruling_22_a_merged_ticket_is_in_no_figure(
    desk: Desk, city: City, scoring: Any, set_clock: SetClock
) -> None:
    master, merged = await city.bring("SH-1"), await city.bring("SH-2")
    for no in (master, merged):
        await desk.walk(no, until="triage")
    await desk.act("desk", merged, "merge", into=master)
    await city.drain()
    headers = {"Authorization": f"Bearer {desk.keys['desk']}"}
    scores = (await scoring.get("/v1/scores?period=2026-11&by=trade", headers=headers)).json()

    assert scores["total"]["intake"] == 1
