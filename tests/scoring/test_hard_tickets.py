"""How returns, extensions, merges and voiding show in the facts (ruling 40)."""

import pytest

from services.scoring.rules.fact import Fact
from services.scoring.rules.facts import fold_facts
from shared.domain import events
from shared.domain.words import ExtensionReason, ReturnReason
from tests.scoring.histories import History, at

UNIT = "sanitation-section"
CENTRE = "sanitation-centre"


def fact_of(history: History) -> Fact:
    (fact,) = fold_facts(7, history.entries)
    return fact


def dispatched() -> History:
    return History().triage("11-18 09:40").dispatch("11-18 10:10")


def returned(history: History, *, granted: bool) -> History:
    asked = events.ReturnRequested(UNIT, ReturnReason.NOT_OURS)
    history.add("11-18 10:30", asked)
    return history.add("11-18 10:40", events.ReturnDecided(granted=granted))


def test_an_extension_moves_the_due_only_once_the_platform_has_granted_it() -> None:
    history = dispatched().accept("11-18 11:00")
    before = fact_of(history)
    history.add("11-19 09:00", events.ExtensionRequested(ExtensionReason.MATERIALS, 4))
    history.add("11-19 10:00", events.ExtensionDecided(granted=True))
    assert fact_of(history).complete_due == before.complete_due

    due = at("12-01 23:59:59")
    history.add("11-20 10:00", events.ExtensionDecided(granted=True, upstream=True, due=due))
    after = fact_of(history)
    assert (after.complete_due, after.reply_due) == (due, due)
    assert after.contact_due == before.contact_due


def test_an_extension_granted_after_the_due_pardons_the_miss() -> None:
    history = dispatched().accept("11-18 11:00")
    history.add("11-19 09:00", events.ExtensionRequested(ExtensionReason.WEATHER, 2))
    history.add("11-26 09:00", events.ClockMissed("complete", 1, 1, at("11-25 23:59:59")))
    due = at("11-27 23:59:59")
    history.add("11-26 10:00", events.ExtensionDecided(granted=True, upstream=True, due=due))

    clock = next(one for one in history.ticket.clocks if one.name == "complete")
    assert (clock.due, clock.missed, clock.state(at("11-26 11:00"))) == (due, False, "running")


def test_a_refused_return_leaves_it_with_the_unit_and_a_granted_one_with_the_next() -> None:
    assert fact_of(returned(dispatched(), granted=False)).unit == UNIT
    history = returned(dispatched(), granted=True)
    assert fact_of(history.dispatch("11-18 11:00", CENTRE)).unit == CENTRE


@pytest.mark.parametrize(
    ("entries", "removed"),
    [
        (
            [
                events.ReturnUpstreamRequested(ReturnReason.NOT_OURS),
                events.ReturnedUpstream(),
            ],
            "returned_upstream",
        ),
        (
            [
                events.ReturnUpstreamRequested(ReturnReason.NOT_OURS),
                events.ReturnDecided(granted=False),
            ],
            None,
        ),
        ([events.TicketMerged("T20261118-000001")], "merged"),
        ([events.TicketAbsorbed("T20261118-000001", at("11-20 18:00"))], None),
        ([events.VoidRequested()], None),
        ([events.VoidRequested(), events.VoidRefused()], None),
        ([events.VoidRequested(), events.TicketVoided()], "voided"),
    ],
)
def test_what_ends_a_ticket_takes_it_out_of_every_figure(
    entries: list[events.Event], removed: str | None
) -> None:
    history = History().triage("11-18 09:40")
    for minute, event in enumerate(entries):
        history.add(f"11-18 10:0{minute}", event)

    assert fact_of(history).removed == removed


def test_the_master_of_a_merge_takes_the_earlier_due() -> None:
    history = dispatched()
    history.add("11-18 11:00", events.TicketAbsorbed("T20261118-000001", at("11-20 18:00")))
    assert fact_of(history).complete_due == at("11-20 18:00")

    history.add("11-18 12:00", events.TicketAbsorbed("T20261118-000002", at("11-24 18:00")))
    assert fact_of(history).complete_due == at("11-20 18:00")
