"""Which tickets repeat which, and which are one matter (domain §8, ruling 26)."""

import pytest

from tests.factories import SetClock
from tests.matters.conftest import Hall, caller

CATEGORY = {"category_l1": "sanitation", "category_l2": "S-05"}
AT_100 = {"address": "静安区示例路100号旁", "lng": 121.45, "lat": 31.25}
LATER = "2027-01-15T10:00:00+08:00"


@pytest.mark.parametrize(
    ("changed", "is_repeat"),
    [
        ({}, True),
        ({"address": "上海市静安区 示例路１００号", "lng": None, "lat": None}, True),
        ({"address": "站点后门", "lng": 121.4509, "lat": 31.25}, True),  # 86 m
        ({"address": "站点后门", "lng": 121.4512, "lat": 31.25}, False),  # 114 m
        ({"category_l2": "S-01"}, False),
        ({"caller": caller(2)}, False),
        ({"ticket_kind": "rework"}, False),
    ],
)
async def test_the_same_caller_on_the_same_matter_at_the_same_place_repeats(
    hall: Hall, changed: dict[str, object], *, is_repeat: bool
) -> None:
    root = await hall.receive("SH-1", **CATEGORY, **AT_100)
    told = {**CATEGORY, **AT_100, "received_at": "2026-11-18T09:20:00+08:00", **changed}
    told = {name: value for name, value in told.items() if value is not None}
    second = await hall.receive("SH-2", **told)

    found, first = await hall.ticket(second), await hall.ticket(root)
    assert found["repeat_of"] == (root if is_repeat else None)
    assert (found["matter"], first["matter"]) == (("M-000001",) * 2 if is_repeat else (None, None))
    reasons = await hall.events(second, "repeat_linked")
    assert [(one["layer"], one["reason"]) for one in reasons] == (
        [(2, "same_caller_repeat")] if is_repeat else []
    )


@pytest.mark.parametrize(
    ("received_at", "is_repeat"),
    [
        ("2026-12-18T09:12:00+08:00", True),
        ("2026-12-18T09:12:01+08:00", False),
    ],
)
async def test_the_window_begins_at_the_receipt_of_the_root(
    hall: Hall, set_clock: SetClock, received_at: str, *, is_repeat: bool
) -> None:
    root = await hall.receive("SH-1", **CATEGORY, **AT_100)
    await set_clock(LATER)
    second = await hall.receive("SH-2", **CATEGORY, **AT_100, received_at=received_at)

    assert (await hall.ticket(second))["repeat_of"] == (root if is_repeat else None)


async def test_a_root_completed_lately_is_repeated_though_it_came_long_ago(
    hall: Hall, set_clock: SetClock
) -> None:
    root = await hall.receive("SH-1", **CATEGORY, **AT_100)
    await hall.desk.walk(root, until="reply")
    await set_clock("2026-12-25T10:00:00+08:00")
    done = await hall.desk.act("desk", root, "complete")
    assert done.status_code == 200
    await set_clock(LATER)
    inside = await hall.receive(
        "SH-2", **CATEGORY, **AT_100, received_at="2027-01-09T10:00:00+08:00"
    )
    outside = await hall.receive(
        "SH-3", **CATEGORY, **AT_100, received_at="2027-01-09T10:00:01+08:00"
    )

    assert (await hall.ticket(inside))["repeat_of"] == root
    assert (await hall.ticket(outside))["repeat_of"] is None


async def test_what_only_triage_names_is_compared_at_triage(hall: Hall) -> None:
    root = await hall.receive("SH-1", **AT_100)
    second = await hall.receive("SH-2", **AT_100)
    assert (await hall.ticket(second))["repeat_of"] is None
    await hall.desk.walk(root, until="triage")
    triaged = await hall.desk.walk(second, until="triage")

    assert (triaged["repeat_of"], triaged["matter"]) == (root, "M-000001")
    assert await hall.drain() > 0
    assert len(await hall.events(second, "repeat_linked")) == 1
    assert (await hall.ticket(root))["matter"] == "M-000001"


async def test_a_root_that_comes_late_takes_over_the_chain(hall: Hall) -> None:
    hour = "2026-11-18T{}:00:00+08:00".format
    second = await hall.receive("SH-2", **CATEGORY, **AT_100, received_at=hour("07"))
    third = await hall.receive("SH-3", **CATEGORY, **AT_100, received_at=hour("08"))
    assert (await hall.ticket(third))["repeat_of"] == second
    root = await hall.receive("SH-1", **CATEGORY, **AT_100, received_at=hour("06"))

    chain = [await hall.ticket(no) for no in (root, second, third)]
    assert [one["repeat_of"] for one in chain] == [None, root, root]
    assert {one["matter"] for one in chain} == {"M-000001"}
    assert (await hall.matter("M-000001")).json()["root"] == root


async def test_a_rework_of_the_same_number_is_no_repeat(hall: Hall) -> None:
    no = await hall.receive("SH-1", **CATEGORY, **AT_100)
    await hall.desk.walk(no)
    at = "2026-11-18T09:25:00+08:00"
    await hall.city.push("ticket.rework", at=at, upstream_no="SH-1-R", of="SH-1", reason="复核")
    await hall.drain()

    reworked = await hall.ticket(no)
    assert (reworked["round"], reworked["repeat_of"], reworked["matter"]) == (2, None, None)


async def test_three_callers_on_one_place_are_one_matter_and_no_repeats(hall: Hall) -> None:
    numbers = [
        await hall.receive(f"SH-{n}", **CATEGORY, **AT_100, caller=caller(n)) for n in (1, 2)
    ]
    assert [(await hall.ticket(no))["matter"] for no in numbers] == [None, None]
    numbers.append(await hall.receive("SH-3", **CATEGORY, **AT_100, caller=caller(3)))
    numbers.append(await hall.receive("SH-4", **CATEGORY, **AT_100, caller=caller(4)))

    found = [await hall.ticket(no) for no in numbers]
    assert {one["matter"] for one in found} == {"M-000001"}
    assert {one["repeat_of"] for one in found} == {None}
    assert [one["supervision_level"] for one in found] == [3, 3, 3, 3]
    joined = await hall.events(numbers[2], "matter_joined")
    assert [(one["layer"], one["reason"], one["callers"]) for one in joined] == [(3, "cluster", 3)]
    due = {one["clocks"]["complete"]["due"] for one in found}
    assert due == {"2026-11-25T23:59:59+08:00"}  # raising the level moves no limit


async def test_a_caller_who_joins_a_known_matter_is_no_repeat(hall: Hall) -> None:
    await hall.receive("SH-1", **CATEGORY, **AT_100, caller=caller(1))
    await hall.receive("SH-2", **CATEGORY, **AT_100, caller=caller(1))
    third = await hall.receive("SH-3", **CATEGORY, **AT_100, caller=caller(2))

    found = await hall.ticket(third)
    assert (found["matter"], found["repeat_of"]) == ("M-000001", None)
    assert found["supervision_level"] == 0


async def test_a_voided_ticket_is_no_root(hall: Hall) -> None:
    await hall.receive("SH-1", **CATEGORY, **AT_100)
    at = "2026-11-18T09:20:00+08:00"
    await hall.city.push("ticket.voided", at=at, upstream_no="SH-1", reason="错派")
    await hall.drain()
    second = await hall.receive("SH-2", **CATEGORY, **AT_100)

    assert (await hall.ticket(second))["repeat_of"] is None
