"""Facts: what the log of a ticket says of each of its rounds."""

import random
from datetime import timedelta

import pytest

from services.scoring.rules.fact import Fact
from services.scoring.rules.facts import fold_facts
from shared.domain import events
from shared.domain.words import (
    AppealFinding,
    CaseValuation,
    FactFinding,
    FollowUpLevel,
    Reached,
    Satisfaction,
    Trade,
    Urgency,
    YesNo,
)
from tests.scoring.histories import History, at, completed, handled, later

BUREAU, DISTRICT, CITY = FollowUpLevel.BUREAU, FollowUpLevel.DISTRICT, FollowUpLevel.CITY


def facts_of(history: History) -> list[Fact]:
    return fold_facts(7, history.entries)


def only(history: History) -> Fact:
    (fact,) = facts_of(history)
    return fact


def test_a_completed_ticket_is_one_fact_with_what_was_done_and_when_it_was_due() -> None:
    fact = only(completed().follow_up("11-26 10:00", overall=Satisfaction.MOSTLY_SATISFIED))

    assert (fact.round, fact.no, fact.source) == (1, "T20261118-000731", "city-12345")
    assert (fact.unit, fact.section, fact.executor) == ("sanitation-section", "环卫科", "李工")
    assert (fact.trade, fact.category, fact.street) == ("sanitation", "S-05", "共和新路街道")
    assert fact.received_at == fact.opened_at == at("11-18 09:12")
    assert (fact.contact_due, fact.contact_outcome) == (at("11-19 23:59:59"), "met")
    assert fact.contacted_at == at("11-18 10:05")
    assert (fact.complete_due, fact.completed_at) == (at("11-25 23:59:59"), at("11-24 17:00"))
    assert (fact.reply_due, fact.replied_at) == (at("11-25 23:59:59"), at("11-24 16:20"))
    assert (fact.case_valuation, fact.fact_finding) == ("resolved", "true")
    assert (fact.reached, fact.rated_contact, fact.overall) == ("yes", "yes", "mostly_satisfied")
    assert (fact.seq, fact.known_from) == (10, at("11-26 10:00"))
    assert fact.removed is None


def test_an_undispatched_ticket_has_no_unit_and_runs_its_dues() -> None:
    fact = only(History().triage("11-18 09:40"))

    assert (fact.unit, fact.executor, fact.completed_at) == (None, None, None)
    assert fact.complete_due == at("11-25 23:59:59")
    assert fact.contact_outcome is None


def test_an_empty_log_has_no_facts() -> None:
    assert fold_facts(7, []) == []


def test_a_log_that_does_not_begin_with_its_receipt_is_refused() -> None:
    entry = completed().entries[1]
    first = events.Entry(1, entry.event, entry.occurred_at, entry.recorded_at, entry.actor)

    with pytest.raises(TypeError, match=r"ticket\.received"):
        fold_facts(7, [first])


def test_shuffled_and_doubled_entries_give_the_same_facts() -> None:
    entries = completed().follow_up("11-26 10:00").entries
    expected = fold_facts(7, entries)

    for seed in range(20):
        mixed = [*entries, *entries]
        random.Random(seed).shuffle(mixed)
        assert fold_facts(7, mixed) == expected


def test_what_lies_beyond_a_gap_is_not_yet_known() -> None:
    entries = completed().entries
    missing_feedback = [entry for entry in entries if entry.seq != 7]

    assert fold_facts(7, missing_feedback) == fold_facts(7, entries[:6])


def test_the_last_dispatch_of_the_round_decides_its_unit() -> None:
    history = History().triage("11-18 09:40").dispatch("11-18 10:10", "sanitation-centre")
    entries = [*history.entries]
    again = events.TicketDispatched("chengfa-sanitation")
    entries.append(events.Entry(4, again, at("11-18 11:00"), at("11-18 11:00"), entries[0].actor))

    (fact,) = fold_facts(7, entries)

    assert (fact.unit, fact.section, fact.executor) == ("chengfa-sanitation", None, None)


def test_a_rejected_feedback_leaves_no_valuation_until_the_next() -> None:
    history = handled().add("11-24 16:30", events.TicketUrged()).complete("11-24 17:00")
    rejected = (
        History()
        .triage("11-18 09:40")
        .dispatch("11-18 10:10")
        .accept("11-18 11:00")
        .dispose("11-19 09:00")
        .feedback("11-19 10:00", CaseValuation.EXPLAINED)
        .add("11-19 11:00", events.FeedbackRejected())
    )

    assert only(history).case_valuation == "resolved"
    assert (only(rejected).case_valuation, only(rejected).fact_finding) == (None, None)
    mended = rejected.feedback("11-20 09:00", CaseValuation.OTHER, FactFinding.UNTRUE, None)
    assert (only(mended).case_valuation, only(mended).fact_finding) == ("other", "untrue")


def test_the_reply_is_due_the_workday_after_the_feedback_that_stands() -> None:
    history = (
        History()
        .triage("11-18 09:40")
        .dispatch("11-18 10:10")
        .accept("11-18 11:00")
        .dispose("11-19 09:00")
        .feedback("11-19 10:00")
    )

    assert only(history).reply_due == at("11-20 23:59:59")
    assert only(history.add("11-19 11:00", events.FeedbackRejected())).reply_due == at(
        "11-25 23:59:59"
    )


