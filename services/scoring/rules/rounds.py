"""What each entry of a log makes of a ticket and its rounds, as far as they count."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from types import MappingProxyType
from typing import Any

from shared.domain import events
from shared.domain.clocks import Clock
from shared.domain.events import Entry
from shared.domain.words import Role


@dataclass(slots=True)
class Round:
    """A round in the making. Each triage speaks for its own round, as each dispatch does."""

    number: int
    opened_at: datetime
    trade: str | None
    category: str | None
    unit: str | None = None
    section: str | None = None
    executor: str | None = None
    dispatched_at: datetime | None = None
    accepted_at: datetime | None = None
    completed_at: datetime | None = None
    replied_at: datetime | None = None
    returns: int = 0
    wrong_returns: int = 0
    extended: bool = False
    appeals: frozenset[str] = frozenset()
    pending_appeals: int = 0
    feedback: events.FeedbackSubmitted | None = None
    follow_ups: list[Entry] = field(default_factory=list)


@dataclass(slots=True)
class Ticket:
    """What holds for every round, and the rounds. `clocks`: the latest of each kind."""

    received: events.TicketReceived
    street: str | None
    appeal_type: str
    urgency: str
    need_reply: bool
    is_anonymous: bool
    has_phone: bool
    rounds: list[Round]
    repeat_of: str | None = None
    removed: str | None = None
    emergency: str | None = None
    excluded_for: str | None = None
    pending_exclusion: bool = False
    clocks: dict[tuple[int, str, str | None], Clock] = field(default_factory=dict)

    @property
    def present(self) -> Round:
        return self.rounds[-1]

    def round(self, number: int) -> Round:
        return next(one for one in self.rounds if one.number == number)


def received(event: events.TicketReceived) -> Ticket:
    return Ticket(
        received=event,
        street=event.street,
        appeal_type=event.appeal_type,
        urgency=event.urgency,
        need_reply=event.need_reply,
        is_anonymous=event.is_anonymous,
        has_phone=event.has_phone,
        rounds=[Round(1, event.received_at, event.trade, event.category)],
    )


OF_TICKET = frozenset(
    {"street", "appeal_type", "urgency", "need_reply", "is_anonymous", "has_phone"}
)
OF_ROUND = frozenset({"trade", "category"})


def _updated(ticket: Ticket, entry: Entry, event: events.TicketUpdated) -> None:
    for name, value in event.changes.items():
        if name in OF_TICKET:
            setattr(ticket, name, value)
        elif name in OF_ROUND:
            setattr(ticket.present, name, value)


def _triaged(ticket: Ticket, entry: Entry, event: events.TicketTriaged) -> None:
    ticket.present.trade = event.trade
    ticket.present.category = event.category
    ticket.urgency = event.urgency or ticket.urgency


def _dispatched(ticket: Ticket, entry: Entry, event: events.TicketDispatched) -> None:
    present = ticket.present
    present.unit, present.section, present.executor = event.lead, None, None
    present.dispatched_at, present.accepted_at = entry.occurred_at, None


def _accepted(ticket: Ticket, entry: Entry, event: events.TicketAccepted) -> None:
    ticket.present.section = event.section
    ticket.present.executor = event.executor
    ticket.present.accepted_at = entry.occurred_at


def _fed_back(ticket: Ticket, entry: Entry, event: events.FeedbackSubmitted) -> None:
    ticket.present.feedback = event


def _feedback_rejected(ticket: Ticket, entry: Entry, event: events.Event) -> None:
    ticket.present.feedback = None


def _replied(ticket: Ticket, entry: Entry, event: events.Event) -> None:
    ticket.present.replied_at = entry.occurred_at


def _completed(ticket: Ticket, entry: Entry, event: events.Event) -> None:
    ticket.present.completed_at = entry.occurred_at


def _followed_up(ticket: Ticket, entry: Entry, event: events.Event) -> None:
    ticket.present.follow_ups.append(entry)


def _rework_opened(ticket: Ticket, entry: Entry, event: events.ReworkOpened) -> None:
    before = ticket.present
    ticket.rounds.append(Round(event.round, entry.occurred_at, before.trade, before.category))


def _return_requested(ticket: Ticket, entry: Entry, event: events.Event) -> None:
    ticket.present.returns += 1


def _return_decided(ticket: Ticket, entry: Entry, event: events.ReturnDecided) -> None:
    """Of a unit's request, which the desk decides; a platform's refusal is of our own asking."""
    by_desk = entry.actor.role is Role.DESK
    if by_desk and not event.granted:
        ticket.present.wrong_returns += 1


def _extension_decided(ticket: Ticket, entry: Entry, event: events.ExtensionDecided) -> None:
    if event.upstream and event.granted:
        ticket.present.extended = True


def _appealed(ticket: Ticket, entry: Entry, event: events.AppealRequested) -> None:
    ticket.round(event.round).pending_appeals += 1


def _appeal_decided(ticket: Ticket, entry: Entry, event: events.AppealDecided) -> None:
    one = ticket.round(event.round)
    one.pending_appeals -= 1
    if event.granted:
        one.appeals |= {event.verdict}


def _exclusion_requested(ticket: Ticket, entry: Entry, event: events.Event) -> None:
    ticket.pending_exclusion = True


def _exclusion_decided(ticket: Ticket, entry: Entry, event: events.ExclusionDecided) -> None:
    ticket.pending_exclusion = False
    if event.granted:
        ticket.excluded_for = event.reason_code


def _repeat_linked(ticket: Ticket, entry: Entry, event: events.RepeatLinked) -> None:
    ticket.repeat_of = event.root


def _matter_left(ticket: Ticket, entry: Entry, event: events.MatterLeft) -> None:
    if event.ends_repeat:
        ticket.repeat_of = None


def _removed(why: str) -> "Step":
    def step(ticket: Ticket, entry: Entry, event: events.Event) -> None:
        ticket.removed = why

    return step


Step = Callable[[Ticket, Entry, Any], None]

STEPS: Mapping[type[events.Event], Step] = MappingProxyType(
    {
        events.TicketUpdated: _updated,
        events.TicketTriaged: _triaged,
        events.TicketDispatched: _dispatched,
        events.TicketAccepted: _accepted,
        events.FeedbackSubmitted: _fed_back,
        events.FeedbackRejected: _feedback_rejected,
        events.TicketReplied: _replied,
        events.TicketCompleted: _completed,
        events.TicketFollowedUp: _followed_up,
        events.ReworkOpened: _rework_opened,
        events.ReturnRequested: _return_requested,
        events.ReturnDecided: _return_decided,
        events.ExtensionDecided: _extension_decided,
        events.AppealRequested: _appealed,
        events.AppealDecided: _appeal_decided,
        events.ExclusionRequested: _exclusion_requested,
        events.ExclusionDecided: _exclusion_decided,
        events.RepeatLinked: _repeat_linked,
        events.MatterLeft: _matter_left,
        events.TicketVoided: _removed("voided"),
        events.ReturnedUpstream: _removed("returned_upstream"),
        events.TicketMerged: _removed("merged"),
    }
)
