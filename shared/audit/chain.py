"""The chain: each entry's digest holds the one before it, so that nothing can be changed, taken
out, moved or slipped in unseen.

Linked after the fact, by one at a time and in batches: whoever reads a ticket waits for nobody.
"""

import hashlib
from dataclasses import dataclass
from typing import Any

from sqlalchemy import text

from shared.audit.viewers import LOW
from shared.db import Tx

BATCH = 2000
LOCK_NAME = b"minhu audit chain"

# How a row is spelt, as one line of JSON: the same for whoever links and whoever verifies, and
# whatever the session's time zone.
MICROSECONDS = "CAST(extract(epoch FROM e.{}) * 1000000 AS bigint)"
CANONICAL = (
    "json_build_array(e.bureau_id, e.entry, CAST(e.xid AS text),"
    f" {MICROSECONDS.format('at')}, {MICROSECONDS.format('recorded_at')}, e.kind, e.role, e.actor,"
    " e.key, e.unit, e.tickets, e.operation, e.detail, e.trace)::text"
)
UNLINKED = (
    f"e.bureau_id = :bureau AND e.xid >= {LOW} AND NOT EXISTS (SELECT FROM audit_links AS l"
    " WHERE l.bureau_id = :bureau AND l.entry = e.entry)"
)
# Asked for in the order of their index: there are few of them at the end of very many.
HAS_UNLINKED = text(
    "SELECT (SELECT e.entry FROM audit_entries AS e"  # noqa: S608 - constants only
    f" WHERE {UNLINKED} ORDER BY e.bureau_id, e.xid LIMIT 1) IS NOT NULL AS found"
)
# All of one moment: below the horizon no entry can appear any more.
TAKE_UNLINKED = text(
    f"SELECT e.entry, {CANONICAL} AS canonical,"  # noqa: S608 - constants only
    " CAST(minhu_horizon() AS text) AS horizon FROM audit_entries AS e"
    f" WHERE {UNLINKED} ORDER BY e.bureau_id, e.xid, e.entry LIMIT :limit"
)
FIND_HEAD = text(
    "SELECT seq, digest, CAST(low AS text) AS low FROM audit_heads WHERE bureau_id = :bureau"
)
LINK = text(
    "WITH linked AS (INSERT INTO audit_links (bureau_id, seq, entry, digest)"
    " SELECT :bureau, k.seq, k.entry, k.digest FROM unnest(CAST(:seqs AS bigint[]),"
    "  CAST(:entries AS bigint[]), CAST(:digests AS bytea[])) AS k(seq, entry, digest)),"
    " found AS (INSERT INTO audit_tickets (bureau_id, ticket_id, entry)"
    " SELECT DISTINCT :bureau, k.ticket, e.entry FROM audit_entries AS e"
    "  CROSS JOIN LATERAL unnest(e.tickets) AS k(ticket)"
    "  WHERE e.bureau_id = :bureau AND e.entry = ANY(CAST(:entries AS bigint[])))"
    " INSERT INTO audit_heads AS h (bureau_id, seq, digest, low, linked_at) VALUES"
    " (:bureau, :seq, :digest, CAST(CAST(:low AS text) AS xid8), clock_timestamp())"
    " ON CONFLICT (bureau_id) DO UPDATE SET seq = EXCLUDED.seq, digest = EXCLUDED.digest,"
    " low = EXCLUDED.low, linked_at = EXCLUDED.linked_at"
)


@dataclass(frozen=True, slots=True)
class Head:
    """The last link: how many there are, and what all of them come to."""

    seq: int
    digest: bytes
    low: str = "0"


def first_digest(bureau: int) -> bytes:
    """What the first link is linked to."""
    return hashlib.sha256(f"minhu:{bureau}".encode()).digest()


def next_digest(previous: bytes, canonical: str) -> bytes:
    return hashlib.sha256(previous + canonical.encode()).digest()


def lock_of(bureau: int) -> int:
    """The advisory lock of whoever links this bureau's entries."""
    name = LOCK_NAME + b":%d" % bureau
    return int.from_bytes(hashlib.sha256(name).digest()[:8], "big", signed=True)


async def has_unlinked(tx: Tx) -> bool:
    row = await tx.row(HAS_UNLINKED, bureau=tx.bureau)
    return row is not None and bool(row.found)


async def find_head(tx: Tx) -> Head:
    row = await tx.row(FIND_HEAD, bureau=tx.bureau)
    if row is None:
        return Head(0, first_digest(tx.bureau))
    return Head(row.seq, bytes(row.digest), row.low)


async def link_entries(tx: Tx, *, limit: int = BATCH) -> int:
    """Links what is not linked yet, under the lock of the transaction; answers how many."""
    head = await find_head(tx)
    rows = await tx.rows(TAKE_UNLINKED, bureau=tx.bureau, limit=limit)
    if not rows:
        return 0
    digests, digest = [], head.digest
    for row in rows:
        digest = next_digest(digest, row.canonical)
        digests.append(digest)
    # A batch cut short leaves some behind that are no younger.
    low = rows[0].horizon if len(rows) < limit else head.low
    await _write(tx, head, rows, digests=digests, low=low)
    return len(rows)


async def _write(tx: Tx, head: Head, rows: Any, *, digests: list[bytes], low: str) -> None:
    seqs = list(range(head.seq + 1, head.seq + 1 + len(rows)))
    await tx.run(
        LINK,
        bureau=tx.bureau,
        seqs=seqs,
        entries=[row.entry for row in rows],
        digests=digests,
        seq=seqs[-1],
        digest=digests[-1],
        low=low,
    )
