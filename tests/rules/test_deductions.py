"""What a ticket on a road costs (domain §10), and how it is made good. Data fictitious."""

from dataclasses import replace
from decimal import Decimal
from random import Random
from typing import Any

import pytest

from services.scoring.rules.compensation import still_missing
from services.scoring.rules.deductions import Charged, Deduction, deduct_media
from services.scoring.rules.segments import Segment
from tests.rules.sanitation import (
    ONE,
    OTHER,
    POINTS,
    charged,
    publication,
    rows_of,
    segment,
    told,
    total,
)

FACT = ("fact", "-0.2", "true")
OVERDUE = ("overdue", "-0.3", "overdue")
REPEAT = ("repeat", "-0.5", "repeat")


@pytest.mark.parametrize(
    ("values", "expected"),
    [
        ({}, [FACT]),
        ({"fact_finding": "partly_true"}, [("fact", "-0.2", "partly_true")]),
        ({"is_late": True}, [FACT, OVERDUE]),
        ({"is_repeat": True}, [FACT, REPEAT]),
        ({"is_late": True, "is_repeat": True}, [FACT, OVERDUE, REPEAT]),
        ({"fact_finding": "untrue", "is_late": True, "is_repeat": True}, []),
        ({"fact_finding": "adopted"}, []),
        ({"fact_finding": None}, []),
        ({"trade": "greening"}, []),
        ({"out": "voided"}, []),
        ({"out": "excluded", "is_late": True}, []),
        ({"is_late": True, "appeals": frozenset({"clock:complete"})}, [FACT]),
        ({"is_repeat": True, "appeals": frozenset({"repeat"})}, [FACT]),
        ({"is_late": True, "appeals": frozenset({"clock:reply", "follow_up"})}, [FACT, OVERDUE]),
        ({"address": None}, []),
        ({"address": "静安区昌平路6001号"}, []),
        ({"month": 202612}, []),
    ],
)
def test_each_round_costs_what_the_scheme_says(
    values: dict[str, Any], expected: list[tuple[str, str, str]]
) -> None:
    assert told(rows_of(segment(1), charged(2, **values))) == expected


def test_a_repeat_is_charged_to_its_first_round_alone() -> None:
    again = charged(2, is_repeat=True, is_late=True)

    assert told(rows_of(segment(1), again, number=2)) == [FACT, OVERDUE]


def test_a_row_says_from_which_entry_when_and_where() -> None:
    (row,) = rows_of(segment(1), charged(7))

    assert (row.round, row.ordinal, row.month, row.contractor) == (1, 1, 202611, ONE)
    assert (row.seq, row.position, row.road, row.reverses) == (7, 7, "江宁路", None)
    assert row.recorded_at == charged(7).recorded_at


@pytest.mark.parametrize(
    ("then", "cause"),
    [
        ({"out": "voided"}, "voided"),
        ({"out": "merged"}, "merged"),
        ({"out": "returned_upstream"}, "returned_upstream"),
        ({"out": "excluded"}, "excluded"),
        ({"fact_finding": "untrue"}, "untrue"),
        ({"fact_finding": None}, "untrue"),
        ({"trade": "greening"}, "other_trade"),
        ({"address": "静安区示例公园内"}, "elsewhere"),
        ({"street": "彭浦镇"}, "elsewhere"),
    ],
)
def test_what_no_longer_stands_is_made_good_row_by_row(then: dict[str, Any], cause: str) -> None:
    before = charged(2, is_late=True, is_repeat=True)
    rows = rows_of(
        segment(1, street="江宁路街道"), before, replace(before, seq=3, position=3, **then)
    )

    assert told(rows[:3]) == [FACT, OVERDUE, REPEAT]
    assert [(row.rule, row.points, row.cause, row.reverses, row.seq) for row in rows[3:]] == [
        ("fact", Decimal("0.2"), cause, 1, 3),
        ("overdue", Decimal("0.3"), cause, 1, 3),
        ("repeat", Decimal("0.5"), cause, 1, 3),
    ]
    assert total(rows) == 0


@pytest.mark.parametrize(
    ("then", "rule", "cause"),
    [
        ({"is_repeat": False}, "repeat", "unlinked"),
        ({"appeals": frozenset({"repeat"})}, "repeat", "appeal"),
        ({"is_late": False}, "overdue", "in_time"),
        ({"appeals": frozenset({"clock:complete"})}, "overdue", "appeal"),
    ],
)
def test_one_rule_is_made_good_without_the_others(
    then: dict[str, Any], rule: str, cause: str
) -> None:
    before = charged(2, is_late=True, is_repeat=True)
    rows = rows_of(segment(1), before, replace(before, seq=3, position=3, **then))

    assert [(row.rule, row.cause, row.reverses) for row in rows[3:]] == [(rule, cause, 1)]
    assert total(rows) == Decimal("-1.0") + POINTS[rule]


