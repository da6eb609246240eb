"""The emergency plan over HTTP: declared, read, replaced, ended, expired."""

from collections.abc import Mapping
from typing import Any

import pytest
from httpx import AsyncClient, Response
from sqlalchemy import text

from services.scoring.actions.recompute import recompute
from shared.domain.calendar import CITY_ZONE
from shared.domain.words import Urgency
from shared.tickets import Hotline
from tests.factories import TEXTS, Desk, SetClock, make_ticket

PLAN: Mapping[str, Any] = {
    "active": True,
    "scope": {"trades": [], "streets": [], "keywords": []},
    "overrides": {"duty": "06:00-24:00", "limits": {"first_contact.urgent": "30min"}, "push": True},
    "until": "2026-11-20T06:00:00+08:00",
    "reason": "台风橙色预警",
}
CONTACT = "first_contact"


async def put(
    desk: Desk, who: str = "leader", *, key: str | None = None, **changed: Any
) -> Response:
    headers = {
        "Authorization": f"Bearer {desk.keys[who]}",
        "Idempotency-Key": key or f"plan-{desk.calls()}",
    }
    return await desk.client.put("/v1/emergency", json={**PLAN, **changed}, headers=headers)


async def plan_of(desk: Desk, who: str = "desk") -> dict[str, Any]:
    answer = await desk.get(who, "/v1/emergency")
    assert answer.status_code == 200, answer.text
    found: dict[str, Any] = answer.json()
    return found


async def read(desk: Desk, no: str) -> dict[str, Any]:
    found: dict[str, Any] = (await desk.get("desk", f"/v1/tickets/{no}")).json()
    return found


async def urgent(hotline: Hotline, set_clock: SetClock, when: str, **values: Any) -> str:
    now = await set_clock(when)
    return await make_ticket(
        hotline, received_at=now.astimezone(CITY_ZONE), urgency=Urgency.URGENT, **values
    )


async def test_a_leader_declares_a_plan_and_everyone_at_work_reads_it(desk: Desk) -> None:
    assert await plan_of(desk) == {"active": False}
    declared = await put(desk)

    assert declared.status_code == 200, declared.text
    for who in ("desk", "leader", "admin", "greening-section"):
        assert await plan_of(desk, who) == declared.json()
    plan = declared.json()
    assert {name: plan[name] for name in ("active", "scope", "until", "reason")} == {
        name: PLAN[name] for name in ("active", "scope", "until", "reason")
    }
    assert plan["overrides"] == PLAN["overrides"]
    assert (plan["id"], plan["since"]) == ("E-000001", "2026-11-18T09:30:00+08:00")
    assert plan["author"]


@pytest.mark.parametrize("who", ["desk", "admin", "greening-section", "bi"])
async def test_nobody_but_a_leader_declares_one(desk: Desk, who: str) -> None:
    assert (await put(desk, who)).status_code == 403
    assert await plan_of(desk) == {"active": False}


async def test_bi_does_not_read_it(desk: Desk) -> None:
    assert (await desk.get("bi", "/v1/emergency")).status_code == 403


OVERRIDES = PLAN["overrides"]


@pytest.mark.parametrize(
    ("changed", "pointer", "message"),
    [
        ({"until": None}, "/until", "此项必填"),
        ({"reason": None}, "/reason", "此项必填"),
        ({"until": "2026-11-18T09:30:00+08:00"}, "/until", "到期时间须晚于现在"),
        ({"until": "2027-11-19T09:30:00+08:00"}, "/until", "到期时间不得超过一年"),
        ({"until": "2026-11-20T06:00:00"}, "/until", "时间须带时区"),
        ({"active": "yes"}, "/active", "应为 true 或 false"),
        ({"scope": {"trades": ["roads"]}}, "/scope/trades/0", "不在允许的取值之内"),
        ({"scope": {"units": []}}, "/scope/units", "不认识的字段"),
        (
            {"overrides": {"duty": "24:00-06:00"}},
            "/overrides/duty",
            "值班时段应如 06:00-24:00",
        ),
        (
            {"overrides": {"limits": {"first_contact.urgent": "soon"}}},
            "/overrides/limits/first_contact.urgent",
            "时限应如 30min、2h、2wh、1wd",
        ),
        (
            {"overrides": {"limits": {"archive_days": "1"}}},
            "/overrides/limits/archive_days",
            "没有这一项时限，或不能由应急预案调整",
        ),
        (
            {"overrides": {"limits": {"interim_report.urgent": "1wd"}}},
            "/overrides/limits/interim_report.urgent",
            "初次报告时限应为自然时间，如 1h、30min",
        ),
        ({"at": "2026-11-18T09:00:00+08:00"}, "/at", "不认识的字段"),
    ],
)
async def test_a_plan_that_makes_no_sense_is_refused_at_its_field(
    desk: Desk, changed: dict[str, Any], pointer: str, message: str
) -> None:
    refused = await put(desk, **changed)

    assert refused.status_code == 422
    assert refused.json()["errors"] == [{"pointer": pointer, "message": message}]
    assert await plan_of(desk) == {"active": False}


