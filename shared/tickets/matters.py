"""Matters as they lie in Postgres: their lock, their log, and tickets coming and going.

Whoever changes which tickets are on which matter first holds the bureau's lock (`hold_matters`),
before any ticket: so two tickets of one matter never make two of it.
"""

import hashlib
import secrets
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from typing import Any

import orjson
from pydantic import TypeAdapter
from sqlalchemy import text

from shared import models
from shared.db import Tx
from shared.domain import matters
from shared.domain.actor import Actor
from shared.domain.events import MatterJoined, MatterLeft
from shared.domain.matters import (
    MATTER_EVENTS,
    Matter,
    MatterEntry,
    MatterEvent,
    MatterOpened,
    MatterReopened,
    MatterState,
    TicketAttached,
    TicketDetached,
)
from shared.domain.repeats import LAYER_UPSTREAM
from shared.domain.ticket import Ticket
from shared.domain.words import Role
from shared.tickets.ledger import SALT_BYTES, Ledger, text_hash
from shared.tickets.statements import replacing, write_rows

HOLD = text("SELECT pg_advisory_xact_lock(CAST(:key AS bigint))")
HOLD_IF_FREE = text("SELECT pg_try_advisory_xact_lock(CAST(:key AS bigint)) AS held")
NEXT_NO = text("SELECT 'M-' || lpad(nextval('matter_nos')::text, 6, '0') AS no")
MATTERS = text(
    "SELECT matter, version, state, root, opened_at, tickets, closed_at, closed_by FROM matters"
    " WHERE bureau_id = :bureau AND matter = ANY(CAST(:names AS text[]))"
)
LOG = text(
    "SELECT seq, type, occurred_at, actor_role, actor_name, actor_key, actor_unit,"
    " data::text AS data, texts::text AS texts FROM matter_events"
    " WHERE bureau_id = :bureau AND matter = :matter ORDER BY seq"
)
WRITE = text(
    "WITH written_events AS ("
    + write_rows(models.matter_events, "events")
    + "), written_texts AS ("
    + write_rows(models.matter_texts, "texts")
    + "), written_matters AS ("
    + write_rows(models.matters, "matters", conflict=replacing(models.matters, ("matter",)))
    + ") SELECT 1"
)
BY_TYPE = {event.type: TypeAdapter(event) for event in MATTER_EVENTS}
HASHES = TypeAdapter(dict[str, str])


async def hold_matters(tx: Tx) -> None:
    """Until the transaction ends nobody else in the bureau moves tickets between matters."""
    await tx.run(HOLD, key=lock_key(tx.bureau))


async def hold_matters_if_free(tx: Tx) -> bool:
    """The same without waiting. False where they are in another transaction's hands."""
    row = await tx.row(HOLD_IF_FREE, key=lock_key(tx.bureau))
    return row is not None and bool(row.held)


def lock_key(bureau: int) -> int:
    digest = hashlib.sha256(f"matters:{bureau}".encode()).digest()
    return int.from_bytes(digest[:8], "big", signed=True)


async def find_matters(tx: Tx, names: Collection[str]) -> dict[str, Matter]:
    if not names:
        return {}
    rows = await tx.rows(MATTERS, bureau=tx.bureau, names=sorted(names))
    return {
        row.matter: Matter(
            matter=row.matter,
            version=row.version,
            state=MatterState(row.state),
            root=row.root or "",
            opened_at=row.opened_at,
            tickets=row.tickets,
            closed_at=row.closed_at,
            closed_by=row.closed_by,
        )
        for row in rows
    }


async def list_matter_entries(tx: Tx, matter: str) -> list[MatterEntry]:
    return [
        MatterEntry(
            seq=row.seq,
            event=BY_TYPE[row.type].validate_json(row.data),
            occurred_at=row.occurred_at,
            actor=Actor(Role(row.actor_role), row.actor_name, row.actor_key, row.actor_unit),
            texts=HASHES.validate_json(row.texts) if row.texts else {},
        )
        for row in await tx.rows(LOG, bureau=tx.bureau, matter=matter)
    ]


