"""Schemes as plain data, what a draft may not say, and which version is in force."""

from dataclasses import replace
from datetime import datetime
from decimal import Decimal
from typing import Any

import pytest

from services.scoring.rules import schemes
from services.scoring.rules.curves import Curve
from services.scoring.rules.scheme_data import read_scheme, write_scheme
from services.scoring.rules.scheme_faults import find_faults
from services.scoring.rules.schemes import PRESETS, Branch, Condition, Scheme, Tiers
from services.scoring.rules.versions import (
    PRESET_VERSIONS,
    SchemeState,
    Version,
    find_in_force,
    state_of,
)
from services.scoring.scheme_labels import FAULTS, RULES
from tests.scoring.facts import period
from tests.scoring.histories import at

FULL = Scheme(
    "full",
    3,
    weights={"satisfaction_score": Decimal("60.5"), "timely_reply_rate": Decimal(20)},
    resolution_mode="reasonable_only",
    bonus={"praise": Decimal("0.25")},
    penalty={"overdue": Decimal(10)},
    free={"overdue": 2},
    bonus_cap=Decimal(3),
    penalty_cap=Decimal(15),
    floor=Decimal(20),
    ceiling=Decimal(100),
    rescaled=False,
    min_sample=8,
    tiers=Tiers(by=("trade", "kind"), volume=(10, 100)),
    curves={"satisfaction_score": Curve(below=Decimal(60), full=Decimal(95), slope=Decimal("0.5"))},
    branches=(
        Branch(
            Condition(frozenset({"section"}), frozenset({"greening"}), 1, 9),
            weights={"satisfaction_score": Decimal(40)},
            curves={},
            bonus={},
            penalty={"rework": Decimal(1)},
        ),
        Branch(Condition(min_intake=100), curves={"timely_reply_rate": Curve(cap=Decimal(10))}),
    ),
)


@pytest.mark.parametrize("scheme", [*PRESETS, FULL], ids=lambda one: one.id)
def test_what_is_written_is_read_back(scheme: Scheme) -> None:
    assert read_scheme(scheme.id, scheme.version, write_scheme(scheme)) == scheme


def test_the_order_of_what_is_read_is_the_catalogues() -> None:
    """A cap is filled in order, and what is stored keeps none."""
    data = write_scheme(PRESETS[0])
    shuffled = {name: dict(reversed(data[name].items())) for name in ("weights", "penalty")}

    read = read_scheme("ja-default", 1, {**data, **shuffled})

    assert list(read.weights) == list(PRESETS[0].weights)
    assert list(read.penalty) == ["overdue", "repeat", "rework", "wrong_return"]


@pytest.mark.parametrize("scheme", [*PRESETS, FULL], ids=lambda one: one.id)
def test_a_sound_scheme_has_no_faults(scheme: Scheme) -> None:
    assert find_faults(scheme) == []


def one_curve(**values: str) -> dict[str, Curve]:
    curve = Curve(**{name: Decimal(value) for name, value in values.items()})
    return {"satisfaction_score": curve}


WHEN = Condition(kinds=frozenset({"section"}))
TEN = Decimal(10)


