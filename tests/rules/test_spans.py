"""What a clock did with its time: running and paused, without a gap."""

from datetime import datetime, timedelta
from itertools import pairwise

import pytest

from shared.domain.calendar import CITY_ZONE
from shared.domain.limits import LimitUnit
from shared.domain.official import load_official_calendar
from shared.domain.spans import Segment, SegmentKind, segments

CALENDAR = load_official_calendar()
RUNNING, PAUSED = SegmentKind.RUNNING, SegmentKind.PAUSED


def at(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=CITY_ZONE)


def segment(start: str, end: str, kind: SegmentKind, working_seconds: int = 0) -> Segment:
    return Segment(at(start), at(end), kind, working_seconds)


def test_a_clock_in_workdays_pauses_on_the_holiday_and_runs_on_the_make_up_saturday() -> None:
    found = segments(at("2026-09-30 16:00"), at("2026-10-12 10:00"), CALENDAR, LimitUnit.WORKDAY)

    assert found == [
        segment("2026-09-30 16:00", "2026-10-01 00:00", RUNNING, 5_400),
        segment("2026-10-01 00:00", "2026-10-08 00:00", PAUSED),
        segment("2026-10-08 00:00", "2026-10-11 00:00", RUNNING, 3 * 27_000),
        segment("2026-10-11 00:00", "2026-10-12 00:00", PAUSED),
        segment("2026-10-12 00:00", "2026-10-12 10:00", RUNNING, 3_600),
    ]


def test_a_clock_that_starts_and_stops_on_days_off_is_paused_at_both_ends() -> None:
    found = segments(at("2026-11-21 08:00"), at("2026-11-28 08:00"), CALENDAR, LimitUnit.WORKDAY)

    assert found == [
        segment("2026-11-21 08:00", "2026-11-23 00:00", PAUSED),
        segment("2026-11-23 00:00", "2026-11-28 00:00", RUNNING, 5 * 27_000),
        segment("2026-11-28 00:00", "2026-11-28 08:00", PAUSED),
    ]


def test_a_clock_in_working_hours_pauses_at_lunch_and_at_night() -> None:
    found = segments(
        at("2026-11-18 11:30"), at("2026-11-19 09:15"), CALENDAR, LimitUnit.WORKING_HOUR
    )

    assert found == [
        segment("2026-11-18 11:30", "2026-11-18 12:00", RUNNING, 1_800),
        segment("2026-11-18 12:00", "2026-11-18 13:00", PAUSED),
        segment("2026-11-18 13:00", "2026-11-18 17:30", RUNNING, 16_200),
        segment("2026-11-18 17:30", "2026-11-19 09:00", PAUSED),
        segment("2026-11-19 09:00", "2026-11-19 09:15", RUNNING, 900),
    ]


def test_a_clock_in_working_hours_waits_over_the_holiday_in_one_piece() -> None:
    found = segments(
        at("2026-09-30 17:30"), at("2026-10-08 09:00"), CALENDAR, LimitUnit.WORKING_HOUR
    )

    assert found == [segment("2026-09-30 17:30", "2026-10-08 09:00", PAUSED)]


@pytest.mark.parametrize("unit", [LimitUnit.MINUTE, LimitUnit.HOUR, LimitUnit.DAY])
def test_a_wall_clock_never_pauses(unit: LimitUnit) -> None:
    found = segments(at("2026-10-01 20:00"), at("2026-10-02 03:00"), CALENDAR, unit)

    assert found == [segment("2026-10-01 20:00", "2026-10-02 03:00", RUNNING, 7 * 3_600)]


@pytest.mark.parametrize("unit", list(LimitUnit))
@pytest.mark.parametrize("now", ["2026-11-18 09:12", "2026-11-18 08:00"])
def test_a_clock_that_has_not_run_has_no_segments(unit: LimitUnit, now: str) -> None:
    assert segments(at("2026-11-18 09:12"), at(now), CALENDAR, unit) == []


@pytest.mark.parametrize("unit", list(LimitUnit))
def test_segments_join_alternate_and_add_up(unit: LimitUnit) -> None:
    for hours in range(0, 24 * 60, 5):
        start = at("2026-09-01 00:30") + timedelta(hours=hours)
        end = start + timedelta(hours=1 + hours * 7 % 400)
        found = segments(start, end, CALENDAR, unit)

        assert (found[0].start, found[-1].end) == (start, end)
        for earlier, later in pairwise(found):
            assert earlier.end == later.start
            assert earlier.kind is not later.kind
        counted = sum(part.working_seconds for part in found)
        if unit in {LimitUnit.WORKDAY, LimitUnit.WORKING_HOUR}:
            assert counted == CALENDAR.working_time_between(start, end).total_seconds()
        else:
            assert counted == (end - start).total_seconds()
        assert all(part.start < part.end for part in found)
        assert all(part.working_seconds == 0 for part in found if part.kind is PAUSED)
