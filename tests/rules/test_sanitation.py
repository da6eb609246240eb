"""The assessment of one contractor and month: parts, coupling, cap, score, fee (domain §10)."""

from collections.abc import Mapping
from dataclasses import replace
from decimal import Decimal
from fractions import Fraction
from types import MappingProxyType

import pytest

from services.scoring.rules.assessment import INSPECTION
from services.scoring.rules.curves import Curve
from services.scoring.rules.marks import VERDICTS
from services.scoring.rules.ranks import Row, list_rows, total_row
from services.scoring.rules.sanitation import NOTHING, Assessed, couple, mean, parts_of
from services.scoring.rules.schemes import NOBODY, Scheme
from services.scoring.rules.tallies import Tally
from tests.rules.sanitation import ONE, house_scheme

SCHEME = house_scheme()
BLOCK = SCHEME.assessment
assert BLOCK is not None
FULL = Fraction(1)


def month(
    standing: Mapping[str, int] = MappingProxyType({}),
    *,
    share: Fraction | None = FULL,
    items: int = 0,
) -> Assessed:
    return Assessed(share, items, standing)


def each(count: int) -> dict[str, int]:
    """So many rounds, each true, late and a repeat: one point each."""
    return {"fact": count, "overdue": count, "repeat": count}


def tally(**rates: tuple[int, int]) -> Tally:
    """So many of so many, by metric."""
    found = Tally()
    yes = next(one for one in VERDICTS.values() if one.worth == 1)
    no = next(one for one in VERDICTS.values() if one.worth == 0)
    for name, (met, of) in rates.items():
        found.figures[name].add(yes, met)
        found.figures[name].add(no, of - met)
    return found


def row_of(assessed: Assessed, rates: Tally | None = None, scheme: Scheme = SCHEME) -> Row:
    (row,) = list_rows(
        scheme, {ONE: rates or Tally()}, peer_of=lambda _: NOBODY, assessed={ONE: assessed}
    )
    return row


def fee_of(row: Row) -> Decimal:
    assert row.score is not None
    assert BLOCK is not None
    return BLOCK.fee_of(row.score).coefficient


def test_the_weights_come_to_a_hundred() -> None:
    assert sum(SCHEME.weights.values()) == 100
    assert SCHEME.weights[INSPECTION] == 50


def test_the_mean_is_exact_and_none_without_inspections() -> None:
    scores = [Decimal("92.83"), Decimal("95.45"), Decimal(90)]

    assert mean(scores) == Fraction(27828, 30000)
    assert mean([]) is None


@pytest.mark.parametrize(
    ("standing", "total", "applied", "capped"),
    [
        ({}, "0", "0", False),
        (each(3), "-3.0", "-3.0", False),
        (each(15), "-15.0", "-15.0", False),
        (each(16), "-16.0", "-15", True),
        ({"media": 7}, "-14", "-14", False),
        ({**each(2), "media": 7}, "-16.0", "-15", True),
        ({"fact": 0}, "0", "0", False),
    ],
)
def test_the_coupling_is_capped_in_its_sum_and_rows_stay_whole(
    standing: Mapping[str, int], total: str, applied: str, *, capped: bool
) -> None:
    coupled = couple(SCHEME, month(standing))

    assert (coupled.total, coupled.applied) == (Decimal(total), Decimal(applied))
    assert coupled.capped is capped
    assert sum(one.points for one in coupled.adjustments) == coupled.applied


def test_each_rule_is_told_with_its_points_and_count() -> None:
    coupled = couple(SCHEME, month({**each(20), "media": 1}))

    assert [(one.rule, str(one.points), one.tickets) for one in coupled.adjustments] == [
        ("fact", "-4.0", 20),
        ("overdue", "-6.0", 20),
        ("repeat", "-10.0", 20),
        ("media", "-2", 1),
        ("cap", "7.0", 61),
    ]


def test_the_points_of_the_inspections_do_not_fall_under_nothing() -> None:
    coupled = couple(SCHEME, month(each(15), share=Fraction(1, 10)))
    bent = replace(SCHEME, curves={INSPECTION: Curve(below=Decimal(60))})

    assert (coupled.total, coupled.applied) == (Decimal("-15.0"), Decimal(-5))
    assert couple(SCHEME, month({"media": 2}, share=None)).applied == 0
    assert couple(bent, month({"media": 2}, share=Fraction(1, 2))).applied == 0


@pytest.mark.parametrize(("items", "share"), [(0, "1"), (1, "3/4"), (3, "1/4"), (4, "0"), (9, "0")])
def test_each_media_item_costs_two_of_its_eight_points(items: int, share: str) -> None:
    assert parts_of(SCHEME, month(items=items))["media"] == Fraction(share)


@pytest.mark.parametrize(
    ("score", "coefficient", "interview"),
    [
        ("100", "1.00", False),
        ("95.00", "1.00", False),
        ("94.99", "0.99", False),
        ("90.00", "0.99", False),
        ("89.99", "0.97", False),
        ("85.00", "0.97", False),
        ("84.99", "0.94", False),
        ("80.00", "0.94", False),
        ("79.99", "0.90", True),
        ("0", "0.90", True),
    ],
)
def test_the_fee_goes_by_the_score(score: str, coefficient: str, *, interview: bool) -> None:
    assert BLOCK is not None
    fee = BLOCK.fee_of(Decimal(score))

    assert (fee.coefficient, fee.interview) == (Decimal(coefficient), interview)


RATES = {
    "timely_accept_rate": (9, 10),
    "on_time_completion_rate": (2, 3),
    "repeat_rate": (1, 8),
    "satisfaction_score": (3, 4),
}


def test_a_whole_month() -> None:
    row = row_of(month(each(3), share=Fraction(945, 1000), items=1), tally(**RATES))

    # 47.25 + 7.2 + 9.3333… + 7 + 6 + 9 = 85.78333…, less 3
    assert (row.composite, row.score) == (Decimal("85.78"), Decimal("82.78"))
    assert (row.rank, row.note) == (1, None)
    assert fee_of(row) == Decimal("0.94")


def test_a_month_without_fault_comes_to_a_hundred() -> None:
    perfect = {name: (0 if name == "repeat_rate" else 5, 5) for name in RATES}
    row = row_of(month(), tally(**perfect))

    assert (row.composite, row.score) == (Decimal("100.00"), Decimal("100.00"))
    assert row.adjustments == ()


def test_what_is_absent_gives_its_weight_to_the_rest_and_points_stay_points() -> None:
    row = row_of(month(each(1), share=Fraction(9, 10)))

    # (45 + 8) of 58, less 1
    assert (row.composite, row.score) == (Decimal("91.38"), Decimal("90.38"))


def test_the_score_is_rounded_once_and_half_up() -> None:
    # 94.995 of 100
    row = row_of(month(share=Fraction(94995, 100000)), scheme=only_inspected())

    assert row.score == Decimal("95.00")
    assert fee_of(row) == 1


def only_inspected() -> Scheme:
    return replace(SCHEME, weights={INSPECTION: Decimal(50)})


def test_there_is_no_assessment_of_all_together() -> None:
    row = row_of(month(each(2)), tally(**RATES))
    whole = total_row(SCHEME, [row])

    assert (whole.composite, whole.score, whole.rank) == (None, None, None)
    assert whole.adjustments == row.adjustments
    assert row_of(NOTHING).adjustments == ()
