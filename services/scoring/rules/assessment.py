"""The block of a scheme that assesses contractors by the month (环卫作业考核, domain §10)."""

from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal
from fractions import Fraction

INSPECTION, MEDIA = "inspection", "media"


@dataclass(frozen=True, slots=True)
class Coupling:
    """What is taken off the points of the inspections: `points` each by rule, `cap` in all."""

    points: Mapping[str, Decimal]
    cap: Decimal


@dataclass(frozen=True, slots=True)
class Fee:
    """From `floor` points on the fee is paid times `coefficient`; `interview`: 约谈."""

    floor: Decimal
    coefficient: Decimal
    interview: bool = False


@dataclass(frozen=True, slots=True)
class Assessment:
    """`media_each`: points of the weight of media that an item costs. The highest fee is first."""

    coupling: Coupling
    media_each: Decimal
    fees: tuple[Fee, ...]

    def fee_of(self, score: Decimal) -> Fee:
        """The highest floor that is reached; none reached, the lowest."""
        ordered = sorted(self.fees, key=lambda fee: fee.floor, reverse=True)
        return next((fee for fee in ordered if score >= fee.floor), ordered[-1])

    def media_share(self, items: int, *, weight: Decimal) -> Fraction:
        return max(Fraction(0), 1 - Fraction(self.media_each) * items / Fraction(weight))
