"""The sanitation assessment (环卫作业考核) of one contractor and month, of 100 points (domain §10).

Every number is data of the scheme. What the metrics give is weighed as in any other scheme; what
is particular here are the inspections, the media items and what tickets on the road cost.
"""

from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from decimal import Decimal
from fractions import Fraction

from services.scoring.rules.deductions import FACT, MEDIA, OVERDUE, REPEAT, Deduction
from services.scoring.rules.schemes import half_up

INSPECTION = "inspection"
LOWER_IS_BETTER = frozenset({"repeat_rate"})
# What takes back points beyond the cap, or beyond what the inspections have earned.
CAP = "cap"


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
    """`weights`: points of 100 by metric or part; `media_each`: points of its weight an item."""

    id: str
    version: int
    weights: Mapping[str, Decimal]
    coupling: Coupling
    media_each: Decimal
    fees: tuple[Fee, ...]

    def fee_of(self, score: Decimal) -> Fee:
        """The highest floor that is reached; none reached, the lowest."""
        ordered = sorted(self.fees, key=lambda fee: fee.floor, reverse=True)
        return next((fee for fee in ordered if score >= fee.floor), ordered[-1])

    def media_share(self, items: int) -> Fraction | None:
        weight = Fraction(self.weights.get(MEDIA, Decimal(0)))
        if not weight:
            return None
        return max(Fraction(0), 1 - Fraction(self.media_each) * items / weight)


SANITATION_V1 = Assessment(
    id="sanitation-v1",
    version=1,
    weights={
        INSPECTION: Decimal(50),
        "timely_accept_rate": Decimal(8),
        "on_time_completion_rate": Decimal(14),
        "repeat_rate": Decimal(8),
        MEDIA: Decimal(8),
        "satisfaction_score": Decimal(12),
    },
    coupling=Coupling(
        points={
            FACT: Decimal("0.2"),
            OVERDUE: Decimal("0.3"),
            REPEAT: Decimal("0.5"),
            MEDIA: Decimal(2),
        },
        cap=Decimal(15),
    ),
    media_each=Decimal(2),
    fees=(
        Fee(Decimal(95), Decimal("1.00")),
        Fee(Decimal(90), Decimal("0.99")),
        Fee(Decimal(85), Decimal("0.97")),
        Fee(Decimal(80), Decimal("0.94")),
        Fee(Decimal(0), Decimal("0.90"), interview=True),
    ),
)


@dataclass(frozen=True, slots=True)
class Charge:
    """What one rule takes off, and for how many rounds or items."""

    rule: str
    points: Decimal
    count: int


@dataclass(frozen=True, slots=True)
class Coupled:
    """`charges` as they stand by rule; `total` their sum; `applied` what it comes to.

    Both sums are 0 or less. `capped`: they are more than the scheme allows.
    """

    charges: tuple[Charge, ...]
    total: Decimal
    applied: Decimal
    capped: bool

    @property
    def adjustments(self) -> tuple[Charge, ...]:
        """What moves the score: the charges, and what of them does not count."""
        given_back = self.applied - self.total
        if not given_back:
            return self.charges
        return (*self.charges, Charge(CAP, given_back, sum(one.count for one in self.charges)))


def mean(scores: Iterable[Decimal]) -> Fraction | None:
    """Of 1; None without a score."""
    listed = [Fraction(one) for one in scores]
    return sum(listed, Fraction(0)) / len(listed) / 100 if listed else None


def couple(assessment: Assessment, rows: Iterable[Deduction], share: Fraction | None) -> Coupled:
    """The rows of one contractor and month, against the `share` its inspections have earned.

    Rows stay whole: the cap, and that points do not fall under 0, are applied to their sum.
    """
    points: defaultdict[str, Decimal] = defaultdict(Decimal)
    counts: defaultdict[str, int] = defaultdict(int)
    for row in rows:
        points[row.rule] += row.points
        counts[row.rule] += 1 if row.reverses is None else -1
    charges = tuple(
        Charge(rule, points[rule], counts[rule])
        for rule in assessment.coupling.points
        if points[rule]
    )
    total = sum((one.points for one in charges), Decimal(0))
    cap = assessment.coupling.cap
    earned = half_up(Fraction(assessment.weights[INSPECTION]) * (share or 0))
    return Coupled(charges, total, -min(-total, cap, earned), capped=-total > cap)


@dataclass(frozen=True, slots=True)
class Outcome:
    """`composite`: the parts alone; with the coupling it is the `score`. None: nothing to weigh."""

    composite: Decimal | None
    score: Decimal | None
    fee: Fee | None


NOTHING = Outcome(None, None, None)


def conclude(
    assessment: Assessment, shares: Mapping[str, Fraction | None], coupled: Coupled
) -> Outcome:
    """The weight of what is not defined falls to the rest; only the end is rounded (ruling 35)."""
    earned, defined = Fraction(0), Fraction(0)
    for part, weight in assessment.weights.items():
        share = shares.get(part)
        if share is not None:
            earned += Fraction(weight) * share
            defined += Fraction(weight)
    if not defined:
        return NOTHING
    composite = earned * 100 / defined
    score = half_up(max(composite + Fraction(coupled.applied), Fraction(0)))
    return Outcome(half_up(composite), score, assessment.fee_of(score))
