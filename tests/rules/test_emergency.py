"""The emergency plan in the clocks (contract ruling 5), and the first report of domain §6."""

from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

import pytest

from shared.domain import clockwork, events, fold
from shared.domain.actor import Actor
from shared.domain.clocks import Clock, merge
from shared.domain.emergency import Emergency, Scope
from shared.domain.events import Entry, FieldRank, TicketReceived
from shared.domain.rulebook import Rulebook
from shared.domain.ticket import Ticket
from shared.domain.words import (
    AppealType,
    ClockName,
    ContactMode,
    ContactReason,
    ContactResult,
    Role,
    SiteCheck,
    TicketKind,
    Trade,
    Urgency,
)
from shared.tickets.emergency import under_emergency
from tests.scoring.histories import RULEBOOK, at

CITY = Actor(role=Role.SOURCE, name="city-12345")
DUTY = "06:00-24:00"


def plan(since: str, until: str, **values: Any) -> Emergency:
    return Emergency(id="E-000001", since=at(since), until=at(until), duty=DUTY, **values)


def rules(*plans: Emergency) -> Rulebook:
    return replace(RULEBOOK, emergencies=plans)


def receive(when: str, rulebook: Rulebook, *, words: str = "", **values: Any) -> Ticket:
    """A ticket taken in as the ledger takes it."""
    received_at = at(when)
    event = TicketReceived(
        no="T20261118-000001",
        source="city-12345",
        upstream_no="SH1",
        received_at=received_at,
        rank=FieldRank(received_at),
        carried=(),
        **{
            "appeal_type": AppealType.COMPLAINT,
            "urgency": Urgency.URGENT,
            "ticket_kind": TicketKind.TRANSFER,
            "is_anonymous": False,
            "is_confidential": False,
            "need_reply": True,
            "has_phone": True,
            **values,
        },
    )
    entry = Entry(1, event, received_at, received_at, CITY)
    after, entry = under_emergency(
        fold.received(1, entry), entry, {"content": words}, rulebook=rulebook
    )
    return with_clocks(after, entry, rulebook)


def record(ticket: Ticket, event: events.Event, when: str, rulebook: Rulebook) -> Ticket:
    entry = Entry(ticket.seq + 1, event, at(when), at(when), CITY)
    after, entry = under_emergency(fold.apply(ticket, entry), entry, {}, rulebook=rulebook)
    return with_clocks(after, entry, rulebook)


def with_clocks(after: Ticket, entry: Entry, rulebook: Rulebook) -> Ticket:
    changes = clockwork.clock_changes(after, entry.event, at=entry.occurred_at, rulebook=rulebook)
    return replace(after, clocks=merge(after.clocks, changes))


def clock_of(ticket: Ticket, name: ClockName, unit: str | None = None) -> Clock:
    found = ticket.clock(name, unit=unit)
    assert found is not None
    return found


def due_of(ticket: Ticket, name: ClockName = ClockName.FIRST_CONTACT) -> datetime:
    due = clock_of(ticket, name).due
    assert due is not None
    return due


@pytest.mark.parametrize(
    ("received", "due"),
    [
        ("11-18 10:00", "11-18 11:00"),
        ("11-18 17:10", "11-18 18:10"),
        ("11-18 20:00", "11-19 09:30"),
    ],
)
def test_without_a_plan_an_urgent_contact_waits_for_the_duty_window(
    received: str, due: str
) -> None:
    ticket = receive(received, rules())

    assert (due_of(ticket), ticket.emergencies) == (at(due), ())


@pytest.mark.parametrize(
    ("received", "due"), [("11-18 20:00", "11-18 21:00"), ("11-18 03:00", "11-18 07:00")]
)
def test_in_the_emergency_the_window_is_the_plans(received: str, due: str) -> None:
    ticket = receive(received, rules(plan("11-17 00:00", "11-20 00:00")))

    assert due_of(ticket) == at(due)
    assert clock_of(ticket, ClockName.FIRST_CONTACT).rule == "first_contact.urgent=1h@emergency"
    assert [one.id for one in ticket.emergencies] == ["E-000001"]


def test_a_limit_of_the_plan_takes_the_place_of_the_normal_one() -> None:
    shorter = plan("11-17 00:00", "11-20 00:00", limits={"first_contact.urgent": "30min"})
    ticket = receive("11-18 20:00", rules(shorter))

    assert due_of(ticket) == at("11-18 20:30")
    assert clock_of(ticket, ClockName.FIRST_CONTACT).rule == "first_contact.urgent=30min@emergency"


def test_working_hour_clocks_do_not_change_by_the_hours_of_a_plan() -> None:
    values = {"urgency": Urgency.NORMAL}
    usual = receive("11-18 20:00", rules(), **values)
    ticket = receive("11-18 20:00", rules(plan("11-17 00:00", "11-20 00:00")), **values)

    assert ticket.clocks == usual.clocks
    assert [one.id for one in ticket.emergencies] == ["E-000001"]


def test_a_clock_not_yet_started_when_the_plan_is_declared_goes_by_it() -> None:
    usual = receive("11-18 20:00", rules())
    declared = rules(plan("11-18 21:00", "11-20 00:00"))
    ticket = record(usual, events.EmergencyJoined(), "11-18 21:00", declared)

    contact = clock_of(ticket, ClockName.FIRST_CONTACT)
    assert (contact.start, contact.due) == (at("11-18 21:00"), at("11-18 22:00"))


