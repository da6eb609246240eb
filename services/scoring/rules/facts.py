"""Facts: the log of a ticket, folded into one row per round. Pure; same log, same facts.

Dues and outcomes are read from the clocks that the entries carry, never computed again: what was
promised then is what counts, whatever the calendar says today.
"""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from types import MappingProxyType
from typing import Any

from services.scoring.rules.fact import Fact
from services.scoring.rules.follow_ups import official_follow_up
from shared.domain import events
from shared.domain.clocks import Clock
from shared.domain.events import Entry
from shared.domain.words import ClockName


@dataclass(slots=True)
class _Round:
    """A round in the making. Each triage speaks for its own round, as each dispatch does."""

    number: int
    opened_at: datetime
    trade: str | None
    category: str | None
    unit: str | None = None
    section: str | None = None
    executor: str | None = None
    completed_at: datetime | None = None
    replied_at: datetime | None = None
    feedback: events.FeedbackSubmitted | None = None
    follow_ups: list[Entry] = field(default_factory=list)


@dataclass(slots=True)
class _Ticket:
    """What holds for every round, and the rounds. `clocks`: the latest of each name and round."""

    received: events.TicketReceived
    street: str | None
    appeal_type: str
    urgency: str
    need_reply: bool
    is_anonymous: bool
    has_phone: bool
    rounds: list[_Round]
    repeat_of: str | None = None
    removed: str | None = None
    emergency: str | None = None
    clocks: dict[tuple[int, str], Clock] = field(default_factory=dict)

    @property
    def present(self) -> _Round:
        return self.rounds[-1]


def fold_facts(ticket_id: int, entries: Iterable[Entry]) -> list[Fact]:
    """One fact per round, first to last; none before the ticket was received.

    Entries may come in any order and twice. What lies beyond a gap in `seq` is not yet known.
    """
    ticket: _Ticket | None = None
    last: Entry | None = None
    recorded_at = None
    for entry in sorted(entries, key=lambda entry: entry.seq):
        seq = last.seq if last is not None else 0
        if entry.seq == seq:
            continue
        if entry.seq != seq + 1:
            break
        ticket = _after(ticket, entry)
        last = entry
        recorded_at = max(recorded_at or entry.recorded_at, entry.recorded_at)
    if ticket is None or last is None or recorded_at is None:
        return []
    return [
        _fact(ticket, one, ticket_id=ticket_id, seq=last.seq, recorded_at=recorded_at)
        for one in ticket.rounds
    ]


def _after(ticket: _Ticket | None, entry: Entry) -> _Ticket:
    event = entry.event
    if ticket is None:
        if not isinstance(event, events.TicketReceived):
            raise TypeError(f"a log begins with ticket.received, not {event.type}")
        ticket = _received(event)
    else:
        step = STEPS.get(type(event))
        if step is not None:
            step(ticket, entry, event)
    ticket.emergency = event.emergency or ticket.emergency
    for clock in entry.clocks:
        key = (clock.round, clock.name)
        known = ticket.clocks.get(key)
        if known is None or clock.ordinal >= known.ordinal:
            ticket.clocks[key] = clock
    return ticket


def _received(event: events.TicketReceived) -> _Ticket:
    return _Ticket(
        received=event,
        street=event.street,
        appeal_type=event.appeal_type,
        urgency=event.urgency,
        need_reply=event.need_reply,
        is_anonymous=event.is_anonymous,
        has_phone=event.has_phone,
        rounds=[_Round(1, event.received_at, event.trade, event.category)],
    )


OF_TICKET = frozenset(
    {"street", "appeal_type", "urgency", "need_reply", "is_anonymous", "has_phone"}
)
OF_ROUND = frozenset({"trade", "category"})


def _updated(ticket: _Ticket, entry: Entry, event: events.TicketUpdated) -> None:
    for name, value in event.changes.items():
        if name in OF_TICKET:
            setattr(ticket, name, value)
        elif name in OF_ROUND:
            setattr(ticket.present, name, value)


def _triaged(ticket: _Ticket, entry: Entry, event: events.TicketTriaged) -> None:
    ticket.present.trade = event.trade
    ticket.present.category = event.category
    ticket.urgency = event.urgency or ticket.urgency


