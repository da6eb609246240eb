"""What one batch of messages knows: tickets by number, standing texts, numbers to give out."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

import orjson

from services.intake import queries, reconciliation_queries
from shared.db import Tx
from shared.domain.actor import Actor
from shared.domain.calendar import CITY_ZONE
from shared.domain.ticket import Ticket
from shared.domain.words import Role
from shared.tickets import Ledger, find_masters, lock_ids
from shared.vault.callers import Caller, CallerRow, Mask, seal_caller
from shared.vault.keyring import Keyring
from shared.vault.rotation import adopt_known

Mark = dict[str, Any]


@dataclass(slots=True)
class IntakeDesk:
    """`marks` are the messages' ends, written once; `texts` the standing wordings by ticket."""

    ledger: Ledger
    numbers: dict[tuple[str, str], int]
    tickets: dict[int, Ticket]
    texts: dict[int, dict[tuple[int, str], str]]
    ids: list[int]
    known_callers: dict[int, Caller] = field(default_factory=dict)
    callers: dict[int, CallerRow] = field(default_factory=dict)
    marks: dict[str, Mark] = field(default_factory=dict)
    receipts: list[dict[str, Any]] = field(default_factory=list)

    def find(self, source: str, no: str) -> Ticket | None:
        """The ticket known to that platform under that number, or told of by another one."""
        ticket_id = self.numbers.get((no, source)) or self.numbers.get((no, ""))
        return None if ticket_id is None else self.tickets.get(ticket_id)

    def find_own(self, source: str, no: str) -> Ticket | None:
        ticket_id = self.numbers.get((no, source))
        return None if ticket_id is None else self.tickets.get(ticket_id)

    def find_any(self, nos: Iterable[str]) -> Ticket | None:
        """Known to whichever platform under one of those numbers."""
        wanted = set(nos)
        if not wanted:
            return None
        for (no, _), ticket_id in self.numbers.items():
            if no in wanted and ticket_id in self.tickets:
                return self.tickets[ticket_id]
        return None

    def master_of(self, ticket: Ticket) -> Ticket:
        """The ticket that a merged one is handled as; any other is its own."""
        while ticket.merged_into is not None:
            ticket = next(one for one in self.tickets.values() if one.no == ticket.merged_into)
        return ticket

    def keep(self, ticket: Ticket) -> Ticket:
        self.tickets[ticket.ticket_id] = ticket
        for one in ticket.upstream:
            self.numbers[(one.no, one.source)] = ticket.ticket_id
        for no in ticket.other_nos:
            self.numbers.setdefault((no, ""), ticket.ticket_id)
        return ticket

    def standing(self, ticket: Ticket) -> dict[str, str]:
        known = self.texts.get(ticket.ticket_id, {})
        return {
            name: known[(seq, name)] for name, seq in ticket.texts.items() if (seq, name) in known
        }

    def remember(self, ticket: Ticket, seq: int, texts: dict[str, str]) -> None:
        self.texts.setdefault(ticket.ticket_id, {}).update(
            {(seq, name): body for name, body in texts.items()}
        )

    def seal(self, ticket_id: int, caller: Caller | None) -> Mask:
        """Puts the caller away and answers the mask for the words of this message."""
        if caller is not None:
            self.callers[ticket_id] = seal_caller(
                caller, ticket_id, bureau=self.ledger.tx.bureau, keyring=self.ledger.keyring
            )
            self.known_callers[ticket_id] = caller
        return Mask(caller)

    def mask_of(self, ticket: Ticket, caller: Caller | None) -> Mask:
        """For a later message: the caller it brings, and those known from before."""
        known = [
            one
            for ticket_id, one in self.known_callers.items()
            if self.master_of(self.tickets[ticket_id]).ticket_id == ticket.ticket_id
        ]
        return Mask(caller, *known)

    def mark(self, message: Any, state: str, ticket: Ticket | None = None, **more: Any) -> None:
        self.marks[str(message.message_id)] = {
            "message_id": message.message_id,
            "state": state,
            "ticket_id": ticket.ticket_id if ticket is not None else None,
            "problem": more.get("problem"),
        }

    def note_receipt(
        self, source: str, no: str, *, received_at: datetime | None, at: datetime
    ) -> None:
        """When a further number of a ticket was received: its platform reconciles by that day."""
        day = (received_at or at).astimezone(CITY_ZONE).date()
        self.receipts.append(
            {
                "source": source,
                "upstream_no": no,
                "received_at": received_at,
                "day": day,
                "recorded_at": self.ledger.now,
            }
        )

    def is_waiting(self, message: Any) -> bool:
        mark = self.marks.get(str(message.message_id))
        return mark is not None and mark["state"] == "waiting"

    async def close(self) -> None:
        """Writes what the batch came to, in the ledger's transaction."""
        await self.ledger.flush()
        tx = self.ledger.tx
        if self.callers:
            numbers = {one: self.known_callers[one].number for one in self.callers}
            written = await adopt_known(tx, self.ledger.keyring, self.callers.values(), numbers)
            rows = [caller_values(row) for row in written]
            encoded = orjson.dumps(rows).decode()
            await tx.run(queries.PUT_CALLERS, bureau=tx.bureau, callers=encoded)
        if self.receipts:
            encoded = orjson.dumps(self.receipts).decode()
            keep = reconciliation_queries.KEEP_RECEIPTS
            await tx.run(keep, bureau=tx.bureau, rows=encoded)
        await queries.settle_messages(tx, list(self.marks.values()))


async def open_desk(ledger: Ledger, numbers: Sequence[str], *, new: int) -> IntakeDesk:
    """Locks the numbers, then the tickets behind them; gives out `new` ticket ids."""
    tx = ledger.tx
    known = await queries.find_numbers(tx, numbers)
    tickets = await lock_ids(tx, set(known.values()))
    masters = await find_masters(tx, tickets.values(), locking=True)
    tickets |= {master.ticket_id: master for master in masters.values()}
    texts = await queries.standing_texts(tx, list(tickets))
    callers = await read_callers(tx, ledger.keyring, list(tickets))
    rows = await tx.rows(queries.NEXT_IDS, count=new) if new else []
    return IntakeDesk(ledger, known, tickets, texts, [row.id for row in rows], callers)


async def read_callers(tx: Tx, keyring: Keyring, ids: Sequence[int]) -> dict[int, Caller]:
    """Unsealed, for masking later words only."""
    if not ids:
        return {}
    rows = await tx.rows(queries.SEALED_CALLERS, bureau=tx.bureau, ids=list(ids))
    return {
        row.ticket_id: Caller(
            **orjson.loads(
                keyring.unseal(
                    bytes(row.sealed), row.seal_key_id, f"caller:{tx.bureau}:{row.ticket_id}"
                )
            )
        )
        for row in rows
    }


def source_actor(source: str) -> Actor:
    return Actor(role=Role.SOURCE, name=source)


def caller_values(row: CallerRow) -> dict[str, Any]:
    return {
        "ticket_id": row.ticket_id,
        "phone_hash": f"\\x{row.phone_hash.hex()}" if row.phone_hash else None,
        "hash_key_id": row.hash_key_id,
        "sealed": f"\\x{row.sealed.hex()}",
        "seal_key_id": row.seal_key_id,
        "masked_name": row.masked_name,
        "masked_phone": row.masked_phone,
    }
