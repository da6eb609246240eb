"""Rulings 9 and 15: what a unit or the desk asks for, and what becomes of it."""

from datetime import datetime, timedelta
from typing import Any

import pytest

from shared.tickets import Hotline
from tests.factories import BODIES, Desk, SetClock, make_ticket
from tests.rulings.conftest import City

LEAD, ASSIST = "sanitation-section", "chengfa-sanitation"
NOT_OURS: dict[str, Any] = {"reason_code": "not_ours", "reason": "不属职责范围"}
RETURN = {**NOT_OURS, "suggested_unit": ASSIST}
UPSTREAM = {**NOT_OURS, "suggested_owner": "区房管局"}
EXTENSION: dict[str, Any] = {"reason_code": "complex", "reason": "需多部门会商"}
DUE = "2026-11-25T23:59:59+08:00"


async def test_ruling_15_a_return_leaves_the_state_and_the_unit_may_only_call(
    desk: Desk, hotline: Hotline
) -> None:
    no = await make_ticket(hotline)
    before = await desk.walk(no, until="accept")
    asked = (await desk.act(LEAD, no, "return", **RETURN)).json()
    refused = await desk.act(LEAD, no, "dispose", **BODIES["dispose"])
    called = await desk.act(LEAD, no, "contact", **BODIES["contact"])

    assert (asked["state"], asked["return"]["state"]) == ("accepted", "pending")
    assert asked["clocks"] == before["clocks"]
    assert (refused.status_code, refused.json()["allowed"]) == (409, ["contact"])
    assert called.status_code == 200


async def test_ruling_15_granted_it_is_triaged_again_without_lead_and_assists(
    desk: Desk, hotline: Hotline
) -> None:
    no = await make_ticket(hotline)
    before = await desk.walk(no, until="dispatch")
    await desk.act(LEAD, no, "return", **RETURN)
    after = (await desk.act("desk", no, "decide-return", granted=True, comment="同意")).json()

    assert (after["state"], after["lead"], after["assists"]) == ("triaged", None, [])
    assert after["return"]["state"] == "granted"
    assert after["clocks"]["complete"] == before["clocks"]["complete"]
    assert (await desk.get(LEAD, f"/v1/tickets/{no}")).status_code == 200
    assert (await desk.act(LEAD, no, "accept", executor="李工")).status_code == 403
    assert (await desk.act(ASSIST, no, "accept", executor="李工")).status_code == 403


async def test_ruling_15_refused_it_goes_on_as_before(desk: Desk, hotline: Hotline) -> None:
    no = await make_ticket(hotline)
    before = await desk.walk(no, until="dispatch")
    await desk.act(LEAD, no, "return", **RETURN)
    after = (await desk.act("desk", no, "decide-return", granted=False, comment="属本单位")).json()

    assert (after["state"], after["return"]["state"]) == ("dispatched", "refused")
    assert (after["lead"], after["clocks"]) == (before["lead"], before["clocks"])
    assert (await desk.act(LEAD, no, "accept", executor="李工")).status_code == 200


@pytest.mark.parametrize(("granted", "state"), [(True, "returned_upstream"), (False, "triaged")])
async def test_ruling_15_the_platform_decides_on_a_return_to_it(
    desk: Desk, city: City, *, granted: bool, state: str
) -> None:
    no = await city.bring("SH-1")
    asked = (await desk.act("desk", no, "request-upstream-return", **UPSTREAM)).json()
    said = await city.say("ticket.return_decided", "SH-1", granted=granted, reason="已审核")
    after = (await desk.get("desk", f"/v1/tickets/{no}")).json()

    assert (asked["state"], asked["return"]["state"]) == ("return_pending", "pending")
    assert asked["clocks"]["complete"]["due"] == DUE
    assert (said["status"], after["state"]) == ("applied", state)
    assert after["return"]["state"] == ("granted" if granted else "refused")
    assert after["clocks"]["complete"]["state"] == ("cancelled" if granted else "running")


