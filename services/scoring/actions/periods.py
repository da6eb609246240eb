"""Months from the first ticket's to the present one, and how far each is frozen."""

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from services.scoring.queries.freezes import list_freezes, list_periods
from services.scoring.rules.freezing import Freeze
from services.scoring.rules.periods import Period, find_period, month_before
from shared.domain.freezing import freezes_at, month_of
from shared.tickets import Ledger


@dataclass(frozen=True, slots=True)
class Standing:
    """`freezes_at`: when the month freezes by itself, or would have."""

    period: Period
    freezes_at: datetime
    is_over: bool
    revisions: tuple[Freeze, ...]


async def get_month_standing(ledger: Ledger, period: Period) -> Standing:
    return _standing(ledger, period, await list_freezes(ledger.tx, [period.id]))


async def list_month_standings(ledger: Ledger, *, before: str | None, limit: int) -> list[Standing]:
    """The latest first; only those before that month."""
    frozen, first = await list_periods(ledger.tx)
    present = month_of(ledger.now)
    oldest = min({month_of(first or ledger.now), *frozen, present})
    month = present if before is None else month_before(before)
    months: list[str] = []
    while month >= oldest and len(months) < limit:
        months.append(month)
        month = month_before(month)
    revisions = defaultdict(list)
    for freeze in await list_freezes(ledger.tx, months):
        revisions[freeze.period].append(freeze)
    periods = [period for month in months if (period := find_period(month)) is not None]
    return [_standing(ledger, period, revisions[period.id]) for period in periods]


def _standing(ledger: Ledger, period: Period, revisions: Sequence[Freeze]) -> Standing:
    return Standing(
        period,
        freezes_at=freezes_at(period.id, ledger.rulebook),
        is_over=period.end <= ledger.now,
        revisions=tuple(revisions),
    )
