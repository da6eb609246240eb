"""Erasing tickets: everything that tells of a person, out of every place it lies in, at once.

All of one ticket goes in one transaction, under its lock: what a kill interrupts never began.
"""

from collections import Counter
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from types import MappingProxyType
from typing import Any

import orjson
from sqlalchemy import TextClause

from shared.audit.entries import record_reading
from shared.db import Tx
from shared.domain.actor import Actor
from shared.domain.events import TicketErased
from shared.domain.fold import fold
from shared.domain.readings import Reading, ReadingKind
from shared.domain.ticket import Ticket
from shared.domain.words import ErasureCause, ErasurePart
from shared.erasure import statements
from shared.tickets import Ledger, list_entries

P = ErasurePart
OPERATION = "erase"
Fields = Mapping[str, int]
# What goes with which part, by the name that its tombstone gives it.
PLACES: Sequence[tuple[ErasurePart, str, TextClause]] = (
    (P.CALLER, "callers", statements.CALLERS),
    (P.CALLER, "messages", statements.MESSAGES),
    (P.CALLER, "messages", statements.STRAY_MESSAGES),
    (P.CALLER, "texts", statements.RAW_TEXTS),
    (P.TICKET, "texts", statements.ALL_TEXTS),
    (P.TICKET, "places", statements.PLACES),
    (P.TICKET, "matter_texts", statements.MATTER_TEXTS),
)
REDACTED = (P.RECORDING, P.TICKET)


@dataclass(frozen=True, slots=True)
class Order:
    """On whose word, and why. `reasons` by part come before `reason`."""

    cause: ErasureCause
    actor: Actor
    reason: str = ""
    reasons: Mapping[ErasurePart, str] = field(default_factory=lambda: MappingProxyType({}))
    request_id: int | None = None


@dataclass(slots=True)
class Sweep:
    """What is taken out of some locked tickets in one transaction, part by part."""

    ledger: Ledger
    order: Order
    wanted: Mapping[int, Collection[ErasurePart]]
    found: dict[tuple[int, ErasurePart], Counter[str]] = field(default_factory=dict)

    @property
    def tx(self) -> Tx:
        return self.ledger.tx

    def ids_of(self, part: ErasurePart) -> list[int]:
        return sorted(one for one, parts in self.wanted.items() if part in parts)

    def count(self, part: ErasurePart, name: str, ids: Iterable[int]) -> None:
        for one in ids:
            self.found.setdefault((one, part), Counter())[name] += 1

    async def put_tombstones(self) -> None:
        keys = [(one, part) for one, parts in self.wanted.items() for part in sorted(parts)]
        await self.tx.run(
            statements.PUT_TOMBSTONES,
            bureau=self.tx.bureau,
            now=self.tx.now,
            cause=self.order.cause,
            role=self.order.actor.role,
            name=self.order.actor.name,
            reason=self.order.reason,
            reasons=orjson.dumps({str(k): v for k, v in self.order.reasons.items()}).decode(),
            request=self.order.request_id,
            ids=[one for one, _ in keys],
            parts=[part.value for _, part in keys],
        )

    async def take_out(self) -> None:
        for part, name, statement in PLACES:
            ids = self.ids_of(part)
            if ids:
                values: dict[str, Any] = {"now": self.tx.now} if ":now" in str(statement) else {}
                rows = await self.tx.rows(statement, bureau=self.tx.bureau, ids=ids, **values)
                self.count(part, name, (row.ticket_id for row in rows))
        for part in REDACTED:
            ids = self.ids_of(part)
            if ids:
                for row in await self.tx.rows(statements.REDACT, ids=ids, part=part.value):
                    if row.n:
                        self.found.setdefault((row.ticket_id, part), Counter())["log"] += row.n

    async def reach(self, tickets: Iterable[Ticket]) -> None:
        """How far in its log each is clean; what comes later is erased in its turn."""
        rows: list[dict[str, Any]] = [
            {
                "ticket_id": ticket.ticket_id,
                "part": part,
                "seq": ticket.seq,
                "fields": self.found.get((ticket.ticket_id, part), {}),
            }
            for ticket in tickets
            for part in self.wanted[ticket.ticket_id]
        ]
        encoded = orjson.dumps(rows).decode()
        await self.tx.run(statements.REACH, bureau=self.tx.bureau, now=self.tx.now, rows=encoded)


async def erase_tickets(
    ledger: Ledger,
    tickets: Mapping[int, Ticket],
    wanted: Mapping[int, Collection[ErasurePart]],
    order: Order,
) -> dict[int, Fields]:
    """What was taken out of each, by kind. `tickets` are locked, and nothing stands in the way."""
    if not wanted:
        return {}
    sweep = Sweep(ledger, order, wanted)
    await sweep.put_tombstones()
    await sweep.take_out()
    ended = await tell(sweep, tickets)
    nos = [tickets[one].no for one in wanted]
    await sweep.tx.rows(statements.ANSWERS, bureau=sweep.tx.bureau, nos=nos)
    await ledger.flush()
    await sweep.reach(ended)
    told = {
        one: sum((sweep.found.get((one, p), Counter()) for p in P), Counter()) for one in wanted
    }
    if any(told.values()):
        await record(ledger.tx, ReadingKind.ERASED, order, tickets=wanted)
    return {one: dict(fields) for one, fields in told.items()}


async def tell(sweep: Sweep, tickets: Mapping[int, Ticket]) -> list[Ticket]:
    """An entry in the log of each that lost something, after what is now left of it."""
    touched = {one for one, _ in sweep.found}
    logs = await list_entries(sweep.tx, touched) if touched else {}
    ended = []
    for ticket_id in sorted(sweep.wanted):
        ticket = tickets[ticket_id]
        if ticket_id in touched:
            left = fold(ticket_id, logs[ticket_id])
            parts = tuple(part for part in P if (ticket_id, part) in sweep.found)
            event = TicketErased(parts, sweep.order.cause)
            ticket = sweep.ledger.record(
                replace(left, clocks=ticket.clocks), event, actor=sweep.order.actor
            )
        ended.append(ticket)
    return ended


async def record(
    tx: Tx,
    kind: ReadingKind,
    order: Order,
    *,
    tickets: Collection[int] = (),
    **detail: object,
) -> None:
    """Beside the tombstones, in the chain that nobody can change afterwards."""
    told = {"cause": order.cause, "request": order.request_id, "reason": order.reason, **detail}
    kept = {name: value for name, value in told.items() if value not in (None, "")}
    await record_reading(tx, Reading(kind, order.actor, OPERATION, None, kept), tickets)
