"""Rows of a score sheet: composite, points, score and rank of each group (domain §8)."""

from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, replace
from decimal import Decimal
from fractions import Fraction

from services.scoring.rules.schemes import (
    Adjustment,
    Scheme,
    adjustments,
    composite,
    final_score,
    half_up,
)
from services.scoring.rules.tallies import Key, Tally, total

MIN_SAMPLE = 5
TOO_FEW_RATED = "too_few_rated"
NOT_RATEABLE = "not_rateable"
NOT_A_UNIT = "unassigned"


@dataclass(frozen=True, slots=True)
class Row:
    """`tier`: the group ranked among; `note`: the code of why there is no rank."""

    key: Key
    tally: Tally
    composite: Decimal | None
    adjustments: tuple[Adjustment, ...]
    score: Decimal | None
    tier: str | None = None
    rank: int | None = None
    note: str | None = None


def list_rows(
    scheme: Scheme, tallies: Mapping[Key, Tally], *, tier_of: Callable[[Key], str | None]
) -> list[Row]:
    """A row for each group, ranked inside its tier; intake is shared among the tier too."""
    intakes: defaultdict[str | None, int] = defaultdict(int)
    for key, one in tallies.items():
        intakes[tier_of(key)] += one.count("intake")
    rows = [
        replace(
            _row(scheme, key, one, peer_intake=intakes[tier_of(key)], points=None),
            tier=tier_of(key),
        )
        for key, one in tallies.items()
    ]
    return _ranked(rows)


def total_row(scheme: Scheme, rows: Iterable[Row]) -> Row:
    """The sums of the rows shown: of their figures and of their points. Never ranked."""
    rows = list(rows)
    tally = total(row.tally for row in rows)
    points = _added(row.adjustments for row in rows)
    return _row(scheme, None, tally, peer_intake=tally.count("intake"), points=points)


def _row(
    scheme: Scheme,
    key: Key,
    tally: Tally,
    *,
    peer_intake: int,
    points: tuple[Adjustment, ...] | None,
) -> Row:
    moved = adjustments(scheme, tally) if points is None else points
    base = composite(scheme, tally, peer_intake=peer_intake)
    if base is None:
        return Row(key, tally, None, moved, None)
    change = sum((Fraction(one.points) for one in moved), Fraction(0))
    return Row(key, tally, half_up(base), moved, final_score(base, change))


def _added(parts: Iterable[tuple[Adjustment, ...]]) -> tuple[Adjustment, ...]:
    sums: dict[str, Adjustment] = {}
    for one in (adjustment for part in parts for adjustment in part):
        known = sums.get(one.rule, Adjustment(one.rule, Decimal(0), 0))
        sums[one.rule] = Adjustment(
            one.rule, known.points + one.points, known.tickets + one.tickets
        )
    return tuple(sums.values())


def _ranked(rows: list[Row]) -> list[Row]:
    """Competition ranking (1-2-2-4) inside each tier by what the row shows."""
    ranked = [row if (note := _bar(row)) is None else replace(row, note=note) for row in rows]
    standing: defaultdict[str | None, list[tuple[Fraction, Fraction, int]]] = defaultdict(list)
    for row in ranked:
        if row.note is None:
            standing[row.tier].append(_standing(row))
    return [
        replace(row, rank=1 + sum(other > _standing(row) for other in standing[row.tier]))
        if row.note is None
        else row
        for row in ranked
    ]


def _bar(row: Row) -> str | None:
    if row.key is None:
        return NOT_A_UNIT
    if row.score is None:
        return NOT_RATEABLE
    if row.tally.count("satisfaction_score") < MIN_SAMPLE:
        return TOO_FEW_RATED
    return None


def _standing(row: Row) -> tuple[Fraction, Fraction, int]:
    """Score, then satisfaction, then fewer overdue; still equal, the rank is shared."""
    satisfaction = row.tally.figures["satisfaction_score"].share or Fraction(0)
    return (Fraction(row.score or 0), satisfaction, -row.tally.count("overdue_count"))
