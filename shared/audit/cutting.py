"""Where the chain begins: what has been kept long enough is cut off at a link that was anchored.

The digest of that link stays, so the rest is verified from it as from the first link before.
Postgres itself refuses to cut off what is younger than 183 days.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import text

from shared.audit.anchors import Anchor
from shared.audit.chain import Head, first_digest
from shared.db import Tx

BITE = 5000
LEAST = timedelta(days=183)
FIND_CUT = text(
    "SELECT seq, digest, cut_at FROM audit_cuts WHERE bureau_id = :bureau ORDER BY seq DESC LIMIT 1"
)
# What a legal hold is on is kept, and so is all that comes after it.
FIRST_HELD = text(
    "SELECT min(l.seq) AS seq FROM legal_hold_tickets AS k JOIN legal_holds AS h"
    " ON h.bureau_id = k.bureau_id AND h.hold_id = k.hold_id AND h.lifted_at IS NULL"
    " JOIN audit_tickets AS t ON t.bureau_id = k.bureau_id AND t.ticket_id = k.ticket_id"
    " JOIN audit_links AS l ON l.bureau_id = t.bureau_id AND l.entry = t.entry"
    " WHERE k.bureau_id = :bureau"
)
IS_OLD = text(
    "SELECT l.digest, (SELECT max(greatest(e.at, e.recorded_at)) FROM audit_links AS k"
    "  JOIN audit_entries AS e ON e.bureau_id = k.bureau_id AND e.entry = k.entry"
    "  WHERE k.bureau_id = :bureau AND k.seq <= :seq) AS newest"
    " FROM audit_links AS l WHERE l.bureau_id = :bureau AND l.seq = :seq"
)
CUT = text("SELECT minhu_cut_audit(:seq) AS is_new")
SHED = text("SELECT minhu_shed_audit(:most) AS n")


@dataclass(frozen=True, slots=True)
class Cut:
    """The last link that is gone, and when it was cut off. None gone: seq 0."""

    seq: int
    digest: bytes
    at: datetime | None = None

    @property
    def head(self) -> Head:
        return Head(self.seq, self.digest)


async def find_cut(tx: Tx) -> Cut:
    row = await tx.row(FIND_CUT, bureau=tx.bureau)
    if row is None:
        return Cut(0, first_digest(tx.bureau))
    return Cut(row.seq, bytes(row.digest), row.cut_at)


def is_early(cut: Cut, anchor: Anchor) -> bool:
    """The anchor of its link is younger than what may be cut off at all."""
    return cut.at is not None and cut.at - datetime.fromisoformat(anchor.at) < LEAST


async def find_place(tx: Tx, anchors: Sequence[Anchor], *, before: datetime) -> int | None:
    """The furthest anchored link up to which everything is older than `before`, and none held."""
    last = (await find_cut(tx)).seq
    held = await tx.row(FIRST_HELD, bureau=tx.bureau)
    end = held.seq if held is not None else None
    old = [
        anchor
        for anchor in anchors
        if anchor.seq > last
        and datetime.fromisoformat(anchor.at) < before
        and (end is None or anchor.seq < end)
    ]
    for anchor in sorted(old, key=lambda one: one.seq, reverse=True):
        row: Any = await tx.row(IS_OLD, bureau=tx.bureau, seq=anchor.seq)
        if row is None or row.newest is None:
            continue
        if bytes(row.digest) == anchor.digest and row.newest < before:
            return anchor.seq
    return None


async def cut_at(tx: Tx, seq: int) -> bool:
    """Writes the cut down; what lies before it goes in bites afterwards."""
    row = await tx.row(CUT, seq=seq)
    return row is not None and bool(row.is_new)


async def shed(tx: Tx, *, limit: int = BITE) -> int:
    """Takes a bite of what was cut off; answers how many entries."""
    row = await tx.row(SHED, most=limit)
    return 0 if row is None else int(row.n)