@dataclass(slots=True)
class MatterBook:
    """One transaction's dealings with matters. `write` puts them down, before the commit."""

    ledger: Ledger
    matters: dict[str, Matter] = field(default_factory=dict)
    roots: dict[str, int] = field(default_factory=dict)
    _events: list[dict[str, Any]] = field(default_factory=list)
    _texts: list[dict[str, Any]] = field(default_factory=list)

    async def load(self, names: Collection[str]) -> None:
        self.matters |= await find_matters(self.ledger.tx, set(names) - set(self.matters))

    async def open(
        self, root: Ticket, *, actor: Actor, layer: int | None = None, reason: str | None = None
    ) -> str:
        """A new matter, still empty, named M- and six digits."""
        row = await self.ledger.tx.row(NEXT_NO)
        assert row is not None
        entry = self._entry(row.no, 1, MatterOpened(root.no, layer, reason), actor=actor, texts={})
        self.matters[row.no] = matters.opened(row.no, entry)
        self.roots[row.no] = root.ticket_id
        return str(row.no)

    def record(
        self,
        matter: str,
        event: MatterEvent,
        *,
        actor: Actor,
        texts: Mapping[str, str] | None = None,
    ) -> Matter:
        before = self.matters[matter]
        entry = self._entry(matter, before.version + 1, event, actor=actor, texts=texts or {})
        self.matters[matter] = matters.apply(before, entry)
        return self.matters[matter]

    def attach(
        self,
        ticket: Ticket,
        matter: str,
        *,
        actor: Actor,
        layer: int | None = None,
        reason: str | None = None,
        callers: int | None = None,
        is_root: bool = False,
        texts: Mapping[str, str] | None = None,
    ) -> Ticket:
        """In both logs. A closed matter opens again; an old one is left without a word."""
        if ticket.matter is not None:
            self.record(ticket.matter, TicketDetached(ticket.no), actor=actor)
        if not self.matters[matter].is_open:
            self.record(matter, MatterReopened(ticket.no), actor=actor)
        attached = TicketAttached(ticket.no, layer, reason, is_root)
        self.record(matter, attached, actor=actor, texts=texts)
        if is_root:
            self.roots[matter] = ticket.ticket_id
        joined = MatterJoined(matter, layer, reason, callers)
        return self.ledger.record(ticket, joined, actor=actor, texts=texts)

    def detach(self, ticket: Ticket, *, actor: Actor, texts: Mapping[str, str]) -> Ticket:
        """A platform's word that it is a repeat stands all the same."""
        assert ticket.matter is not None
        self.record(ticket.matter, TicketDetached(ticket.no), actor=actor, texts=texts)
        ends = ticket.repeat_of is not None and ticket.repeat_layer != LAYER_UPSTREAM
        return self.ledger.record(ticket, MatterLeft(ticket.matter, ends), actor=actor, texts=texts)

    async def write(self) -> None:
        if not self._events:
            return
        touched = {event["matter"] for event in self._events}
        known = await self._known_roots(touched - set(self.roots))
        roots = known | self.roots
        values = {
            "events": self._events,
            "texts": self._texts,
            "matters": [_row(self.matters[name], roots[name]) for name in sorted(touched)],
        }
        encoded = {name: orjson.dumps(rows).decode() for name, rows in values.items()}
        await self.ledger.tx.run(WRITE, bureau=self.ledger.tx.bureau, **encoded)
        self._events, self._texts = [], []

    async def _known_roots(self, names: Collection[str]) -> dict[str, int]:
        tx = self.ledger.tx
        rows = await tx.rows(ROOTS, bureau=tx.bureau, names=sorted(names)) if names else ()
        return {row.matter: row.root_ticket_id for row in rows}

    def _entry(
        self,
        matter: str,
        seq: int,
        event: MatterEvent,
        *,
        actor: Actor,
        texts: Mapping[str, str],
    ) -> MatterEntry:
        now = self.ledger.now
        hashes = {}
        for name, body in texts.items():
            salt = secrets.token_bytes(SALT_BYTES)
            hashes[name] = text_hash(salt, body)
            self._texts.append(
                {
                    "matter": matter,
                    "seq": seq,
                    "field": name,
                    "version": 1,
                    "salt": f"\\x{salt.hex()}",
                    "body": body,
                    "recorded_at": now,
                }
            )
        data = BY_TYPE[event.type].dump_python(event, mode="json", exclude_defaults=True)
        self._events.append(
            {
                "matter": matter,
                "seq": seq,
                "type": event.type,
                "occurred_at": now,
                "recorded_at": now,
                "actor_role": actor.role,
                "actor_name": actor.name,
                "actor_key": actor.key,
                "actor_unit": actor.unit,
                "data": data,
                "texts": hashes or None,
            }
        )
        return MatterEntry(seq, event, now, actor, hashes)


ROOTS = text(
    "SELECT matter, root_ticket_id FROM matters"
    " WHERE bureau_id = :bureau AND matter = ANY(CAST(:names AS text[]))"
)


def _row(matter: Matter, root_ticket_id: int) -> dict[str, Any]:
    return {
        "matter": matter.matter,
        "root_ticket_id": root_ticket_id,
        "opened_at": matter.opened_at,
        "version": matter.version,
        "state": matter.state,
        "root": matter.root,
        "tickets": matter.tickets,
        "closed_at": matter.closed_at,
        "closed_by": matter.closed_by,
    }


async def join_matter(
    ledger: Ledger, ticket: Ticket, master: Ticket, *, actor: Actor, reason: str
) -> tuple[Ticket, Ticket]:
    """Both on one matter, the master's where it has one; for merging (并单).

    The caller holds the matters (`hold_matters`, before the tickets) and both tickets.
    """
    book = MatterBook(ledger)
    await book.load({one.matter for one in (ticket, master) if one.matter is not None})
    matter = master.matter or ticket.matter
    if matter is None:
        matter = await book.open(master, actor=actor, reason=reason)
    if master.matter is None:
        master = book.attach(master, matter, actor=actor, reason=reason)
    if ticket.matter != matter:
        ticket = book.attach(ticket, matter, actor=actor, reason=reason)
    await book.write()
    return ticket, master
