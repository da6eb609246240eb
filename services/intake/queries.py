"""Every statement this service sends to Postgres, but for the inbox's one and the shared door's."""

from collections.abc import Collection, Mapping, Sequence
from typing import Any

import orjson
from sqlalchemy import text

from shared import models
from shared.db import Tx
from shared.models.messages import OUTSIDE
from shared.tickets.statements import replacing, write_rows

LOCK_NUMBERS = text("SELECT pg_advisory_xact_lock(k) FROM unnest(CAST(:keys AS bigint[])) AS k")
# A message speaks in its mended words where there are some; what was sent stays beside them.
MESSAGE_COLUMNS = (
    "message_id, arrival, source, coalesce(mended, body) AS body,"
    " CASE WHEN mended IS NULL THEN seal_key_id ELSE mended_key_id END AS seal_key_id,"
    " upstream_no, state, received_at, trace"
)
READ_MESSAGES = text(
    f"SELECT {MESSAGE_COLUMNS} FROM raw_messages"  # noqa: S608 - constants only
    " WHERE bureau_id = :bureau AND message_id = ANY(CAST(:ids AS uuid[])) ORDER BY arrival"
)
WAITING = text(
    f"SELECT {MESSAGE_COLUMNS} FROM raw_messages"  # noqa: S608 - constants only
    " WHERE bureau_id = :bureau AND state = 'waiting'"
    " AND upstream_no = ANY(CAST(:numbers AS text[])) ORDER BY arrival"
)
FIND_NUMBERS = text(
    "SELECT upstream_no, source, ticket_id FROM ticket_upstream_nos"
    " WHERE bureau_id = :bureau AND upstream_no = ANY(CAST(:numbers AS text[]))"
)
AWAIT = text(
    "INSERT INTO awaited_roots (bureau_id, upstream_no, ticket_id)"
    " VALUES (:bureau, :number, :ticket) ON CONFLICT DO NOTHING"
)
NEXT_IDS = text(
    "SELECT nextval('ticket_ids') AS id FROM generate_series(1, CAST(:count AS integer))"
)
STANDING_TEXTS = text(
    "SELECT DISTINCT ON (ticket_id, seq, field) ticket_id, seq, field, body FROM ticket_texts"
    " WHERE bureau_id = :bureau AND ticket_id = ANY(CAST(:ids AS bigint[]))"
    " AND field IN ('title', 'content', 'address', 'reply_points')"
    " ORDER BY ticket_id, seq, field, version DESC"
)
ENTRY_TEXTS = text(
    "SELECT DISTINCT ON (field) field, body FROM ticket_texts"
    " WHERE bureau_id = :bureau AND ticket_id = :ticket AND seq = :seq"
    " ORDER BY field, version DESC"
)
SEALED_CALLERS = text(
    "SELECT ticket_id, sealed, seal_key_id FROM callers"
    " WHERE bureau_id = :bureau AND ticket_id = ANY(CAST(:ids AS bigint[]))"
    " AND sealed IS NOT NULL"
)
PUT_CALLERS = text(
    write_rows(models.callers, "callers", conflict=replacing(models.callers, ("ticket_id",)))
)
SETTLE_MESSAGES = text(
    "UPDATE raw_messages AS m SET state = r.state, ticket_id = r.ticket_id, problem = r.problem,"
    " settled_at = :now FROM json_to_recordset(CAST(:rows AS json))"
    " AS r(message_id uuid, state text, ticket_id bigint, problem jsonb)"
    " WHERE m.bureau_id = :bureau AND m.message_id = r.message_id"
)
PUT_RANK = text(
    "INSERT INTO city_ranks (bureau_id, scope, period, rank, of, score, source, published_at,"
    " arrival) VALUES (:bureau, :scope, :period, :rank, :of, :score, :source, :at, :arrival)"
    " ON CONFLICT (bureau_id, scope, period) DO UPDATE SET rank = EXCLUDED.rank,"
    " of = EXCLUDED.of, score = EXCLUDED.score, source = EXCLUDED.source,"
    " published_at = EXCLUDED.published_at, arrival = EXCLUDED.arrival"
    " WHERE city_ranks.arrival <= EXCLUDED.arrival"
)
RECEIPT = text(
    "SELECT m.source, m.state, m.problem::text AS problem, t.no FROM raw_messages AS m"
    " LEFT JOIN tickets AS t ON t.bureau_id = m.bureau_id AND t.ticket_id = m.ticket_id"
    " WHERE m.bureau_id = :bureau AND m.message_id = :id"
)
KNOWN_MESSAGE = text(
    "SELECT digest, state, problem::text AS problem FROM raw_messages"
    " WHERE bureau_id = :bureau AND message_id = :id"
)
CALLBACK_STATE = text(
    "SELECT s.callback_url, p.failing_since, p.disabled_at, p.disabled_because,"  # noqa: S608
    " (SELECT count(*) FROM deliveries WHERE bureau_id = s.bureau_id"
    f"  AND subscriber = 'callback:' || s.source AND {OUTSIDE}"
    "  AND parked_at IS NULL) AS waiting,"
    " (SELECT count(*) FROM deliveries WHERE bureau_id = s.bureau_id"
    "  AND subscriber = 'callback:' || s.source AND parked_at IS NOT NULL) AS parked"
    " FROM sources AS s LEFT JOIN endpoints AS p ON p.bureau_id = s.bureau_id"
    " AND p.subscriber = 'callback:' || s.source"
    " WHERE s.bureau_id = :bureau AND s.source = :source"
)
QUARANTINE = text(
    "SELECT message_id, arrival, source, received_at, problem::text AS problem, body, seal_key_id"
    " FROM raw_messages WHERE bureau_id = :bureau AND state = 'quarantined' AND arrival > :after"
    " ORDER BY arrival LIMIT :limit"
)
TAKE_QUARANTINED = text(
    "SELECT message_id, body, seal_key_id, state FROM raw_messages"
    " WHERE bureau_id = :bureau AND message_id = :id FOR UPDATE"
)
REDRIVE = text(
    "WITH mended AS (UPDATE raw_messages SET mended = :body, mended_key_id = :seal_key,"
    " mended_by = :actor, mended_at = :now, type = :type, upstream_no = :upstream_no,"
    " state = 'pending', problem = NULL WHERE bureau_id = :bureau AND message_id = :id"
    " RETURNING stream_id, arrival, message_id)"
    " INSERT INTO deliveries (bureau_id, stream_id, seq, subscriber, event_type, payload)"
    " SELECT :bureau, stream_id, arrival, 'intake', 'message.received',"
    " jsonb_build_object('message_id', message_id) FROM mended"
)


