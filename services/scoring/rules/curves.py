"""Curves: how many of a weight's points a value earns, where it is not simply in proportion."""

from dataclasses import dataclass
from decimal import Decimal
from fractions import Fraction


@dataclass(frozen=True, slots=True)
class Curve:
    """Limits in percent of the value, points in points of the weight; what is None bounds nothing.

    Under `below` nothing is earned, from `full` on everything. Under `full`, `slope` points are
    lost for each percentage point that is missing; without a slope the points are in proportion
    to the value. `floor` and `cap`: the least and the most that is earned from `below` on.
    """

    below: Decimal | None = None
    full: Decimal | None = None
    slope: Decimal | None = None
    floor: Decimal | None = None
    cap: Decimal | None = None

    def earned(self, weight: Decimal, share: Fraction) -> Fraction:
        """Points of `weight` for a share of 0 to 1; never less for a greater share."""
        value = share * 100
        if self.below is not None and value < self.below:
            return Fraction(0)
        points = self._unbounded(Fraction(weight), value)
        if self.floor is not None:
            points = max(points, Fraction(self.floor))
        return points if self.cap is None else min(points, Fraction(self.cap))

    def _unbounded(self, weight: Fraction, value: Fraction) -> Fraction:
        if self.full is not None and value >= self.full:
            return weight
        if self.slope is None or self.full is None:
            return weight * value / 100
        return max(Fraction(0), weight - Fraction(self.slope) * (Fraction(self.full) - value))


IN_PROPORTION = Curve()
