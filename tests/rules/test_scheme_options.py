"""What a scheme may add to weights: curves, branches, caps, tiers, parts from elsewhere."""

from dataclasses import replace
from decimal import Decimal
from fractions import Fraction
from typing import Any

import pytest

from services.scoring.rules.curves import Curve
from services.scoring.rules.ranks import Row, list_rows
from services.scoring.rules.schemes import (
    INTAKE_SHARE,
    NOBODY,
    PRESETS,
    Branch,
    Condition,
    Peer,
    Scheme,
    Tiers,
)
from services.scoring.rules.tallies import Key, Tally
from services.scoring.rules.weighing import Adjustment, Parts, adjustments, composite
from tests.scoring.tables import ONE, RATES, ZERO, count, tally_of_verdicts

ON_TIME = "on_time_completion_rate"
TWENTY = Decimal(20)


def points(text: str | None) -> Decimal | None:
    return None if text is None else Decimal(text)


def curve(**values: str) -> Curve:
    return Curve(**{name: Decimal(value) for name, value in values.items()})


def tally(late: int = 0, in_time: int = 10, *, intake: int = 10, **counts: int) -> Tally:
    verdicts = {metric: [ONE] * 10 for metric in RATES[:3]}
    found = tally_of_verdicts({**verdicts, ON_TIME: [ZERO] * late + [ONE] * in_time}, intake=intake)
    figures = {**found.figures, **{name: count(number) for name, number in counts.items()}}
    return replace(found, figures=figures)


def scheme(**values: Any) -> Scheme:
    return Scheme("tried", 1, **{"weights": {ON_TIME: TWENTY}, "min_sample": 0, **values})


@pytest.mark.parametrize(
    ("shape", "value", "earned"),
    [
        (curve(), "87.5", "17.5"),
        (curve(below="60"), "59.99", "0"),
        (curve(below="60"), "60", "12"),
        (curve(full="95"), "95", "20"),
        (curve(full="95"), "94", "18.8"),
        (curve(full="95", slope="0.5"), "94", "19.5"),
        (curve(full="95", slope="0.5"), "94.5", "19.75"),
        (curve(full="95", slope="0.5"), "55", "0"),
        (curve(full="95", slope="0.5"), "0", "0"),
        (curve(full="95", slope="0.5", floor="4"), "10", "4"),
        (curve(below="50", full="95", slope="0.5", floor="4"), "49", "0"),
        (curve(cap="18"), "100", "18"),
        (curve(full="95", slope="1", cap="18"), "94", "18"),
        (curve(full="95", slope="1", cap="18"), "92", "17"),
    ],
)
def test_a_curve_says_how_many_points_a_value_earns(shape: Curve, value: str, earned: str) -> None:
    assert shape.earned(TWENTY, Fraction(value) / 100) == Fraction(earned)


@pytest.mark.parametrize(
    "shape",
    [
        curve(below="30", full="70", slope="0.3", floor="2", cap="15"),
        curve(below="70", full="70", slope="0.01"),
        curve(full="60", floor="5"),
    ],
)
def test_no_curve_gives_less_for_more(shape: Curve) -> None:
    earned = [shape.earned(TWENTY, Fraction(n, 500)) for n in range(501)]

    assert earned == sorted(earned)
    assert all(0 <= one <= 20 for one in earned)


def test_a_curve_is_scaled_with_its_weight() -> None:
    one = scheme(curves={ON_TIME: curve(full="95", slope="0.5")})

    # 10 of 20 points short of 95 %: five lost of twenty
    assert composite(one, tally(15, 85), peer_intake=10) == 75


def test_a_rate_that_should_be_low_is_weighed_by_what_is_missing() -> None:
    one = scheme(weights={"repeat_rate": TWENTY})
    found = tally()
    found.figures["repeat_rate"] = replace(found.figures[ON_TIME], tenths=20, den=8)

    assert composite(one, found, peer_intake=10) == 75


def test_bonuses_and_penalties_have_caps_and_free_tickets() -> None:
    one = scheme(
        bonus={"praise": Decimal("0.5")},
        penalty={"overdue": ONE, "repeat": ONE, "rework": ONE},
        free={"overdue": 2, "repeat": 0},
        bonus_cap=Decimal("1.2"),
        penalty_cap=Decimal("4.5"),
    )

    found = adjustments(one, tally(5, 5, praise_count=4, repeat_count=1, rework_count=3))

    assert found == (
        Adjustment("praise", Decimal("1.2"), 4),
        Adjustment("overdue", Decimal(-3), 3),
        Adjustment("repeat", Decimal(-1), 1),
        Adjustment("rework", Decimal("-0.5"), 3),
    )


def rows(one: Scheme, tallies: dict[Key, Tally], **peers: Peer) -> dict[Key, Row]:
    found = list_rows(one, tallies, peer_of=lambda key: peers.get(key or "", NOBODY))
    return {row.key: row for row in found}


