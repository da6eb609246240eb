"""What one asks for and another decides: returns, extensions, voiding."""

from typing import Any

import pytest
from httpx import AsyncClient, Response

from shared.domain.words import Role
from shared.identity import issue_key
from shared.tickets import Hotline
from tests.factories import Desk, SetClock, make_ticket
from tests.intake.conftest import Drain
from tests.platform import Platform

UNIT = "sanitation-section"
RETURN: dict[str, Any] = {"reason_code": "not_ours", "reason": "该路段由市属单位养护"}
EXTENSION: dict[str, Any] = {"reason_code": "materials", "reason": "灯具须定制", "days": 3}


def conflict(answer: Response) -> bool:
    return answer.status_code == 409 and answer.json()["type"] == "/problems/conflict"


async def test_a_return_waits_for_the_desk_and_lets_the_unit_only_call(
    desk: Desk, hotline: Hotline
) -> None:
    no = await make_ticket(hotline)
    before = await desk.walk(no, until="accept")
    asked = await desk.act(UNIT, no, "return", **RETURN, suggested_unit="sanitation-centre")

    ticket = asked.json()
    assert asked.status_code == 200, asked.text
    assert (ticket["state"], ticket["return"]["state"]) == ("accepted", "pending")
    assert ticket["return"]["reason"] == RETURN["reason"]
    assert ticket["clocks"]["unit_complete"] == before["clocks"]["unit_complete"]
    refused = await desk.act(UNIT, no, "dispose", text="清运", site_check="yes")
    assert refused.status_code == 409
    assert refused.json()["allowed"] == ["contact"]


async def test_granted_it_goes_back_to_the_desk_and_the_clocks_of_the_ticket_run_on(
    desk: Desk, hotline: Hotline
) -> None:
    no = await make_ticket(hotline)
    before = await desk.walk(no, until="accept")
    await desk.act(UNIT, no, "return", **RETURN)
    ticket = (await desk.act("desk", no, "decide-return", granted=True, comment="另派")).json()

    assert (ticket["state"], ticket["lead"], ticket["assists"]) == ("triaged", None, [])
    assert ticket["return"]["state"] == "granted"
    assert ticket["clocks"]["complete"] == before["clocks"]["complete"]
    former = await desk.get(UNIT, f"/v1/tickets/{no}")
    act = await desk.act(UNIT, no, "accept", executor="李工")
    assert (former.status_code, act.status_code) == (200, 403)

    again = (await desk.act("desk", no, "dispatch", lead=UNIT)).json()
    assert (again["return"]["count"], again["return"]["bounces"]) == (1, 1)
    clocks = (await desk.get("desk", f"/v1/tickets/{no}/clocks")).json()["items"]
    states = [one["state"] for one in clocks if (one["name"], one["unit"]) == ("unit_accept", UNIT)]
    assert states == ["met", "running"]


async def test_refused_it_is_as_before(desk: Desk, hotline: Hotline) -> None:
    no = await make_ticket(hotline)
    await desk.walk(no, until="accept")
    await desk.act(UNIT, no, "return", **RETURN)
    refused = (await desk.act("desk", no, "decide-return", granted=False, comment="属你")).json()

    assert (refused["state"], refused["return"]["state"]) == ("accepted", "refused")
    assert refused["return"]["comment"] == "属你"
    work = await desk.act(UNIT, no, "dispose", text="清运", site_check="yes")
    assert work.json()["state"] == "in_progress"


async def test_a_return_comes_too_late_after_two_working_hours(
    desk: Desk, hotline: Hotline, set_clock: SetClock
) -> None:
    no = await make_ticket(hotline)
    await desk.walk(no, until="dispatch")
    await set_clock("2026-11-18T11:30:01+08:00")

    assert conflict(await desk.act(UNIT, no, "return", **RETURN))
    assert (await desk.get("desk", f"/v1/tickets/{no}")).json()["return"] is None


@pytest.fixture
def city(intake: AsyncClient, secrets: dict[str, str]) -> Platform:
    return Platform(intake, "city-12345", secrets["city-12345"])


async def pushed(city: Platform, drain: Drain) -> str:
    answer = await city.create("SH-1")
    await drain()
    no: str = (await city.receipt(answer))["ticket_no"]
    return no


UPSTREAM: dict[str, Any] = {**RETURN, "suggested_owner": "城管执法"}


async def test_the_platform_takes_it_back_or_locks_it(
    desk: Desk, city: Platform, drain: Drain
) -> None:
    no = await pushed(city, drain)
    asked = (await desk.act("desk", no, "request-upstream-return", **UPSTREAM)).json()
    assert (asked["state"], asked["return"]["level"]) == ("return_pending", "upstream")

    await city.push("ticket.return_decided", upstream_no="SH-1", granted=False, reason="属你局")
    await drain()
    ticket = (await desk.get("desk", f"/v1/tickets/{no}")).json()
    assert (ticket["state"], ticket["return"]["state"]) == ("triaged", "refused")
    assert (await desk.act("desk", no, "dispatch", lead=UNIT)).status_code == 422
    again = await desk.act("desk", no, "request-upstream-return", **UPSTREAM)
    assert again.status_code == 409
    assert "request-upstream-return" not in again.json()["allowed"]


