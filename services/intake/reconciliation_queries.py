"""The statements of reconciliation: what we hold of a platform's numbers, its cases, its calls."""

from collections.abc import Collection, Mapping, Sequence
from datetime import date, datetime
from typing import Any

import orjson
from sqlalchemy import text

from shared import models
from shared.db import Tx
from shared.events.subscriptions import CALLBACK, INTAKE
from shared.tickets.statements import write_rows

HOLD_SOURCE = text(
    "SELECT pg_advisory_xact_lock(hashtext('minhu.reconciliation:' || :source), :bureau)"
)
FIND_TAKEN = text(
    "SELECT digest FROM reconciliations"
    " WHERE bureau_id = :bureau AND reconciliation_id = CAST(:id AS uuid)"
)
LATEST = text(
    "SELECT max(as_of) AS as_of FROM reconciliations"
    " WHERE bureau_id = :bureau AND source = :source AND day = :day"
)
KEEP_TAKEN = text(
    "INSERT INTO reconciliations (bureau_id, reconciliation_id, source, day, origin, digest,"
    " as_of, taken_at, counts) VALUES (:bureau, CAST(:id AS uuid), :source, :day, :origin,"
    " :digest, :as_of, :now, CAST(:counts AS jsonb)) ON CONFLICT DO NOTHING"
)
# One statement, so one moment: a message is either still held or already a ticket. A held body is
# read only where it may tell of a number that its row does not.
LOOK = text("""
WITH wanted AS (
    SELECT n.upstream_no, n.ticket_id FROM ticket_upstream_nos AS n
    WHERE n.bureau_id = :bureau AND n.source = :source
      AND n.upstream_no = ANY(CAST(:numbers AS text[]))
    UNION
    SELECT t.fold #>> '{upstream,0,no}', t.ticket_id FROM tickets AS t
    WHERE t.bureau_id = :bureau AND t.source = :source
      AND t.received_at >= :since AND t.received_at < :until
    UNION
    SELECT r.upstream_no, n.ticket_id FROM number_receipts AS r
    JOIN ticket_upstream_nos AS n USING (bureau_id, upstream_no, source)
    WHERE r.bureau_id = :bureau AND r.source = :source AND r.day = :day
), owed AS (
    SELECT stream_id, min(seq) AS first_owed, bool_or(parked_at IS NOT NULL) AS has_parked
    FROM deliveries WHERE bureau_id = :bureau AND subscriber = :callback GROUP BY stream_id
), waiting AS (
    SELECT m.* FROM raw_messages AS m
    WHERE m.bureau_id = :bureau AND m.state = 'quarantined'
    UNION ALL
    SELECT m.* FROM raw_messages AS m WHERE m.bureau_id = :bureau AND m.state = 'waiting'
    UNION ALL
    SELECT m.* FROM deliveries AS d
    JOIN raw_messages AS m ON m.bureau_id = d.bureau_id
      AND m.message_id = CAST(d.payload ->> 'message_id' AS uuid)
    WHERE d.bureau_id = :bureau AND d.subscriber = :intake AND m.state = 'pending'
)
SELECT w.upstream_no, w.ticket_id, t.no, t.state, t.completed_at,
    t.fold #>> '{upstream,0,no}' = w.upstream_no
      AND t.fold #>> '{upstream,0,source}' = :source AS is_first,
    t.received_at AS first_received_at, r.received_at, r.day, r.recorded_at,
    CASE WHEN t.state = 'merged' THEN t.fold ->> 'merged_into' END AS merged_into,
    o.first_owed, coalesce(o.has_parked, false) AS has_parked,
    CAST(NULL AS uuid) AS message_id, CAST(NULL AS bytea) AS body,
    CAST(NULL AS text) AS seal_key_id
FROM wanted AS w JOIN tickets AS t ON t.bureau_id = :bureau AND t.ticket_id = w.ticket_id
LEFT JOIN number_receipts AS r ON r.bureau_id = :bureau AND r.source = :source
  AND r.upstream_no = w.upstream_no
LEFT JOIN owed AS o ON o.stream_id = w.ticket_id
UNION ALL
SELECT m.upstream_no, NULL, NULL, m.state, NULL, NULL, NULL, NULL, NULL, m.received_at,
    NULL, NULL, NULL, m.message_id,
    CASE WHEN m.upstream_no IS NULL OR m.type = 'ticket.rework'
      THEN coalesce(m.mended, m.body) END,
    CASE WHEN m.mended IS NULL THEN m.seal_key_id ELSE m.mended_key_id END
FROM waiting AS m WHERE m.source = :source AND (m.upstream_no IS NULL
  OR m.type = 'ticket.rework' OR m.upstream_no = ANY(CAST(:numbers AS text[])))
""")
# Rework orders on a ticket that is closed for good are kept and change nothing (ruling 48): no
# index, but asked only where a number is not found otherwise.
SET_ASIDE = text(
    "SELECT message_id, state, coalesce(mended, body) AS body,"
    " CASE WHEN mended IS NULL THEN seal_key_id ELSE mended_key_id END AS seal_key_id"
    " FROM raw_messages"
    " WHERE bureau_id = :bureau AND source = :source AND state = 'ignored'"
    " AND type = 'ticket.rework' AND coalesce(mended, body) IS NOT NULL"
)
MASTERS = text(
    "SELECT no, completed_at, CASE WHEN state = 'merged' THEN fold ->> 'merged_into' END"
    " AS merged_into FROM tickets WHERE bureau_id = :bureau AND no = ANY(CAST(:nos AS text[]))"
)
KNOWN_FROM_OTHERS = text(
    "SELECT n.upstream_no, t.no FROM ticket_upstream_nos AS n"
    " JOIN tickets AS t USING (bureau_id, ticket_id) WHERE n.bureau_id = :bureau"
    " AND n.source = '' AND n.upstream_no = ANY(CAST(:numbers AS text[]))"
)
RECORDED_AFTER = text(
    "SELECT ticket_id, min(seq) AS seq FROM ticket_events WHERE bureau_id = :bureau"
    " AND ticket_id = ANY(CAST(:ids AS bigint[])) AND recorded_at > :as_of GROUP BY ticket_id"
)
LISTED_ELSEWHERE = text(
    "SELECT upstream_no FROM reconciliation_entries WHERE bureau_id = :bureau"
    " AND source = :source AND day <> :day AND upstream_no = ANY(CAST(:numbers AS text[]))"
)
FORGET_ENTRIES = text(
    "DELETE FROM reconciliation_entries AS e WHERE bureau_id = :bureau AND source = :source"
    " AND day = :day AND NOT EXISTS (SELECT FROM unnest(CAST(:numbers AS text[])) AS no"
    " WHERE no = e.upstream_no)"
)
KEEP_ENTRIES = text(
    "INSERT INTO reconciliation_entries AS e (bureau_id, source, upstream_no, day, as_of)"
    " SELECT :bureau, :source, no, :day, :as_of FROM unnest(CAST(:numbers AS text[])) AS no"
    " ON CONFLICT (bureau_id, source, upstream_no)"
    " DO UPDATE SET day = EXCLUDED.day, as_of = EXCLUDED.as_of"
    " WHERE e.day <> EXCLUDED.day AND e.as_of <= EXCLUDED.as_of"
)
CASE_COLUMNS = (
    "case_id, version, source, upstream_no, kind, day, state, fields, ours::text AS ours,"
    " theirs::text AS theirs, no, first_seen_on, last_seen_on, owner_unit, owner_person,"
    " requests, opened_at, closed_at, position"
)
TAKE_CASES = text(
    f"SELECT {CASE_COLUMNS} FROM reconciliation_cases"  # noqa: S608 - constants only
    " WHERE bureau_id = :bureau AND source = :source"
    " AND (day = :day OR upstream_no = ANY(CAST(:numbers AS text[])))"
    " ORDER BY case_id FOR UPDATE"
)
FIND_CASE = f"SELECT {CASE_COLUMNS} FROM reconciliation_cases WHERE bureau_id = :bureau"  # noqa: S608
GET_CASE = text(f"{FIND_CASE} AND case_id = CAST(:id AS uuid)")
TAKE_CASE = text(f"{FIND_CASE} AND case_id = CAST(:id AS uuid) FOR UPDATE")
LIST_CASES = f"{FIND_CASE} AND position > :after"
CASE_EVENTS = text(
    "SELECT seq, type, at, actor_role, actor_name, data::text AS data"
    " FROM reconciliation_case_events WHERE bureau_id = :bureau AND case_id = CAST(:id AS uuid)"
    " ORDER BY seq"
)
WRITTEN = tuple(
    column.name
    for column in models.reconciliation_cases.columns
    if column.name not in ("bureau_id", "position")
)
REPLACED = ", ".join(f'"{name}" = EXCLUDED."{name}"' for name in WRITTEN if name != "case_id")
CASES = write_rows(
    models.reconciliation_cases,
    "cases",
    WRITTEN,
    conflict=f"ON CONFLICT (bureau_id, case_id) DO UPDATE SET {REPLACED}",
)
EVENTS = write_rows(models.reconciliation_case_events, "events")
PUT_CASES = text(CASES)
PUT_EVENTS = text(EVENTS)
OWE_REQUESTS = text(
    "INSERT INTO reconciliation_requests (bureau_id, case_id, number, next_try_at)"
    " SELECT :bureau, r.case_id, r.number, :now FROM json_to_recordset(CAST(:rows AS json))"
    " AS r(case_id uuid, number smallint) ON CONFLICT DO NOTHING"
)
UNDER_WAY = text(
    "SELECT EXISTS (SELECT FROM reconciliation_requests WHERE bureau_id = :bureau"
    " AND case_id = CAST(:id AS uuid) AND done_at IS NULL AND failed_at IS NULL) AS found"
)
KEEP_RECEIPTS = text(write_rows(models.number_receipts, "rows", conflict="ON CONFLICT DO NOTHING"))
ADDRESSES = text(
    "SELECT source, list_url, request_url FROM sources WHERE bureau_id = :bureau"
    " AND (list_url IS NOT NULL OR request_url IS NOT NULL)"
)
FILTERS: Mapping[str, str] = {
    "source": "source = :source",
    "state": "state = :state",
    "kind": "kind = :kind",
    "day": "day = :day",
    "unit": "owner_unit = :unit",
    "person": "owner_person = :person",
}


