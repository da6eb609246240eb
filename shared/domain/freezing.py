"""When a month freezes by itself: at the end of the nth workday of the next (ruling 42)."""

from collections.abc import Collection, Iterator
from datetime import datetime, timedelta

from shared.domain.calendar import CITY_ZONE
from shared.domain.limits import due_after
from shared.domain.rulebook import Rulebook

FREEZE_DAY = "freeze_day"
A_MOMENT = timedelta(microseconds=1)


def month_of(at: datetime) -> str:
    """`2026-11` for any instant of November 2026 in Shanghai."""
    return f"{at.astimezone(CITY_ZONE):%Y-%m}"


def month_after(month: str) -> str:
    year, number = int(month[:4]), int(month[5:])
    return f"{year + 1}-01" if number == 12 else f"{year}-{number + 1:02d}"


def end_of(month: str) -> datetime:
    """The first instant after it."""
    following = month_after(month)
    return datetime(int(following[:4]), int(following[5:]), 1, tzinfo=CITY_ZONE)


def freezes_at(month: str, rulebook: Rulebook) -> datetime:
    """By the calendar and the limits in force when the month ends."""
    end = end_of(month)
    limit = rulebook.limits_at(end).limit(FREEZE_DAY)
    return due_after(end - A_MOMENT, limit, rulebook.calendar_at(end), rulebook.duty_at(end)).due


def due_freezes(
    rulebook: Rulebook,
    until: datetime,
    *,
    received_at: datetime,
    recorded_at: datetime,
    frozen: Collection[str],
) -> Iterator[tuple[str, datetime]]:
    """The months that freeze by themselves by `until`, and when, from the first ticket's on.

    A month whose moment had passed before the first ticket was recorded was never watched.
    """
    month = month_of(received_at)
    while end_of(month) <= until:
        if month not in frozen:
            at = freezes_at(month, rulebook)
            if recorded_at <= at <= until:
                yield month, at
        month = month_after(month)
