"""Rows of a score sheet: composite, points, score and rank of each group (domain §8)."""

from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, replace
from decimal import Decimal
from fractions import Fraction
from types import MappingProxyType

from services.scoring.rules.schemes import Peer, Scheme, half_up
from services.scoring.rules.tallies import Key, Tally, total
from services.scoring.rules.weighing import (
    NO_PARTS,
    Adjustment,
    Parts,
    adjustments,
    composite,
    final_score,
)

TOO_FEW_RATED = "too_few_rated"
NOT_RATEABLE = "not_rateable"
NOT_A_UNIT = "unassigned"
SATISFACTION = "satisfaction_score"
OVERDUE = "overdue_count"

# Score, satisfaction, fewer overdue: the greater is ranked before the smaller.
Standing = tuple[Fraction, Fraction, int]
PeerOf = Callable[[Key], Peer]
NO_PART_OF_ANY: Mapping[Key, Parts] = MappingProxyType({})


@dataclass(frozen=True, slots=True)
class Entrant:
    """A group with all that its score depends on. `scheme` is as it is for this group."""

    key: Key
    tally: Tally
    scheme: Scheme
    tier: str | None
    peer_intake: int
    parts: Parts

    def row(self) -> "Row":
        """Not ranked yet."""
        moved = adjustments(self.scheme, self.tally)
        base = composite(self.scheme, self.tally, peer_intake=self.peer_intake, parts=self.parts)
        row = _row(self.scheme, self.key, self.tally, base=base, moved=moved)
        return replace(row, tier=self.tier, note=self._bar(row), entrant=self)

    def _bar(self, row: "Row") -> str | None:
        """Why there can be no rank."""
        if row.key is None:
            return NOT_A_UNIT
        if row.score is None:
            return NOT_RATEABLE
        if row.tally.count(SATISFACTION) < self.scheme.min_sample:
            return TOO_FEW_RATED
        return None


@dataclass(frozen=True, slots=True)
class Row:
    """`tier`: the group ranked among; `note`: the code of why there is no rank.

    `entrant` is None of a total, which enters no ranking.
    """

    key: Key
    tally: Tally
    composite: Decimal | None
    adjustments: tuple[Adjustment, ...]
    score: Decimal | None
    tier: str | None = None
    rank: int | None = None
    note: str | None = None
    entrant: Entrant | None = None

    @property
    def standing(self) -> Standing:
        """Still equal, a rank is shared."""
        satisfaction = self.tally.figures[SATISFACTION].share or Fraction(0)
        return (Fraction(self.score or 0), satisfaction, -self.tally.count(OVERDUE))


def _entrants(
    scheme: Scheme,
    tallies: Mapping[Key, Tally],
    *,
    peer_of: PeerOf,
    parts: Mapping[Key, Parts] = NO_PART_OF_ANY,
) -> list[Entrant]:
    """One for each group; intake is shared among the tier. What has no key is in none."""
    tiers = {
        key: None if key is None else scheme.tiers.tier_of(peer_of(key), intake=one.count("intake"))
        for key, one in tallies.items()
    }
    intakes: defaultdict[str | None, int] = defaultdict(int)
    for key, one in tallies.items():
        intakes[tiers[key]] += one.count("intake")
    return [
        Entrant(
            key,
            one,
            scheme.applied_to(peer_of(key), intake=one.count("intake")),
            tiers[key],
            intakes[tiers[key]],
            parts.get(key, NO_PARTS),
        )
        for key, one in tallies.items()
    ]


def list_rows(
    scheme: Scheme,
    tallies: Mapping[Key, Tally],
    *,
    peer_of: PeerOf,
    parts: Mapping[Key, Parts] = NO_PART_OF_ANY,
) -> list[Row]:
    """A row for each group, ranked inside its tier."""
    entrants = _entrants(scheme, tallies, peer_of=peer_of, parts=parts)
    return _ranked([one.row() for one in entrants])


def total_row(scheme: Scheme, rows: Iterable[Row]) -> Row:
    """The sums of the rows shown: of their figures and of their points. Never ranked."""
    rows = list(rows)
    tally = total(row.tally for row in rows)
    base = composite(scheme, tally, peer_intake=tally.count("intake"))
    return _row(scheme, None, tally, base=base, moved=_added(row.adjustments for row in rows))


def _row(
    scheme: Scheme,
    key: Key,
    tally: Tally,
    *,
    base: Fraction | None,
    moved: tuple[Adjustment, ...],
) -> Row:
    if base is None:
        return Row(key, tally, None, moved, None)
    change = sum((Fraction(one.points) for one in moved), Fraction(0))
    score = final_score(scheme, base, change)
    return Row(key, tally, half_up(base), moved, score)


def _added(parts: Iterable[tuple[Adjustment, ...]]) -> tuple[Adjustment, ...]:
    sums: dict[str, Adjustment] = {}
    for one in (adjustment for part in parts for adjustment in part):
        known = sums.get(one.rule, Adjustment(one.rule, Decimal(0), 0))
        sums[one.rule] = Adjustment(
            one.rule, known.points + one.points, known.tickets + one.tickets
        )
    return tuple(sums.values())


def _ranked(rows: Iterable[Row]) -> list[Row]:
    """Competition ranking (1-2-2-4) inside each tier by what the row shows."""
    rows = list(rows)
    above: dict[str | None, dict[Standing, int]] = {}
    for tier, standings in _standings(rows).items():
        places = above[tier] = {}
        for place, standing in enumerate(sorted(standings, reverse=True), start=1):
            places.setdefault(standing, place)
    return [
        replace(row, rank=above[row.tier][row.standing]) if row.note is None else row
        for row in rows
    ]


def _standings(rows: Iterable[Row]) -> dict[str | None, list[Standing]]:
    found: defaultdict[str | None, list[Standing]] = defaultdict(list)
    for row in rows:
        if row.note is None:
            found[row.tier].append(row.standing)
    return found
