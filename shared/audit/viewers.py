"""Who has seen a ticket: entries already linked by their index, fresh ones by looking at each."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import text

from shared.db import Tx
from shared.domain.readings import ReadingKind

# What has been written since everything before it was linked. Few rows, while the worker lives.
# A sub-select altogether: under row policies an index is not asked for what a coalesce says.
LOW = (
    "(SELECT coalesce((SELECT h.low FROM audit_heads AS h WHERE h.bureau_id = :bureau),"
    " CAST('0' AS xid8)))"
)
BETWEEN = "entry > :after AND entry <= :until"
VIEWERS = text(
    "SELECT e.entry, e.at, e.kind, e.role, e.actor, e.key, e.unit, e.operation,"  # noqa: S608
    " e.detail::text AS detail FROM audit_entries AS e"
    f" WHERE e.bureau_id = :bureau AND e.{BETWEEN.replace('AND ', 'AND e.')} AND e.entry IN ("
    f" SELECT entry FROM audit_tickets WHERE bureau_id = :bureau AND ticket_id = :ticket"
    f"  AND {BETWEEN}"
    " UNION SELECT f.entry FROM audit_entries AS f WHERE f.bureau_id = :bureau"
    f"  AND f.xid >= {LOW} AND :ticket = ANY(f.tickets))"
    " ORDER BY e.entry LIMIT :limit"
)
HOLD_QUOTA = text("SELECT pg_advisory_xact_lock(hashtextextended(:name, 0))")
COUNT_REVEALED = text(
    "SELECT count(*) AS n FROM audit_entries"  # noqa: S608 - constants only
    " WHERE bureau_id = :bureau AND key = :key"
    f" AND kind = '{ReadingKind.REVEAL}' AND at >= :since"
)


async def list_viewers(
    tx: Tx, ticket_id: int, *, after: int, until: int, limit: int
) -> Sequence[Any]:
    """Oldest first, of the entries numbered above `after` and up to `until`."""
    return await tx.rows(
        VIEWERS, bureau=tx.bureau, ticket=ticket_id, after=after, until=until, limit=limit
    )


async def count_reveals(tx: Tx, key: str, *, since: datetime) -> int:
    """What this key has been shown since then. Its other reveals wait until this one is over."""
    await tx.run(HOLD_QUOTA, name=f"reveals:{tx.bureau}:{key}")
    row = await tx.row(COUNT_REVEALED, bureau=tx.bureau, key=key, since=since)
    return 0 if row is None else int(row.n)