async def test_the_same_key_declares_once(desk: Desk) -> None:
    first = await put(desk, key="once")
    again = await put(desk, key="once")

    assert (again.status_code, again.json()) == (200, first.json())
    assert (await put(desk, key="once", reason="另有缘由")).status_code == 422
    history = (await desk.get("leader", "/v1/emergency/history")).json()["items"]
    assert len(history) == 1


async def test_a_new_plan_takes_the_place_of_the_one_in_force_and_the_history_keeps_both(
    desk: Desk, set_clock: SetClock
) -> None:
    await put(desk)
    await set_clock("2026-11-18T12:00:00+08:00")
    await put(desk, reason="台风红色预警")
    await set_clock("2026-11-18T13:00:00+08:00")
    ended = await put(desk, active=False, until=None, reason="警报解除")

    assert ended.json() == {"active": False}
    newest, oldest = (await desk.get("desk", "/v1/emergency/history")).json()["items"]
    assert (oldest["ending"], oldest["ended_at"]) == ("replaced", "2026-11-18T12:00:00+08:00")
    assert (newest["ending"], newest["end_reason"], newest["active"]) == (
        "ended",
        "警报解除",
        False,
    )
    assert (newest["id"], newest["reason"]) == ("E-000002", "台风红色预警")


@pytest.mark.parametrize(
    ("received", "due"),
    [
        ("2026-11-18T20:00", "2026-11-18T20:30:00+08:00"),
        ("2026-11-19T03:00", "2026-11-19T06:30:00+08:00"),
    ],
)
async def test_tickets_received_meanwhile_go_by_the_plan_and_say_so(
    desk: Desk, hotline: Hotline, set_clock: SetClock, received: str, due: str
) -> None:
    await put(desk)
    no = await urgent(hotline, set_clock, f"{received}:00+08:00")
    ticket = await read(desk, no)

    assert ticket["clocks"][CONTACT]["due"] == due
    assert ticket["emergency"] == {
        "id": "E-000001",
        "at": f"{received}:00+08:00",
        "clocks": ["desk_accept", CONTACT],
    }
    events = (await desk.get("desk", f"/v1/tickets/{no}/events")).json()["items"]
    assert events[0]["data"]["emergency"] == "E-000001"
    clocks = (await desk.get("desk", f"/v1/tickets/{no}/clocks")).json()["items"]
    explained = next(one for one in clocks if one["name"] == CONTACT)
    assert explained["rule"] == "first_contact.urgent=30min@emergency"
    assert "按应急预案30分钟" in explained["text"]


async def test_declared_at_night_it_starts_the_clocks_that_waited_for_the_morning(
    desk: Desk, hotline: Hotline, set_clock: SetClock
) -> None:
    no = await urgent(hotline, set_clock, "2026-11-18T20:00:00+08:00")
    before = await read(desk, no)
    await set_clock("2026-11-18T21:00:00+08:00")
    await put(desk)
    after = await read(desk, no)

    assert before["clocks"][CONTACT]["due"] == "2026-11-19T09:30:00+08:00"
    assert after["clocks"][CONTACT]["due"] == "2026-11-18T21:30:00+08:00"
    assert after["emergency"]["id"] == "E-000001"
    assert after["clocks"]["complete"] == before["clocks"]["complete"]


