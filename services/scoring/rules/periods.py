"""Periods: a calendar month (`YYYY-MM`) or year (`YYYY`) in Shanghai, from its first instant."""

import re
from dataclasses import dataclass
from datetime import datetime

from shared.domain.calendar import CITY_ZONE

MONTH = re.compile(r"(20\d\d)-(0[1-9]|1[0-2])", re.ASCII)
YEAR = re.compile(r"20\d\d", re.ASCII)


@dataclass(frozen=True, slots=True)
class Period:
    """`start` is in it, `end` is the first instant after it."""

    id: str
    start: datetime
    end: datetime

    @property
    def months(self) -> tuple[int, ...]:
        """As numbers: 202611 for November 2026."""
        year, _, month = self.id.partition("-")
        first = int(year) * 100
        return (first + int(month),) if month else tuple(range(first + 1, first + 13))

    @property
    def is_month(self) -> bool:
        return len(self.months) == 1

    def holds(self, at: datetime) -> bool:
        return self.start <= at < self.end


def find_period(text: str) -> Period | None:
    """None where the text is neither a month nor a year of this century."""
    if MONTH.fullmatch(text):
        year, month = int(text[:4]), int(text[5:])
        following = (year + 1, 1) if month == 12 else (year, month + 1)
        return Period(text, _first(year, month), _first(*following))
    if YEAR.fullmatch(text):
        return Period(text, _first(int(text), 1), _first(int(text) + 1, 1))
    return None


def get_month(number: int) -> Period:
    """That of 202611, which is November 2026."""
    period = find_period(f"{number // 100}-{number % 100:02d}")
    if period is None:
        raise ValueError("no month of this century")
    return period


def _first(year: int, month: int) -> datetime:
    return datetime(year, month, 1, tzinfo=CITY_ZONE)


def month_before(month: str) -> str:
    """The month before `YYYY-MM`."""
    year, number = int(month[:4]), int(month[5:])
    return f"{year - 1}-12" if number == 1 else f"{year}-{number - 1:02d}"
