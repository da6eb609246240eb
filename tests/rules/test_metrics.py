"""Metrics: which round counts in which figure, and how much (domain §8)."""

from collections.abc import Mapping
from decimal import Decimal
from typing import Any

import pytest

from services.scoring.rules.metrics import BY_ID, METRICS, RATES
from services.scoring.rules.periods import find_period, month_before
from services.scoring.rules.streaks import longest_streak
from services.scoring.rules.tallies import KEYS, total
from services.scoring.rules.verdicts import Part, Verdict
from tests.scoring.facts import (
    KNOWN_AT,
    make_fact,
    november_vector,
    outcome,
    period,
    tally,
    tally_of,
    verdict_of,
)
from tests.scoring.histories import at

ONE, NOTHING = Decimal(1), Decimal(0)
BY_DUE = ("first_contact_rate_ops", "on_time_completion_rate", "timely_reply_rate")
BY_COMPLETION = (
    "first_contact_rate",
    "on_time_completion_rate_closed",
    "actual_resolution_rate",
    "actual_resolution_rate_reasonable_only",
    "actual_resolution_rate_explained_counts",
    "satisfaction_score",
)
OF_TROUBLE = ("repeat_rate", "rework_rate", "return_rate", "extension_rate")
UNCOMPLETED: Mapping[str, Any] = {
    "completed_at": None,
    "replied_at": None,
    "case_valuation": None,
    "reached": None,
}


def test_the_vector_of_the_reference_gives_its_figures() -> None:
    figures = tally_of(november_vector()).figures
    shown = {name: (str(figure.num), figure.den) for name, figure in figures.items()}

    assert shown["first_contact_rate"] == ("7", 8)
    assert shown["on_time_completion_rate"] == ("9", 10)
    assert shown["timely_reply_rate"] == ("9", 10)
    assert shown["actual_resolution_rate"] == ("6", 9)
    assert shown["actual_resolution_rate_explained_counts"] == ("9", 9)
    assert shown["satisfaction_score"] == ("6.2", 8)
    assert shown["overdue_count"] == ("1", 1)
    assert figures["first_contact_rate"].excluded == {"unrated": 2}
    assert figures["satisfaction_score"].excluded == {"unrated": 2}
    assert figures["actual_resolution_rate"].excluded == {"unvalued": 1}


@pytest.mark.parametrize("metric", [*RATES, "intake"])
def test_a_good_round_counts_fully_in_its_month_and_in_no_other(metric: str) -> None:
    fact = make_fact()
    good = NOTHING if metric in OF_TROUBLE else ONE

    assert outcome(metric, fact) == good
    assert outcome(metric, fact, month="2026") == good
    assert outcome(metric, fact, month="2026-10") is None
    assert outcome(metric, fact, month="2026-12") is None


@pytest.mark.parametrize("metric", [metric.id for metric in METRICS])
@pytest.mark.parametrize("removed", ["voided", "merged", "returned_upstream"])
def test_what_has_left_is_in_no_figure(metric: str, removed: str) -> None:
    assert verdict_of(metric, make_fact(removed=removed)) is None


@pytest.mark.parametrize("metric", BY_COMPLETION)
def test_rates_by_completion_follow_the_month_of_completion(metric: str) -> None:
    late = make_fact(completed_at="2026-12-01 00:00")

    assert verdict_of(metric, late) is None
    assert verdict_of(metric, late, month="2026-12") is not None
    assert verdict_of(metric, make_fact(**UNCOMPLETED)) is None


@pytest.mark.parametrize(
    ("metric", "due"),
    [
        ("first_contact_rate_ops", "contact_due"),
        ("on_time_completion_rate", "complete_due"),
        ("timely_reply_rate", "reply_due"),
    ],
)
def test_rates_by_due_follow_the_month_of_the_due(metric: str, due: str) -> None:
    given: dict[str, Any] = {due: "12-01 23:59:59"}
    moved = make_fact(**given)

    assert verdict_of(metric, moved) is None
    assert outcome(metric, moved, month="2026-12") == ONE


@pytest.mark.parametrize("metric", [*BY_DUE, "overdue_count"])
def test_an_open_round_counts_as_failed_only_once_its_due_has_come(metric: str) -> None:
    fact = make_fact(
        **UNCOMPLETED,
        contact_outcome=None,
        contact_due="11-17 23:59:59",
    )
    failed = ONE if metric == "overdue_count" else NOTHING

    assert outcome(metric, fact, known_at=at("11-17 23:59:58")) is None
    assert outcome(metric, fact, known_at=at("11-17 23:59:59")) == failed
    assert outcome(metric, fact, known_at=at("12-20 00:00")) == failed


def test_a_completed_round_counts_before_its_due_has_come() -> None:
    fact = make_fact()

    for metric in BY_DUE:
        assert outcome(metric, fact, known_at=at("11-16 18:00")) == ONE