async def test_ruling_15_there_is_no_second_request_upstream(desk: Desk, city: City) -> None:
    no = await city.bring("SH-1")
    await desk.act("desk", no, "request-upstream-return", **UPSTREAM)
    await city.say("ticket.return_decided", "SH-1", granted=False, reason="属你局")

    assert (await desk.act("desk", no, "request-upstream-return", **UPSTREAM)).status_code == 409


async def test_ruling_9_only_the_platforms_grant_moves_the_clocks(desk: Desk, city: City) -> None:
    no = await city.bring("SH-1")
    before = await desk.walk(no, until="accept")
    asked = (await desk.act(LEAD, no, "request-extension", days=3, **EXTENSION)).json()
    passed_on = await desk.act("leader", no, "decide-extension", granted=True, comment="同意")
    await city.say("ticket.extension_decided", "SH-1", granted=True)
    after = (await desk.get("desk", f"/v1/tickets/{no}")).json()

    assert asked["extension"]["state"] == passed_on.json()["extension"]["state"] == "pending"
    assert asked["clocks"] == passed_on.json()["clocks"] == before["clocks"]
    assert after["extension"]["state"] == "granted"
    assert after["clocks"]["complete"]["due"] == "2026-11-30T23:59:59+08:00"
    assert after["clocks"]["unit_complete"]["due"] == "2026-11-27T23:59:59+08:00"
    assert after["clocks"]["first_contact"] == before["clocks"]["first_contact"]


async def test_ruling_9_the_platforms_due_stands_where_it_names_one(desk: Desk, city: City) -> None:
    no = await city.bring("SH-1")
    due = "2026-12-04T12:00:00+08:00"
    await desk.act("desk", no, "request-extension", days=3, **EXTENSION)
    await desk.act("leader", no, "decide-extension", granted=True, comment="同意")
    await city.say("ticket.extension_decided", "SH-1", granted=True, due=due)

    after = (await desk.get("desk", f"/v1/tickets/{no}")).json()
    assert after["clocks"]["complete"]["due"] == due


async def test_ruling_9_a_leaders_refusal_ends_it_and_there_is_one_a_round(
    desk: Desk, city: City
) -> None:
    no = await city.bring("SH-1")
    await desk.act("desk", no, "request-extension", days=3, **EXTENSION)
    refused = await desk.act("leader", no, "decide-extension", granted=False, comment="不同意")
    await city.say("ticket.extension_decided", "SH-1", granted=True)
    after = (await desk.get("desk", f"/v1/tickets/{no}")).json()
    again = await desk.act("desk", no, "request-extension", days=3, **EXTENSION)

    assert refused.json()["extension"]["state"] == "refused"
    assert (after["extension"]["state"], after["clocks"]["complete"]["due"]) == ("refused", DUE)
    assert (again.status_code, again.json()["type"]) == (409, "/problems/conflict")


@pytest.mark.parametrize(("days", "status"), [(0, 422), (1, 200), (10, 200), (11, 422)])
async def test_ruling_9_at_most_ten_days_are_asked_for(
    desk: Desk, hotline: Hotline, days: int, status: int
) -> None:
    no = await make_ticket(hotline)
    answer = await desk.act("desk", no, "request-extension", days=days, **EXTENSION)

    assert answer.status_code == status


@pytest.mark.parametrize(("seconds", "status"), [(0, 200), (1, 409)])
async def test_ruling_9_it_is_asked_for_a_workday_before_the_due_at_the_latest(
    desk: Desk, hotline: Hotline, set_clock: SetClock, seconds: int, status: int
) -> None:
    no = await make_ticket(hotline)
    latest = datetime.fromisoformat("2026-11-24T23:59:59+08:00")
    await set_clock(latest + timedelta(seconds=seconds))
    body: dict[str, Any] = {"days": 3, **EXTENSION}
    answer = await desk.act("desk", no, "request-extension", **body)

    assert answer.status_code == status
    assert status == 200 or answer.json()["type"] == "/problems/conflict"