def test_a_rework_is_a_round_of_its_own_and_leaves_the_first_as_it_was() -> None:
    history = completed().follow_up("11-26 10:00", overall=Satisfaction.DISSATISFIED)
    before = only(history)

    first, second = facts_of(history.rework("11-26 10:00"))

    assert (first.overall, first.complete_due) == ("dissatisfied", before.complete_due)
    assert first.completed_at == at("11-24 17:00")
    assert (second.round, second.opened_at) == (2, at("11-26 10:00"))
    assert second.received_at == at("11-18 09:12")
    assert second.complete_due == at("12-01 23:59:59")
    assert (second.unit, second.completed_at, second.contact_due) == (None, None, None)
    assert (second.overall, second.case_valuation, second.trade) == (None, None, "sanitation")


def test_a_new_triage_in_a_rework_leaves_the_trade_of_the_first_round() -> None:
    history = completed().follow_up("11-26 10:00", solved=YesNo.NO).rework("11-26 10:00")

    first, second = facts_of(
        history.triage("11-26 11:00", Trade.APPEARANCE, "A-04").dispatch(
            "11-26 11:10", "appearance-section"
        )
    )

    assert (first.trade, first.category, first.unit) == ("sanitation", "S-05", "sanitation-section")
    assert (second.trade, second.category) == ("appearance", "A-04")
    assert second.unit == "appearance-section"


def test_an_anonymous_caller_without_a_phone_is_exempt() -> None:
    fact = only(History(is_anonymous=True, has_phone=False))

    assert not fact.has_caller
    assert (fact.contact_outcome, fact.contact_due, fact.reply_due) == ("exempt", None, None)
    assert only(History(is_anonymous=True)).has_caller


def test_an_upstream_correction_moves_the_due_and_the_street() -> None:
    changes = {"street": "大宁路街道", "upstream_due": "2026-11-20T18:00:00+08:00"}
    update = events.TicketUpdated(
        "city-12345", "SH-1", changes, events.FieldRank(at("11-18 10:00"))
    )

    fact = only(History().add("11-18 10:00", update))

    assert (fact.street, fact.complete_due) == ("大宁路街道", at("11-20 18:00"))


def test_urgency_changed_at_triage_is_told() -> None:
    triaged = events.TicketTriaged(Trade.LANDSCAPE, "L-01", Urgency.URGENT)

    assert only(History().add("11-18 09:20", triaged)).urgency == "urgent"


def test_a_repeat_names_its_root_and_a_voided_ticket_leaves() -> None:
    history = History().add("11-18 09:13", events.RepeatLinked("T20261101-000001", 1, "platform"))

    assert only(history).repeat_of == "T20261101-000001"
    assert only(history.add("11-18 12:00", events.TicketVoided())).removed == "voided"


@pytest.mark.parametrize(
    ("follow_ups", "official"),
    [
        # the highest level that reached the citizen, whatever came later
        ([(BUREAU, "yes"), (CITY, "yes"), (DISTRICT, "yes")], 1),
        # the latest of that level
        ([(CITY, "yes"), (CITY, "yes")], 1),
        # a lower level that reached is better than a higher that did not
        ([(BUREAU, "yes"), (CITY, "unreachable")], 0),
        ([(CITY, "refused"), (DISTRICT, "yes"), (BUREAU, "yes")], 1),
        # nobody reached: the latest attempt of any level
        ([(CITY, "refused"), (BUREAU, "unreachable")], 1),
        ([(BUREAU, "unreachable"), (DISTRICT, "refused")], 1),
    ],
)
def test_one_follow_up_of_the_round_is_official(
    follow_ups: list[tuple[FollowUpLevel, str]], official: int
) -> None:
    history = completed()
    for day, (level, reached) in enumerate(follow_ups, start=1):
        history.follow_up(f"11-{24 + day} 18:00", level, reached=Reached(reached))

    fact = only(history)

    assert (fact.follow_up_level, fact.reached) == follow_ups[official]


def test_the_official_follow_up_is_the_latest_by_its_own_time_not_its_recording() -> None:
    history = completed().follow_up("11-26 10:00", CITY, overall=Satisfaction.SATISFIED)
    history.follow_up("11-25 10:00", CITY, overall=Satisfaction.DISSATISFIED)

    assert only(history).overall == "satisfied"


def test_each_round_has_its_own_official_follow_up() -> None:
    history = (
        completed()
        .follow_up("11-26 10:00", CITY, overall=Satisfaction.DISSATISFIED)
        .rework("11-26 10:00")
        .triage("11-26 10:10")
        .dispatch("11-26 10:20")
        .accept("11-26 10:30")
        .dispose("11-26 11:00")
        .feedback("11-26 12:00", CaseValuation.EXPLAINED, FactFinding.TRUE, AppealFinding.EXCESSIVE)
        .reply("11-26 13:00")
        .complete("11-26 14:00")
        .follow_up("11-27 10:00", BUREAU, overall=Satisfaction.SATISFIED)
    )

    first, second = facts_of(history)

    assert (first.follow_up_level, first.overall) == ("city", "dissatisfied")
    assert (second.follow_up_level, second.overall) == ("bureau", "satisfied")
    assert (first.case_valuation, second.case_valuation) == ("resolved", "explained")


def test_the_recorded_time_is_the_latest_of_the_entries_folded() -> None:
    entries = later(completed().entries, timedelta(minutes=5))

    (fact,) = fold_facts(7, entries)

    assert fact.known_from == at("11-24 17:05")
    assert fact.completed_at == at("11-24 17:00")
