"""What is thrown away in time: stored answers after seven days (ruling 33), settled calls,
sessions long over and failed sign-ins that no longer count.

And what connections that are gone have counted is added up, so that their rows do not pile up.
"""

from datetime import timedelta

from sqlalchemy import text

from shared.db import Tx

OLD_ANSWERS = text(
    "DELETE FROM idempotency_keys WHERE bureau_id = :bureau"
    " AND created_at < clock_timestamp() - interval '7 days'"
)
# A bounded bite per round: what is left goes in the next one.
OLD_CALLS = text(
    "DELETE FROM callback_log AS l USING (SELECT number FROM callback_log"
    " WHERE bureau_id = :bureau AND settled_at < :until ORDER BY settled_at LIMIT 5000) AS old"
    " WHERE l.bureau_id = :bureau AND l.number = old.number"
)
# Who signed in when is kept for half a year; of failed sign-ins only what still counts.
OLD_SESSIONS = text(
    "DELETE FROM sessions WHERE bureau_id = :bureau"
    " AND expires_at < clock_timestamp() - interval '183 days'"
)
OLD_FAILURES = text(
    "DELETE FROM sign_in_failures WHERE bureau_id = :bureau"
    " AND failed_at < clock_timestamp() - interval '1 day'"
)

# A row that its connection is just writing is left for the next time.
ADD_UP = text(
    "WITH left_behind AS (SELECT subscriber, backend FROM delivery_productions AS p"
    " WHERE bureau_id = :bureau AND backend <> 0"
    " AND NOT EXISTS (SELECT FROM pg_stat_activity AS a WHERE a.pid = p.backend)"
    " ORDER BY subscriber, backend FOR UPDATE SKIP LOCKED),"
    " gone AS (DELETE FROM delivery_productions AS p USING left_behind AS l"
    " WHERE p.bureau_id = :bureau AND p.subscriber = l.subscriber AND p.backend = l.backend"
    " RETURNING p.subscriber, p.produced)"
    " INSERT INTO delivery_productions AS p (bureau_id, subscriber, backend, produced)"
    " SELECT :bureau, subscriber, 0, sum(produced) FROM gone GROUP BY subscriber"
    " ORDER BY subscriber ON CONFLICT (bureau_id, subscriber, backend)"
    " DO UPDATE SET produced = p.produced + EXCLUDED.produced"
)


async def keep_house(tx: Tx, *, callback_log_days: int) -> None:
    await tx.run(OLD_ANSWERS, bureau=tx.bureau)
    await tx.run(OLD_CALLS, bureau=tx.bureau, until=tx.now - timedelta(days=callback_log_days))
    await tx.run(OLD_SESSIONS, bureau=tx.bureau)
    await tx.run(OLD_FAILURES, bureau=tx.bureau)
    await tx.run(ADD_UP, bureau=tx.bureau)