@pytest.mark.parametrize(
    ("completed", "expected"),
    [("11-17 23:59:59", ONE), ("2026-11-17 23:59:59.000001", NOTHING)],
)
def test_on_time_means_not_after_the_due(completed: str, expected: Decimal) -> None:
    fact = make_fact(completed_at=completed)

    assert outcome("on_time_completion_rate", fact) == expected
    assert outcome("on_time_completion_rate_closed", fact) == expected
    assert (outcome("overdue_count", fact) is None) == (expected == ONE)


@pytest.mark.parametrize("metric", ["first_contact_rate", "satisfaction_score"])
@pytest.mark.parametrize(
    ("values", "reason"),
    [
        ({"reached": "yes", "rated_contact": "unrated", "overall": "unrated"}, "unrated"),
        ({"reached": "unreachable"}, "unreachable"),
        ({"reached": "refused"}, "refused"),
        ({"reached": None}, "not_followed_up"),
        ({"reached": None, "has_caller": False}, "exempt"),
    ],
)
def test_a_silent_follow_up_leaves_both_sides_and_says_why(
    metric: str, values: Mapping[str, Any], reason: str
) -> None:
    verdict = verdict_of(metric, make_fact(**values))

    assert verdict == Verdict(None, reason)
    assert [part for part in Part if verdict.is_in(part)] == [Part.EXCLUDED]


def test_the_citizen_decides_whether_first_contact_was_made() -> None:
    assert outcome("first_contact_rate", make_fact(rated_contact="no")) == NOTHING
    assert outcome("first_contact_rate_ops", make_fact(rated_contact="no")) == ONE


@pytest.mark.parametrize(
    ("kept", "expected"),
    [
        ("met", ONE),
        ("unreached", ONE),
        ("late", NOTHING),
        ("cancelled", NOTHING),
        (None, NOTHING),
        ("exempt", "exempt"),
    ],
)
def test_first_contact_by_the_records_goes_by_its_clock(kept: str | None, expected: Any) -> None:
    due = None if kept == "exempt" else "11-11 23:59:59"

    fact = make_fact(contact_outcome=kept, contact_due=due)

    assert outcome("first_contact_rate_ops", fact) == expected


def test_a_rework_round_has_no_first_contact_of_its_own() -> None:
    fact = make_fact(round=2, contact_due=None, contact_outcome=None)

    assert verdict_of("first_contact_rate_ops", fact) is None


@pytest.mark.parametrize(
    ("values", "expected"),
    [
        ({"replied_at": "11-18 00:00"}, NOTHING),
        ({"replied_at": None}, NOTHING),
        ({"need_reply": False, "reply_due": None}, "no_reply_needed"),
        ({"need_reply": False}, "no_reply_needed"),
        ({"has_caller": False, "reply_due": None}, "exempt"),
    ],
)
def test_a_reply_counts_where_one_is_owed(values: Mapping[str, Any], expected: Any) -> None:
    assert outcome("timely_reply_rate", make_fact(**values)) == expected


@pytest.mark.parametrize(
    ("valuation", "strict", "explained_counts"),
    [
        ("resolved", ONE, ONE),
        ("explained", NOTHING, ONE),
        ("other", "unvalued", "unvalued"),
        (None, "unvalued", "unvalued"),
    ],
)
def test_resolution_is_read_strictly_or_with_explanations(
    valuation: str | None, strict: Any, explained_counts: Any
) -> None:
    fact = make_fact(case_valuation=valuation)

    assert outcome("actual_resolution_rate", fact) == strict
    assert outcome("actual_resolution_rate_reasonable_only", fact) == strict
    assert outcome("actual_resolution_rate_explained_counts", fact) == explained_counts


@pytest.mark.parametrize(
    ("fact_finding", "appeal_finding", "counts"),
    [
        ("true", "reasonable", True),
        ("partly_true", "reasonable", True),
        ("untrue", "reasonable", False),
        ("true", "excessive", False),
        ("true", "no_policy_basis", False),
        ("true", None, False),
        (None, "reasonable", False),
        ("adopted", "reasonable", False),
    ],
)
def test_reasonable_only_looks_at_demands_that_hold_and_are_lawful(
    fact_finding: str | None, appeal_finding: str | None, *, counts: bool
) -> None:
    fact = make_fact(fact_finding=fact_finding, appeal_finding=appeal_finding)
    unvalued = make_fact(
        fact_finding=fact_finding, appeal_finding=appeal_finding, case_valuation="other"
    )

    metric = "actual_resolution_rate_reasonable_only"
    assert outcome(metric, fact) == (ONE if counts else None)
    assert outcome(metric, unvalued) == ("unvalued" if counts else None)
    assert outcome("actual_resolution_rate", fact) == ONE


