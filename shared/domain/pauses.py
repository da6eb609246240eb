"""Pauses of a clock (暂停计时): only for a reason that the bureau has granted beforehand.

A pause takes nothing away and gives nothing: what a clock had left when it was paused is what it
has left when it goes on, in its own measure. A workday clock counts the whole of every workday, a
working-hour clock its openings, a wall clock every second.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from shared.domain.calendar import NO_TIME, WorkCalendar, in_city
from shared.domain.limits import Limits, LimitUnit
from shared.errors import ErrorKind, HotlineError

REASONS_KEY = "pause.reasons"
NO_REASON = "none"


class PauseNotGranted(HotlineError):
    kind = ErrorKind.CONFLICT
    code = "conflict"
    title = "不是可以暂停计时的理由"


@dataclass(frozen=True, slots=True)
class Pause:
    """[start, end); still going on where `end` is None."""

    reason: str
    start: datetime
    end: datetime | None = None


def granted_reasons(limits: Limits) -> frozenset[str]:
    """What the register lets a clock be paused for, comma-separated. By default nothing."""
    named = limits.values.get(REASONS_KEY, NO_REASON)
    return frozenset(one.strip() for one in named.split(",")) - {NO_REASON, ""}


def is_paused(pauses: Sequence[Pause]) -> bool:
    return bool(pauses) and pauses[-1].end is None


def counted(start: datetime, end: datetime, unit: LimitUnit, calendar: WorkCalendar) -> timedelta:
    """What a clock of this unit counts from `start` to `end`, pauses aside."""
    if unit is LimitUnit.WORKDAY:
        return calendar.workday_time_between(start, end)
    if unit is LimitUnit.WORKING_HOUR:
        return calendar.working_time_between(start, end)
    return end - start


def due_with_pauses(
    start: datetime,
    due: datetime,
    pauses: Sequence[Pause],
    unit: LimitUnit,
    calendar: WorkCalendar,
) -> datetime | None:
    """The due moved by what was paused before it, in order; None while a pause goes on.

    A pause that begins when the clock is due already comes too late; one that is over when the
    clock starts came too early.
    """
    due = in_city(due)
    for pause in pauses:
        if pause.start >= due or (pause.end is not None and pause.end <= start):
            continue
        if pause.end is None:
            return None
        left = counted(max(pause.start, start), due, unit, calendar)
        due = max(due, _after(pause.end, left, unit, calendar))
    return due


def _after(at: datetime, left: timedelta, unit: LimitUnit, calendar: WorkCalendar) -> datetime:
    if left == NO_TIME:
        return in_city(at)
    if unit is LimitUnit.WORKDAY:
        return calendar.add_workday_time(at, left)
    if unit is LimitUnit.WORKING_HOUR:
        return calendar.add_working_time(at, left)
    return in_city(at) + left
