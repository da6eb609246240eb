"""The engine's answers to the same cases: the only module here that imports what is tested."""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

from shared.domain import events, fold
from shared.domain.actor import SYSTEM
from shared.domain.calendar import CITY_ZONE
from shared.domain.clocks import merge
from shared.domain.clockwork import clock_changes, supervised_until
from shared.domain.events import Entry, Event
from shared.domain.limits import (
    Limit,
    Limits,
    LimitUnit,
    due_after,
    parse_window,
    reply_due,
    unit_due,
    warn_at,
)
from shared.domain.official import load_default_limits, load_official_calendar
from shared.domain.pauses import Pause, due_with_pauses
from shared.domain.rulebook import Rulebook, Valid
from shared.domain.ticket import Ticket
from shared.domain.upstream import FIELD_TYPES
from shared.domain.words import (
    AppealType,
    CaseValuation,
    ClockName,
    ContactMode,
    ContactReason,
    ContactResult,
    FollowUpLevel,
    Reached,
    ReplyMode,
    SiteCheck,
    TicketKind,
    Trade,
    Urgency,
)
from tests.clocks.counter import BASE
from tests.clocks.oracle import Step

CALENDAR = load_official_calendar()
LONG_AGO = datetime(2000, 1, 1, tzinfo=CITY_ZONE)
LIMITS = Limits("trial", {**load_default_limits().values, "pause.reasons": "weather"})
RULEBOOK = Rulebook(1, (Valid(CALENDAR, LONG_AGO),), (Valid(LIMITS, LONG_AGO),), {}, {})
ZERO = BASE.replace(tzinfo=CITY_ZONE)
MICROSECOND = timedelta(microseconds=1)
UNIT = "sanitation-section"


def moment(at: int) -> datetime:
    return ZERO + timedelta(microseconds=at)


def number(at: datetime | None) -> int | None:
    return None if at is None else (at - ZERO) // MICROSECOND


def limit_answers(case: dict[str, Any]) -> dict[str, int | None]:
    unit = LimitUnit(case["unit"])
    limit, duty = Limit(case["amount"], unit), parse_window(case["window"])
    start, due = due_after(moment(case["start"]), limit, CALENDAR, duty)
    pauses = [Pause("weather", moment(begins), moment(ends)) for begins, ends in case["pauses"]]
    moved = due_with_pauses(start, due, pauses, unit, CALENDAR)
    found = {
        "start": start,
        "due": due,
        "unit_due": unit_due(start, due, CALENDAR),
        "warn": warn_at(start, due, CALENDAR),
        "reply_due": reply_due(due, moment(case["feedback"]), CALENDAR),
        "paused_due": moved,
    }
    return {name: number(at) for name, at in found.items()}


def course_answers(
    start: int, received: dict[str, Any], steps: list[Step]
) -> Iterator[list[dict[str, Any]]]:
    """The clocks after the receipt and after every step."""
    first = Entry(1, _received(start, received), moment(start), moment(start), SYSTEM)
    ticket = _clocked(fold.received(1, first), first)
    yield _clocks(ticket)
    for name, at, values in steps:
        event = _event(ticket, name, moment(at), values)
        entry = Entry(ticket.seq + 1, event, moment(at), moment(at), SYSTEM)
        ticket = _clocked(fold.apply(ticket, entry), entry)
        yield _clocks(ticket)


def _clocked(after: Ticket, entry: Entry) -> Ticket:
    changes = clock_changes(after, entry.event, at=entry.occurred_at, rulebook=RULEBOOK)
    return replace(after, clocks=merge(after.clocks, changes))


def _clocks(ticket: Ticket) -> list[dict[str, Any]]:
    return [
        {
            "name": clock.name.value,
            "round": clock.round,
            "ordinal": clock.ordinal,
            "start": number(clock.start),
            "due": number(clock.due),
            "outcome": clock.outcome.value if clock.outcome else None,
            "stopped": number(clock.stopped_at),
            "warn": number(clock.warn),
        }
        for clock in ticket.clocks
        if clock.name is not ClockName.INTERIM_REPORT  # the first report has tests of its own
    ]


def _received(start: int, given: dict[str, Any]) -> events.TicketReceived:
    at = moment(start)
    due = given["upstream_due"]
    return events.TicketReceived(
        no="T1",
        source="city-12345",
        upstream_no="SH1",
        received_at=at,
        is_confidential=False,
        rank=events.FieldRank(at),
        carried=(),
        **{
            **given,
            "appeal_type": AppealType(given["appeal_type"]),
            "urgency": Urgency(given["urgency"]),
            "ticket_kind": TicketKind(given["ticket_kind"]),
            "upstream_due": None if due is None else moment(due),
        },
    )


def _event(ticket: Ticket, name: str, at: datetime, values: dict[str, Any]) -> Event:
    match name:
        case "triage":
            urgency = values["urgency"]
            return events.TicketTriaged(
                Trade.SANITATION, "S-05", Urgency(urgency) if urgency else None
            )
        case "update":
            return _update(at, values)
        case "supervise":
            due = values["due"]
            given = supervised_until(at, RULEBOOK) if due is None else moment(due)
            return events.TicketSupervised(1, given)
        case "contact":
            result = ContactResult.REACHED if values["reached"] else ContactResult.UNREACHED
            reason = None if values["reached"] else ContactReason.NEVER_ANSWERED
            return events.TicketContacted(result, ContactMode.PHONE, "desk", reason_code=reason)
        case "rework":
            return events.ReworkOpened(ticket.round + 1, own=True)
        case _:
            return PLAIN[name](at)


def _update(at: datetime, values: dict[str, Any]) -> Event:
    told = {
        name: moment(value).isoformat() if name == "upstream_due" else value
        for name, value in values.items()
    }
    assert set(told) <= set(FIELD_TYPES)
    return events.TicketUpdated("city-12345", "SH1", told, events.FieldRank(at))


PLAIN: Mapping[str, Callable[[datetime], Event]] = {
    "dispatch": lambda _: events.TicketDispatched(UNIT),
    "accept": lambda _: events.TicketAccepted(UNIT, "李工"),
    "dispose": lambda _: events.TicketDisposed(UNIT, by_lead=True, site_check=SiteCheck.YES),
    "feedback": lambda _: events.FeedbackSubmitted(UNIT, CaseValuation.RESOLVED),
    "reject": lambda _: events.FeedbackRejected(),
    "reply": lambda _: events.TicketReplied(ReplyMode.PHONE),
    "complete": events.TicketCompleted,
    "follow_up": lambda _: events.TicketFollowedUp(FollowUpLevel.BUREAU, Reached.YES),
    "pause": lambda _: events.ClocksPaused("weather"),
    "resume": lambda _: events.ClocksResumed(),
}
