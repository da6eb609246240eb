"""What is thrown away in time: stored answers after seven days (ruling 33), settled calls."""

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


async def keep_house(tx: Tx, *, callback_log_days: int) -> None:
    await tx.run(OLD_ANSWERS, bureau=tx.bureau)
    await tx.run(OLD_CALLS, bureau=tx.bureau, until=tx.now - timedelta(days=callback_log_days))
