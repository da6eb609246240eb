"""Every statement about matters but the writing ones: lists, members, what else is told."""

from collections.abc import Collection, Mapping, Sequence
from types import MappingProxyType
from typing import Any

from sqlalchemy import text

from shared.db import Tx
from shared.domain.ticket import Ticket
from shared.tickets import FOLD, read_folds

OF_READER = (
    " AND EXISTS (SELECT FROM ticket_units AS u WHERE u.bureau_id = :bureau"
    " AND u.unit_id = :reader AND u.ticket_id = t.ticket_id)"
    " AND t.object_unit IS DISTINCT FROM :reader"
)
OF_MATTER = "t.bureau_id = :bureau AND t.matter = m.matter"
CONDITIONS: Mapping[str, str] = MappingProxyType(
    {
        "trade": "t.trade = :trade",
        "street": "t.street = :street",
        "unit": "(t.lead_unit = :unit OR EXISTS (SELECT FROM json_to_recordset("
        "(t.fold->'assists')::json) AS a(unit text) WHERE a.unit = :unit))",
    }
)
LIST = (
    "SELECT m.matter, m.version, m.state, m.root, m.opened_at, m.closed_at,"  # noqa: S608 - constants
    " s.tickets, s.callers,"
    " s.first_at, s.last_at, s.trade, s.category, s.street, s.units FROM matters AS m"
    " CROSS JOIN LATERAL (SELECT count(*) AS tickets, count(DISTINCT c.phone_hash) AS callers,"
    "  min(t.received_at) AS first_at, max(t.received_at) AS last_at,"
    "  (array_agg(t.trade ORDER BY t.received_at))[1] AS trade,"
    "  (array_agg(t.category ORDER BY t.received_at))[1] AS category,"
    "  (array_agg(t.street ORDER BY t.received_at))[1] AS street,"
    "  array_agg(DISTINCT t.lead_unit) FILTER (WHERE t.lead_unit IS NOT NULL) AS units"
    "  FROM tickets AS t LEFT JOIN callers AS c"
    "   ON c.bureau_id = t.bureau_id AND c.ticket_id = t.ticket_id"
    f"  WHERE {OF_MATTER}{{scope}}) AS s"
    " WHERE m.bureau_id = :bureau AND (length(m.matter), m.matter)"
    " > (length(CAST(:after AS text)), CAST(:after AS text))"
    "{where} ORDER BY length(m.matter), m.matter LIMIT :limit"
)
MEMBERS = text(
    f"SELECT {FOLD}, c.phone_hash FROM tickets AS t LEFT JOIN callers AS c"  # noqa: S608
    " ON c.bureau_id = t.bureau_id AND c.ticket_id = t.ticket_id"
    " WHERE t.bureau_id = :bureau AND t.matter = :matter ORDER BY t.received_at, t.ticket_id"
)
TOLD = text(
    "SELECT ticket_id, seq, type, occurred_at, actor_role, actor_name, data::text AS data"
    " FROM ticket_events WHERE bureau_id = :bureau AND ticket_id = ANY(CAST(:ids AS bigint[]))"
    " AND type IN ('ticket.supervised', 'ticket.escalated', 'ticket.repeat_linked',"
    " 'ticket.matter_joined')"
    " ORDER BY occurred_at, ticket_id, seq"
)
IDS = text(
    "SELECT ticket_id FROM tickets WHERE bureau_id = :bureau AND no = ANY(CAST(:nos AS text[]))"
)
COUNT_FOLLOWERS = text(
    "SELECT count(*) AS n FROM tickets WHERE bureau_id = :bureau AND matter = :matter"
    " AND fold->>'repeat_of' = :no"
)
WORDS = text(
    "SELECT DISTINCT ON (seq, field) seq, field, body FROM matter_texts"
    " WHERE bureau_id = :bureau AND matter = :matter ORDER BY seq, field, version DESC"
)


async def list_matters(
    tx: Tx, filters: Mapping[str, str], *, reader: str | None, after: str, limit: int
) -> Sequence[Any]:
    """A page in the order of their numbers; a unit's counts are of the tickets it may see."""
    scope = OF_READER if reader is not None else ""
    where = " AND s.tickets > 0" if reader is not None else ""
    where += " AND m.state = :state" if "state" in filters else ""
    for name in sorted(set(filters) & set(CONDITIONS)):
        where += (
            f" AND EXISTS (SELECT FROM tickets AS t WHERE {OF_MATTER}"
            f"{scope} AND {CONDITIONS[name]})"
        )
    values: dict[str, Any] = {**filters, "after": after, "limit": limit}
    if reader is not None:
        values["reader"] = reader
    return await tx.rows(text(LIST.format(scope=scope, where=where)), bureau=tx.bureau, **values)


async def list_members(tx: Tx, matter: str) -> list[tuple[Ticket, bytes | None]]:
    """Its tickets without their clocks, oldest first, each with the digest of its caller."""
    rows = await tx.rows(MEMBERS, bureau=tx.bureau, matter=matter)
    hashes = [bytes(row.phone_hash) if row.phone_hash else None for row in rows]
    return list(zip(await read_folds(tx, rows), hashes, strict=True))


async def list_told(tx: Tx, ids: Sequence[int]) -> Sequence[Any]:
    """What the folds do not keep: supervisions, and why the tickets are on the matter."""
    return await tx.rows(TOLD, bureau=tx.bureau, ids=list(ids))


async def list_words(tx: Tx, matter: str) -> dict[tuple[int, str], str]:
    rows = await tx.rows(WORDS, bureau=tx.bureau, matter=matter)
    return {(row.seq, row.field): row.body for row in rows if row.body is not None}


async def find_ids(tx: Tx, nos: Collection[str]) -> list[int]:
    if not nos:
        return []
    rows = await tx.rows(IDS, bureau=tx.bureau, nos=sorted(nos))
    return [row.ticket_id for row in rows]


async def count_followers(tx: Tx, matter: str, no: str) -> int:
    """How many tickets of the matter repeat that one."""
    row = await tx.row(COUNT_FOLLOWERS, bureau=tx.bureau, matter=matter, no=no)
    return 0 if row is None else int(row.n)
