"""The assessment of one contractor and month: parts, coupling, cap, score, fee (domain §10)."""

from decimal import Decimal
from fractions import Fraction

import pytest

from services.scoring.rules.deductions import Deduction, deduct_media
from services.scoring.rules.sanitation import (
    INSPECTION,
    NOTHING,
    SANITATION_V1,
    Coupled,
    conclude,
    couple,
    mean,
)
from tests.rules.sanitation import POINTS, charged, publication, rows_of, segment

FULL = Fraction(1)
FREE = Coupled((), Decimal(0), Decimal(0), capped=False)


def tickets(count: int) -> list[Deduction]:
    """So many rounds, each true, late and a repeat: one point each."""
    return rows_of(segment(1), charged(2, is_late=True, is_repeat=True)) * count


def media(count: int) -> list[Deduction]:
    return deduct_media([publication(1)], points=POINTS) * count


def test_the_weights_come_to_a_hundred() -> None:
    assert sum(SANITATION_V1.weights.values()) == 100
    assert SANITATION_V1.weights[INSPECTION] == 50


def test_the_mean_is_exact_and_none_without_inspections() -> None:
    scores = [Decimal("92.83"), Decimal("95.45"), Decimal(90)]

    assert mean(scores) == Fraction(27828, 30000)
    assert mean([]) is None


@pytest.mark.parametrize(
    ("rows", "total", "applied", "capped"),
    [
        ([], "0", "0", False),
        (tickets(3), "-3.0", "-3.0", False),
        (tickets(15), "-15.0", "-15.0", False),
        (tickets(16), "-16.0", "-15", True),
        (media(7), "-14", "-14", False),
        (media(7) + tickets(2), "-16.0", "-15", True),
    ],
)
def test_the_coupling_is_capped_in_its_sum_and_rows_stay_whole(
    rows: list[Deduction], total: str, applied: str, *, capped: bool
) -> None:
    coupled = couple(SANITATION_V1, rows, FULL)

    assert (coupled.total, coupled.applied) == (Decimal(total), Decimal(applied))
    assert coupled.capped is capped
    assert sum(one.points for one in coupled.adjustments) == coupled.applied


def test_each_rule_is_told_with_its_points_and_count() -> None:
    coupled = couple(SANITATION_V1, tickets(20) + media(1), FULL)

    assert [(one.rule, str(one.points), one.count) for one in coupled.adjustments] == [
        ("fact", "-4.0", 20),
        ("overdue", "-6.0", 20),
        ("repeat", "-10.0", 20),
        ("media", "-2", 1),
        ("cap", "7.0", 61),
    ]


def test_what_was_made_good_counts_no_more() -> None:
    rows = rows_of(segment(1), charged(2, is_late=True), charged(3, is_late=True, out="voided"))

    assert couple(SANITATION_V1, rows, FULL) == FREE


def test_the_points_of_the_inspections_do_not_fall_under_nothing() -> None:
    coupled = couple(SANITATION_V1, tickets(15), Fraction(1, 10))

    assert (coupled.total, coupled.applied) == (Decimal("-15.0"), Decimal(-5))
    assert couple(SANITATION_V1, media(2), None).applied == 0


@pytest.mark.parametrize(("items", "share"), [(0, "1"), (1, "3/4"), (3, "1/4"), (4, "0"), (9, "0")])
def test_each_media_item_costs_two_of_its_eight_points(items: int, share: str) -> None:
    assert SANITATION_V1.media_share(items) == Fraction(share)


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
    fee = SANITATION_V1.fee_of(Decimal(score))

    assert (fee.coefficient, fee.interview) == (Decimal(coefficient), interview)


def test_a_whole_month() -> None:
    shares = {
        INSPECTION: Fraction(945, 1000),
        "timely_accept_rate": Fraction(9, 10),
        "on_time_completion_rate": Fraction(2, 3),
        "repeat_rate": Fraction(7, 8),
        "media": Fraction(3, 4),
        "satisfaction_score": Fraction(31, 40),
    }
    outcome = conclude(
        SANITATION_V1, shares, couple(SANITATION_V1, tickets(3), Fraction(945, 1000))
    )

    # 47.25 + 7.2 + 9.3333… + 7 + 6 + 9.3 = 86.08333…, less 3
    assert (outcome.composite, outcome.score) == (Decimal("86.08"), Decimal("83.08"))
    assert outcome.fee is not None
    assert outcome.fee.coefficient == Decimal("0.94")


def test_what_is_absent_gives_its_weight_to_the_rest_and_points_stay_points() -> None:
    shares = {INSPECTION: Fraction(9, 10), "media": FULL, "satisfaction_score": None}
    outcome = conclude(SANITATION_V1, shares, couple(SANITATION_V1, tickets(1), Fraction(9, 10)))

    # (45 + 8) of 58, less 1
    assert (outcome.composite, outcome.score) == (Decimal("91.38"), Decimal("90.38"))
    assert conclude(SANITATION_V1, {}, FREE) == NOTHING


def test_the_score_is_rounded_once_and_half_up() -> None:
    exact = Fraction(94995, 100000)
    outcome = conclude(SANITATION_V1, dict.fromkeys(SANITATION_V1.weights, exact), FREE)

    assert outcome.score == Decimal("95.00")
    assert outcome.fee is not None
    assert outcome.fee.coefficient == 1
