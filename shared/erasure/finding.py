"""Which tickets are to be erased, and what stands in the way of it."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import text

from shared.db import Tx
from shared.domain.erasure import ENDINGS, Obstacle, obstacles
from shared.domain.ticket import Ticket
from shared.domain.words import TERMINAL_STATES, ErasurePart
from shared.erasure.statements import WITH_CALLER
from shared.tickets import find_masters

HELD = (
    "SELECT h.ticket_id FROM legal_hold_tickets AS h JOIN legal_holds AS l"
    " ON l.bureau_id = h.bureau_id AND l.hold_id = h.hold_id AND l.lifted_at IS NULL"
    " WHERE h.bureau_id = :bureau"
)
LIST_HELD = text(f"{HELD} AND h.ticket_id = ANY(CAST(:ids AS bigint[]))")
LEFT = (
    "EXISTS (SELECT FROM callers AS c WHERE c.bureau_id = t.bureau_id"  # noqa: S608
    f" AND c.ticket_id = t.ticket_id AND {WITH_CALLER})"
    " OR EXISTS (SELECT FROM raw_messages AS m WHERE m.bureau_id = t.bureau_id"
    " AND m.ticket_id = t.ticket_id AND m.ticket_id IS NOT NULL AND m.body IS NOT NULL"
    " AND m.state <> 'pending')"
)
# Part by part, what is due: by date, because somebody asked, or because it was erased before and
# something has come since. Each stays due until its tombstone reaches the end of the log.
DUE = text(
    "SELECT t.ticket_id, t.no, d.parts FROM tickets AS t CROSS JOIN LATERAL ("  # noqa: S608
    " SELECT max(e.recorded_at) AS at FROM ticket_events AS e WHERE e.bureau_id = t.bureau_id"
    "  AND e.ticket_id = t.ticket_id AND e.type = ANY(CAST(:endings AS text[]))) AS ended"
    " CROSS JOIN LATERAL (SELECT array_agg(p.part) AS parts FROM"
    "  unnest(CAST(:parts AS text[]), CAST(:bounds AS timestamptz[])) AS p(part, bound)"
    "  LEFT JOIN erasures AS x ON x.bureau_id = t.bureau_id AND x.ticket_id = t.ticket_id"
    "   AND x.part = p.part"
    "  WHERE (ended.at <= p.bound OR x.part IS NOT NULL OR EXISTS ("
    "    SELECT FROM erasure_request_tickets AS q WHERE q.bureau_id = t.bureau_id"
    "    AND q.ticket_id = t.ticket_id AND q.part = p.part))"
    f"   AND (x.part IS NULL OR x.through_seq < t.seq OR (p.part = 'caller' AND ({LEFT})))) AS d"
    " WHERE t.bureau_id = :bureau AND t.ticket_id > :after"
    " AND t.state = ANY(CAST(:states AS text[])) AND d.parts IS NOT NULL"
    f" AND t.ticket_id NOT IN ({HELD})"
    " ORDER BY t.ticket_id LIMIT :limit"
)
COVERED = text(
    "SELECT x.ticket_id, x.part, x.through_seq, x.erased_at, x.latest_at FROM erasures AS x"
    " WHERE x.bureau_id = :bureau AND x.ticket_id = ANY(CAST(:ids AS bigint[]))"
)
STATES = sorted(TERMINAL_STATES)


@dataclass(frozen=True, slots=True)
class Due:
    ticket_id: int
    no: str
    parts: tuple[ErasurePart, ...]


async def list_due(
    tx: Tx, bounds: Mapping[ErasurePart, datetime], *, after: int, limit: int
) -> list[Due]:
    """In the order of their ids, those that have ended and are not held."""
    rows = await tx.rows(
        DUE,
        bureau=tx.bureau,
        after=after,
        limit=limit,
        endings=list(ENDINGS),
        states=STATES,
        parts=[part.value for part in bounds],
        bounds=list(bounds.values()),
    )
    return [Due(row.ticket_id, row.no, in_order(row.parts)) for row in rows]


def in_order(parts: Collection[str]) -> tuple[ErasurePart, ...]:
    return tuple(part for part in ErasurePart if part in parts)


async def list_held(tx: Tx, ids: Collection[int]) -> set[int]:
    rows = await tx.rows(LIST_HELD, bureau=tx.bureau, ids=sorted(ids))
    return {row.ticket_id for row in rows}


async def find_obstacles(tx: Tx, tickets: Mapping[int, Ticket]) -> dict[int, tuple[Obstacle, ...]]:
    """Asked under the locks of the tickets: who sets a hold takes them too."""
    masters = await find_masters(tx, tickets.values())
    held = await list_held(tx, tickets)
    return {one: obstacles(ticket, masters, held) for one, ticket in tickets.items()}


async def list_tombstones(tx: Tx, ids: Collection[int]) -> dict[int, dict[ErasurePart, Any]]:
    rows: Sequence[Any] = await tx.rows(COVERED, bureau=tx.bureau, ids=sorted(ids))
    found: dict[int, dict[ErasurePart, Any]] = {}
    for row in rows:
        found.setdefault(row.ticket_id, {})[ErasurePart(row.part)] = row
    return found
