"""Every statement this service sends to Postgres, but for those of the shared door."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import orjson
from sqlalchemy import text

from services.dispatch.case import Texts
from shared.db import Tx
from shared.domain.ticket import Ticket
from shared.events.codec import ENTRY_COLUMNS, load_clocks, load_ticket
from shared.tickets.loading import CLOCKS_AS_JSON

# What lies beside some tickets: clocks, standing texts, the caller. One statement for one ticket
# as for fifty. For one that is locked it must come after the lock, hence apart.
BESIDE = text(
    "SELECT k.id AS ticket_id,"  # noqa: S608 - constants only
    f" (SELECT {CLOCKS_AS_JSON} FROM clocks AS c"
    " WHERE c.bureau_id = :bureau AND c.ticket_id = k.id) AS clocks,"
    " (SELECT json_agg(json_build_array(x.seq, x.field, x.body))::text FROM ("
    "  SELECT DISTINCT ON (seq, field) seq, field, body FROM ticket_texts AS x"
    "  WHERE x.bureau_id = :bureau AND x.ticket_id = k.id AND (:raw OR field <> 'raw')"
    "  ORDER BY seq, field, version DESC) AS x) AS texts,"
    " p.masked_name, p.masked_phone, p.sealed, p.seal_key_id"
    " FROM unnest(CAST(:ids AS bigint[])) AS k(id)"
    " LEFT JOIN callers AS p ON p.bureau_id = :bureau AND p.ticket_id = k.id"
)
# In the order of their ids, so that no two actions on the same tickets wait for each other.
LOCK_NOS = text(
    "SELECT no, fold::text AS fold FROM tickets WHERE bureau_id = :bureau"
    " AND no = ANY(CAST(:nos AS text[])) ORDER BY ticket_id FOR NO KEY UPDATE"
)
FIND_NO = text("SELECT fold::text AS fold FROM tickets WHERE bureau_id = :bureau AND no = :no")
ENTRIES = text(
    f"SELECT {ENTRY_COLUMNS} FROM ticket_events"  # noqa: S608 - constants only
    " WHERE bureau_id = :bureau AND ticket_id = :ticket AND seq > :after ORDER BY seq LIMIT :limit"
)
# Ordered by the writing transaction first: below the horizon (the oldest transaction still open)
# nothing can appear any more, so a reader that goes on from here misses nothing.
FEED = (
    "SELECT e.xid::text AS xid, e.position, e.ticket_id, t.no, e.seq, e.type, e.occurred_at,"
    " e.recorded_at, e.data::text AS data FROM ticket_events AS e"
    " JOIN tickets AS t ON t.bureau_id = e.bureau_id AND t.ticket_id = e.ticket_id"
    " WHERE e.bureau_id = :bureau"
    " AND (e.xid, e.position) > (CAST(CAST(:xid AS text) AS xid8), :position)"
    " AND e.xid < pg_snapshot_xmin(pg_current_snapshot()){scope}"
    " ORDER BY e.xid, e.position LIMIT :limit"
)
OF_UNIT = (
    " AND EXISTS (SELECT FROM ticket_units AS u WHERE u.bureau_id = e.bureau_id"
    " AND u.unit_id = :unit AND u.ticket_id = e.ticket_id)"
    " AND t.fold->>'object_unit' IS DISTINCT FROM :unit"
)
FEED_OF_ALL = text(FEED.format(scope=""))
FEED_OF_UNIT = text(FEED.format(scope=OF_UNIT))


@dataclass(frozen=True, slots=True)
class Beside:
    """`sealed` and its key's id are for masking the caller's words, never for showing."""

    texts: Texts
    caller: Mapping[str, str | None]
    sealed: bytes | None
    seal_key_id: str | None


async def lock_folds(tx: Tx, nos: Sequence[str]) -> dict[str, Ticket]:
    """The tickets without their clocks, locked until the transaction ends."""
    rows = await tx.rows(LOCK_NOS, bureau=tx.bureau, nos=list(nos))
    return {row.no: load_ticket(row.fold) for row in rows}


async def find_fold(tx: Tx, no: str) -> Ticket | None:
    row = await tx.row(FIND_NO, bureau=tx.bureau, no=no)
    return None if row is None else load_ticket(row.fold)


async def complete_tickets(
    tx: Tx, tickets: Sequence[Ticket], *, with_raw: bool
) -> list[tuple[Ticket, Beside]]:
    """The tickets with their clocks, and what lies beside each, in one statement."""
    if not tickets:
        return []
    ids = [ticket.ticket_id for ticket in tickets]
    rows = await tx.rows(BESIDE, bureau=tx.bureau, ids=ids, raw=with_raw)
    by_id = {row.ticket_id: row for row in rows}
    return [
        (replace(ticket, clocks=load_clocks(row.clocks)), _beside(row))
        for ticket, row in ((ticket, by_id[ticket.ticket_id]) for ticket in tickets)
    ]


def _beside(row: Any) -> Beside:
    texts = orjson.loads(row.texts) if row.texts else []
    return Beside(
        texts={(seq, field): body for seq, field, body in texts if body is not None},
        caller={"name": row.masked_name, "phone": row.masked_phone},
        sealed=row.sealed,
        seal_key_id=row.seal_key_id,
    )


async def list_log(tx: Tx, ticket_id: int, *, after: int, limit: int) -> Sequence[Any]:
    return await tx.rows(ENTRIES, bureau=tx.bureau, ticket=ticket_id, after=after, limit=limit)


async def list_feed(
    tx: Tx, *, unit: str | None, xid: int, position: int, limit: int
) -> Sequence[Any]:
    values: dict[str, Any] = {"xid": str(xid), "position": position, "limit": limit}
    if unit is None:
        return await tx.rows(FEED_OF_ALL, bureau=tx.bureau, **values)
    return await tx.rows(FEED_OF_UNIT, bureau=tx.bureau, unit=unit, **values)