def test_what_holds_again_is_charged_again() -> None:
    rows = rows_of(
        segment(1), charged(2), charged(3, out="excluded"), charged(4), charged(5, out="voided")
    )

    assert [(row.ordinal, row.points, row.reverses) for row in rows] == [
        (1, Decimal("-0.2"), None),
        (2, Decimal("0.2"), 1),
        (3, Decimal("-0.2"), None),
        (4, Decimal("0.2"), 3),
    ]


def test_a_register_that_comes_later_charges_what_is_completed_already() -> None:
    (row,) = rows_of(charged(2), segment(9))

    assert (row.seq, row.position, row.recorded_at) == (2, 9, segment(9).recorded_at)


def test_another_contractor_for_the_road_takes_the_charge_over() -> None:
    rows = rows_of(
        segment(1),
        charged(2),
        segment(3, withdrawn=True),
        segment(4, inspection_id="I-2", contractor=OTHER),
    )

    assert [(row.contractor, row.points, row.cause) for row in rows] == [
        (ONE, Decimal("-0.2"), "true"),
        (ONE, Decimal("0.2"), "elsewhere"),
        (OTHER, Decimal("-0.2"), "true"),
    ]


def test_a_media_item_costs_two_points_until_it_is_withdrawn() -> None:
    rows = deduct_media(
        [publication(1), publication(2, withdrawn=True), publication(3)], points=POINTS
    )

    assert told(rows) == [
        ("media", "-2", "published"),
        ("media", "2", "withdrawn"),
        ("media", "-2", "published"),
    ]
    assert [row.reverses for row in rows] == [None, 1, None]


def random_moments(random: Random) -> list[Charged | Segment]:
    moments: list[Charged | Segment] = []
    for position in range(1, random.randint(3, 25)):
        if random.random() < 0.35:
            number = random.choice((None, 6000))
            moments.append(
                segment(
                    position,
                    inspection_id=f"I-{random.randint(1, 3)}",
                    contractor=random.choice((ONE, OTHER)),
                    road=random.choice(("江宁路", "昌平路")),
                    from_no=number,
                    to_no=None if number is None else 6100,
                    withdrawn=random.random() < 0.3,
                )
            )
        else:
            moments.append(
                charged(
                    position,
                    out=random.choice((None, None, None, "voided", "excluded")),
                    fact_finding=random.choice(("true", "partly_true", "untrue")),
                    is_late=random.random() < 0.5,
                    is_repeat=random.random() < 0.5,
                    appeals=frozenset(random.sample(("repeat", "clock:complete"), 1)),
                    address=random.choice(("江宁路6001号", "昌平路6001号", "江宁路近昌平路", None)),
                )
            )
    return moments


def standing(rows: list[Deduction]) -> dict[tuple[str, str], Decimal]:
    """The points by rule and contractor, none where they come to nothing."""
    sums: dict[tuple[str, str], Decimal] = {}
    for row in rows:
        key = (row.rule, row.contractor)
        sums[key] = sums.get(key, Decimal(0)) + row.points
    return {key: points for key, points in sums.items() if points}


@pytest.mark.parametrize("seed", range(300))
def test_rows_added_as_things_come_to_be_known_are_those_of_a_rebuild(seed: int) -> None:
    moments = random_moments(Random(seed))
    kept: list[Deduction] = []
    for count in range(1, len(moments) + 1):
        kept += still_missing(kept, rows_of(*moments[:count]))
    shuffled = list(moments)
    Random(seed + 1).shuffle(shuffled)
    rebuilt = rows_of(*shuffled)

    assert sorted(kept, key=_place) == sorted(rebuilt, key=_place)
    last = next((one for one in reversed(moments) if isinstance(one, Charged)), None)
    segments = {one.inspection_id: one for one in moments if isinstance(one, Segment)}
    alone = [] if last is None else rows_of(*segments.values(), replace(last, position=1000))
    assert standing(kept) == standing(alone)


def _place(row: Deduction) -> tuple[str, int]:
    return (row.rule, row.ordinal)


@pytest.mark.parametrize("seed", range(300))
def test_what_is_known_late_is_mended_by_further_rows_alone(seed: int) -> None:
    random = Random(seed)
    moments = random_moments(random)
    late = random.choice(moments)
    kept: list[Deduction] = []
    kept += still_missing(kept, rows_of(*(one for one in moments if one is not late)))
    before = list(kept)
    kept += still_missing(kept, rows_of(*moments))

    assert kept[: len(before)] == before
    assert standing(kept) == standing(rows_of(*moments))
    assert len({_place(row) for row in kept}) == len(kept)
    assert still_missing(kept, rows_of(*moments)) == []
