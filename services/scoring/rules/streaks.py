"""Months in a row among the city's first three (ruling 43)."""

from collections import defaultdict
from collections.abc import Iterable

from services.scoring.rules.periods import month_before

TOP = 3


def longest_streak(ranks: Iterable[tuple[str, str, int]]) -> int:
    """Of (scope, month, rank): months in a row at the top, ending at the last month there is.

    Where several tables are published, the longest of them.
    """
    at_top: defaultdict[str, set[str]] = defaultdict(set)
    last = ""
    for scope, month, rank in ranks:
        last = max(last, month)
        if rank <= TOP:
            at_top[scope].add(month)
    return max((_back_from(last, months) for months in at_top.values()), default=0)


def _back_from(month: str, months: set[str]) -> int:
    streak = 0
    while month in months:
        streak += 1
        month = month_before(month)
    return streak
