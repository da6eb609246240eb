"""Erasing on request: somebody asks, in the name of a caller, for tickets or for all of theirs.

A request stands: what of it is still being handled, or held, is erased once it may be.
"""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import orjson
from sqlalchemy import text

from shared.db import Tx
from shared.domain.actor import Actor
from shared.domain.erasure import Obstacle
from shared.domain.readings import ReadingKind
from shared.domain.ticket import Ticket
from shared.domain.words import ErasureCause, ErasurePart
from shared.erasure import statements
from shared.erasure.erasing import Fields, Order, erase_tickets, record
from shared.erasure.finding import find_obstacles, list_tombstones
from shared.errors import NotFound
from shared.tickets import Ledger, find_tickets, lock_ids
from shared.vault.callers import Caller, Mask
from shared.vault.free_text import hide_people
from shared.vault.keyring import Keyring
from shared.vault.originals import open_original

PAGE = 200
ALL_PARTS = tuple(ErasurePart)
BY_NO = text(
    "SELECT ticket_id, no FROM tickets WHERE bureau_id = :bureau"
    " AND no = ANY(CAST(:nos AS text[])) ORDER BY ticket_id"
)
OF_CALLER = text(
    "SELECT ticket_id FROM callers WHERE bureau_id = :bureau"
    " AND phone_hash = ANY(CAST(:hashes AS bytea[])) ORDER BY ticket_id"
)
SEALED = text(
    "SELECT ticket_id, sealed, seal_key_id FROM callers WHERE bureau_id = :bureau"
    " AND ticket_id = ANY(CAST(:ids AS bigint[])) AND sealed IS NOT NULL ORDER BY ticket_id"
)
STONES = text(
    "SELECT t.no, x.* FROM erasures AS x JOIN tickets AS t ON t.bureau_id = x.bureau_id"
    " AND t.ticket_id = x.ticket_id WHERE x.bureau_id = :bureau"
    " AND (CAST(:nos AS text[]) IS NULL OR t.no = ANY(CAST(:nos AS text[])))"
    " ORDER BY x.latest_at DESC, t.no, x.part LIMIT :limit"
)
ASK = text(
    "INSERT INTO erasure_requests (bureau_id, cause, asked_at, actor_role, actor_name, reason)"
    " VALUES (:bureau, :cause, :now, :role, :name, :reason) RETURNING request_id"
)
ASK_FOR = text(
    "INSERT INTO erasure_request_tickets (bureau_id, ticket_id, part, request_id)"
    " SELECT :bureau, k.ticket_id, k.part, :request"
    " FROM unnest(CAST(:ids AS bigint[]), CAST(:parts AS text[])) AS k(ticket_id, part)"
)


@dataclass(frozen=True, slots=True)
class Outcome:
    """What became of one ticket. Nothing in `fields` and no obstacle: it was clean before."""

    no: str
    ticket_id: int
    obstacles: tuple[Obstacle, ...]
    fields: Fields
    is_covered: bool = False


Wanted = Mapping[int, Collection[ErasurePart]]


async def find_known(tx: Tx, nos: Collection[str]) -> dict[str, int]:
    rows = await tx.rows(BY_NO, bureau=tx.bureau, nos=sorted(nos))
    return {row.no: int(row.ticket_id) for row in rows}


async def find_ids(tx: Tx, nos: Collection[str]) -> dict[str, int]:
    """Raises NotFound naming those that are not there."""
    found = await find_known(tx, nos)
    missing = [no for no in nos if no not in found]
    if missing:
        raise NotFound(f"没有这些工单：{'、'.join(missing)}")
    return found


async def read_callers(tx: Tx, keyring: Keyring, ids: Collection[int]) -> dict[int, Caller]:
    """In the clear, for finding what else is theirs and for masking; never to be shown."""
    rows = await tx.rows(SEALED, bureau=tx.bureau, ids=sorted(ids))
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


def hashes_of(keyring: Keyring, phone: str) -> list[bytes]:
    """Whatever key the number was hashed with."""
    return [keyring.hash_number(phone)[0], *keyring.older_hashes(phone).values()]


async def find_of_caller(tx: Tx, hashes: Collection[bytes]) -> list[int]:
    rows = await tx.rows(OF_CALLER, bureau=tx.bureau, hashes=list(hashes))
    return [row.ticket_id for row in rows]


async def list_unattached(
    tx: Tx, *, after: int, until: datetime | None = None, limit: int
) -> Sequence[Any]:
    """Messages received up to then that came to no ticket, their words still here."""
    values = {"after": after, "bound": until, "limit": limit}
    return await tx.rows(statements.LIST_UNATTACHED, bureau=tx.bureau, **values)


