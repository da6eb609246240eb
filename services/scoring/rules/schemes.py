"""Schemes (考核方案): weights, points and ranks over the metrics, as data (domain §8)."""

from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal
from fractions import Fraction
from math import floor
from types import MappingProxyType

from services.scoring.rules.tallies import Tally

INTAKE_SHARE = "intake_share"
RESOLUTION = "actual_resolution_rate"
RESOLUTION_MODES: Mapping[str, str] = MappingProxyType(
    {
        "strict": RESOLUTION,
        "reasonable_only": f"{RESOLUTION}_reasonable_only",
        "explained_counts": f"{RESOLUTION}_explained_counts",
    }
)
CEILING = Fraction(105)


@dataclass(frozen=True, slots=True)
class Rule:
    """What costs or earns points: a count metric, and how many of them are free."""

    metric: str
    free: int = 0


# A repeat costs from the second on (domain §8).
RULES: Mapping[str, Rule] = MappingProxyType(
    {
        "praise": Rule("praise_count"),
        "overdue": Rule("overdue_count"),
        "repeat": Rule("repeat_count", free=1),
        "rework": Rule("rework_count"),
        "wrong_return": Rule("wrong_return_count"),
    }
)


@dataclass(frozen=True, slots=True)
class Scheme:
    """`weights`: points of 100 by metric; `bonus` and `penalty`: points a ticket by rule.

    `rescaled`: the weight of what is not defined falls to the rest. `bonus_cap` bounds the sum
    of all bonuses. `intake_share` is the unit's part of its peers' intake.
    """

    id: str
    version: int
    weights: Mapping[str, Decimal]
    resolution_mode: str
    bonus: Mapping[str, Decimal]
    penalty: Mapping[str, Decimal]
    bonus_cap: Decimal = Decimal(0)
    rescaled: bool = True


# The first is what a question that names none is answered by.
PRESETS: tuple[Scheme, ...] = (
    Scheme(
        id="ja-default",
        version=1,
        weights={
            "first_contact_rate": Decimal(20),
            "on_time_completion_rate": Decimal(20),
            "timely_reply_rate": Decimal(15),
            RESOLUTION: Decimal(20),
            "satisfaction_score": Decimal(25),
        },
        resolution_mode="strict",
        bonus={"praise": Decimal("0.5")},
        penalty={
            "overdue": Decimal(1),
            "repeat": Decimal("0.5"),
            "rework": Decimal(1),
            "wrong_return": Decimal("0.5"),
        },
        bonus_cap=Decimal(5),
    ),
    Scheme(
        id="qp-2018",
        version=1,
        weights={
            INTAKE_SHARE: Decimal(5),
            "first_contact_rate": Decimal(30),
            RESOLUTION: Decimal(20),
            "satisfaction_score": Decimal(40),
        },
        resolution_mode="explained_counts",
        bonus={},
        penalty={},
        rescaled=False,
    ),
)


@dataclass(frozen=True, slots=True)
class Adjustment:
    """Points gained or lost by one rule. `tickets`: how many of them the points are for."""

    rule: str
    points: Decimal
    tickets: int


def find_scheme(scheme_id: str) -> Scheme | None:
    return next((scheme for scheme in PRESETS if scheme.id == scheme_id), None)


def half_up(value: Fraction) -> Decimal:
    """Two places, halves up; exact, since a fraction has no rounding of its own."""
    return Decimal(floor(value * 100 + Fraction(1, 2))).scaleb(-2)


def composite(scheme: Scheme, tally: Tally, *, peer_intake: int) -> Fraction | None:
    """The weighted part alone, unrounded; None where no weight is defined (ruling 56)."""
    earned = Fraction(0)
    defined = Fraction(0)
    for name, weight in scheme.weights.items():
        share = _share(scheme, name, tally, peer_intake)
        if share is not None:
            earned += Fraction(weight) * share
            defined += Fraction(weight)
    if not defined:
        return None
    return earned * 100 / defined if scheme.rescaled else earned


def _share(scheme: Scheme, name: str, tally: Tally, peer_intake: int) -> Fraction | None:
    if name == INTAKE_SHARE:
        return Fraction(tally.count("intake"), peer_intake) if peer_intake else None
    metric = RESOLUTION_MODES[scheme.resolution_mode] if name == RESOLUTION else name
    return tally.figures[metric].share


def adjustments(scheme: Scheme, tally: Tally) -> tuple[Adjustment, ...]:
    """One for each rule that moves the score, bonuses first."""
    found = []
    left = scheme.bonus_cap
    for rule, points in scheme.bonus.items():
        earned = min(points * _charged(rule, tally), left)
        left -= earned
        found.append(Adjustment(rule, earned, _charged(rule, tally)))
    for rule, points in scheme.penalty.items():
        found.append(Adjustment(rule, -points * _charged(rule, tally), _charged(rule, tally)))
    return tuple(one for one in found if one.points)


def _charged(rule: str, tally: Tally) -> int:
    return max(0, tally.count(RULES[rule].metric) - RULES[rule].free)


def final_score(composite: Fraction, points: Fraction) -> Decimal:
    """Ruling 35: clamped to 0..105, then rounded."""
    return half_up(min(max(composite + points, Fraction(0)), CEILING))
