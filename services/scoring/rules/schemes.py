"""Schemes (考核方案): weights, points and tiers over the metrics, as data (domain §8)."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from decimal import Decimal
from fractions import Fraction
from types import MappingProxyType

from services.scoring.rules.curves import Curve

INTAKE_SHARE = "intake_share"
RESOLUTION = "actual_resolution_rate"
RESOLUTION_MODES: Mapping[str, str] = MappingProxyType(
    {
        "strict": RESOLUTION,
        "reasonable_only": f"{RESOLUTION}_reasonable_only",
        "explained_counts": f"{RESOLUTION}_explained_counts",
    }
)
# No score is above this (ruling 35).
CEILING = Decimal(105)
# What may be weighed without being a metric: the share of the tier's intake, which is counted
# here, and whatever else is handed in with the row.
PARTS: frozenset[str] = frozenset({INTAKE_SHARE})
# Rates that are better the lower they are: what is weighed is what is missing to 100 %.
LOWER_IS_BETTER: frozenset[str] = frozenset(
    {"repeat_rate", "rework_rate", "return_rate", "extension_rate"}
)


@dataclass(frozen=True, slots=True)
class Rule:
    """What costs or earns points: a count metric, and how many of them are free by default."""

    metric: str
    free: int = 0
    is_bonus: bool = False


# A repeat costs from the second on (domain §8).
RULES: Mapping[str, Rule] = MappingProxyType(
    {
        "praise": Rule("praise_count", is_bonus=True),
        "overdue": Rule("overdue_count"),
        "dissatisfied": Rule("dissatisfied_count"),
        "repeat": Rule("repeat_count", free=1),
        "rework": Rule("rework_count"),
        "wrong_return": Rule("wrong_return_count"),
    }
)


@dataclass(frozen=True, slots=True)
class Peer:
    """What a unit is compared by; empty for whatever is no unit."""

    kind: str | None = None
    trades: frozenset[str] = frozenset()


NOBODY = Peer()


@dataclass(frozen=True, slots=True)
class Tiers:
    """Who is ranked with whom: by kind, by trades, by the lower bounds of bands of intake."""

    by: tuple[str, ...] = ("kind",)
    volume: tuple[int, ...] = ()

    def tier_of(self, peer: Peer, *, intake: int) -> str | None:
        """As `section/sanitation/10-49`; None where nothing tells it apart."""
        names = {"kind": peer.kind, "trade": "+".join(sorted(peer.trades)) or None}
        parts = [names[one] for one in self.by]
        return "/".join(one for one in (*parts, self._band(intake)) if one is not None) or None

    def _band(self, intake: int) -> str | None:
        if not self.volume:
            return None
        bounds = (0, *self.volume)
        start = max(one for one in bounds if one <= intake)
        above = [one for one in bounds if one > start]
        return f"{start}-{above[0] - 1}" if above else f"{start}+"


@dataclass(frozen=True, slots=True)
class Condition:
    """Which rows a branch is for. Empty or None asks for nothing; both bounds are included."""

    kinds: frozenset[str] = frozenset()
    trades: frozenset[str] = frozenset()
    min_intake: int | None = None
    max_intake: int | None = None

    def holds(self, peer: Peer, *, intake: int) -> bool:
        return (
            (not self.kinds or peer.kind in self.kinds)
            and (not self.trades or bool(peer.trades & self.trades))
            and (self.min_intake is None or intake >= self.min_intake)
            and (self.max_intake is None or intake <= self.max_intake)
        )


@dataclass(frozen=True, slots=True)
class Branch:
    """What is weighed otherwise for some rows; None is as in the scheme itself."""

    when: Condition
    weights: Mapping[str, Decimal] | None = None
    curves: Mapping[str, Curve] | None = None
    bonus: Mapping[str, Decimal] | None = None
    penalty: Mapping[str, Decimal] | None = None


@dataclass(frozen=True, slots=True)
class Scheme:
    """`weights`: points of 100 by metric or part; `bonus`, `penalty`: points a ticket by rule.

    `rescaled`: the weight of what is not defined falls to the rest. `free`: how many tickets of a
    rule come without points, where it is not the rule's own default. The caps bound the sums of
    all bonuses and of all penalties, `floor` and `ceiling` the score. With fewer rated tickets
    than `min_sample` a row is not ranked. The first branch whose condition holds stands.
    """

    id: str
    version: int
    weights: Mapping[str, Decimal]
    resolution_mode: str = "strict"
    bonus: Mapping[str, Decimal] = field(default_factory=dict)
    penalty: Mapping[str, Decimal] = field(default_factory=dict)
    free: Mapping[str, int] = field(default_factory=dict)
    bonus_cap: Decimal = Decimal(5)
    penalty_cap: Decimal | None = None
    floor: Decimal = Decimal(0)
    ceiling: Decimal = CEILING
    rescaled: bool = True
    min_sample: int = 5
    tiers: Tiers = Tiers()
    curves: Mapping[str, Curve] = field(default_factory=dict)
    branches: tuple[Branch, ...] = ()

    def metric_of(self, name: str) -> str:
        """The metric weighed under that name: resolution goes by the scheme's mode."""
        return RESOLUTION_MODES[self.resolution_mode] if name == RESOLUTION else name

    def free_of(self, rule: str) -> int:
        return self.free.get(rule, RULES[rule].free)

    def applied_to(self, peer: Peer, *, intake: int) -> "Scheme":
        """The same as it is for one row: without branches, the one that holds taken in."""
        found = next((one for one in self.branches if one.when.holds(peer, intake=intake)), None)
        if found is None:
            return self
        return replace(
            self,
            weights=self.weights if found.weights is None else found.weights,
            curves=self.curves if found.curves is None else found.curves,
            bonus=self.bonus if found.bonus is None else found.bonus,
            penalty=self.penalty if found.penalty is None else found.penalty,
            branches=(),
        )


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
        rescaled=False,
    ),
)
DEFAULT = PRESETS[0].id


def find_preset(scheme_id: str) -> Scheme | None:
    return next((scheme for scheme in PRESETS if scheme.id == scheme_id), None)


def half_up(value: Fraction) -> Decimal:
    """Two places, halves up; exact, since it is whole numbers that are divided."""
    num, den = value.numerator, value.denominator
    return Decimal((200 * num + den) // (2 * den)).scaleb(-2)
