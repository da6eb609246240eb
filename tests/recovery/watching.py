"""What the database shows of work owed, claimed and done."""

import asyncio
import time
from collections.abc import Awaitable, Callable

import asyncpg

OURS = "split_part(subscriber, ':', 2) = ''"  # not another system's
OWED = f"SELECT count(*) FROM deliveries WHERE {OURS} AND parked_at IS NULL"
EVERY = "SELECT count(*) FROM deliveries WHERE parked_at IS NULL"
PARKED = "SELECT count(*) FROM deliveries WHERE parked_at IS NOT NULL"
OLDEST = (
    "SELECT coalesce(extract(epoch FROM clock_timestamp() - min(created_at)), 0)::float"
    f" FROM deliveries WHERE {OURS}"
)
# Who waits for a lock on the table while it holds a claim on work.
INSIDE = (
    "SELECT w.pid FROM pg_locks AS w WHERE w.relation = $1::text::regclass AND NOT w.granted"
    " AND EXISTS (SELECT FROM pg_locks AS c WHERE c.pid = w.pid AND c.granted"
    " AND c.relation = $2::text::regclass AND c.mode = 'RowShareLock')"
)
BACKENDS = (
    "SELECT count(*) FROM pg_stat_activity WHERE application_name = 'minhu' AND backend_start > $1"
)
NOW = "SELECT clock_timestamp()"
HALF_APPLIED = (
    "SELECT count(*) FROM raw_messages AS m WHERE m.state = 'applied' AND NOT EXISTS ("
    " SELECT FROM tickets AS t WHERE t.bureau_id = m.bureau_id AND t.ticket_id = m.ticket_id)"
)


async def until(asked: Callable[[], Awaitable[object]], *, seconds: float, what: str) -> float:
    """Asks again and again until the answer is true; when it was. Fails once it takes too long."""
    deadline = time.monotonic() + seconds
    while not await asked():
        assert time.monotonic() < deadline, f"not within {seconds:.0f} s: {what}"
        await asyncio.sleep(0.01)
    return time.monotonic()


async def until_drained(inside: asyncpg.Connection, *, seconds: float, owed: str = OWED) -> float:
    async def is_drained() -> bool:
        return bool(await inside.fetchval(owed) == 0)

    return await until(is_drained, seconds=seconds, what="nothing is owed")