async def test_a_keyword_finds_open_tickets_by_their_words(
    desk: Desk, hotline: Hotline, set_clock: SetClock
) -> None:
    fallen = await urgent(
        hotline, set_clock, "2026-11-18T20:00:00+08:00", texts={**TEXTS, "content": "行道树倒伏"}
    )
    other = await urgent(hotline, set_clock, "2026-11-18T20:01:00+08:00")
    await put(desk, scope={"keywords": ["倒伏"]})

    assert (await read(desk, fallen))["emergency"]["id"] == "E-000001"
    assert (await read(desk, other))["emergency"] is None


async def test_it_ends_by_itself_at_its_due_time_inside_a_jump(
    desk: Desk, hotline: Hotline, set_clock: SetClock
) -> None:
    await put(desk)
    await set_clock("2026-11-20T06:00:00+08:00")
    assert await plan_of(desk) == {"active": False}
    no = await urgent(hotline, set_clock, "2026-11-23T20:00:00+08:00")

    (kept,) = (await desk.get("desk", "/v1/emergency/history")).json()["items"]
    assert (kept["ending"], kept["ended_at"]) == ("expired", "2026-11-20T06:00:00+08:00")
    ticket = await read(desk, no)
    assert ticket["emergency"] is None
    assert ticket["clocks"][CONTACT]["due"] == "2026-11-24T09:30:00+08:00"
    async with hotline.database.transaction(1, writing=False) as tx:
        rows = await tx.rows(text("SELECT type, recorded_at FROM emergencies ORDER BY seq"))
    assert [row.type for row in rows] == ["declared", "expired"]
    assert rows[1].recorded_at.astimezone(CITY_ZONE).isoformat() == "2026-11-20T06:00:00+08:00"


async def test_declaring_ending_and_pushed_tickets_are_told(
    desk: Desk, hotline: Hotline, set_clock: SetClock
) -> None:
    await put(desk)
    now = await set_clock("2026-11-18T22:00:00+08:00")
    pushed = await make_ticket(hotline, received_at=now.astimezone(CITY_ZONE))
    await put(desk, active=False)

    items = (await desk.get("desk", "/v1/notices?limit=500")).json()["items"]
    told = {(one["kind"], one["subject"]) for one in items}
    assert {
        ("emergency_declared", "E-000001"),
        ("emergency_ended", "E-000001"),
        ("emergency_pushed", pushed),
    } <= told
    push = next(one for one in items if one["kind"] == "emergency_pushed")
    assert (push["urgency"], push["tell_by"]) == ("immediate", "2026-11-18T22:00:00+08:00")
    own = (await desk.get("greening-centre", "/v1/notices")).json()["items"]
    assert [one["kind"] for one in own] == ["emergency_declared", "emergency_ended"]


async def test_scores_are_asked_with_and_without_what_came_under_a_plan(
    desk: Desk,
    hotline: Hotline,
    set_clock: SetClock,
    scoring: AsyncClient,
    drain: Any,
) -> None:
    await make_ticket(hotline)
    await put(desk)
    await urgent(hotline, set_clock, "2026-11-18T20:00:00+08:00")
    await drain()
    headers = {"Authorization": f"Bearer {desk.keys['leader']}"}

    async def intake(question: str) -> int:
        path = f"/v1/scores?period=2026-11{question}"
        answer = await scoring.get(path, headers=headers)
        assert answer.status_code == 200, answer.text
        found: int = answer.json()["total"]["intake"]
        return found

    assert [await intake(""), await intake("&emergency=include")] == [2, 2]
    assert await intake("&emergency=exclude") == 1
    behind = "/v1/scores/tickets?period=2026-11&metric=intake&emergency=exclude"
    assert len((await scoring.get(behind, headers=headers)).json()["items"]) == 1
    assert await recompute(hotline, 1) == []
    wrong = await scoring.get("/v1/scores?period=2026-11&emergency=no", headers=headers)
    assert wrong.status_code == 422
