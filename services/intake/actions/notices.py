"""Messages that report or demand: urged, supervised, followed up, rework, voided."""

from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import Any

from services.intake.actions.desk import IntakeDesk, source_actor
from services.intake.schemas import messages
from shared.domain import events
from shared.domain.clockwork import rework_until, supervised_until
from shared.domain.ticket import Ticket
from shared.domain.words import ClockName, FollowUpLevel, TicketState
from shared.vault.free_text import hide_people

HIGHEST_LEVEL = 3
# Messages on these are kept and change nothing; those on a merged one go to its master.
DEAD = (TicketState.VOIDED, TicketState.MERGED, TicketState.RETURNED_UPSTREAM)


def record(
    desk: IntakeDesk,
    source: str,
    message: messages.TicketMessage,
    ticket: Ticket,
    event: events.Event,
    **texts: str | None,
) -> Ticket:
    mask = desk.mask_of(ticket, None)
    told = {name: hide_people(mask(body)) for name, body in texts.items() if body}
    # What a platform dates ahead of our clock happened now at the latest.
    at = min(message.at, desk.ledger.now)
    after = desk.ledger.record(
        ticket, event, actor=source_actor(source), occurred_at=at, texts=told
    )
    return desk.keep(after)


def urge(desk: IntakeDesk, source: str, message: messages.TicketUrged, ticket: Ticket) -> Ticket:
    return record(desk, source, message, ticket, events.TicketUrged(), text=message.data.text)


def supervise(
    desk: IntakeDesk, source: str, message: messages.TicketSupervised, ticket: Ticket
) -> Ticket:
    level = message.data.level or min(HIGHEST_LEVEL, ticket.supervision_level + 1)
    due = message.data.due or supervised_until(message.at, desk.ledger.rulebook)
    event = events.TicketSupervised(level=level, due=due)
    return record(desk, source, message, ticket, event, text=message.data.text)


def void(desk: IntakeDesk, source: str, message: messages.TicketVoided, ticket: Ticket) -> Ticket:
    event = events.TicketVoided()
    return record(desk, source, message, ticket, event, reason=message.data.reason)


def follow_up(
    desk: IntakeDesk, source: str, message: messages.TicketFollowedUp, ticket: Ticket
) -> Ticket:
    """Only recorded; a new round comes with `redo` or by a rework message (ruling 23)."""
    data = message.data
    event = events.TicketFollowedUp(
        level=FollowUpLevel(data.level),
        reached=data.reached,
        first_contact=data.first_contact,
        overall=data.overall,
        attitude=data.attitude,
        solved=data.solved,
        redo=data.redo,
    )
    after = record(desk, source, message, ticket, event)
    if data.redo and not after.is_open:
        reopened = events.ReworkOpened(round=after.round + 1, own=False)
        after = record(desk, source, message, after, reopened)
    return after


def rework(desk: IntakeDesk, source: str, message: messages.TicketRework, ticket: Ticket) -> Ticket:
    """The next round of the original; on one still open it counts as supervised (ruling 24)."""
    data = message.data
    due = data.due or rework_until(message.at, desk.ledger.rulebook)
    desk.note_receipt(source, data.upstream_no, received_at=None, at=message.at)
    event: events.Event
    if ticket.is_open:
        level = min(HIGHEST_LEVEL, ticket.supervision_level + 1)
        event = events.TicketSupervised(level, due, source, data.upstream_no)
    else:
        event = events.ReworkOpened(ticket.round + 1, False, due, source, data.upstream_no)
    return record(desk, source, message, ticket, event, reason=data.reason)


def decide_return(
    desk: IntakeDesk, source: str, message: messages.ReturnDecided, ticket: Ticket
) -> Ticket | None:
    """On a request we have not made: understood, without effect."""
    data = message.data
    if ticket.state is not TicketState.RETURN_PENDING:
        return None
    event = events.ReturnedUpstream() if data.granted else events.ReturnDecided(granted=False)
    return record(desk, source, message, ticket, event, comment=data.reason)


def decide_extension(
    desk: IntakeDesk, source: str, message: messages.ExtensionDecided, ticket: Ticket
) -> Ticket | None:
    """Granted: `due`, else the old due and the days asked for (ruling 9)."""
    data, extension = message.data, ticket.pending_extension
    if extension is None:
        return None
    complete = ticket.clock(ClockName.COMPLETE)
    due = data.due
    if due is None and complete is not None and complete.due is not None:
        calendar = desk.ledger.rulebook.calendar_at(complete.due)
        due = calendar.same_time_workdays_after(complete.due, extension.days)
    event = events.ExtensionDecided(data.granted, True, due if data.granted else None)
    return record(desk, source, message, ticket, event, comment=data.reason)


Notice = Callable[[IntakeDesk, str, Any, Ticket], Ticket | None]

NOTICES: Mapping[type[messages.TicketMessage], Notice] = MappingProxyType(
    {
        messages.TicketUrged: urge,
        messages.TicketSupervised: supervise,
        messages.TicketVoided: void,
        messages.TicketFollowedUp: follow_up,
        messages.TicketRework: rework,
        messages.ReturnDecided: decide_return,
        messages.ExtensionDecided: decide_extension,
    }
)
