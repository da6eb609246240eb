"""Which tickets another scheme judges otherwise."""

import random
from collections import defaultdict
from collections.abc import Iterable
from dataclasses import replace
from decimal import Decimal

from services.scoring.rules.flips import MODE, Flip, Judged, list_charges, list_flips, metrics_of
from services.scoring.rules.schemes import PRESETS, RULES, Scheme
from services.scoring.rules.tallies import Key, Tally
from services.scoring.rules.weighing import adjustments
from tests.scoring.tables import ONE, count

STRICT = PRESETS[0]
MODES = {
    "actual_resolution_rate": [
        Judged("T1", 1, "a", "1"),
        Judged("T2", 1, "a", "0"),
        Judged("T3", 1, "a", "unvalued"),
    ],
    "actual_resolution_rate_explained_counts": [
        Judged("T1", 1, "a", "1"),
        Judged("T2", 1, "a", "1"),
        Judged("T3", 1, "a", "unvalued"),
    ],
    "actual_resolution_rate_reasonable_only": [Judged("T2", 1, "a", "0")],
}


def flips(before: Scheme, after: Scheme, judged: dict[str, list[Judged]]) -> list[Flip]:
    return list_flips(
        {"a": before, "b": before},
        {"a": after, "b": after},
        judged,
    )


def test_only_metrics_that_are_asked_for_need_verdicts() -> None:
    other = replace(STRICT, resolution_mode="explained_counts", penalty={"rework": ONE})

    assert metrics_of({"a": STRICT}, {"a": other}) == {
        "actual_resolution_rate",
        "actual_resolution_rate_explained_counts",
        "overdue_count",
        "repeat_count",
        "rework_count",
        "wrong_return_count",
    }
    assert metrics_of({"a": STRICT}, {"a": replace(STRICT, bonus_cap=ONE)}) == {"praise_count"}
    assert metrics_of({"a": STRICT}, {"a": replace(STRICT, id="other")}) == frozenset()


def test_another_mode_flips_what_it_judges_otherwise() -> None:
    found = flips(STRICT, replace(STRICT, resolution_mode="explained_counts"), MODES)

    assert found == [Flip("T2", 1, "actual_resolution_rate", "0", "1", MODE)]


def test_what_another_mode_does_not_look_at_flips_to_nothing() -> None:
    found = flips(STRICT, replace(STRICT, resolution_mode="reasonable_only"), MODES)

    assert found == [
        Flip("T1", 1, "actual_resolution_rate", "1", None, MODE),
        Flip("T3", 1, "actual_resolution_rate", "unvalued", None, MODE),
    ]


def test_a_mode_nobody_weighs_flips_nothing() -> None:
    without = replace(
        STRICT,
        weights={"satisfaction_score": ONE},
        resolution_mode="explained_counts",
    )

    assert flips(STRICT, without, MODES) == []


def test_a_rule_that_begins_or_ceases_flips_what_it_charges() -> None:
    overdue = {"overdue_count": [Judged("T1", 1, "a", "1"), Judged("T2", 2, "b", "1")]}
    lenient = replace(STRICT, penalty={"repeat": ONE})

    assert flips(STRICT, lenient, overdue) == [
        Flip("T1", 1, "overdue_count", "-1", None, "overdue"),
        Flip("T2", 2, "overdue_count", "-1", None, "overdue"),
    ]
    assert flips(lenient, STRICT, overdue)[0] == Flip(
        "T1", 1, "overdue_count", None, "-1", "overdue"
    )


def test_other_points_alone_flip_nothing() -> None:
    overdue = {"overdue_count": [Judged("T1", 1, "a", "1")]}

    assert (
        flips(STRICT, replace(STRICT, penalty={**STRICT.penalty, "overdue": 2 * ONE}), overdue)
        == []
    )


def test_fewer_free_tickets_flip_those_that_were_free() -> None:
    repeats = {"repeat_count": [Judged(f"T{n}", 1, "a", "1") for n in (3, 1, 2)]}

    found = flips(STRICT, replace(STRICT, free={"repeat": 0}), repeats)

    assert found == [Flip("T1", 1, "repeat_count", None, "-0.5", "repeat")]


def test_a_cap_leaves_the_last_without_points() -> None:
    praise = {"praise_count": [Judged(f"T{n}", 1, "a", "1") for n in range(1, 5)]}

    found = flips(STRICT, replace(STRICT, bonus_cap=ONE), praise)

    assert found == [
        Flip("T3", 1, "praise_count", "0.5", None, "praise"),
        Flip("T4", 1, "praise_count", "0.5", None, "praise"),
    ]


def test_the_charges_of_the_tickets_are_the_points_of_the_row() -> None:
    chance = random.Random(7)
    for _ in range(200):
        scheme = replace(
            STRICT,
            penalty={rule: Decimal(chance.randint(1, 4)) / 2 for rule in ("overdue", "repeat")},
            free={"overdue": chance.randint(0, 2)},
            bonus_cap=Decimal(chance.randint(0, 3)),
            penalty_cap=chance.choice([None, Decimal(chance.randint(0, 5))]),
        )
        rules = (*scheme.bonus, *scheme.penalty)
        counts = {RULES[rule].metric: chance.randint(0, 5) for rule in rules}
        found = Tally()
        found.figures.update({metric: count(number) for metric, number in counts.items()})
        judged = {
            metric: [Judged(f"T{n}", 1, "a", "1") for n in range(number)]
            for metric, number in counts.items()
        }

        charges = list_charges({"a": scheme}, judged)

        sums: defaultdict[str, Decimal] = defaultdict(Decimal)
        for (rule, _, _), points in charges.items():
            sums[rule] += points
        expected = {one.rule: one.points for one in adjustments(scheme, found)}
        assert {rule: points for rule, points in sums.items() if points} == expected


def test_each_row_has_its_own_free_tickets() -> None:
    keys: Iterable[Key] = ("a", "b")
    judged = {"repeat_count": [Judged(f"T{key}{n}", 1, key, "1") for key in keys for n in (1, 2)]}

    charges = list_charges(dict.fromkeys(keys, STRICT), judged)

    assert charges == {
        ("repeat", "Ta2", 1): Decimal("-0.5"),
        ("repeat", "Tb2", 1): Decimal("-0.5"),
    }
