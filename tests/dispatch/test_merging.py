"""Merging: one matter handled once, and every number still finds its answer."""

import asyncio

import pytest
from httpx import AsyncClient, Response

from shared.tickets import Hotline
from tests.factories import Desk, SetClock, make_ticket
from tests.intake.conftest import Drain
from tests.platform import Platform

UNIT = "sanitation-section"


@pytest.fixture
def city(intake: AsyncClient, secrets: dict[str, str]) -> Platform:
    return Platform(intake, "city-12345", secrets["city-12345"])


async def two(desk: Desk, city: Platform, drain: Drain) -> tuple[str, str]:
    """The first with the earlier due; both triaged."""
    first = await city.create("SH-1", upstream_due="2026-11-20T18:00:00+08:00")
    second = await city.create("SH-2")
    await drain()
    nos = [(await city.receipt(one))["ticket_no"] for one in (first, second)]
    for no in nos:
        await desk.walk(no, until="triage")
    return nos[0], nos[1]


def is_conflict(answer: Response) -> bool:
    return answer.status_code == 409 and answer.json()["type"] == "/problems/conflict"


async def test_the_master_takes_the_earlier_due_and_the_merged_one_ends(
    desk: Desk, city: Platform, drain: Drain
) -> None:
    first, second = await two(desk, city, drain)
    merged = (await desk.act("desk", first, "merge", into=second)).json()
    master = (await desk.get("desk", f"/v1/tickets/{second}")).json()

    assert (merged["state"], merged["merged_into"]) == ("merged", second)
    ended = {name: one["state"] for name, one in merged["clocks"].items()}
    assert ended == {
        "desk_accept": "met",
        "first_contact": "cancelled",
        "complete": "cancelled",
        "reply": "cancelled",
    }
    assert master["clocks"]["complete"]["due"] == "2026-11-20T18:00:00+08:00"
    assert master["absorbed"] == [first]


async def test_the_merged_number_shows_the_masters_reply_and_its_messages_go_there(
    desk: Desk, city: Platform, drain: Drain
) -> None:
    first, second = await two(desk, city, drain)
    await desk.act("desk", first, "merge", into=second)
    urged = await city.push("ticket.urged", upstream_no="SH-1", text="请尽快")
    worded = await city.push("ticket.updated", upstream_no="SH-1", title="另一说法")
    await drain()
    await desk.walk(second, until="reply")

    view = (await city.get("/v1/tickets/SH-1")).json()
    master = (await desk.get("desk", f"/v1/tickets/{second}")).json()
    assert (view["no"], view["state"], view["due"]) == (
        first,
        "merged",
        "2026-11-20T18:00:00+08:00",
    )
    assert view["reply"]["points"] == master["reply"]["reply_points"]
    assert master["urged"] == 1
    assert master["title"] != "另一说法"
    for message in (urged, worded):
        told = await city.receipt(message)
        assert (told["status"], told["ticket_no"]) == ("applied", second)


async def test_a_number_voided_after_the_merge_takes_nothing_from_its_master(
    desk: Desk, city: Platform, drain: Drain
) -> None:
    first, second = await two(desk, city, drain)
    await desk.act("desk", first, "merge", into=second)
    voided = await city.push("ticket.voided", upstream_no="SH-1", reason="重复")
    await drain()

    assert (await city.receipt(voided))["status"] == "ignored"
    assert (await desk.get("desk", f"/v1/tickets/{second}")).json()["state"] == "triaged"


async def test_what_cannot_be_merged_is_a_conflict(
    desk: Desk, city: Platform, drain: Drain, hotline: Hotline
) -> None:
    first, second = await two(desk, city, drain)
    done = await make_ticket(hotline)
    await desk.walk(done)
    lamp = await make_ticket(hotline)
    await desk.act("desk", lamp, "triage", trade="landscape", category="L-01")

    for other in (first, done, lamp):
        assert is_conflict(await desk.act("desk", first, "merge", into=other)), other
    unknown = await desk.act("desk", first, "merge", into="T20261118-999999")
    assert (unknown.status_code, unknown.json()["errors"][0]["pointer"]) == (422, "/into")
    await desk.act("desk", second, "merge", into=first)
    third = await make_ticket(hotline)
    await desk.walk(third, until="triage")
    assert is_conflict(await desk.act("desk", third, "merge", into=second))


async def test_two_merged_into_each_other_at_once_leave_one(desk: Desk, hotline: Hotline) -> None:
    for _ in range(10):
        first, second = await make_ticket(hotline), await make_ticket(hotline)
        await desk.walk(first, until="triage")
        await desk.walk(second, until="triage")
        answers = await asyncio.gather(
            desk.act("desk", first, "merge", into=second),
            desk.act("desk", second, "merge", into=first),
        )
        assert sorted(answer.status_code for answer in answers) == [200, 409]


async def test_a_merged_ticket_leaves_every_figure(
    desk: Desk, city: Platform, drain: Drain, scoring: AsyncClient, set_clock: SetClock
) -> None:
    first, second = await two(desk, city, drain)
    await desk.act("desk", first, "merge", into=second)
    await desk.act("desk", second, "dispatch", lead=UNIT)
    await drain()

    headers = {"Authorization": f"Bearer {desk.keys['desk']}"}
    sheet = (await scoring.get("/v1/scores?period=2026-11", headers=headers)).json()
    assert sheet["total"]["intake"] == 1
