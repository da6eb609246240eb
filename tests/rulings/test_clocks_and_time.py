"""Rulings 10–12: what `…/clocks` tells, the calendars that are loaded, the sandbox's clock."""

from datetime import datetime, timedelta
from itertools import pairwise
from typing import Any

import pytest
from httpx import AsyncClient

from shared.domain.official import load_official_calendar
from shared.tickets import Hotline
from tests.factories import BODIES, Desk, SetClock, make_ticket
from tests.rulings.conftest import City

FIELDS = {
    *("name", "round", "unit", "start", "due", "state", "stopped_at", "rule"),
    *("calendar_version", "segments", "margin_seconds", "text"),
}


async def clocks_of(desk: Desk, no: str) -> list[dict[str, Any]]:
    items: list[dict[str, Any]] = (await desk.get("desk", f"/v1/tickets/{no}/clocks")).json()[
        "items"
    ]
    return items


async def test_ruling_10_every_clock_tells_its_start_due_rule_and_calendar(
    desk: Desk, hotline: Hotline
) -> None:
    no = await make_ticket(hotline)
    await desk.walk(no)
    items = await clocks_of(desk, no)

    assert all(item.keys() >= FIELDS for item in items)
    assert [(one["round"], one["start"]) for one in items] == sorted(
        (one["round"], one["start"]) for one in items
    )
    own = {one["name"] for one in items if one["unit"] is None}
    assert own == {"desk_accept", "first_contact", "complete", "reply", "follow_up"}
    assert {one["unit"] for one in items if one["name"].startswith("unit_")} == {
        "sanitation-section",
        "chengfa-sanitation",
    }


async def test_ruling_10_segments_join_without_gaps_from_start_to_stop(
    desk: Desk, hotline: Hotline, set_clock: SetClock
) -> None:
    no = await make_ticket(hotline)
    await set_clock("2026-11-23T10:00:00+08:00")
    await desk.walk(no, until="accept")
    await desk.act("desk", no, "contact", **BODIES["contact"])
    stopped = [one for one in await clocks_of(desk, no) if one["start"] < (one["stopped_at"] or "")]

    assert {one["name"] for one in stopped} == {"desk_accept", "first_contact"}
    for one in stopped:
        edges = [(part["from"], part["to"]) for part in one["segments"]]
        assert len(edges) > 1
        assert (edges[0][0], edges[-1][1]) == (one["start"], one["stopped_at"])
        assert all(before[1] == after[0] for before, after in pairwise(edges))


async def test_ruling_10_a_margin_below_nought_is_late(
    desk: Desk, hotline: Hotline, set_clock: SetClock
) -> None:
    no = await make_ticket(hotline)
    await set_clock("2026-11-20T10:00:00+08:00")
    await desk.act("desk", no, "contact", **BODIES["contact"])
    one = next(item for item in await clocks_of(desk, no) if item["name"] == "first_contact")

    late = datetime.fromisoformat(one["due"]) - datetime.fromisoformat(one["stopped_at"])
    assert (one["state"], one["margin_seconds"]) == ("missed", int(late.total_seconds()))
    assert one["margin_seconds"] < 0


async def test_ruling_10_the_ticket_shows_the_latest_of_each_name_for_the_present_lead(
    desk: Desk, hotline: Hotline
) -> None:
    no = await make_ticket(hotline)
    unhappy: dict[str, Any] = {"follow_up": {"overall": "dissatisfied"}}
    await desk.walk(no, **unhappy)
    await desk.act("desk", no, "triage", **BODIES["triage"])
    shown = (await desk.act("desk", no, "dispatch", lead="sanitation-centre")).json()["clocks"]
    items = await clocks_of(desk, no)

    assert shown.keys() == {"complete", "reply", "unit_accept", "unit_complete"}
    latest = [one for one in items if one["round"] == 2 and one["name"] == "unit_accept"]
    assert [one["unit"] for one in latest] == ["sanitation-centre"]
    assert shown["unit_accept"]["due"] == latest[0]["due"]


@pytest.mark.parametrize("year", [2022, 2023, 2024, 2025, 2026, 2027])
async def test_ruling_11_the_calendars_of_six_years_are_loaded_and_the_last_is_provisional(
    year: int,
) -> None:
    calendar = load_official_calendar()
    day = datetime.fromisoformat(f"{year}-10-01").date()

    assert not calendar.is_workday(day)
    assert calendar.is_provisional(day) is (year == 2027)


async def test_ruling_11_the_version_names_the_calendar(desk: Desk, hotline: Hotline) -> None:
    no = await make_ticket(hotline)

    assert {one["calendar_version"] for one in await clocks_of(desk, no)} == {
        load_official_calendar().version
    }


@pytest.mark.parametrize("service", ["intake", "dispatch", "scoring"])
async def test_ruling_12_any_service_tells_and_turns_the_one_clock_without_a_key(
    desk: Desk, intake: AsyncClient, scoring: AsyncClient, *, service: str
) -> None:
    client = {"intake": intake, "dispatch": desk.client, "scoring": scoring}[service]
    moved = await client.put("/sandbox/clock", json={"now": "2026-11-17T08:00:00+08:00"})
    later = await client.post("/sandbox/clock/advance", json={"seconds": 90})
    told = datetime.fromisoformat((await desk.client.get("/sandbox/clock")).json()["now"])

    assert (moved.status_code, later.status_code) == (200, 200)
    assert told == datetime.fromisoformat("2026-11-17T08:01:30+08:00")


async def test_ruling_12_with_a_ticket_time_goes_only_forward_and_stands_still_between_calls(
    desk: Desk, hotline: Hotline, dispatch: AsyncClient
) -> None:
    before = (await dispatch.get("/sandbox/clock")).json()
    await make_ticket(hotline)
    back = await dispatch.put("/sandbox/clock", json={"now": "2026-11-18T09:00:00+08:00"})

    assert (back.status_code, back.json()["type"]) == (409, "/problems/conflict")
    assert (await dispatch.get("/sandbox/clock")).json() == before


async def test_ruling_12_a_jump_answers_when_what_fell_due_is_recorded_at_its_own_time(
    desk: Desk, hotline: Hotline, dispatch: AsyncClient
) -> None:
    no = await make_ticket(hotline)
    await dispatch.post("/sandbox/clock/advance", json={"seconds": 3 * 86400})
    items = (await desk.get("desk", f"/v1/tickets/{no}/events?limit=500")).json()["items"]
    missed = {one["data"]["name"]: one for one in items if one["type"] == "ticket.clock_missed"}

    assert missed["first_contact"]["time"] == "2026-11-19T23:59:59+08:00"
    assert all(one["time"] == one["recordedtime"] for one in missed.values())


async def test_ruling_12_backdating_goes_by_virtual_time(
    desk: Desk, city: City, set_clock: SetClock
) -> None:
    no = await city.bring("SH-1")
    now = await set_clock("2026-11-25T15:00:00+08:00")
    unit = "sanitation-section"
    await desk.walk(no, until="dispatch")
    early = (now - timedelta(minutes=11)).isoformat()
    sound = (now - timedelta(minutes=9)).isoformat()

    refused = await desk.act(unit, no, "accept", executor="李工", at=early)
    taken = await desk.act(unit, no, "accept", executor="李工", at=sound)
    assert refused.status_code == 422
    assert "2026-11-25T14:50:00+08:00" in refused.text
    assert taken.status_code == 200
