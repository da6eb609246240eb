"""What each rule of deductions costs: by month, and by what was in force when it was charged."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal

NOTHING = Decimal(0)


@dataclass(frozen=True, slots=True)
class Price:
    """Points by rule as one version of the scheme has them, from its activation on.

    `position` and `recorded_at` are those of the activation; `month` (202611) is the first it is
    for; of two that are for a month the greater `place` stands.
    """

    position: int
    recorded_at: datetime
    month: int
    place: tuple[datetime, datetime, int]
    points: Mapping[str, Decimal]


@dataclass(frozen=True, slots=True)
class Prices:
    """All that were ever activated."""

    listed: tuple[Price, ...]

    def of(self, rule: str, *, month: int, position: int) -> Decimal:
        """As activated up to that position; what is not priced costs nothing."""
        known = [one for one in self.listed if one.position <= position and one.month <= month]
        last = max(known, key=lambda one: one.place, default=None)
        return NOTHING if last is None else last.points.get(rule, NOTHING)