@pytest.mark.parametrize(
    ("overall", "worth"),
    [
        ("satisfied", "1"),
        ("mostly_satisfied", "0.8"),
        ("neutral", "0.6"),
        ("dissatisfied", "0"),
    ],
)
def test_satisfaction_weighs_the_four_answers(overall: str, worth: str) -> None:
    fact = make_fact(overall=overall)

    assert outcome("satisfaction_score", fact) == Decimal(worth)
    assert (outcome("dissatisfied_count", fact) == ONE) == (overall == "dissatisfied")


def test_counts_take_the_receipt_for_repeats_and_the_opening_for_reworks() -> None:
    repeat = make_fact(repeat_of="T20261101-000001")
    rework = make_fact(round=2, opened_at="12-02 10:00", repeat_of="T20261101-000001")
    praise = make_fact(appeal_type="praise")

    assert outcome("repeat_count", repeat) == ONE
    assert outcome("repeat_count", rework) is None
    assert outcome("intake", rework, month="2026-12") is None
    assert outcome("rework_count", rework, month="2026-12") == ONE
    assert outcome("rework_count", repeat) is None
    assert outcome("praise_count", praise) == ONE
    assert outcome("praise_count", repeat) is None


def test_a_month_is_shanghais_from_its_first_instant_to_before_the_next() -> None:
    month = period("2026-11")

    assert month.holds(at("11-01 00:00"))
    assert month.holds(at("2026-11-30 23:59:59.999999"))
    assert not month.holds(at("12-01 00:00"))
    assert not month.holds(at("2026-10-31 23:59:59.999999"))
    assert (period("2026").start, period("2026").end) == (at("01-01 00:00"), at("2027-01-01 00:00"))


@pytest.mark.parametrize(
    "text",
    ["", "2026-13", "2026-00", "2026-1", "26-01", "202611", "2026-11-01", "２０２６", "1999"],
)
def test_what_is_no_period_is_not_found(text: str) -> None:
    assert find_period(text) is None


def test_rows_add_up_to_the_total_by_every_key() -> None:
    facts = [
        make_fact(n, unit=unit, section=section, street=street, trade=trade)
        for n, (unit, section, street, trade) in enumerate(
            [
                ("sanitation-section", "环卫科", "大宁路街道", "sanitation"),
                ("sanitation-section", None, None, "sanitation"),
                ("greening-section", "绿化科", "大宁路街道", "greening"),
                (None, None, "彭浦镇", None),
            ]
        )
    ]
    whole = tally_of([make_fact(n) for n in range(4)])

    for by in KEYS:
        rows = tally(facts, by, period=period(), known_at=KNOWN_AT)
        assert total(rows.values()) == whole


def test_sections_are_told_apart_inside_their_unit_and_the_unknown_comes_last() -> None:
    facts = [
        make_fact(1, unit=None, section=None),
        make_fact(2, section="一科"),
        make_fact(3, unit="greening-section", section="一科"),
    ]

    rows = tally(facts, "section", period=period(), known_at=KNOWN_AT)

    assert list(rows) == ["greening-section/一科", "sanitation-section/一科", None]


def test_a_group_without_any_figure_has_no_row() -> None:
    facts = [make_fact(1), make_fact(2, unit="greening-section", removed="voided")]

    assert list(tally(facts, "unit", period=period(), known_at=KNOWN_AT)) == ["sanitation-section"]


def test_every_metric_is_in_the_catalogue_once() -> None:
    assert len(BY_ID) == len(METRICS)
    assert {*BY_DUE, *BY_COMPLETION, *OF_TROUBLE, "timely_accept_rate"} == set(RATES)


@pytest.mark.parametrize(
    ("ranks", "streak"),
    [
        ([], 0),
        ([("trade", "2022-10", 2), ("trade", "2022-11", 1)], 2),
        ([("trade", "2022-10", 2), ("trade", "2022-11", 4)], 0),
        ([("trade", "2022-09", 3), ("trade", "2022-11", 1)], 1),
        ([("trade", "2021-12", 3), ("trade", "2022-01", 3)], 2),
        ([("trade", f"2022-{m:02d}", 3 if m < 11 else 1) for m in range(7, 12)], 5),
        # another table's months neither help nor lengthen
        ([("all", "2022-10", 1), ("trade", "2022-10", 5), ("trade", "2022-11", 3)], 1),
    ],
)
def test_a_streak_is_months_in_a_row_ending_at_the_last(
    ranks: list[tuple[str, str, int]], streak: int
) -> None:
    assert longest_streak(ranks) == streak


def test_the_month_before_january_is_december() -> None:
    assert (month_before("2022-01"), month_before("2022-12")) == ("2021-12", "2022-11")
