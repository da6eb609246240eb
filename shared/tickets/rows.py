"""Domain values as rows of the schema, ready for JSON."""

from datetime import datetime
from typing import Any

from shared.domain.clocks import Clock
from shared.domain.events import Entry
from shared.domain.notices import Notice
from shared.domain.ticket import Ticket
from shared.domain.words import ClockName
from shared.events.codec import FORM, dump_clocks, dump_event, dump_ticket


def event_row(ticket_id: int, entry: Entry, *, trace: str | None) -> dict[str, Any]:
    return {
        "ticket_id": ticket_id,
        "seq": entry.seq,
        "type": entry.event.type,
        "schema_version": entry.event.version,
        "occurred_at": entry.occurred_at,
        "recorded_at": entry.recorded_at,
        "actor_role": entry.actor.role,
        "actor_name": entry.actor.name,
        "actor_key": entry.actor.key,
        "actor_unit": entry.actor.unit,
        "data": dump_event(entry.event),
        "clocks": dump_clocks(entry.clocks) if entry.clocks else None,
        "texts": dict(entry.texts) if entry.texts else None,
        "trace": trace,
    }


def ticket_row(ticket: Ticket, *, escalate_at: datetime | None) -> dict[str, Any]:
    """The filter columns are the fold's, so that no query has to look into it."""
    complete = ticket.clock(ClockName.COMPLETE)
    return {
        "ticket_id": ticket.ticket_id,
        "no": ticket.no,
        "seq": ticket.seq,
        "version": ticket.version,
        "state": ticket.state,
        "round": ticket.round,
        "source": ticket.source,
        "appeal_type": ticket.appeal_type,
        "urgency": ticket.urgency,
        "trade": ticket.trade,
        "category": ticket.category,
        "street": ticket.street,
        "lead_unit": ticket.lead.unit if ticket.lead is not None else None,
        "object_unit": ticket.object_unit,
        "matter": ticket.matter,
        "received_at": ticket.received_at,
        "due_at": complete.due if complete is not None else None,
        "warn_at": complete.warn if complete is not None else None,
        "stopped_at": complete.stopped_at if complete is not None else None,
        "completed_at": ticket.completed_at,
        "archive_at": ticket.archive_due,
        "escalate_at": escalate_at,
        "fold": dump_ticket(ticket),
        "form": FORM,
    }


def clock_row(ticket_id: int, clock: Clock) -> dict[str, Any]:
    return {
        "ticket_id": ticket_id,
        "round": clock.round,
        "name": clock.name,
        "ordinal": clock.ordinal,
        "unit": clock.unit,
        "start_at": clock.start,
        "due_at": clock.due,
        "warn_at": clock.warn,
        "rule": clock.rule,
        "limits_version": clock.limits,
        "calendar_version": clock.calendar,
        "outcome": clock.outcome,
        "stopped_at": clock.stopped_at,
        "warned": clock.warned,
        "missed": clock.missed,
        "alarm_at": clock.alarm_at,
    }


def text_row(
    ticket_id: int, seq: int, field: str, *, body: str, salt: bytes, at: datetime
) -> dict[str, Any]:
    return {
        "ticket_id": ticket_id,
        "seq": seq,
        "field": field,
        "version": 1,
        "salt": f"\\x{salt.hex()}",
        "body": body,
        "recorded_at": at,
        "erased_at": None,
    }


def notice_row(
    notice: Notice, subject: str, seq: int, *, ticket_id: int | None, at: datetime
) -> dict[str, Any]:
    return {
        "subject": subject,
        "seq": seq,
        "kind": notice.kind,
        "addressee_kind": notice.to.kind,
        "addressee": notice.to.id,
        "ticket_id": ticket_id,
        "urgency": notice.urgency,
        "at": at,
        "tell_by": notice.tell_by,
        "data": dict(notice.data),
    }


def delivery_row(ticket_id: int, entry: Entry, subscriber: str) -> dict[str, Any]:
    """Thin: the key names the ticket and the entry."""
    return {
        "stream_id": ticket_id,
        "seq": entry.seq,
        "subscriber": subscriber,
        "event_type": entry.event.type,
        "payload": None,
    }
