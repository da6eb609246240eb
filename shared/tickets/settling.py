"""What is still pending at the present time, and the wait until nothing is (sandbox only)."""

import asyncio
import time

from sqlalchemy import text

from shared.errors import ErrorKind, HotlineError
from shared.events.subscriptions import INTERNAL
from shared.tickets.alarms import run_alarms
from shared.tickets.hotline import Hotline

POLL_SECONDS = 0.01
RING_SECONDS = 0.1

# Own handlers' deliveries wait in real time and are driven at once; a callback whose next try lies
# ahead in virtual time is not pending, nor is one that such a call, or a parked one, holds back,
# nor what waits for a receiver that is disabled.
DRIVE = text(
    "UPDATE deliveries SET next_try_at = clock_timestamp()"
    " WHERE bureau_id = :bureau AND parked_at IS NULL"
    " AND subscriber = ANY(CAST(:own AS text[])) AND next_try_at > clock_timestamp()"
)
PENDING = text(
    "SELECT subscriber, count(*) AS owed FROM deliveries AS d"
    " WHERE bureau_id = :bureau AND parked_at IS NULL"
    " AND (subscriber = ANY(CAST(:own AS text[])) OR ("
    "  (attempts + deferrals = 0 OR next_try_at <= minhu_now())"
    "  AND NOT EXISTS (SELECT FROM endpoints AS p WHERE p.bureau_id = d.bureau_id"
    "   AND p.subscriber = d.subscriber AND p.disabled_at IS NOT NULL)"
    "  AND NOT EXISTS (SELECT FROM deliveries AS e WHERE e.bureau_id = d.bureau_id"
    "   AND e.stream_id = d.stream_id AND e.subscriber = d.subscriber AND e.seq < d.seq"
    "   AND (e.parked_at IS NOT NULL OR (e.attempts + e.deferrals > 0"
    "    AND e.next_try_at > minhu_now())))))"
    " GROUP BY subscriber ORDER BY subscriber"
)


class NotSettled(HotlineError):
    kind = ErrorKind.TIMEOUT
    code = "not-settled"
    title = "仍有未处理完的工作"


async def settle(hotline: Hotline, timeout_seconds: float) -> None:
    """Returns once nothing is pending; raises NotSettled naming what is."""
    deadline = time.monotonic() + timeout_seconds
    rung = 0.0
    while pending := await _look(hotline):
        if time.monotonic() >= deadline:
            raise NotSettled(extra={"pending": pending})
        if time.monotonic() - rung > RING_SECONDS:
            rung = time.monotonic()
            await _drive(hotline)
        await asyncio.sleep(POLL_SECONDS)


async def _look(hotline: Hotline) -> dict[str, int]:
    """Rings what is due by now, then counts what is owed, by subscriber."""
    pending: dict[str, int] = {}
    for bureau in await hotline.bureaus():
        more = True
        while more:
            async with hotline.ledger(bureau) as ledger:
                more = await run_alarms(ledger, ledger.now)
        async with hotline.database.transaction(bureau, writing=False) as tx:
            for row in await tx.rows(PENDING, bureau=bureau, own=list(INTERNAL)):
                pending[row.subscriber] = pending.get(row.subscriber, 0) + row.owed
    return pending


async def _drive(hotline: Hotline) -> None:
    for bureau in await hotline.bureaus():
        async with hotline.database.transaction(bureau) as tx:
            await tx.run(DRIVE, bureau=bureau, own=list(INTERNAL))
    hotline.ring()
