"""Months in a row among the city's first three (ruling 43)."""

from collections.abc import Collection

from services.scoring.rules.periods import month_before

TOP = 3


def streak_top3(top_months: Collection[str], last_month: str | None) -> int:
    """How many months without a gap, ending at `last_month`, are in `top_months`."""
    streak = 0
    month = last_month
    while month is not None and month in top_months:
        streak += 1
        month = month_before(month)
    return streak