async def test_taken_back_every_clock_ends(desk: Desk, city: Platform, drain: Drain) -> None:
    no = await pushed(city, drain)
    await desk.act("desk", no, "request-upstream-return", **UPSTREAM)
    decided = await city.push("ticket.return_decided", upstream_no="SH-1", granted=True)
    late = await city.push("ticket.urged", upstream_no="SH-1", text="请尽快")
    await drain()

    ticket = (await desk.get("desk", f"/v1/tickets/{no}")).json()
    assert ticket["state"] == "returned_upstream"
    assert {clock["state"] for clock in ticket["clocks"].values()} == {"cancelled"}
    assert (await city.receipt(decided))["status"] == "applied"
    assert (await city.receipt(late))["status"] == "ignored"


async def test_an_extension_moves_the_due_only_at_the_platforms_word(
    desk: Desk, city: Platform, drain: Drain
) -> None:
    no = await pushed(city, drain)
    before = await desk.walk(no, until="accept")
    asked = (await desk.act(UNIT, no, "request-extension", **EXTENSION)).json()
    passed = (await desk.act("leader", no, "decide-extension", granted=True, comment="同意")).json()
    assert (asked["extension"]["state"], asked["extension"]["level"]) == ("pending", "bureau")
    assert (passed["extension"]["state"], passed["extension"]["level"]) == ("pending", "upstream")
    assert passed["clocks"]["complete"] == before["clocks"]["complete"]

    await city.push("ticket.extension_decided", upstream_no="SH-1", granted=True)
    await drain()
    ticket = (await desk.get("desk", f"/v1/tickets/{no}")).json()
    assert before["clocks"]["complete"]["due"] == "2026-11-25T23:59:59+08:00"
    assert ticket["clocks"]["complete"]["due"] == "2026-11-30T23:59:59+08:00"
    assert ticket["clocks"]["unit_complete"]["due"] == "2026-11-27T23:59:59+08:00"
    assert ticket["clocks"]["first_contact"] == before["clocks"]["first_contact"]
    assert ticket["extension"]["state"] == "granted"
    assert conflict(await desk.act(UNIT, no, "request-extension", **EXTENSION))


@pytest.mark.parametrize(("days", "status"), [(0, 422), (1, 200), (10, 200), (11, 422)])
async def test_an_extension_is_of_one_to_ten_days(
    desk: Desk, hotline: Hotline, days: int, status: int
) -> None:
    no = await make_ticket(hotline)
    asked = await desk.act("desk", no, "request-extension", **EXTENSION | {"days": days})

    assert asked.status_code == status


async def test_an_extension_is_asked_for_a_working_day_before_the_due(
    desk: Desk, hotline: Hotline, set_clock: SetClock
) -> None:
    no = await make_ticket(hotline)
    await set_clock("2026-11-25T00:00:00+08:00")

    assert conflict(await desk.act("desk", no, "request-extension", **EXTENSION))


async def test_nobody_decides_what_they_asked_for(
    desk: Desk, hotline: Hotline, keys: dict[str, str]
) -> None:
    no = await make_ticket(hotline)
    await desk.act("desk", no, "void", reason="重复录入")
    async with hotline.database.transaction(1) as tx:
        key = await issue_key(tx.connection, 1, role=Role.LEADER, actor="样例受理员")
    twin = Desk(desk.client, {**keys, "twin": key.plain})
    own = await twin.act("twin", no, "confirm-void", granted=True, comment="同意")
    other = await desk.act("leader", no, "confirm-void", granted=True, comment="同意")

    assert own.status_code == 403
    assert other.json()["state"] == "voided"
    assert other.json()["void"]["state"] == "granted"


async def test_a_voiding_refused_leaves_all_as_it_was(desk: Desk, hotline: Hotline) -> None:
    no = await make_ticket(hotline)
    asked = (await desk.act("desk", no, "void", reason="重复录入")).json()
    refused = (await desk.act("leader", no, "confirm-void", granted=False, comment="有效")).json()

    assert (asked["state"], asked["void"]["state"]) == ("received", "pending")
    assert (refused["state"], refused["void"]["state"]) == ("received", "refused")
    assert (await desk.act("desk", no, "void", reason="再次申请")).status_code == 200


@pytest.mark.parametrize(
    ("who", "action", "body"),
    [
        ("desk", "decide-return", {"granted": True, "comment": "好"}),
        ("leader", "decide-extension", {"granted": True, "comment": "好"}),
        ("leader", "confirm-void", {"granted": True, "comment": "好"}),
    ],
)
async def test_what_nobody_asked_for_cannot_be_decided(
    desk: Desk, hotline: Hotline, who: str, action: str, body: dict[str, Any]
) -> None:
    no = await make_ticket(hotline)
    await desk.walk(no, until="accept")
    refused = await desk.act(who, no, action, **body)

    assert (refused.status_code, refused.json()["type"]) == (
        409,
        "/problems/transition-not-allowed",
    )
    assert action not in refused.json()["allowed"]
