"""The fold: a ticket and the next entry of its log give the ticket after it. Pure and total."""

from collections.abc import Iterable
from dataclasses import replace

from shared.domain import clocks, events
from shared.domain.events import Entry
from shared.domain.lifecycle import check_transition
from shared.domain.parts import Ranked, Touched, Upstream
from shared.domain.steps import STEPS, end_pause
from shared.domain.ticket import Ticket
from shared.domain.upstream import STANDING_TEXTS
from shared.domain.words import TicketState


def received(ticket_id: int, entry: Entry) -> Ticket:
    """The first entry makes the ticket."""
    event = entry.event
    if not isinstance(event, events.TicketReceived):
        raise TypeError(f"a log begins with ticket.received, not {event.type}")
    return Ticket(
        ticket_id=ticket_id,
        no=event.no,
        seq=entry.seq,
        version=1,
        state=TicketState.RECEIVED,
        round=1,
        source=event.source,
        upstream=(Upstream(event.source, event.upstream_no, entry.seq),),
        appeal_type=event.appeal_type,
        urgency=event.urgency,
        ticket_kind=event.ticket_kind,
        received_at=event.received_at,
        clock_start=event.dispatched_at or event.received_at,
        is_anonymous=event.is_anonymous,
        is_confidential=event.is_confidential,
        need_reply=event.need_reply,
        has_phone=event.has_phone,
        texts={name: entry.seq for name in STANDING_TEXTS if name in entry.texts},
        ranks=(Ranked(event.rank, event.carried),),
        upstream_due=event.upstream_due,
        complex_approved=event.complex_approved,
        trade=event.trade,
        category=event.category,
        std_kind=event.std_kind,
        std_code=event.std_code,
        street=event.street,
        lng=event.lng,
        lat=event.lat,
        object_unit=event.object_unit,
        other_nos=event.other_nos,
        worded=event.worded,
        emergencies=_touched(entry),
        clocks=entry.clocks,
    )


def apply(ticket: Ticket, entry: Entry) -> Ticket:
    """The ticket after `entry`. Raises IllegalTransition when the state may not follow."""
    after = STEPS[type(entry.event)](end_pause(ticket, entry), entry, entry.event)
    check_transition(ticket.state, after.state)
    silent = events.is_silent(entry.event) and "raw" not in entry.texts
    return replace(
        after,
        seq=entry.seq,
        version=ticket.version if silent else ticket.version + 1,
        emergencies=ticket.emergencies + _touched(entry),
        clocks=clocks.merge(ticket.clocks, entry.clocks),
    )


def _touched(entry: Entry) -> tuple[Touched, ...]:
    emergency = entry.event.emergency
    return () if emergency is None else (Touched(emergency, entry.occurred_at),)


def fold(ticket_id: int, entries: Iterable[Entry]) -> Ticket:
    """A whole log, oldest first."""
    iterator = iter(entries)
    ticket = received(ticket_id, next(iterator))
    for entry in iterator:
        ticket = apply(ticket, entry)
    return ticket