async def find_messages_of(tx: Tx, keyring: Keyring, hashes: Collection[bytes]) -> list[str]:
    """Messages of that caller's that came to no ticket. They are looked through one by one."""
    wanted, found, after = set(hashes), [], -1
    while rows := await list_unattached(tx, after=after, limit=PAGE):
        found += [
            str(row.message_id)
            for row in rows
            if wanted & set(_hashes_in(keyring, *_opened(keyring, row, bureau=tx.bureau)))
        ]
        after = rows[-1].arrival
    return found


def _opened(keyring: Keyring, row: Any, *, bureau: int) -> list[bytes | None]:
    kept = ((row.body, row.seal_key_id), (row.mended, row.mended_key_id))
    return [open_original(*one, row, bureau=bureau, keyring=keyring) for one in kept]


def _hashes_in(keyring: Keyring, *bodies: bytes | None) -> list[bytes]:
    found = []
    for body in bodies:
        try:
            told = orjson.loads(body or b"null")
        except orjson.JSONDecodeError:
            continue
        data = told.get("data") if isinstance(told, dict) else None
        caller = data.get("caller") if isinstance(data, dict) else None
        caller = caller if isinstance(caller, dict) else {}
        numbers = (caller.get("phone"), caller.get("mobile"))
        found += [one for number in numbers if number for one in hashes_of(keyring, str(number))]
    return found


async def ask(
    ledger: Ledger, wanted: Wanted, *, cause: ErasureCause, actor: Actor, reason: str
) -> Order:
    """Writes the request down, its reason without those it is about."""
    tx = ledger.tx
    callers = await read_callers(tx, ledger.keyring, wanted)
    masked = hide_people(Mask(*callers.values())(reason))
    row = await tx.row(
        ASK,
        bureau=tx.bureau,
        cause=cause,
        now=tx.now,
        role=actor.role,
        name=actor.name,
        reason=masked,
    )
    assert row is not None
    keys = [(one, part.value) for one, parts in wanted.items() for part in parts]
    await tx.run(
        ASK_FOR,
        bureau=tx.bureau,
        request=row.request_id,
        ids=[one for one, _ in keys],
        parts=[part for _, part in keys],
    )
    order = Order(cause, actor, masked, request_id=row.request_id)
    await record(tx, ReadingKind.ERASURE_ASKED, order, tickets=wanted)
    return order


async def list_stones(tx: Tx, nos: Collection[str] | None, *, limit: int) -> Sequence[Any]:
    """The tombstones of those tickets, or the latest."""
    named = None if nos is None else list(nos)
    return await tx.rows(STONES, bureau=tx.bureau, nos=named, limit=limit)


async def drop_covered(tx: Tx, wanted: Wanted) -> dict[int, tuple[ErasurePart, ...]]:
    """What of it is not erased yet, or has grown again since."""
    tickets = await find_tickets(tx, wanted)
    stones = await list_tombstones(tx, wanted)
    left = {}
    for one, parts in wanted.items():
        reached = {part: row.through_seq for part, row in stones.get(one, {}).items()}
        open_parts = tuple(p for p in parts if reached.get(p, 0) < tickets[one].seq)
        if open_parts:
            left[one] = open_parts
    return left


async def look_at(tx: Tx, wanted: Wanted) -> list[Outcome]:
    """What a request would come to, without any change."""
    tickets = await find_tickets(tx, wanted)
    left = await drop_covered(tx, wanted)
    blocked = await find_obstacles(tx, tickets)
    return [
        Outcome(ticket.no, one, blocked[one] if one in left else (), {}, one not in left)
        for one, ticket in sorted(tickets.items())
    ]


async def carry_out(ledger: Ledger, wanted: Wanted, order: Order) -> list[Outcome]:
    """A batch of a request that is written down. Done before, it changes nothing."""
    tickets: dict[int, Ticket] = await lock_ids(ledger.tx, wanted)
    left = await drop_covered(ledger.tx, wanted)
    blocked = await find_obstacles(ledger.tx, tickets)
    free = {one: parts for one, parts in left.items() if not blocked[one]}
    fields = await erase_tickets(ledger, tickets, free, order)
    return [
        Outcome(
            ticket.no,
            one,
            blocked[one] if one in left else (),
            fields.get(one, {}),
            one not in left,
        )
        for one, ticket in sorted(tickets.items())
    ]


async def erase_messages(ledger: Ledger, messages: Sequence[str], order: Order) -> int:
    rows: Sequence[Any] = await ledger.tx.rows(
        statements.ERASE_MESSAGES,
        bureau=ledger.tx.bureau,
        messages=list(messages),
        now=ledger.now,
    )
    if rows:
        await record(ledger.tx, ReadingKind.MESSAGES_ERASED, order, messages=len(rows))
    return len(rows)
