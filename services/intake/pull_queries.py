"""The statements of the calls that reconciliation owes platforms: lists to pull, requests to send.

A call is leased in a transaction of its own, and its result is written only where the lease's
token still stands: nothing is open while a platform is called, and no kill loses or doubles one.
"""

from sqlalchemy import text

LEASE_SECONDS = 90
LAST_SWEEP = text(
    "SELECT s.source, (SELECT max(p.swept_on) FROM reconciliation_pulls AS p"
    " WHERE p.bureau_id = s.bureau_id AND p.source = s.source) AS swept_on"
    " FROM sources AS s WHERE s.bureau_id = :bureau AND s.list_url IS NOT NULL"
    " ORDER BY s.source"
)
OWE_PULLS = text(
    "INSERT INTO reconciliation_pulls (bureau_id, source, swept_on, day, next_try_at)"
    " SELECT :bureau, :source, :swept_on, day, :now"
    " FROM unnest(CAST(:days AS date[])) AS day ON CONFLICT DO NOTHING"
)
OWED = (
    "done_at IS NULL AND failed_at IS NULL AND next_try_at <= :now"
    " AND (leased_until IS NULL OR leased_until < clock_timestamp())"
)
LEASED = (
    "leased_until = clock_timestamp() + make_interval(secs => :seconds),"
    " token = CAST(:token AS uuid), attempts = attempts + 1"
)
ANY_OWED = text(
    f"SELECT EXISTS (SELECT FROM reconciliation_pulls WHERE bureau_id = :bureau AND {OWED})"  # noqa: S608
    " OR EXISTS (SELECT FROM reconciliation_requests"
    f" WHERE bureau_id = :bureau AND {OWED}) AS found"
)
LEASE_PULL = text(
    "WITH next AS (SELECT source, swept_on, day FROM reconciliation_pulls"  # noqa: S608
    f" WHERE bureau_id = :bureau AND {OWED}"
    " ORDER BY next_try_at, source, day LIMIT 1 FOR UPDATE SKIP LOCKED)"
    f" UPDATE reconciliation_pulls AS p SET {LEASED} FROM next"
    " WHERE p.bureau_id = :bureau AND p.source = next.source AND p.swept_on = next.swept_on"
    " AND p.day = next.day RETURNING p.source, p.swept_on, p.day, p.attempts,"
    " (SELECT list_url FROM sources AS s WHERE s.bureau_id = p.bureau_id"
    " AND s.source = p.source) AS url"
)
LEASE_REQUEST = text(
    "WITH next AS (SELECT case_id, number FROM reconciliation_requests"  # noqa: S608
    f" WHERE bureau_id = :bureau AND {OWED}"
    " ORDER BY next_try_at, case_id LIMIT 1 FOR UPDATE SKIP LOCKED)"
    f" UPDATE reconciliation_requests AS r SET {LEASED}"
    " FROM next JOIN reconciliation_cases AS c ON c.bureau_id = :bureau"
    " AND c.case_id = next.case_id LEFT JOIN sources AS s ON s.bureau_id = :bureau"
    " AND s.source = c.source"
    " WHERE r.bureau_id = :bureau AND r.case_id = next.case_id AND r.number = next.number"
    " RETURNING r.case_id, r.number, r.attempts, c.source, c.upstream_no, c.state,"
    " s.request_url AS url"
)
MINE = "token = CAST(:token AS uuid) AND done_at IS NULL AND failed_at IS NULL"
PULL_KEY = "bureau_id = :bureau AND source = :source AND swept_on = :swept_on AND day = :day"
REQUEST_KEY = "bureau_id = :bureau AND case_id = :case_id AND number = :number"
DONE = "done_at = :now, leased_until = NULL, token = NULL"
FAILED = (
    "leased_until = NULL, token = NULL, last_error = :error,"
    " first_error = coalesce(first_error, :error), next_try_at = :next_try_at,"
    " failed_at = CASE WHEN :is_last THEN CAST(:now AS timestamptz) END"
)
PULL_DONE = text(
    f"UPDATE reconciliation_pulls SET {DONE}, reconciliation_id = CAST(:id AS uuid)"  # noqa: S608
    f" WHERE {PULL_KEY} AND {MINE}"
)
PULL_FAILED = text(
    f"UPDATE reconciliation_pulls SET {FAILED} WHERE {PULL_KEY} AND {MINE}"  # noqa: S608
)
REQUEST_DONE = text(
    f"UPDATE reconciliation_requests SET {DONE} WHERE {REQUEST_KEY} AND {MINE}"  # noqa: S608
)
REQUEST_FAILED = text(
    f"UPDATE reconciliation_requests SET {FAILED} WHERE {REQUEST_KEY} AND {MINE}"  # noqa: S608
)