@pytest.mark.parametrize(
    ("change", "pointer", "code"),
    [
        ({"weights": {}, "curves": {}, "branches": ()}, "/weights", "nothing_weighed"),
        (
            {"weights": {"luck": TEN}, "curves": {}, "branches": ()},
            "/weights/luck",
            "unknown_metric",
        ),
        (
            {"weights": {**FULL.weights, "overdue_count": TEN}},
            "/weights/overdue_count",
            "unknown_metric",
        ),
        (
            {
                "weights": {
                    **FULL.weights,
                    "actual_resolution_rate": TEN,
                    "actual_resolution_rate_explained_counts": TEN,
                }
            },
            "/weights/actual_resolution_rate_explained_counts",
            "weighed_twice",
        ),
        ({"penalty": {"sloth": TEN}, "free": {}}, "/penalty/sloth", "unknown_rule"),
        ({"penalty": {"praise": TEN}, "free": {}}, "/penalty/praise", "wrong_side"),
        ({"bonus": {"overdue": TEN}}, "/bonus/overdue", "wrong_side"),
        ({"free": {"sloth": 1}}, "/free/sloth", "unknown_rule"),
        ({"free": {"repeat": 1}}, "/free/repeat", "free_without_points"),
        ({"floor": Decimal(100)}, "/floor", "floor_above_ceiling"),
        ({"ceiling": Decimal("105.01")}, "/ceiling", "above_ceiling"),
        ({"tiers": Tiers(volume=(10, 10))}, "/tiers/volume", "not_ascending"),
        ({"tiers": Tiers(volume=(0, 10))}, "/tiers/volume", "not_ascending"),
        ({"tiers": Tiers(by=("kind", "kind"))}, "/tiers/by", "named_twice"),
        (
            {"curves": {"first_contact_rate": Curve(cap=TEN)}},
            "/curves/first_contact_rate",
            "curve_without_weight",
        ),
        ({"curves": one_curve()}, "/curves/satisfaction_score", "empty_curve"),
        ({"curves": one_curve(full="101")}, "/curves/satisfaction_score/full", "above_hundred"),
        (
            {"curves": one_curve(below="90", full="80")},
            "/curves/satisfaction_score/below",
            "below_above_full",
        ),
        (
            {"curves": one_curve(slope="1")},
            "/curves/satisfaction_score/slope",
            "slope_without_full",
        ),
        ({"curves": one_curve(cap="61")}, "/curves/satisfaction_score/cap", "above_weight"),
        (
            {"curves": one_curve(floor="9", cap="8")},
            "/curves/satisfaction_score/floor",
            "floor_above_cap",
        ),
        (
            {"branches": (Branch(Condition(), bonus={}),)},
            "/branches/0/when",
            "empty_condition",
        ),
        (
            {"branches": (Branch(Condition(min_intake=2, max_intake=1), bonus={}),)},
            "/branches/0/when/min_intake",
            "min_above_max",
        ),
        ({"branches": (Branch(WHEN),)}, "/branches/0", "changes_nothing"),
        (
            {"branches": (Branch(WHEN, penalty={"sloth": TEN}),)},
            "/branches/0/penalty/sloth",
            "unknown_rule",
        ),
        (
            {
                "curves": one_curve(floor="50"),
                "branches": (Branch(WHEN, weights={"satisfaction_score": Decimal(40)}),),
            },
            "/branches/0/curves/satisfaction_score/floor",
            "above_weight",
        ),
    ],
)
def test_a_fault_is_found_and_named(change: dict[str, Any], pointer: str, code: str) -> None:
    (fault,) = find_faults(replace(FULL, **change))

    assert (fault.pointer, fault.code) == (pointer, code)
    assert FAULTS[code]


def test_every_rule_has_a_name_people_read() -> None:
    assert set(RULES) == set(schemes.RULES)


def version(number: int, since: str | None, activated: str | None = None) -> Version:
    return Version(
        replace(FULL, version=number),
        title="试",
        author="甲",
        effective_from=at(since) if since is not None else None,
        activated_at=at(activated or since) if since is not None else None,
    )


VERSIONS = (
    version(1, "09-01 00:00"),
    version(2, "11-15 00:00"),
    version(3, None),
    version(4, "12-01 00:00"),
)


@pytest.mark.parametrize(
    ("month", "now", "number"),
    [
        ("2026-08", "12-20 00:00", None),
        ("2026-09", "12-20 00:00", 1),
        ("2026-10", "12-20 00:00", 1),
        # begun before the month is over
        ("2026-11", "12-20 00:00", 2),
        # not begun yet
        ("2026-11", "11-14 23:59", 1),
        ("2026-11", "11-15 00:00", 2),
        ("2026-12", "12-20 00:00", 4),
        ("2026-12", "11-20 00:00", 2),
        ("2026", "12-20 00:00", 4),
    ],
)
def test_the_last_version_to_begin_before_the_period_is_over_is_in_force(
    month: str, now: str, number: int | None
) -> None:
    found = find_in_force(VERSIONS, period(month), now=at(now))

    assert (found.scheme.version if found else None) == number


def test_of_two_from_the_same_day_the_one_activated_later_is_in_force() -> None:
    twins = (version(5, "09-01 00:00", "09-03 10:00"), version(6, "09-01 00:00", "09-02 10:00"))

    found = find_in_force(twins, period("2026-09"), now=at("12-20 00:00"))

    assert found is twins[0]
    assert [state_of(one, twins, now=at("12-20 00:00")) for one in twins] == [
        SchemeState.ACTIVE,
        SchemeState.RETIRED,
    ]


@pytest.mark.parametrize(
    ("now", "states"),
    [
        ("10-01 00:00", "active active draft active"),
        ("11-15 00:00", "retired active draft active"),
        ("12-20 00:00", "retired retired draft active"),
    ],
)
def test_a_version_retires_when_the_next_has_begun(now: str, states: str) -> None:
    found = [state_of(one, VERSIONS, now=at(now)).value for one in VERSIONS]

    assert found == states.split()


def test_what_comes_with_the_house_has_always_been_in_force() -> None:
    early = datetime.fromisoformat("2000-01-31T00:00:00+08:00")
    for one in PRESET_VERSIONS:
        assert find_in_force([one], period("2000-01"), now=early) is one
