"""Legal holds (证据保全): what must stay as it is, for as long as somebody says so."""

from collections.abc import Collection, Sequence
from typing import Any

from sqlalchemy import text

from shared.audit.entries import record_reading
from shared.db import Tx
from shared.domain.actor import Actor
from shared.domain.readings import Reading, ReadingKind
from shared.erasure.requests import find_ids, read_callers
from shared.errors import Conflict, NotFound
from shared.tickets import Ledger, lock_ids
from shared.vault.callers import Mask
from shared.vault.free_text import hide_people

OPERATION = "hold"
SET = text(
    "INSERT INTO legal_holds (bureau_id, set_at, set_role, set_by, reason)"
    " VALUES (:bureau, :now, :role, :name, :reason) RETURNING hold_id"
)
SET_ON = text(
    "INSERT INTO legal_hold_tickets (bureau_id, ticket_id, hold_id)"
    " SELECT :bureau, k.id, :hold FROM unnest(CAST(:ids AS bigint[])) AS k(id)"
)
TAKE = text(
    "SELECT h.lifted_at, array(SELECT t.ticket_id FROM legal_hold_tickets AS t"
    "  WHERE t.bureau_id = h.bureau_id AND t.hold_id = h.hold_id ORDER BY 1) AS tickets"
    " FROM legal_holds AS h WHERE h.bureau_id = :bureau AND h.hold_id = :hold FOR UPDATE"
)
LIFT = text(
    "UPDATE legal_holds SET lifted_at = :now, lifted_by = :name, lift_reason = :reason"
    " WHERE bureau_id = :bureau AND hold_id = :hold"
)
LIST = text(
    "SELECT h.*, array(SELECT t.no FROM legal_hold_tickets AS k JOIN tickets AS t"
    "  ON t.bureau_id = k.bureau_id AND t.ticket_id = k.ticket_id"
    "  WHERE k.bureau_id = h.bureau_id AND k.hold_id = h.hold_id ORDER BY 1) AS nos"
    " FROM legal_holds AS h WHERE h.bureau_id = :bureau AND (:lifted OR h.lifted_at IS NULL)"
    " ORDER BY h.hold_id"
)
OF_MATTER = text(
    "SELECT no FROM tickets WHERE bureau_id = :bureau AND matter = :matter ORDER BY ticket_id"
)


async def find_nos_of(tx: Tx, matter: str) -> list[str]:
    rows = await tx.rows(OF_MATTER, bureau=tx.bureau, matter=matter)
    if not rows:
        raise NotFound(f"没有事项 {matter}，或其中没有工单")
    return [row.no for row in rows]


async def set_hold(ledger: Ledger, nos: Collection[str], *, actor: Actor, reason: str) -> int:
    """Answers its number. Whoever is erasing one of the tickets is waited for."""
    tx = ledger.tx
    ids = sorted((await find_ids(tx, nos)).values())
    await lock_ids(tx, ids)
    masked = await clean(ledger, ids, reason)
    row = await tx.row(
        SET, bureau=tx.bureau, now=tx.now, role=actor.role, name=actor.name, reason=masked
    )
    assert row is not None
    await tx.run(SET_ON, bureau=tx.bureau, hold=row.hold_id, ids=ids)
    detail = {"hold": row.hold_id, "reason": masked}
    await record_reading(tx, Reading(ReadingKind.HELD, actor, OPERATION, None, detail), ids)
    return int(row.hold_id)


async def lift_hold(ledger: Ledger, hold: int, *, actor: Actor, reason: str) -> int:
    """Answers how many tickets it was on."""
    tx = ledger.tx
    row = await tx.row(TAKE, bureau=tx.bureau, hold=hold)
    if row is None:
        raise NotFound(f"没有编号为 {hold} 的保全")
    if row.lifted_at is not None:
        raise Conflict(f"保全 {hold} 已解除")
    masked = await clean(ledger, row.tickets, reason)
    await tx.run(LIFT, bureau=tx.bureau, hold=hold, now=tx.now, name=actor.name, reason=masked)
    detail = {"hold": hold, "reason": masked}
    shown = Reading(ReadingKind.RELEASED, actor, OPERATION, None, detail)
    await record_reading(tx, shown, row.tickets)
    return len(row.tickets)


async def list_holds(tx: Tx, *, with_lifted: bool) -> Sequence[Any]:
    return await tx.rows(LIST, bureau=tx.bureau, lifted=with_lifted)


async def clean(ledger: Ledger, ids: Collection[int], reason: str) -> str:
    """Without the callers of those tickets."""
    callers = await read_callers(ledger.tx, ledger.keyring, ids)
    return hide_people(Mask(*callers.values())(reason))
