"""Schemes: composites, points, scores and ranks, as domain §8 and rulings 35, 41, 56 have them."""

from decimal import Decimal
from fractions import Fraction
from typing import Any

import pytest

from services.scoring.rules.fact import Fact
from services.scoring.rules.ranks import Row, list_rows, total_row
from services.scoring.rules.schemes import PRESETS, Peer, find_preset, half_up
from services.scoring.rules.tallies import Tally
from services.scoring.rules.weighing import Adjustment, adjustments, composite, final_score
from tests.scoring.facts import KNOWN_AT, make_fact, november_vector, period, tally, tally_of

JA_DEFAULT, QP_2018 = PRESETS[:2]


def composite_of(scheme: str, one: Tally, *, peer_intake: int = 40) -> Decimal | None:
    found = find_preset(scheme)
    assert found is not None
    value = composite(found, one, peer_intake=peer_intake)
    return None if value is None else half_up(value)


def rows_of(facts: list[Fact], scheme: str = "ja-default", **tiers: str) -> dict[str | None, Row]:
    found = find_preset(scheme)
    assert found is not None
    tallies = tally(facts, "unit", period=period(), known_at=KNOWN_AT)
    rows = list_rows(
        found, tallies, peer_of=lambda key: Peer(tiers.get((key or "").replace("-", "_")))
    )
    return {row.key: row for row in rows}


def five(unit: str, **values: Any) -> list[Fact]:
    """Enough rated tickets to be ranked."""
    return [make_fact(hash((unit, n)), unit=unit, **values) for n in range(5)]


def test_the_vector_of_the_reference_gives_both_composites() -> None:
    vector = tally_of(november_vector())

    assert composite_of("qp-2018", vector) == Decimal("78.50")
    assert composite_of("ja-default", vector) == Decimal("81.71")


def test_the_vector_of_the_reference_loses_a_point_for_its_overdue_ticket() -> None:
    (row,) = rows_of(november_vector()).values()

    assert row.composite == Decimal("81.71")
    assert row.adjustments == (Adjustment("overdue", Decimal(-1), 1),)
    assert row.score == Decimal("80.71")


def test_the_observed_scheme_has_no_points() -> None:
    (row,) = rows_of(november_vector(), "qp-2018").values()

    assert row.adjustments == ()
    assert row.score == row.composite


def test_without_follow_ups_the_remaining_weight_decides() -> None:
    silent = tally_of([make_fact(n, reached=None, completed_at="11-18 10:00") for n in range(2)])

    # on time 0 of 20, replied 15 of 15, resolved 20 of 20
    assert composite_of("ja-default", silent) == half_up(Fraction(35 * 100, 55))
    # not rescaled: intake 5·2/40 and the full 20 for solving
    assert composite_of("qp-2018", silent) == Decimal("20.25")


def test_without_any_weight_there_is_no_composite_score_or_rank() -> None:
    open_ticket = make_fact(
        completed_at=None, complete_due="12-20 23:59:59", reply_due="12-20 23:59:59", reached=None
    )

    (row,) = rows_of([open_ticket]).values()

    assert (row.composite, row.score, row.rank, row.note) == (None, None, None, "not_rateable")
    assert row.tally.count("intake") == 1


@pytest.mark.parametrize(("repeats", "points"), [(0, None), (1, None), (2, "-0.5"), (4, "-1.5")])
def test_repeats_cost_from_the_second_on(repeats: int, points: str | None) -> None:
    facts = [make_fact(n, repeat_of="T20261101-000009") for n in range(repeats)]
    facts += [make_fact(n) for n in range(10, 12)]

    found = {one.rule: one for one in adjustments(JA_DEFAULT, tally_of(facts))}

    assert (str(found["repeat"].points) if found else None) == points
    assert not found or found["repeat"].tickets == repeats - 1


def test_reworks_cost_a_point_and_praise_earns_half_up_to_five() -> None:
    facts = [make_fact(n, appeal_type="praise") for n in range(12)]
    facts += [make_fact(20, round=2, contact_due=None)]

    assert adjustments(JA_DEFAULT, tally_of(facts)) == (
        Adjustment("praise", Decimal(5), 12),
        Adjustment("rework", Decimal(-1), 1),
    )


