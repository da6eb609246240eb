"""The one door to a ticket: `record` checks, folds and sets clocks; `flush` writes it all."""

import hashlib
import secrets
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any

import orjson

from shared.db import Tx, Wider
from shared.domain import fold
from shared.domain.actor import SYSTEM, Actor
from shared.domain.clocks import merge
from shared.domain.clockwork import clock_changes
from shared.domain.events import Entry, Event, RepeatLinked, TicketReceived
from shared.domain.ladder import next_escalation, repeats_step
from shared.domain.notices import Notice
from shared.domain.rulebook import Rulebook
from shared.domain.telling import notices_for
from shared.domain.ticket import Ticket
from shared.events.subscriptions import subscribers
from shared.tickets import rows
from shared.tickets.emergency import under_emergency
from shared.tickets.repeats import count_repeats
from shared.tickets.statements import PARTS, WRITE, parts_of
from shared.vault.keyring import Keyring

SALT_BYTES = 16


@dataclass(slots=True)
class Ledger:
    """One transaction's dealings with tickets. Nothing is written before `flush`.

    `owes`: deliveries came of it, so the workers should hear of it. `trace` is the request's
    traceparent, kept with every entry.
    """

    tx: Tx
    rulebook: Rulebook
    keyring: Keyring
    trace: str | None = None
    owes: bool = False
    tickets: dict[int, Ticket] = field(default_factory=dict)
    _pending: dict[str, list[dict[str, Any]]] = field(
        default_factory=lambda: {name: [] for name in PARTS}
    )
    _touched: set[int] = field(default_factory=set)
    _repeated: set[int] = field(default_factory=set)
    _worded: list[dict[str, Any]] = field(default_factory=list)

    @property
    def now(self) -> datetime:
        return self.tx.now

    def open(
        self,
        ticket_id: int,
        event: TicketReceived,
        *,
        actor: Actor,
        occurred_at: datetime,
        texts: Mapping[str, str],
    ) -> Ticket:
        """The first entry of a new ticket."""
        entry = self._entry(ticket_id, 1, event, actor=actor, occurred_at=occurred_at, texts=texts)
        return self._take(None, fold.received(ticket_id, entry), entry, texts)

    def record(
        self,
        ticket: Ticket,
        event: Event,
        *,
        actor: Actor,
        occurred_at: datetime | None = None,
        recorded_at: datetime | None = None,
        texts: Mapping[str, str] | None = None,
    ) -> Ticket:
        """The ticket after `event`; raises when its state may not follow.

        `recorded_at` is now, but for time-driven work, which is recorded at its own due time.
        """
        entry = self._entry(
            ticket.ticket_id,
            ticket.seq + 1,
            event,
            actor=actor,
            occurred_at=occurred_at or self.now,
            texts=texts or {},
            recorded_at=recorded_at,
        )
        return self._take(ticket, fold.apply(ticket, entry), entry, texts or {})

    async def flush(self) -> None:
        """Writes what was recorded, in one statement."""
        pending = self._pending
        if not self._touched and not pending["notices"]:
            return
        pending["tickets"] = [self._ticket_row(ticket_id) for ticket_id in sorted(self._touched)]
        pending["clocks"] = _latest(pending["clocks"])
        self.owes = self.owes or bool(pending["deliveries"])
        numbers = bool(pending["numbers"] or pending["aliases"])
        parts = parts_of(numbers=numbers, notices=bool(pending["notices"]))
        values = {name: orjson.dumps(pending[name]).decode() for name in parts}
        await self.tx.run(WRITE[parts], bureau=self.tx.bureau, **values)
        self._pending = {name: [] for name in PARTS}
        self._touched = set()

    async def close(self) -> None:
        """The last flush, called once, by the edge, before commit.

        Repeats are counted only now, with all that this transaction has linked.
        """
        await self.flush()
        for ticket_id in sorted(self._repeated):
            ticket = self.tickets[ticket_id]
            async with self.tx.widened(Wider.REPEATS) as wide:
                repeats = await count_repeats(wide, ticket, self.rulebook)
            step = repeats_step(ticket, repeats, self.rulebook)
            if step is not None:
                self.record(ticket, step, actor=SYSTEM)
        await self.flush()

    def refresh(self, ticket: Ticket) -> None:
        """Writes the row anew: a column of it that follows the rulebook may have gone stale."""
        self.tickets[ticket.ticket_id] = ticket
        self._touched.add(ticket.ticket_id)

    def tell(self, subject: str, seq: int, notices: Iterable[Notice], *, at: datetime) -> None:
        """Notices that come of no ticket."""
        self._pending["notices"] += [
            rows.notice_row(notice, subject, seq, ticket_id=None, at=at) for notice in notices
        ]

    def _ticket_row(self, ticket_id: int) -> dict[str, Any]:
        ticket = self.tickets[ticket_id]
        step = next_escalation(ticket, self.rulebook)
        return rows.ticket_row(ticket, escalate_at=None if step is None else step[0])

    def _entry(
        self,
        ticket_id: int,
        seq: int,
        event: Event,
        *,
        actor: Actor,
        occurred_at: datetime,
        texts: Mapping[str, str],
        recorded_at: datetime | None = None,
    ) -> Entry:
        recorded_at = recorded_at or self.now
        hashes = {}
        self._worded = []
        for name, body in texts.items():
            salt = secrets.token_bytes(SALT_BYTES)
            hashes[name] = text_hash(salt, body)
            self._worded.append(
                rows.text_row(ticket_id, seq, name, body=body, salt=salt, at=recorded_at)
            )
        return Entry(
            seq=seq,
            event=event,
            occurred_at=occurred_at,
            recorded_at=recorded_at,
            actor=actor,
            texts=hashes,
        )

    def _take(
        self, before: Ticket | None, after: Ticket, entry: Entry, texts: Mapping[str, str]
    ) -> Ticket:
        if self.rulebook.emergencies:
            after, entry = under_emergency(after, entry, texts, rulebook=self.rulebook)
        changes = clock_changes(after, entry.event, at=entry.occurred_at, rulebook=self.rulebook)
        entry = replace(entry, clocks=changes)
        after = replace(after, clocks=merge(after.clocks, changes))
        ticket_id = after.ticket_id
        pending = self._pending
        pending["texts"] += self._worded
        pending["events"].append(rows.event_row(ticket_id, entry, trace=self.trace))
        pending["clocks"] += [rows.clock_row(ticket_id, clock) for clock in changes]
        heard = subscribers(entry.event, before, after, self.rulebook)
        pending["deliveries"] += [rows.delivery_row(ticket_id, entry, name) for name in heard]
        told = notices_for(before, after, entry.event, rulebook=self.rulebook, at=entry.recorded_at)
        pending["notices"] += [
            rows.notice_row(notice, after.no, entry.seq, ticket_id=ticket_id, at=entry.recorded_at)
            for notice in told
        ]
        if isinstance(entry.event, RepeatLinked):
            self._repeated.add(ticket_id)
        known = before.units if before is not None else ()
        pending["units"] += [
            {"unit_id": unit, "ticket_id": ticket_id} for unit in after.units if unit not in known
        ]
        self._add_numbers(before, after)
        self.tickets[ticket_id] = after
        self._touched.add(ticket_id)
        return after

    def _add_numbers(self, before: Ticket | None, after: Ticket) -> None:
        told = {(one.source, one.no) for one in before.upstream} if before is not None else set()
        others = before.other_nos if before is not None else ()
        self._pending["numbers"] += [
            {"upstream_no": one.no, "source": one.source, "ticket_id": after.ticket_id}
            for one in after.upstream
            if (one.source, one.no) not in told
        ]
        self._pending["aliases"] += [
            {"upstream_no": no, "source": "", "ticket_id": after.ticket_id}
            for no in after.other_nos
            if no not in others
        ]


def text_hash(salt: bytes, body: str) -> str:
    """What the log keeps of a text: SHA-256 over salt and text, in hex."""
    return hashlib.sha256(salt + body.encode()).hexdigest()


def _latest(clock_rows: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """A clock changed twice in one transaction is written once, as it ended."""
    by_key = {
        (row["ticket_id"], row["round"], row["name"], row["ordinal"]): row for row in clock_rows
    }
    return list(by_key.values())