def test_a_clock_already_running_stays_as_it_was() -> None:
    usual = receive("11-18 17:10", rules())
    declared = rules(plan("11-18 17:30", "11-20 00:00", limits={"first_contact.urgent": "2h"}))
    ticket = record(usual, events.EmergencyJoined(), "11-18 17:30", declared)

    assert due_of(ticket) == at("11-18 18:10")
    assert ticket.clocks == usual.clocks


def test_a_unit_clock_that_starts_in_the_emergency_puts_an_older_ticket_under_it() -> None:
    declared = rules(plan("11-18 19:00", "11-20 00:00"))
    ticket = receive("11-18 10:00", declared)
    assert ticket.emergencies == ()
    triaged = events.TicketTriaged(Trade.SANITATION, "S-05")
    ticket = record(ticket, triaged, "11-18 20:00", declared)
    ticket = record(ticket, events.TicketDispatched("sanitation-section"), "11-18 20:05", declared)

    accept = clock_of(ticket, ClockName.UNIT_ACCEPT, "sanitation-section")
    assert (accept.due, accept.rule) == (at("11-18 20:20"), "accept.urgent=15min@emergency")
    assert [one.at for one in ticket.emergencies] == [at("11-18 20:05")]


def test_after_its_end_a_plan_touches_nobody() -> None:
    over = plan("11-17 00:00", "11-20 00:00", ended_at=at("11-18 12:00"))
    ticket = receive("11-18 20:00", rules(over))

    assert (due_of(ticket), ticket.emergencies) == (at("11-19 09:30"), ())


def test_what_was_received_in_time_but_came_late_is_under_the_plan_all_the_same() -> None:
    ticket = receive("11-18 20:00", rules(plan("11-18 00:00", "11-18 20:01")))

    assert due_of(ticket) == at("11-18 21:00")


@pytest.mark.parametrize(
    ("scope", "times"),
    [
        (Scope(), 1),
        (Scope(streets=frozenset({"共和新路街道"})), 1),
        (Scope(streets=frozenset({"彭浦镇"})), 0),
        (Scope(keywords=frozenset({"倒伏"})), 1),
        (Scope(keywords=frozenset({"积雪"})), 0),
        (Scope(trades=frozenset({"greening"})), 0),
    ],
)
def test_only_tickets_in_its_scope_come_under_a_plan(scope: Scope, times: int) -> None:
    scoped = rules(plan("11-17 00:00", "11-20 00:00", scope=scope))
    ticket = receive("11-18 20:00", scoped, words="行道树倒伏", street="共和新路街道")

    assert len(ticket.emergencies) == times


def test_a_ticket_comes_into_scope_by_its_triage_with_the_words_it_came_with() -> None:
    scope = Scope(trades=frozenset({"greening"}), keywords=frozenset({"倒伏"}))
    scoped = rules(plan("11-17 00:00", "11-20 00:00", scope=scope))
    ticket = receive("11-18 20:00", scoped, words="行道树倒伏")
    assert (ticket.emergencies, ticket.worded) == ((), ("E-000001",))
    ticket = record(ticket, events.TicketTriaged(Trade.GREENING, "G-01"), "11-18 20:10", scoped)

    assert (due_of(ticket), len(ticket.emergencies)) == (at("11-18 21:00"), 1)


# The first report (interim_report)


@pytest.mark.parametrize(
    ("urgency", "hours"), [(Urgency.URGENT, 2), (Urgency.SUB_URGENT, 4), (Urgency.NORMAL, None)]
)
def test_the_first_report_on_an_urgent_ticket_runs_from_its_receipt_at_any_hour(
    urgency: Urgency, hours: int | None
) -> None:
    ticket = receive("11-21 02:00", rules(), urgency=urgency)

    report = ticket.clock(ClockName.INTERIM_REPORT)
    expected = None if hours is None else at("11-21 02:00") + timedelta(hours=hours)
    assert (report.due if report is not None else None) == expected


DONE = {
    "a call that got through": events.TicketContacted(
        ContactResult.REACHED, ContactMode.PHONE, "值班员"
    ),
    "work": events.TicketDisposed("sanitation-section", by_lead=True, site_check=SiteCheck.YES),
    "a look on the spot": events.TicketSiteVisited(participants=1, begins_work=False),
}


@pytest.mark.parametrize("event", DONE.values(), ids=DONE)
def test_it_is_made_by(event: events.Event) -> None:
    ticket = record(receive("11-21 02:00", rules()), event, "11-21 03:30", rules())

    assert clock_of(ticket, ClockName.INTERIM_REPORT).state(at("11-21 12:00")) == "met"


def test_a_call_nobody_answered_is_no_report() -> None:
    tried = events.TicketContacted(
        ContactResult.UNREACHED, ContactMode.PHONE, "值班员", reason_code=ContactReason.ALWAYS_OFF
    )
    ticket = record(receive("11-21 02:00", rules()), tried, "11-21 03:30", rules())

    assert clock_of(ticket, ClockName.INTERIM_REPORT).state(at("11-21 04:01")) == "missed"


def test_raised_later_it_runs_from_then_and_lowered_nobody_waits() -> None:
    ticket = receive("11-21 02:00", rules(), urgency=Urgency.NORMAL)
    up = events.TicketTriaged(Trade.SANITATION, "S-05", urgency=Urgency.URGENT)
    ticket = record(ticket, up, "11-21 09:00", rules())
    assert due_of(ticket, ClockName.INTERIM_REPORT) == at("11-21 11:00")
    down = events.TicketTriaged(Trade.SANITATION, "S-05", urgency=Urgency.NORMAL)
    ticket = record(ticket, down, "11-21 09:10", rules())

    assert clock_of(ticket, ClockName.INTERIM_REPORT).state(at("11-21 12:00")) == "cancelled"