def _dispatched(ticket: _Ticket, entry: Entry, event: events.TicketDispatched) -> None:
    present = ticket.present
    present.unit, present.section, present.executor = event.lead, None, None


def _accepted(ticket: _Ticket, entry: Entry, event: events.TicketAccepted) -> None:
    ticket.present.section = event.section
    ticket.present.executor = event.executor


def _fed_back(ticket: _Ticket, entry: Entry, event: events.FeedbackSubmitted) -> None:
    ticket.present.feedback = event


def _feedback_rejected(ticket: _Ticket, entry: Entry, event: events.Event) -> None:
    ticket.present.feedback = None


def _replied(ticket: _Ticket, entry: Entry, event: events.Event) -> None:
    ticket.present.replied_at = entry.occurred_at


def _completed(ticket: _Ticket, entry: Entry, event: events.Event) -> None:
    ticket.present.completed_at = entry.occurred_at


def _followed_up(ticket: _Ticket, entry: Entry, event: events.Event) -> None:
    ticket.present.follow_ups.append(entry)


def _rework_opened(ticket: _Ticket, entry: Entry, event: events.ReworkOpened) -> None:
    before = ticket.present
    ticket.rounds.append(_Round(event.round, entry.occurred_at, before.trade, before.category))


def _repeat_linked(ticket: _Ticket, entry: Entry, event: events.RepeatLinked) -> None:
    ticket.repeat_of = event.root


def _matter_left(ticket: _Ticket, entry: Entry, event: events.MatterLeft) -> None:
    if event.ends_repeat:
        ticket.repeat_of = None


def _removed(why: str) -> "Step":
    def step(ticket: _Ticket, entry: Entry, event: events.Event) -> None:
        ticket.removed = why

    return step


Step = Callable[[_Ticket, Entry, Any], None]

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
        events.RepeatLinked: _repeat_linked,
        events.MatterLeft: _matter_left,
        events.TicketVoided: _removed("voided"),
        events.ReturnedUpstream: _removed("returned_upstream"),
        events.TicketMerged: _removed("merged"),
    }
)


def _fact(ticket: _Ticket, one: _Round, *, ticket_id: int, seq: int, recorded_at: datetime) -> Fact:
    contact = ticket.clocks.get((one.number, ClockName.FIRST_CONTACT))
    complete = ticket.clocks.get((one.number, ClockName.COMPLETE))
    reply = ticket.clocks.get((one.number, ClockName.REPLY))
    feedback = one.feedback
    answer = official_follow_up(one.follow_ups)
    return Fact(
        ticket_id=ticket_id,
        round=one.number,
        no=ticket.received.no,
        source=ticket.received.source,
        unit=one.unit,
        section=one.section,
        executor=one.executor,
        trade=one.trade,
        category=one.category,
        street=ticket.street,
        appeal_type=ticket.appeal_type,
        urgency=ticket.urgency,
        received_at=ticket.received.received_at,
        opened_at=one.opened_at,
        need_reply=ticket.need_reply,
        has_caller=ticket.has_phone or not ticket.is_anonymous,
        contact_due=contact.due if contact is not None else None,
        contact_outcome=contact.outcome if contact is not None else None,
        contacted_at=contact.stopped_at if contact is not None else None,
        complete_start=complete.start if complete is not None else None,
        complete_due=complete.due if complete is not None else None,
        completed_at=one.completed_at,
        reply_due=reply.due if reply is not None else None,
        replied_at=one.replied_at,
        case_valuation=feedback.case_valuation if feedback is not None else None,
        fact_finding=feedback.fact_finding if feedback is not None else None,
        appeal_finding=feedback.appeal_finding if feedback is not None else None,
        follow_up_level=answer.level if answer is not None else None,
        reached=answer.reached if answer is not None else None,
        rated_contact=answer.first_contact if answer is not None else None,
        overall=answer.overall if answer is not None else None,
        solved=answer.solved if answer is not None else None,
        repeat_of=ticket.repeat_of,
        removed=ticket.removed,
        emergency=ticket.emergency,
        seq=seq,
        recorded_at=recorded_at,
    )