async def look(
    tx: Tx, source: str, day: date, numbers: Sequence[str], *, since: datetime, until: datetime
) -> Sequence[Any]:
    return await tx.rows(
        LOOK,
        bureau=tx.bureau,
        source=source,
        numbers=list(numbers),
        since=since,
        until=until,
        day=day,
        callback=CALLBACK + source,
        intake=INTAKE,
    )


async def find_masters_completions(
    tx: Tx, nos: Collection[str]
) -> dict[str, tuple[datetime | None, str | None]]:
    """By number, with whom each was merged into in turn; a few rounds at most."""
    found: dict[str, tuple[datetime | None, str | None]] = {}
    wanted = set(nos)
    while wanted:
        for row in await tx.rows(MASTERS, bureau=tx.bureau, nos=list(wanted)):
            found[row.no] = (row.completed_at, row.merged_into)
        told = {into for _, into in found.values() if into is not None}
        wanted = told - set(found)
    return found


async def list_cases(
    tx: Tx, filters: Mapping[str, Any], *, after: int, limit: int
) -> Sequence[Any]:
    conditions = "".join(f" AND {FILTERS[name]}" for name in filters)
    statement = text(f"{LIST_CASES}{conditions} ORDER BY position LIMIT :limit")
    return await tx.rows(statement, bureau=tx.bureau, after=after, limit=limit, **filters)


async def put_cases(
    tx: Tx, cases: Sequence[Mapping[str, Any]], events: Sequence[Mapping[str, Any]]
) -> None:
    if cases:
        await tx.run(PUT_CASES, bureau=tx.bureau, cases=encoded(cases))
    if events:
        await tx.run(PUT_EVENTS, bureau=tx.bureau, events=encoded(events))


def encoded(rows: Sequence[Mapping[str, Any]]) -> str:
    """Postgres' own ids are spelled as text."""
    return orjson.dumps(list(rows), default=str).decode()
