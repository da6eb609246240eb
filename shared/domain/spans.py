"""How a clock spent its time: running and paused, without gaps (contract rulings 10 and 61)."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from enum import StrEnum

from shared.domain.calendar import CITY_ZONE, WorkCalendar, in_city
from shared.domain.limits import LimitUnit
from shared.domain.pauses import Pause

ONE_SECOND = timedelta(seconds=1)
ONE_DAY = timedelta(days=1)
CALENDAR_UNITS = frozenset({LimitUnit.WORKDAY, LimitUnit.WORKING_HOUR})

Span = tuple[datetime, datetime]


class SegmentKind(StrEnum):
    RUNNING = "running"
    PAUSED = "paused"


@dataclass(frozen=True, slots=True)
class Segment:
    """A stretch of one kind, [start, end). `working_seconds` is what the clock counted in it.

    That is the working time of the calendar for clocks in workdays and working hours, every
    second for wall clocks, and nothing while paused.
    """

    start: datetime
    end: datetime
    kind: SegmentKind
    working_seconds: int


def segments(
    start: datetime,
    end: datetime,
    calendar: WorkCalendar,
    unit: LimitUnit,
    *,
    pauses: Sequence[Pause] = (),
) -> list[Segment]:
    """From a clock's start to its stop, or to now; none when it has not started yet.

    A clock in workdays is paused on days that do not count, one in working hours outside them
    too; a wall clock never is, but by the `pauses` that were granted.
    """
    start, end = in_city(start), in_city(end)
    if end <= start:
        return []
    spans: Iterator[Span] = iter([(start, end)])
    if unit in CALENDAR_UNITS:
        spans = _joined(_running_spans(start, end, calendar, unit))
    found: list[Segment] = []
    reached = start
    for opens, closes in _outside(spans, pauses, end):
        if opens > reached:
            found.append(Segment(reached, opens, SegmentKind.PAUSED, 0))
        is_wall = unit not in CALENDAR_UNITS
        worked = closes - opens if is_wall else calendar.working_time_between(opens, closes)
        seconds = worked // ONE_SECOND
        found.append(Segment(opens, closes, SegmentKind.RUNNING, seconds))
        reached = closes
    if reached < end:
        found.append(Segment(reached, end, SegmentKind.PAUSED, 0))
    return found


def _outside(spans: Iterator[Span], pauses: Sequence[Pause], end: datetime) -> Iterator[Span]:
    """The spans less what was paused of them."""
    for opens, closes in spans:
        reached = opens
        for pause in pauses:
            begins, ends = in_city(pause.start), in_city(pause.end or end)
            if begins >= closes or ends <= reached:
                continue
            if begins > reached:
                yield reached, begins
            reached = ends
        if reached < closes:
            yield reached, closes


def _running_spans(
    start: datetime, end: datetime, calendar: WorkCalendar, unit: LimitUnit
) -> Iterator[Span]:
    """What counts between the two: whole workdays, or their openings."""
    day = start.date()
    while day <= end.date():
        if calendar.is_workday(day):
            for opens, closes in _spans_of(day, calendar, unit):
                if opens < end and closes > start:
                    yield max(opens, start), min(closes, end)
        day += ONE_DAY


def _spans_of(day: date, calendar: WorkCalendar, unit: LimitUnit) -> list[Span]:
    midnight = datetime.combine(day, time(0), tzinfo=CITY_ZONE)
    if unit is LimitUnit.WORKDAY:
        return [(midnight, midnight + ONE_DAY)]
    return [
        (datetime.combine(day, opens, CITY_ZONE), datetime.combine(day, closes, CITY_ZONE))
        for opens, closes in calendar.hours
    ]


def _joined(
    spans: Iterator[Span],
) -> Iterator[Span]:
    """Spans that touch become one."""
    pending: Span | None = None
    for opens, closes in spans:
        if pending and pending[1] == opens:
            pending = (pending[0], closes)
            continue
        if pending:
            yield pending
        pending = (opens, closes)
    if pending:
        yield pending
