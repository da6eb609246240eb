"""What is not known yet: an instant is when nobody can record before it, and all is folded."""

import asyncio
from datetime import datetime

from sqlalchemy import text

from shared.db import Tx
from shared.errors import Unavailable
from shared.events.subscriptions import SCORING

POLL_SECONDS = 0.02
TRIES = 250

OWN_TRANSACTION = text("SELECT minhu_xid()::text AS xid")
IS_OVER = text("SELECT minhu_horizon() > CAST(CAST(:xid AS text) AS xid8) AS over")

OWED = text(
    "SELECT DISTINCT stream_id FROM deliveries WHERE bureau_id = :bureau"
    " AND subscriber = :subscriber AND parked_at IS NULL ORDER BY stream_id"
)

OWED_UNTIL = text(
    "SELECT EXISTS (SELECT FROM deliveries AS d JOIN ticket_events AS e ON"
    " e.bureau_id = d.bureau_id AND e.ticket_id = d.stream_id AND e.seq = d.seq"
    " WHERE d.bureau_id = :bureau AND d.subscriber = :subscriber AND d.parked_at IS NULL"
    " AND e.recorded_at <= :known_at) AS owed"
)


async def get_transaction(tx: Tx) -> str:
    """This writing transaction's id: all that had begun to write before it have smaller ones.

    The upper bound of a snapshot will not do: it stops short of ids given to who is still open.
    """
    row = await tx.row(OWN_TRANSACTION)
    assert row is not None
    return str(row.xid)


async def are_over(tx: Tx, xid: str) -> bool:
    """True once no transaction up to that id is still open."""
    row = await tx.row(IS_OVER, xid=xid)
    return row is not None and bool(row.over)


async def wait_for(tx: Tx, xid: str) -> None:
    """Whoever began before may still record a time not after now: wait for them, not for ever.

    Raises Unavailable when one stays open too long.
    """
    for _ in range(TRIES):
        if await are_over(tx, xid):
            return
        await asyncio.sleep(POLL_SECONDS)
    raise Unavailable


async def list_owed(tx: Tx) -> tuple[int, ...]:
    """Tickets whose logs have grown since they were folded."""
    rows = await tx.rows(OWED, bureau=tx.bureau, subscriber=SCORING)
    return tuple(row.stream_id for row in rows)


async def is_folded_until(tx: Tx, known_at: datetime) -> bool:
    """Whether nothing recorded by then is still to be folded."""
    row = await tx.row(OWED_UNTIL, bureau=tx.bureau, subscriber=SCORING, known_at=known_at)
    return row is not None and not row.owed
