"""Domain values as JSON and back: the log's data, a ticket's fold, its clocks."""

from collections.abc import Mapping
from dataclasses import fields
from datetime import datetime
from types import MappingProxyType
from typing import Any, cast

from pydantic import TypeAdapter

from shared.domain.actor import Actor
from shared.domain.clocks import Clock
from shared.domain.events import EVENTS, Entry, Event
from shared.domain.ticket import Ticket
from shared.domain.words import Role
from shared.errors import NewerRelease

CLOCKS = TypeAdapter(tuple[Clock, ...])
TICKET = TypeAdapter(Ticket)
BY_TYPE: Mapping[str, type[Event]] = MappingProxyType({event.type: event for event in EVENTS})
ADAPTERS: Mapping[str, TypeAdapter[Event]] = MappingProxyType(
    {event.type: TypeAdapter(event) for event in EVENTS}
)


# How this release writes a fold. Grows whenever `Ticket` or a step does; tests/house holds it so.
FORM = 2


class UnknownEvent(NewerRelease):
    """The log holds a type that this release cannot read: a newer one has recorded it."""


def dump_event(event: Event) -> dict[str, Any]:
    """What stays out of the log: fields that say nothing (None, empty, their default)."""
    return cast(
        "dict[str, Any]",
        ADAPTERS[event.type].dump_python(event, mode="json", exclude_defaults=True),
    )


def load_event(event_type: str, data: str | bytes) -> Event:
    adapter = ADAPTERS.get(event_type)
    if adapter is None:
        raise UnknownEvent
    return adapter.validate_json(data)


def dump_clocks(clocks: tuple[Clock, ...]) -> list[dict[str, Any]]:
    return cast("list[dict[str, Any]]", CLOCKS.dump_python(clocks, mode="json"))


def load_clocks(data: str | bytes | None) -> tuple[Clock, ...]:
    return CLOCKS.validate_json(data) if data else ()


def dump_ticket(ticket: Ticket) -> dict[str, Any]:
    """The fold without its clocks, which have a table of their own; `form` tells who wrote it."""
    dumped = TICKET.dump_python(ticket, mode="json", exclude_defaults=True, exclude={"clocks"})
    return {**dumped, "form": FORM}


def load_ticket(data: str | bytes) -> Ticket:
    return TICKET.validate_json(data)


def load_entry(row: Any) -> Entry:
    """A row of `ticket_events` with data, clocks and texts as JSON text."""
    return Entry(
        seq=row.seq,
        event=load_event(row.type, row.data),
        occurred_at=row.occurred_at,
        recorded_at=row.recorded_at,
        actor=Actor(Role(row.actor_role), row.actor_name, row.actor_key, row.actor_unit),
        clocks=load_clocks(row.clocks),
        texts=TEXT_HASHES.validate_json(row.texts) if row.texts else {},
    )


TEXT_HASHES = TypeAdapter(dict[str, str])
CLOCK_FIELDS = tuple(field.name for field in fields(Clock))
ENTRY_COLUMNS = (
    "seq, type, occurred_at, recorded_at, actor_role, actor_name, actor_key, actor_unit,"
    " data::text AS data, clocks::text AS clocks, texts::text AS texts"
)


def iso(at: datetime | None) -> str | None:
    return None if at is None else at.isoformat()
