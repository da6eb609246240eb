"""The working calendar: which days and hours count, and what follows a number of them.

Every function takes any aware datetime and answers in `CITY_ZONE`. Counting is arithmetic on
day ordinals (whole weeks, corrected by the exceptions before the day), so a year costs no more
than a day and no table has to be built or bounded.
"""

from bisect import bisect_right
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, datetime, time, timedelta
from itertools import accumulate, pairwise
from types import MappingProxyType
from zoneinfo import ZoneInfo

CITY_ZONE = ZoneInfo("Asia/Shanghai")
END_OF_DAY = time(23, 59, 59)
WORKING_HOURS = ((time(9), time(12)), (time(13), time(17, 30)))
NO_TIME = timedelta(0)
ONE_DAY = timedelta(days=1)


@dataclass(frozen=True, slots=True)
class WorkCalendar:
    """Which days count as work. Holidays and make-up days (调休) are data, not code.

    `exceptions` is True for a make-up workday and False for a holiday; a day it does not name
    goes by its weekday. `provisional_years` have no published notice yet; nor has any year after
    the last one named. `names` tells what a day is called, for explanations only.
    """

    version: str
    exceptions: Mapping[date, bool] = field(repr=False, hash=False)
    provisional_years: frozenset[int] = frozenset()
    hours: tuple[tuple[time, time], ...] = WORKING_HOURS
    names: Mapping[date, str] = field(default_factory=dict, repr=False, compare=False)
    _marks: tuple[int, ...] = field(init=False, repr=False, compare=False)
    _shifts: tuple[int, ...] = field(init=False, repr=False, compare=False)
    _per_day: timedelta = field(init=False, repr=False, compare=False)
    _last_year: int | None = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        instants = [instant for opening in self.hours for instant in opening]
        if not instants or any(earlier >= later for earlier, later in pairwise(instants)):
            raise ValueError("working hours must be openings in order, apart from each other")
        unlike = {
            day.toordinal(): 1 if counts else -1
            for day, counts in sorted(self.exceptions.items())
            if counts != (day.weekday() < 5)
        }
        years = {day.year for day in self.exceptions} | self.provisional_years
        derived = {
            "exceptions": MappingProxyType(dict(self.exceptions)),
            "names": MappingProxyType(dict(self.names)),
            "_marks": tuple(unlike),
            "_shifts": (0, *accumulate(unlike.values())),
            "_per_day": sum((_length(*opening) for opening in self.hours), NO_TIME),
            "_last_year": max(years, default=None),
        }
        for name, value in derived.items():
            object.__setattr__(self, name, value)

    # Days

    def is_workday(self, day: date) -> bool:
        return self.exceptions.get(day, day.weekday() < 5)

    def is_provisional(self, day: date) -> bool:
        """Whether the notice for that year is still to come."""
        if day.year in self.provisional_years:
            return True
        return self._last_year is not None and day.year > self._last_year

    def workday_after(self, day: date, n: int) -> date:
        """The nth workday strictly after `day`."""
        _check_count(n)
        return date.fromordinal(self._seek(day.toordinal(), n))

    def workday_before(self, day: date, n: int) -> date:
        """The nth workday strictly before `day`."""
        _check_count(n)
        ordinal = day.toordinal() - 1
        target = self._workdays_through(ordinal) - n
        while (surplus := self._workdays_through(ordinal) - target) > 0:
            ordinal -= surplus
        return date.fromordinal(ordinal + 1)

    # Times counted in workdays

    def end_of_workday_after(self, at: datetime, n: int) -> datetime:
        """End of the nth workday strictly after the day of `at`, which does not count."""
        return _in_city(self.workday_after(in_city(at).date(), n), END_OF_DAY)

    def same_time_workdays_after(self, at: datetime, n: int) -> datetime:
        local = in_city(at)
        return _in_city(self.workday_after(local.date(), n), local.time())

    def same_time_workdays_before(self, at: datetime, n: int) -> datetime:
        local = in_city(at)
        return _in_city(self.workday_before(local.date(), n), local.time())

    def end_of_nth_workday_of_month(self, year: int, month: int, n: int) -> datetime:
        day = self.workday_after(date(year, month, 1) - timedelta(days=1), n)
        if (day.year, day.month) != (year, month):
            raise ValueError(f"{year}-{month:02} has fewer than {n} workdays")
        return _in_city(day, END_OF_DAY)

    # Times counted in working hours

    def next_working_time(self, at: datetime) -> datetime:
        """`at` itself inside the working hours, else their next opening."""
        local = in_city(at)
        if self.is_workday(local.date()):
            clock = local.time()
            for opens, closes in self.hours:
                if clock < closes:
                    return max(local, _in_city(local.date(), opens))
        return _in_city(self.workday_after(local.date(), 1), self.hours[0][0])

    def add_working_time(self, at: datetime, span: timedelta) -> datetime:
        """The earliest instant by which `span` of working time has passed since `at`.

        A start outside the hours waits for the next opening; a span that fits exactly ends at
        the closing (12:00, not 13:00). No span at all ends where it starts.
        """
        if span < NO_TIME:
            raise ValueError("working time only runs forward")
        if span == NO_TIME:
            return self.next_working_time(at)
        local = in_city(at)
        days, rest = divmod(self._worked_on_day(local) + span, self._per_day)
        if rest == NO_TIME:
            days, rest = days - 1, self._per_day
        day = self.workday_after(local.date() - timedelta(days=1), days + 1)
        for opens, closes in self.hours:
            if rest <= (length := _length(opens, closes)):
                return _in_city(day, opens) + rest
            rest -= length
        raise AssertionError("a day holds no more than its hours")

    def working_time_between(self, start: datetime, end: datetime) -> timedelta:
        """Working time from `start` to `end`; negative when `end` is the earlier."""
        return self._worked_through(in_city(end)) - self._worked_through(in_city(start))

    # Times counted in whole workdays, midnight to midnight

    def add_workday_time(self, at: datetime, span: timedelta) -> datetime:
        """The earliest instant by which `span` of workdays, counted whole, has passed."""
        if span <= NO_TIME:
            raise ValueError("time only runs forward")
        local = in_city(at)
        days, rest = divmod(self._of_workday(local) + span, ONE_DAY)
        if rest == NO_TIME:
            days, rest = days - 1, ONE_DAY
        day = self.workday_after(local.date() - ONE_DAY, days + 1)
        return _in_city(day, time(0)) + rest

    def workday_time_between(self, start: datetime, end: datetime) -> timedelta:
        """The parts of workdays from `start` to `end`; negative when `end` is the earlier."""
        return self._workday_time_through(in_city(end)) - self._workday_time_through(in_city(start))

    # Counting

    def _of_workday(self, local: datetime) -> timedelta:
        is_workday = self.is_workday(local.date())
        return local - _in_city(local.date(), time(0)) if is_workday else NO_TIME

    def _workday_time_through(self, local: datetime) -> timedelta:
        days = self._workdays_through(local.toordinal() - 1)
        return days * ONE_DAY + self._of_workday(local)

    def _workdays_through(self, ordinal: int) -> int:
        """Workdays from ordinal 1, a Monday, to this day, both included."""
        weeks, rest = divmod(ordinal, 7)
        return weeks * 5 + min(rest, 5) + self._shifts[bisect_right(self._marks, ordinal)]

    def _seek(self, ordinal: int, n: int) -> int:
        """The nth workday after: each step is as long as what is missing, so it cannot pass it."""
        target = self._workdays_through(ordinal) + n
        while missing := target - self._workdays_through(ordinal):
            ordinal += missing
        return ordinal

    def _worked_on_day(self, local: datetime) -> timedelta:
        """Working time from midnight to this instant of the same day."""
        if not self.is_workday(local.date()):
            return NO_TIME
        clock = local.time()
        return sum(
            (_length(opens, min(clock, closes)) for opens, closes in self.hours if clock > opens),
            NO_TIME,
        )

    def _worked_through(self, local: datetime) -> timedelta:
        whole_days = self._workdays_through(local.toordinal() - 1)
        return whole_days * self._per_day + self._worked_on_day(local)


def in_city(at: datetime) -> datetime:
    if at.tzinfo is None:
        raise ValueError("a time without an offset is no instant")
    return at.astimezone(CITY_ZONE)


def _in_city(day: date, clock: time) -> datetime:
    return datetime.combine(day, clock, tzinfo=CITY_ZONE)


def _length(opens: time, closes: time) -> timedelta:
    return datetime.combine(date.min, closes) - datetime.combine(date.min, opens)


def _check_count(n: int) -> None:
    if n < 1:
        raise ValueError("a deadline is at least one workday away")
