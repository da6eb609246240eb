"""Weighing a tally by a scheme: composite, points and score (ruling 35)."""

from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal
from fractions import Fraction
from types import MappingProxyType

from services.scoring.rules.curves import Curve
from services.scoring.rules.schemes import (
    INTAKE_SHARE,
    LOWER_IS_BETTER,
    RULES,
    Scheme,
    half_up,
)
from services.scoring.rules.tallies import Tally

# What is weighed of a row without being a metric: shares of 0 to 1, None where there is none.
Parts = Mapping[str, Fraction | None]
NO_PARTS: Parts = MappingProxyType({})


@dataclass(frozen=True, slots=True)
class Adjustment:
    """Points gained or lost by one rule. `tickets`: how many of them the points are for."""

    rule: str
    points: Decimal
    tickets: int


def composite(
    scheme: Scheme, tally: Tally, *, peer_intake: int, parts: Parts = NO_PARTS
) -> Fraction | None:
    """The weighted part alone, unrounded; None where no weight is defined (ruling 56).

    Added up over one denominator, which is made simple once, at the end.
    """
    earned, scale, defined = 0, 1, Decimal(0)
    for name, weight in scheme.weights.items():
        share = share_of(scheme, name, tally, peer_intake=peer_intake, parts=parts)
        if share is None:
            continue
        points, of = _earned(scheme.curves.get(name), weight, share)
        earned, scale = earned * of + points * scale, scale * of
        defined += weight
    if not defined:
        return None
    if not scheme.rescaled:
        return Fraction(earned, scale)
    weighed, of = defined.as_integer_ratio()
    return Fraction(earned * 100 * of, scale * weighed)


def _earned(curve: Curve | None, weight: Decimal, share: Fraction) -> tuple[int, int]:
    """Points of the weight, as numerator and denominator; without a curve in proportion."""
    if curve is not None:
        return curve.earned(weight, share).as_integer_ratio()
    points, of = weight.as_integer_ratio()
    return points * share.numerator, of * share.denominator


def share_of(
    scheme: Scheme, name: str, tally: Tally, *, peer_intake: int, parts: Parts
) -> Fraction | None:
    """What of 1 is reached: the more, the better."""
    if name == INTAKE_SHARE:
        return Fraction(tally.count("intake"), peer_intake) if peer_intake else None
    metric = scheme.metric_of(name)
    if metric not in tally.figures:
        return parts.get(name)
    share = tally.figures[metric].share
    return 1 - share if share is not None and metric in LOWER_IS_BETTER else share


def adjustments(scheme: Scheme, tally: Tally) -> tuple[Adjustment, ...]:
    """One for each rule that moves the score, bonuses first, each within what its cap leaves."""
    found = []
    signed: tuple[tuple[int, Mapping[str, Decimal], Decimal | None], ...] = (
        (1, scheme.bonus, scheme.bonus_cap),
        (-1, scheme.penalty, scheme.penalty_cap),
    )
    for sign, rules, cap in signed:
        left = cap
        for rule, each in rules.items():
            tickets = max(0, tally.count(RULES[rule].metric) - scheme.free_of(rule))
            points = each * tickets if left is None else min(each * tickets, left)
            left = None if left is None else left - points
            found.append(Adjustment(rule, sign * points, tickets))
    return tuple(one for one in found if one.points)


def final_score(scheme: Scheme, composite: Fraction, points: Fraction) -> Decimal:
    """Ruling 35: clamped, then rounded."""
    bounded = max(composite + points, Fraction(scheme.floor))
    return half_up(min(bounded, Fraction(scheme.ceiling)))