async def read_messages(tx: Tx, ids: Collection[str]) -> Sequence[Any]:
    return await tx.rows(READ_MESSAGES, bureau=tx.bureau, ids=list(ids))


async def find_numbers(tx: Tx, numbers: Collection[str]) -> dict[tuple[str, str], int]:
    """(number, source) → ticket; source "" for a number another platform told of."""
    rows = await tx.rows(FIND_NUMBERS, bureau=tx.bureau, numbers=list(numbers))
    return {(row.upstream_no, row.source): row.ticket_id for row in rows}


async def standing_texts(tx: Tx, ids: Collection[int]) -> dict[int, dict[tuple[int, str], str]]:
    if not ids:
        return {}
    found: dict[int, dict[tuple[int, str], str]] = {}
    for row in await tx.rows(STANDING_TEXTS, bureau=tx.bureau, ids=list(ids)):
        if row.body is not None:
            found.setdefault(row.ticket_id, {})[(row.seq, row.field)] = row.body
    return found


async def entry_texts(tx: Tx, ticket_id: int, seq: int) -> dict[str, str]:
    rows = await tx.rows(ENTRY_TEXTS, bureau=tx.bureau, ticket=ticket_id, seq=seq)
    return {row.field: row.body for row in rows if row.body is not None}


async def settle_messages(tx: Tx, rows: Sequence[Mapping[str, Any]]) -> None:
    encoded = orjson.dumps(list(rows), default=str).decode()
    await tx.run(SETTLE_MESSAGES, bureau=tx.bureau, now=tx.now, rows=encoded)
