"""Pauses: only for a granted reason, never a shorter limit, exactly what was lost."""

from datetime import datetime, timedelta
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared.domain.limits import Limit, LimitUnit, due_after, parse_window
from shared.domain.official import load_default_limits
from shared.domain.pauses import (
    Pause,
    PauseNotGranted,
    counted,
    due_with_pauses,
    granted_reasons,
)
from shared.domain.spans import SegmentKind, segments
from shared.domain.words import ClockName
from tests.rules.courses import OFFICIAL, UNIT, Course, at, make_rulebook

COMPLETE, REPLY, UNIT_COMPLETE = ClockName.COMPLETE, ClockName.REPLY, ClockName.UNIT_COMPLETE
GRANTED = make_rulebook(values={"pause.reasons": "weather, third_party"})
DUTY = parse_window("08:30-17:30")
YEAR = (datetime(2026, 1, 1), datetime(2026, 12, 31))  # noqa: DTZ001 - hypothesis adds none
STARTS = st.datetimes(*YEAR)
SPANS = st.timedeltas(min_value=timedelta(0), max_value=timedelta(days=9))
GAPS = st.lists(st.tuples(SPANS, SPANS), max_size=4)


def laid_out(start: datetime, gaps: list[tuple[timedelta, timedelta]]) -> list[Pause]:
    pauses = []
    for gap, span in gaps:
        begins = start + gap
        start = begins + span
        pauses.append(Pause("weather", begins, start))
    return pauses


@given(local=STARTS, amount=st.integers(1, 15), unit=st.sampled_from(LimitUnit), gaps=GAPS)
def test_a_pause_never_shortens_and_adds_exactly_what_it_took(
    local: datetime, amount: int, unit: LimitUnit, gaps: list[tuple[timedelta, timedelta]]
) -> None:
    start, due = due_after(
        local.replace(tzinfo=at("11-18 00:00").tzinfo), Limit(amount, unit), OFFICIAL, DUTY
    )
    pauses = laid_out(start, gaps)

    moved = due_with_pauses(start, due, pauses, unit, OFFICIAL)

    assert moved is not None
    assert moved >= due
    lost = sum(
        (counted(one.start, min(one.end or moved, moved), unit, OFFICIAL)
         for one in pauses if one.start < moved),
        timedelta(0),
    )  # fmt: skip
    assert counted(start, moved, unit, OFFICIAL) - lost == counted(start, due, unit, OFFICIAL)


@given(local=STARTS, unit=st.sampled_from(LimitUnit), gaps=GAPS, span=SPANS)
def test_segments_with_pauses_join_and_run_in_none_of_them(
    local: datetime, unit: LimitUnit, gaps: list[tuple[timedelta, timedelta]], span: timedelta
) -> None:
    start = local.replace(tzinfo=at("11-18 00:00").tzinfo)
    pauses = laid_out(start, gaps)
    end = start + span

    found = segments(start, end, OFFICIAL, unit, pauses=pauses)

    edges = [(one.start, one.end) for one in found]
    assert all(left[1] == right[0] for left, right in pairwise(edges))
    assert (edges[0][0], edges[-1][1]) == (start, end) if span else not edges
    for one in found:
        if one.kind is SegmentKind.RUNNING:
            assert not any(p.start < one.end and one.start < (p.end or end) for p in pauses)


def test_by_default_nothing_may_be_paused_for() -> None:
    assert granted_reasons(load_default_limits()) == frozenset()
    with pytest.raises(PauseNotGranted):
        Course().pause("11-19 10:00")


def test_a_reason_that_the_register_does_not_name_is_refused() -> None:
    with pytest.raises(PauseNotGranted, match="holiday"):
        Course(rulebook=GRANTED).pause("11-19 10:00", "holiday")


def test_a_paused_ticket_has_no_due_and_gets_a_later_one_when_it_goes_on() -> None:
    course = Course(rulebook=GRANTED).triage("11-18 09:40").dispatch("11-18 10:10")
    before = {name: course.due(name) for name in (COMPLETE, REPLY)}
    held = course.pause("11-19 10:00")
    assert {held.due(COMPLETE), held.due(REPLY), held.due(UNIT_COMPLETE, UNIT)} == {None}
    assert held.clock(COMPLETE).state(at("12-20 10:00")) == "running"
    assert held.clock(COMPLETE).alarm_at is None

    course.resume("11-20 10:00")

    assert set(before.values()) == {at("11-25 23:59:59")}
    assert course.due(COMPLETE) == course.due(REPLY) == at("11-26 23:59:59")
    assert course.due(UNIT_COMPLETE, UNIT) == at("11-25 23:59:59")
    assert course.clock(ClockName.UNIT_ACCEPT, UNIT).due == at("11-18 13:10")


def test_a_due_that_was_given_is_moved_by_no_pause() -> None:
    course = Course(rulebook=GRANTED, upstream_due=at("11-23 12:00")).pause("11-19 10:00")

    assert course.due(COMPLETE) == at("11-23 12:00")
    assert course.resume("11-20 10:00").due(COMPLETE) == at("11-23 12:00")


def test_what_was_missed_before_the_pause_stays_missed() -> None:
    course = Course(rulebook=GRANTED).pause("11-26 10:00").resume("11-30 10:00")

    assert course.due(COMPLETE) == at("11-25 23:59:59")
    assert course.clock(COMPLETE).state(at("11-30 10:00")) == "missed"


def test_whoever_goes_on_working_ends_the_pause() -> None:
    course = Course(rulebook=GRANTED).triage("11-18 09:40").dispatch("11-18 10:10")
    course.accept("11-18 11:00").dispose("11-18 12:00").pause("11-19 10:00")

    course.feedback("11-23 10:00")

    assert course.ticket.pauses[-1].end == at("11-23 10:00")
    assert course.due(COMPLETE) == at("11-27 23:59:59")
    assert course.clock(UNIT_COMPLETE, UNIT).state(at("11-23 10:00")) == "met"


def test_a_new_round_begins_without_the_pauses_of_the_last() -> None:
    course = Course(rulebook=GRANTED).triage("11-18 09:40").dispatch("11-18 10:10")
    course.accept("11-18 11:00").dispose("11-18 12:00").pause("11-19 10:00").resume("11-20 10:00")
    course.feedback("11-20 11:00").reply("11-20 12:00").complete("11-20 13:00")

    course.follow_up("11-23 09:00").rework("11-23 09:00")

    assert course.ticket.pauses == ()
    assert course.due(COMPLETE) == at("11-26 23:59:59")