@pytest.mark.parametrize(
    ("base", "points", "score"),
    [
        (Fraction(8171, 100), Fraction(-1), "80.71"),
        (Fraction(3), Fraction(-9), "0.00"),
        (Fraction(100), Fraction(9), "105.00"),
        (Fraction("81.705"), Fraction(0), "81.71"),
        (Fraction("81.7049"), Fraction(0), "81.70"),
    ],
)
def test_the_score_is_clamped_and_then_rounded(
    base: Fraction, points: Fraction, score: str
) -> None:
    assert final_score(JA_DEFAULT, base, points) == Decimal(score)


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (Fraction(200, 3), "66.67"),
        (Fraction(1, 200), "0.01"),
        (Fraction(49, 10_000), "0.00"),
        (Fraction(175, 2), "87.50"),
        (Fraction("2.675"), "2.68"),
    ],
)
def test_halves_round_up_exactly(value: Fraction, text: str) -> None:
    assert str(half_up(value)) == text


def test_equal_standing_shares_a_rank_and_the_next_is_skipped() -> None:
    rows = rows_of(
        [
            *five("a"),
            *five("b", case_valuation="explained"),
            *five("c", case_valuation="explained"),
            *five("d", case_valuation="explained", rated_contact="no"),
        ]
    )

    assert [rows[unit].rank for unit in "abcd"] == [1, 2, 2, 4]


def test_a_shared_score_goes_by_satisfaction() -> None:
    rows = rows_of(
        [
            # both lose 20 of 100: one in resolution, the other in first contact and satisfaction
            *five("a", case_valuation="explained"),
            *five("b", overall="dissatisfied", rated_contact="yes", completed_at="11-16 17:00")[:1],
            *five("b")[1:],
        ]
    )
    equal = rows_of([*five("a", case_valuation="explained"), *five("b", rated_contact="no")])

    assert (rows["a"].rank, rows["b"].rank) == (2, 1)
    assert equal["a"].score == equal["b"].score == Decimal("80.00")
    assert (equal["a"].rank, equal["b"].rank) == (1, 1)


def test_a_small_sample_is_not_ranked_and_says_so() -> None:
    rows = rows_of([*five("a"), *five("b")[:4], make_fact(99, unit="b", overall="unrated")])

    assert (rows["a"].rank, rows["a"].note) == (1, None)
    assert (rows["b"].rank, rows["b"].note) == (None, "too_few_rated")


def test_what_nobody_was_given_is_not_ranked() -> None:
    rows = rows_of([*five("a"), *[make_fact(n, unit=None) for n in range(50, 56)]])

    assert (rows[None].rank, rows[None].note) == (None, "unassigned")
    assert rows["a"].rank == 1


def test_ranks_and_the_share_of_intake_are_counted_inside_a_tier() -> None:
    facts = [*five("a_1"), *five("a_2"), *five("b_1")]

    ranked = rows_of(facts, a_1="section", a_2="section", b_1="contractor")
    shared = rows_of(facts, "qp-2018", a_1="section", a_2="section", b_1="contractor")

    assert [row.rank for row in ranked.values()] == [1, 1, 1]
    assert ranked["b_1"].tier == "contractor"
    assert [shared[unit].composite for unit in ("a_1", "a_2", "b_1")] == [
        Decimal("92.50"),
        Decimal("92.50"),
        Decimal("95.00"),
    ]


def test_the_total_adds_figures_and_points_and_is_not_ranked() -> None:
    rows = rows_of(
        [*five("a", repeat_of="T20261101-000009"), *five("b", completed_at="11-18 10:00")]
    )

    whole = total_row(JA_DEFAULT, rows.values())

    assert whole.tally.count("intake") == 10
    assert whole.adjustments == (
        Adjustment("repeat", Decimal(-2), 4),
        Adjustment("overdue", Decimal(-5), 5),
    )
    assert (whole.composite, whole.score) == (Decimal("90.00"), Decimal("83.00"))
    assert (whole.rank, whole.note) == (None, None)


def test_an_empty_sheet_has_a_total_of_nothing() -> None:
    whole = total_row(JA_DEFAULT, [])

    assert (whole.composite, whole.score, whole.adjustments) == (None, None, ())
    assert whole.tally.count("intake") == 0


def test_an_unknown_scheme_is_not_found() -> None:
    assert find_preset("nobody-knows") is None