def test_floor_and_ceiling_bound_the_score_and_not_the_composite() -> None:
    one = scheme(
        floor=Decimal(40),
        ceiling=Decimal(95),
        bonus={"praise": ONE},
        penalty={"overdue": Decimal(10)},
    )

    found = rows(one, {"a": tally(9, 1), "b": tally(praise_count=2)})

    assert (found["a"].composite, found["a"].score) == (Decimal("10.00"), Decimal("40.00"))
    assert (found["b"].composite, found["b"].score) == (Decimal("100.00"), Decimal("95.00"))


def test_the_first_branch_that_holds_takes_the_place_of_what_it_names() -> None:
    one = scheme(
        penalty={"overdue": ONE},
        branches=(
            Branch(Condition(kinds=frozenset({"contractor"})), penalty={"overdue": Decimal(3)}),
            Branch(Condition(max_intake=10), penalty={}),
            Branch(
                Condition(trades=frozenset({"greening"}), min_intake=11),
                weights={"satisfaction_score": TWENTY},
            ),
        ),
    )
    peers = {
        "firm": Peer("contractor", frozenset({"sanitation"})),
        "small": Peer("section", frozenset({"greening"})),
        "green": Peer("section", frozenset({"greening", "landscape"})),
        "other": Peer("section", frozenset({"sanitation"})),
    }
    half: dict[Key, Tally] = {
        "firm": tally(5, 5, intake=5),
        "small": tally(5, 5, intake=10),
        "green": tally(5, 5, intake=11),
        "other": tally(5, 5, intake=11),
    }

    found = rows(one, half, **peers)

    assert {key: row.score for key, row in found.items()} == {
        "firm": Decimal("35.00"),
        "small": Decimal("50.00"),
        "green": Decimal("95.00"),
        "other": Decimal("45.00"),
    }


@pytest.mark.parametrize(
    ("tiers", "intake", "tier"),
    [
        (Tiers(), 7, "section"),
        (Tiers(by=()), 7, None),
        (Tiers(by=("kind", "trade")), 7, "section/greening+landscape"),
        (Tiers(by=("trade",), volume=(10, 50)), 0, "greening+landscape/0-9"),
        (Tiers(by=(), volume=(10, 50)), 9, "0-9"),
        (Tiers(by=(), volume=(10, 50)), 10, "10-49"),
        (Tiers(by=(), volume=(10, 50)), 50, "50+"),
    ],
)
def test_tiers_go_by_kind_trade_and_volume(tiers: Tiers, intake: int, tier: str | None) -> None:
    peer = Peer("section", frozenset({"landscape", "greening"}))

    assert tiers.tier_of(peer, intake=intake) == tier


def test_each_tier_has_its_own_ranks() -> None:
    one = scheme(tiers=Tiers(by=(), volume=(20,)))
    late = [tally(n, 10 - n, intake=10 if n < 2 else 20) for n in range(4)]

    found = rows(one, dict(zip("abcd", late, strict=True)))

    assert [(row.tier, row.rank) for row in found.values()] == [
        ("0-19", 1),
        ("0-19", 2),
        ("20+", 1),
        ("20+", 2),
    ]


def test_the_smallest_sample_that_is_ranked_is_the_schemes() -> None:
    small: dict[Key, Tally] = {"a": tally()}

    (ranked,) = rows(scheme(min_sample=10), small).values()
    (barred,) = rows(scheme(min_sample=11), small).values()

    assert (ranked.rank, ranked.note) == (1, None)
    assert (barred.rank, barred.note) == (None, "too_few_rated")


def test_parts_from_elsewhere_are_weighed_like_metrics() -> None:
    one = scheme(weights={ON_TIME: TWENTY, "inspection": Decimal(60), INTAKE_SHARE: TWENTY})
    tallies: dict[Key, Tally] = {"a": tally(5, 5), "b": tally(5, 5), "c": tally(5, 5)}
    parts: dict[Key, Parts] = {
        "a": {"inspection": Fraction(9, 10)},
        "b": {"inspection": None},
    }

    found = list_rows(one, tallies, peer_of=lambda key: NOBODY, parts=parts)

    # 10 + 54 + 20/3 of 100; without inspection 10 + 20/3 of 40
    assert [row.composite for row in found] == [
        Decimal("70.67"),
        Decimal("41.67"),
        Decimal("41.67"),
    ]


def test_what_comes_with_the_house_is_as_the_reference_has_it() -> None:
    default, observed = PRESETS[:2]

    assert sum(default.weights.values()) == 100
    assert sum(observed.weights.values()) == 95
    assert (default.rescaled, observed.rescaled) == (True, False)
    assert (dict(observed.bonus), dict(observed.penalty)) == ({}, {})
    assert default.tiers == observed.tiers == Tiers(by=("kind",))
