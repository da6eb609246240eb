"""A scheme as plain data: what is stored and answered, and what a draft may hold."""

from collections.abc import Mapping
from dataclasses import fields
from decimal import Decimal
from typing import Any

from services.scoring.rules.curves import Curve
from services.scoring.rules.metrics import METRICS
from services.scoring.rules.schemes import (
    RULES,
    Branch,
    Condition,
    Scheme,
    Tiers,
)

POINTS = ("weights", "bonus", "penalty")
METRIC_ORDER = {metric.id: place for place, metric in enumerate(METRICS)}
RULE_ORDER = {rule: place for place, rule in enumerate(RULES)}
CURVE = tuple(one.name for one in fields(Curve))


def write_scheme(scheme: Scheme) -> dict[str, Any]:
    """All but id and version; points as decimal text."""
    return {
        **{name: _texts(getattr(scheme, name)) for name in POINTS},
        "resolution_mode": scheme.resolution_mode,
        "free": dict(scheme.free),
        "bonus_cap": _text(scheme.bonus_cap),
        "penalty_cap": _text(scheme.penalty_cap),
        "floor": _text(scheme.floor),
        "ceiling": _text(scheme.ceiling),
        "rescaled": scheme.rescaled,
        "min_sample": scheme.min_sample,
        "tiers": {"by": list(scheme.tiers.by), "volume": list(scheme.tiers.volume)},
        "curves": _write_curves(scheme.curves),
        "branches": [_write_branch(branch) for branch in scheme.branches],
    }


def _write_curves(curves: Mapping[str, Curve]) -> dict[str, Any]:
    return {
        name: {one: _text(value) for one in CURVE if (value := getattr(curve, one)) is not None}
        for name, curve in curves.items()
    }


def _write_branch(branch: Branch) -> dict[str, Any]:
    when = branch.when
    condition = {
        "kinds": sorted(when.kinds) or None,
        "trades": sorted(when.trades) or None,
        "min_intake": when.min_intake,
        "max_intake": when.max_intake,
    }
    written: dict[str, Any] = {
        "when": {name: value for name, value in condition.items() if value is not None}
    }
    for name in POINTS:
        points = getattr(branch, name)
        if points is not None:
            written[name] = _texts(points)
    if branch.curves is not None:
        written["curves"] = _write_curves(branch.curves)
    return written


def _texts(points: Mapping[str, Decimal]) -> dict[str, str]:
    return {name: f"{value.normalize():f}" for name, value in points.items()}


def _text(value: Decimal | None) -> str | None:
    return None if value is None else f"{value.normalize():f}"


def read_scheme(scheme_id: str, version: int, data: Mapping[str, Any]) -> Scheme:
    """What `write_scheme` has written.

    Stored objects keep no order of their own, and a cap is filled in order: that of the catalogue.
    """
    cap = data["penalty_cap"]
    return Scheme(
        id=scheme_id,
        version=version,
        weights=_points(data["weights"], METRIC_ORDER),
        resolution_mode=data["resolution_mode"],
        bonus=_points(data["bonus"], RULE_ORDER),
        penalty=_points(data["penalty"], RULE_ORDER),
        free=dict(data["free"]),
        bonus_cap=Decimal(data["bonus_cap"]),
        penalty_cap=None if cap is None else Decimal(cap),
        floor=Decimal(data["floor"]),
        ceiling=Decimal(data["ceiling"]),
        rescaled=data["rescaled"],
        min_sample=data["min_sample"],
        tiers=Tiers(tuple(data["tiers"]["by"]), tuple(data["tiers"]["volume"])),
        curves=_curves(data["curves"]),
        branches=tuple(_branch(one) for one in data["branches"]),
    )


def _points(data: Mapping[str, str], order: Mapping[str, int]) -> dict[str, Decimal]:
    """What is in no catalogue comes first, by name."""
    names = sorted(data, key=lambda name: (order.get(name, -1), name))
    return {name: Decimal(data[name]) for name in names}


def _curves(data: Mapping[str, Mapping[str, str]]) -> dict[str, Curve]:
    return {
        name: Curve(**{one: Decimal(value) for one, value in curve.items()})
        for name, curve in data.items()
    }


def _branch(data: Mapping[str, Any]) -> Branch:
    when = data["when"]
    given = {
        name: _points(data[name], METRIC_ORDER if name == "weights" else RULE_ORDER)
        for name in POINTS
        if name in data
    }
    return Branch(
        Condition(
            frozenset(when.get("kinds", ())),
            frozenset(when.get("trades", ())),
            when.get("min_intake"),
            when.get("max_intake"),
        ),
        **given,
        curves=_curves(data["curves"]) if "curves" in data else None,
    )
