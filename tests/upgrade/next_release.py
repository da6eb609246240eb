"""What the release after this one might bring, put on top of this tree by `install()`.

One event type more (`ticket.labelled`), recorded by it; one field more on an existing event
(`ticket.accepted.shift`); one subscriber more (`labels`) with a handler; one field more in the
fold; one nullable column more (`tickets.label`) with a migration of its own.

`install()` is called before a process does anything else; it cannot be taken back.
"""

import dataclasses
import os
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from types import MappingProxyType, ModuleType
from typing import Any

from alembic.config import Config
from pydantic import TypeAdapter
from sqlalchemy import Column, Text

from services.cli import worker
from services.scoring.rules import facts, rounds
from shared import models
from shared.db import migrate
from shared.domain import events, fold, steps
from shared.domain.actor import SYSTEM
from shared.domain.events import Entry, Event, TicketAccepted
from shared.domain.rulebook import Rulebook
from shared.domain.ticket import Ticket
from shared.events import codec, subscriptions
from shared.tickets import ledger, loading, rows, settling, statements, vitals
from shared.worker.deliveries import Delivery, Handler

VERSIONS = Path(__file__).parent / "versions"
LABELS = "labels"
LABEL = "白班"
SHIFT = "day"


@dataclass(frozen=True, slots=True)
class TicketLabelled(Event):
    """Recorded by the handler of `labels` when a lead has accepted."""

    type = "ticket.labelled"
    label: str


@dataclass(frozen=True, slots=True)
class ShiftAccepted(TicketAccepted):
    """The same event with a field more."""

    type = "ticket.accepted"
    shift: str | None = None


@dataclass(frozen=True, slots=True)
class LabelledTicket(Ticket):
    labels: tuple[str, ...] = ()


def labelled(ticket: LabelledTicket, entry: Entry, event: TicketLabelled) -> LabelledTicket:
    return dataclasses.replace(ticket, labels=(*ticket.labels, event.label))


async def label_tickets(ledger: ledger.Ledger, deliveries: Sequence[Delivery]) -> None:
    """Running twice or late does no harm: a label is put on once."""
    held = await loading.lock_ids(ledger.tx, {one.stream_id for one in deliveries})
    for ticket in held.values():
        assert isinstance(ticket, LabelledTicket)
        if LABEL not in ticket.labels:
            ledger.record(ticket, TicketLabelled(label=LABEL), actor=SYSTEM)


def install(one_in: int = 1) -> None:
    """Makes this process one of the next release, which labels one in so many tickets."""
    if TicketLabelled in events.EVENTS:
        return
    _add_events()
    _add_field_to_fold()
    _add_subscriber(one_in)
    _add_column()
    _add_migration()


def put(value: object, name: str, *modules: ModuleType) -> None:
    """Each module that has taken the name over holds a binding of its own."""
    for module in modules:
        assert hasattr(module, name), (module, name)
        setattr(module, name, value)


def _add_events() -> None:
    put((*events.EVENTS, TicketLabelled), "EVENTS", events, codec)
    known: dict[str, type[Event]] = dict(codec.BY_TYPE)
    known |= {TicketLabelled.type: TicketLabelled, ShiftAccepted.type: ShiftAccepted}
    put(MappingProxyType(known), "BY_TYPE", codec, loading)
    adapters = {name: TypeAdapter(event) for name, event in known.items()}
    put(MappingProxyType(adapters), "ADAPTERS", codec)
    for module, copies in ((steps, (fold,)), (rounds, (facts,))):
        taken: dict[type[Event], Any] = dict(module.STEPS)
        taken[ShiftAccepted] = taken[TicketAccepted]
        if module is steps:
            taken[TicketLabelled] = labelled
        put(MappingProxyType(taken), "STEPS", module, *copies)
    record = ledger.Ledger.record

    def record_next(self: ledger.Ledger, ticket: Ticket, event: Event, **told: Any) -> Ticket:
        if type(event) is TicketAccepted:
            event = ShiftAccepted(event.unit, event.executor, event.section, SHIFT)
        return record(self, ticket, event, **told)

    put_method(ledger.Ledger, "record", record_next)


def put_method(owner: type, name: str, method: Callable[..., object]) -> None:
    setattr(owner, name, method)


def _add_field_to_fold() -> None:
    put(LabelledTicket, "Ticket", fold)
    put(TypeAdapter(LabelledTicket), "TICKET", codec)
    put(codec.FORM + 1, "FORM", codec, rows, loading)


def _add_subscriber(one_in: int) -> None:
    heard, handlers = subscriptions.subscribers, worker.all_handlers
    put((*subscriptions.INTERNAL, LABELS), "INTERNAL", subscriptions, settling, vitals)

    def subscribers(
        event: Event, before: Ticket | None, after: Ticket, rulebook: Rulebook
    ) -> list[str]:
        is_labelled = isinstance(event, ShiftAccepted) and after.ticket_id % one_in == 0
        more = [LABELS] if is_labelled else []
        return heard(event, before, after, rulebook) + more

    def all_handlers() -> Mapping[str, Handler]:
        return {**handlers(), LABELS: label_tickets}

    put(subscribers, "subscribers", subscriptions, ledger)
    put(all_handlers, "all_handlers", worker)


def _add_column() -> None:
    models.tickets.append_column(Column("label", Text, comment="标签"))
    conflict = statements.replacing(models.tickets, ("ticket_id",))
    statements.PARTS["tickets"] = statements.write_rows(
        models.tickets, "tickets", conflict=conflict
    )
    for parts in tuple(statements.WRITE):
        statements.WRITE[parts] = statements._all_of(parts)
    written = rows.ticket_row

    def ticket_row(ticket: Ticket, *, escalate_at: datetime | None) -> dict[str, Any]:
        labels = getattr(ticket, "labels", ())
        return written(ticket, escalate_at=escalate_at) | {"label": next(iter(labels), None)}

    put(ticket_row, "ticket_row", rows)


def _add_migration() -> None:
    made = migrate.config

    def config() -> Config:
        both = made()
        own = Path(both.get_main_option("script_location") or "") / "versions"
        both.set_main_option("path_separator", "os")
        both.set_main_option("version_locations", os.pathsep.join([str(own), str(VERSIONS)]))
        return both

    put(config, "config", migrate)
