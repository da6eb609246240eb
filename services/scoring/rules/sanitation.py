"""The sanitation assessment (环卫作业考核) of one contractor and month (domain §10).

What the metrics give is weighed as in any other scheme; what is particular are the inspections,
the media items and what tickets on the road cost.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from decimal import Decimal
from fractions import Fraction

from services.scoring.rules.assessment import INSPECTION, MEDIA
from services.scoring.rules.curves import IN_PROPORTION
from services.scoring.rules.schemes import Scheme, half_up
from services.scoring.rules.weighing import Adjustment, Parts

# What takes back points beyond the cap, or beyond what the inspections have earned.
CAP = "cap"


@dataclass(frozen=True, slots=True)
class Assessed:
    """What of a contractor's month is in no rate.

    `inspection`: the mean of its scores, of 1; `standing`: deductions that stand, by rule.
    """

    inspection: Fraction | None
    media_items: int
    standing: Mapping[str, int]


NOTHING = Assessed(None, 0, {})


@dataclass(frozen=True, slots=True)
class Coupled:
    """`charges` as they stand by rule; `total` their sum; `applied` what it comes to.

    Both sums are 0 or less. `capped`: they are more than the scheme allows.
    """

    charges: tuple[Adjustment, ...]
    total: Decimal
    applied: Decimal
    capped: bool

    @property
    def adjustments(self) -> tuple[Adjustment, ...]:
        """What moves the score: the charges, and what of them does not count."""
        given_back = self.applied - self.total
        if not given_back:
            return self.charges
        return (
            *self.charges,
            Adjustment(CAP, given_back, sum(one.tickets for one in self.charges)),
        )


def mean(scores: Iterable[Decimal]) -> Fraction | None:
    """Of 1; None without a score."""
    listed = [Fraction(one) for one in scores]
    return sum(listed, Fraction(0)) / len(listed) / 100 if listed else None


def parts_of(scheme: Scheme, assessed: Assessed) -> Parts:
    """The shares that are no metric's, as far as the scheme weighs them."""
    assert scheme.assessment is not None
    shares = {INSPECTION: assessed.inspection}
    if MEDIA in scheme.weights:
        weight = scheme.weights[MEDIA]
        shares[MEDIA] = scheme.assessment.media_share(assessed.media_items, weight=weight)
    return shares


def couple(scheme: Scheme, assessed: Assessed) -> Coupled:
    """What stands, at the scheme's own points, against what the inspections have earned.

    Rows stay whole: the cap, and that points do not fall under 0, are applied to their sum.
    """
    assert scheme.assessment is not None
    coupling, standing = scheme.assessment.coupling, assessed.standing
    charges = tuple(
        Adjustment(rule, -each * standing[rule], standing[rule])
        for rule, each in coupling.points.items()
        if standing.get(rule)
    )
    total = sum((one.points for one in charges), Decimal(0))
    curve = scheme.curves.get(INSPECTION, IN_PROPORTION)
    share = assessed.inspection
    points = Fraction(0) if share is None else curve.earned(scheme.weights[INSPECTION], share)
    applied = -min(-total, coupling.cap, half_up(points))
    return Coupled(charges, total, applied, capped=-total > coupling.cap)
