"""Complaints by ISO week, and how many came before and after a measure."""

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from shared.domain.calendar import in_city

ONE_WEEK = timedelta(weeks=1)
WEEKS_LOOKED_AT = 8


@dataclass(frozen=True, slots=True)
class Series:
    """One count a week, from the week that begins on the Monday `since`."""

    since: date
    counts: tuple[int, ...]


def monday_of(at: datetime) -> date:
    day = in_city(at).date()
    return day - timedelta(days=day.weekday())


def week_name(monday: date) -> str:
    """As ISO 8601 writes it: 2022-W07."""
    year, week, _ = monday.isocalendar()
    return f"{year}-W{week:02d}"


def count_weeks(received: Iterable[datetime], *, since: date, until: date) -> Series:
    """From the week of `since` to that of `until`, both Mondays."""
    counted = Counter(monday_of(at) for at in received)
    weeks = (until - since) // ONE_WEEK + 1
    return Series(since, tuple(counted[since + n * ONE_WEEK] for n in range(max(weeks, 0))))


def around(received: Sequence[datetime], at: datetime, now: datetime) -> tuple[Series, Series]:
    """Weeks before and after a measure; its own week is parted at its instant."""
    own = monday_of(at)
    until = min(own + WEEKS_LOOKED_AT * ONE_WEEK, monday_of(now))
    before = [one for one in received if one <= at]
    after = [one for one in received if one > at]
    return (
        count_weeks(before, since=own - WEEKS_LOOKED_AT * ONE_WEEK, until=own),
        count_weeks(after, since=own, until=until),
    )
