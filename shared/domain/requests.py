"""What is asked for and decided by another: returns, extensions, voiding; and merging."""

from dataclasses import replace

from shared.domain import events
from shared.domain.events import Entry
from shared.domain.parts import Asked, Extension, Return
from shared.domain.ticket import Ticket
from shared.domain.words import RequestState, TicketState


def asked(entry: Entry, unit: str | None) -> Asked:
    actor = entry.actor
    return Asked(entry.seq, entry.occurred_at, actor.name, actor.key, unit)


def decided(request: Asked, entry: Entry, *, granted: bool) -> Asked:
    return replace(
        request,
        state=RequestState.GRANTED if granted else RequestState.REFUSED,
        decided_seq=entry.seq,
        decided_at=entry.occurred_at,
        decided_by=entry.actor.name,
    )


def return_requested(ticket: Ticket, entry: Entry, event: events.ReturnRequested) -> Ticket:
    """The state stays until the desk has decided (ruling 15)."""
    one = Return(asked(entry, event.unit), event.reason_code, event.suggested_unit)
    return replace(ticket, returns=(*ticket.returns, one))


def return_upstream_requested(
    ticket: Ticket, entry: Entry, event: events.ReturnUpstreamRequested
) -> Ticket:
    one = Return(asked(entry, None), event.reason_code, upstream=True)
    return replace(ticket, state=TicketState.RETURN_PENDING, returns=(*ticket.returns, one))


def return_decided(ticket: Ticket, entry: Entry, event: events.ReturnDecided) -> Ticket:
    """Granted: back to the desk, lead and assists gone. Refused: as before."""
    after = close_return(ticket, entry, granted=event.granted)
    if ticket.state is TicketState.RETURN_PENDING:
        return replace(after, state=TicketState.TRIAGED)
    if not event.granted:
        return after
    return replace(after, state=TicketState.TRIAGED, lead=None, assists=(), instruction=None)


def returned_upstream(ticket: Ticket, entry: Entry, event: events.Event) -> Ticket:
    after = close_return(ticket, entry, granted=True)
    return replace(after, state=TicketState.RETURNED_UPSTREAM)


def close_return(ticket: Ticket, entry: Entry, *, granted: bool) -> Ticket:
    *earlier, last = ticket.returns
    last = replace(last, asked=decided(last.asked, entry, granted=granted))
    return replace(ticket, returns=(*earlier, last))


def extension_requested(ticket: Ticket, entry: Entry, event: events.ExtensionRequested) -> Ticket:
    one = Extension(asked(entry, event.unit), ticket.round, event.reason_code, event.days)
    return replace(ticket, extension=one)


def extension_decided(ticket: Ticket, entry: Entry, event: events.ExtensionDecided) -> Ticket:
    """The leader's grant passes it on and moves nothing (ruling 9)."""
    one = ticket.extension
    assert one is not None
    if event.granted and not event.upstream:
        return replace(ticket, extension=replace(one, passed_on=True))
    closed = decided(one.asked, entry, granted=event.granted)
    after = replace(ticket, extension=replace(one, asked=closed, due=event.due))
    return replace(after, extended_due=event.due) if event.granted else after


def merged(ticket: Ticket, entry: Entry, event: events.TicketMerged) -> Ticket:
    return replace(ticket, state=TicketState.MERGED, merged_into=event.into)


def absorbed(ticket: Ticket, entry: Entry, event: events.TicketAbsorbed) -> Ticket:
    dues = [due for due in (ticket.absorbed_due, event.due) if due is not None]
    return replace(
        ticket,
        absorbed=(*ticket.absorbed, event.no),
        absorbed_due=min(dues, default=None),
    )


def void_requested(ticket: Ticket, entry: Entry, event: events.Event) -> Ticket:
    return replace(ticket, void=asked(entry, None))


def void_refused(ticket: Ticket, entry: Entry, event: events.Event) -> Ticket:
    assert ticket.void is not None
    return replace(ticket, void=decided(ticket.void, entry, granted=False))


def voided(ticket: Ticket, entry: Entry, event: events.Event) -> Ticket:
    """Confirmed by a leader, or at the platform's word, at once and from any state."""
    pending = ticket.pending_void
    void = decided(pending, entry, granted=True) if pending is not None else ticket.void
    return replace(ticket, state=TicketState.VOIDED, void=void)
