"""What is wrong with a scheme that is well-formed: names nobody knows, bounds that contradict."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from decimal import Decimal
from itertools import pairwise

from services.scoring.rules.curves import Curve
from services.scoring.rules.metrics import RATES
from services.scoring.rules.schemes import (
    CEILING,
    PARTS,
    RESOLUTION,
    RESOLUTION_MODES,
    RULES,
    Branch,
    Scheme,
)

HUNDRED = Decimal(100)


@dataclass(frozen=True, slots=True)
class Fault:
    """`pointer`: into the body of the draft; `code`: what is wrong there."""

    pointer: str
    code: str


def find_faults(scheme: Scheme) -> list[Fault]:
    faults = [*_weighed(scheme.weights, ""), *_bent(scheme.curves, scheme.weights, "")]
    faults += _ruled(scheme.bonus, "/bonus")
    faults += _ruled(scheme.penalty, "/penalty")
    faults += [Fault(f"/free/{rule}", "unknown_rule") for rule in scheme.free if rule not in RULES]
    faults += [
        Fault(f"/free/{rule}", "free_without_points")
        for rule in scheme.free
        if rule in RULES and not _charges(scheme, rule)
    ]
    if scheme.ceiling > CEILING:
        faults.append(Fault("/ceiling", "above_ceiling"))
    if scheme.floor >= scheme.ceiling:
        faults.append(Fault("/floor", "floor_above_ceiling"))
    if any(one >= other for one, other in pairwise((0, *scheme.tiers.volume))):
        faults.append(Fault("/tiers/volume", "not_ascending"))
    if len(set(scheme.tiers.by)) < len(scheme.tiers.by):
        faults.append(Fault("/tiers/by", "named_twice"))
    for number, branch in enumerate(scheme.branches):
        faults += _branched(scheme, branch, f"/branches/{number}")
    return faults


def _charges(scheme: Scheme, rule: str) -> bool:
    parts = [scheme.bonus, scheme.penalty]
    for branch in scheme.branches:
        parts += [branch.bonus or {}, branch.penalty or {}]
    return any(rule in points for points in parts)


def _weighed(weights: Mapping[str, Decimal], at: str) -> Iterator[Fault]:
    if not weights:
        yield Fault(f"{at}/weights", "nothing_weighed")
    for name in weights:
        if name not in RATES and name not in PARTS:
            yield Fault(f"{at}/weights/{name}", "unknown_metric")
        # The mode would weigh the same rate a second time.
        elif name in RESOLUTION_MODES.values() and name != RESOLUTION and RESOLUTION in weights:
            yield Fault(f"{at}/weights/{name}", "weighed_twice")


def _bent(curves: Mapping[str, Curve], weights: Mapping[str, Decimal], at: str) -> Iterator[Fault]:
    for name, curve in curves.items():
        if name not in weights:
            yield Fault(f"{at}/curves/{name}", "curve_without_weight")
        else:
            yield from _curved(curve, weights[name], f"{at}/curves/{name}")


def _curved(curve: Curve, weight: Decimal, at: str) -> Iterator[Fault]:
    if curve == Curve():
        yield Fault(at, "empty_curve")
    for name in ("below", "full"):
        value = getattr(curve, name)
        if value is not None and value > HUNDRED:
            yield Fault(f"{at}/{name}", "above_hundred")
    if curve.below is not None and curve.full is not None and curve.below > curve.full:
        yield Fault(f"{at}/below", "below_above_full")
    if curve.slope is not None and curve.full is None:
        yield Fault(f"{at}/slope", "slope_without_full")
    for name in ("floor", "cap"):
        value = getattr(curve, name)
        if value is not None and value > weight:
            yield Fault(f"{at}/{name}", "above_weight")
    if curve.floor is not None and curve.cap is not None and curve.floor > curve.cap:
        yield Fault(f"{at}/floor", "floor_above_cap")


def _ruled(points: Mapping[str, Decimal], at: str) -> Iterator[Fault]:
    for rule in points:
        if rule not in RULES:
            yield Fault(f"{at}/{rule}", "unknown_rule")
        elif (at.endswith("bonus")) != RULES[rule].is_bonus:
            yield Fault(f"{at}/{rule}", "wrong_side")


def _branched(scheme: Scheme, branch: Branch, at: str) -> Iterator[Fault]:
    when = branch.when
    if not (when.kinds or when.trades) and when.min_intake is None and when.max_intake is None:
        yield Fault(f"{at}/when", "empty_condition")
    if (
        when.min_intake is not None
        and when.max_intake is not None
        and when.min_intake > when.max_intake
    ):
        yield Fault(f"{at}/when/min_intake", "min_above_max")
    changed = (branch.weights, branch.curves, branch.bonus, branch.penalty)
    if all(one is None for one in changed):
        yield Fault(at, "changes_nothing")
    weights = scheme.weights if branch.weights is None else branch.weights
    if branch.weights is not None:
        yield from _weighed(weights, at)
    # Without curves of its own a branch keeps those of what it still weighs.
    kept = {name: curve for name, curve in scheme.curves.items() if name in weights}
    if branch.weights is not None or branch.curves is not None:
        yield from _bent(kept if branch.curves is None else branch.curves, weights, at)
    yield from _ruled(branch.bonus or {}, f"{at}/bonus")
    yield from _ruled(branch.penalty or {}, f"{at}/penalty")
