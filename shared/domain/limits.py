"""Time limits: how long something may take, as text ("5wd", "2wh", "15min"), and when it is due.

The texts are data, kept with dates of validity. Contract rulings 3, 4, 5 and 8 are the
functions at the end.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, time, timedelta
from enum import StrEnum
from types import MappingProxyType
from typing import NamedTuple

from shared.domain.calendar import NO_TIME, WorkCalendar, in_city
from shared.errors import HotlineError

LIMIT_TEXT = re.compile(r"([1-9][0-9]{0,3})(wd|wh|min|h|d)")
WINDOW_TEXT = re.compile(r"([01][0-9]|2[0-3]):([0-5][0-9])-(?:([01][0-9]|2[0-4]):([0-5][0-9]))")
HOUR_TEXT = re.compile(r"([01][0-9]|2[0-3]):[0-5][0-9]")
NUMBER_TEXT = re.compile(r"[0-9]{1,9}")
MIDNIGHT = time(0)
ONE_DAY = timedelta(days=1)
SHARE = 4  # a quarter of the time there is: the lead of short limits, the longest warning


class LimitUnit(StrEnum):
    WORKDAY = "wd"
    WORKING_HOUR = "wh"
    MINUTE = "min"
    HOUR = "h"
    DAY = "d"


WALL_SPANS: Mapping[LimitUnit, timedelta] = MappingProxyType(
    {
        LimitUnit.WORKING_HOUR: timedelta(hours=1),
        LimitUnit.MINUTE: timedelta(minutes=1),
        LimitUnit.HOUR: timedelta(hours=1),
        LimitUnit.DAY: ONE_DAY,
    }
)


class BadLimit(HotlineError):
    """A limit, window or number that cannot be read."""

    title = "时限写法有误"


class UnknownLimit(HotlineError):
    """The register has no such key."""

    title = "没有这一项时限"


@dataclass(frozen=True, slots=True)
class Limit:
    amount: int
    unit: LimitUnit

    def __str__(self) -> str:
        return f"{self.amount}{self.unit}"

    @property
    def span(self) -> timedelta:
        """Its length in hours and minutes; workdays have none of their own."""
        if self.unit is LimitUnit.WORKDAY:
            raise ValueError("workdays are counted by the calendar")
        return self.amount * WALL_SPANS[self.unit]


class Window(NamedTuple):
    """A part of every calendar day, [opens, closes). A close of 00:00 is the day's end (24:00)."""

    opens: time
    closes: time

    def __contains__(self, at: object) -> bool:
        if not isinstance(at, datetime):
            return False
        clock = in_city(at).time()
        return self.opens <= clock and (self.closes == MIDNIGHT or clock < self.closes)

    def next_opening(self, at: datetime) -> datetime:
        """`at` itself inside the window, else when it opens next."""
        local = in_city(at)
        if local in self:
            return local
        opening = local.replace(
            hour=self.opens.hour, minute=self.opens.minute, second=0, microsecond=0
        )
        return opening if local < opening else opening + ONE_DAY


class Due(NamedTuple):
    """When a clock starts to run, and when it is due."""

    start: datetime
    due: datetime


@dataclass(frozen=True, slots=True)
class Limits:
    """The register of limits in force (domain §15), every value still the text it is stored as."""

    version: str
    values: Mapping[str, str] = field(hash=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "values", MappingProxyType(dict(self.values)))

    def text(self, key: str) -> str:
        try:
            return self.values[key]
        except KeyError:
            raise UnknownLimit(f"时限登记中没有“{key}”") from None

    def limit(self, key: str) -> Limit:
        return parse_limit(self.text(key))

    def window(self, key: str) -> Window:
        return parse_window(self.text(key))

    def hour(self, key: str) -> time:
        return parse_hour(self.text(key))

    def number(self, key: str) -> int:
        text = self.text(key)
        if not NUMBER_TEXT.fullmatch(text):
            raise BadLimit(f"“{key}”应为整数：{text}")
        return int(text)


def parse_limit(text: str) -> Limit:
    if not (match := LIMIT_TEXT.fullmatch(text)):
        raise BadLimit(f"无法识别的时限：{text}（应如 5wd、2wh、15min、1h、30d）")
    return Limit(int(match[1]), LimitUnit(match[2]))


def parse_window(text: str) -> Window:
    match = WINDOW_TEXT.fullmatch(text)
    if match is None:
        raise BadLimit(f"无法识别的时段：{text}（应如 08:30-17:30，最晚 24:00）")
    opens, closes = time(int(match[1]), int(match[2])), (int(match[3]), int(match[4]))
    if not (opens.hour, opens.minute) < closes <= (24, 0):
        raise BadLimit(f"时段须当日起止：{text}")
    return Window(opens, time(closes[0] % 24, closes[1]))


def parse_hour(text: str) -> time:
    if not HOUR_TEXT.fullmatch(text):
        raise BadLimit(f"无法识别的时刻：{text}（应如 02:30）")
    return time.fromisoformat(text)


def due_after(start: datetime, limit: Limit, calendar: WorkCalendar, duty: Window) -> Due:
    """When a clock of `limit` that begins at `start` starts and is due.

    Only minutes and hours wait for the duty window (ruling 5); once started they run past its
    end. Workdays and working hours keep their start and let the calendar do the waiting.
    """
    local = in_city(start)
    match limit.unit:
        case LimitUnit.WORKDAY:
            return Due(local, calendar.end_of_workday_after(local, limit.amount))
        case LimitUnit.WORKING_HOUR:
            return Due(local, calendar.add_working_time(local, limit.span))
        case LimitUnit.DAY:
            return Due(local, local + limit.span)
        case LimitUnit.MINUTE | LimitUnit.HOUR:
            opening = duty.next_opening(local)
            return Due(opening, opening + limit.span)


def unit_due(start: datetime, due: datetime, calendar: WorkCalendar) -> datetime:
    """When the unit must have answered, for a ticket to be completed by `due` (ruling 3).

    A workday earlier at the same time of day; a quarter of the limit earlier where that is one
    workday or less.
    """
    if due <= calendar.end_of_workday_after(start, 1):
        return in_city(due) - _share_of(start, due)
    return calendar.same_time_workdays_before(due, 1)


def reply_due(
    complete_due: datetime, feedback_at: datetime | None, calendar: WorkCalendar
) -> datetime:
    """By completion, and by the end of the workday after the feedback that stands (ruling 4)."""
    if feedback_at is None:
        return in_city(complete_due)
    return min(in_city(complete_due), calendar.end_of_workday_after(feedback_at, 1))


def warn_at(start: datetime, due: datetime, calendar: WorkCalendar) -> datetime:
    """When the light turns yellow: a workday or a quarter of the limit before `due` (ruling 8).

    Whichever is the shorter, so the later of the two instants.
    """
    return max(calendar.same_time_workdays_before(due, 1), in_city(due) - _share_of(start, due))


def _share_of(start: datetime, due: datetime) -> timedelta:
    """A quarter of the time there is; none when the due was past before the start."""
    return max(due - start, NO_TIME) / SHARE
