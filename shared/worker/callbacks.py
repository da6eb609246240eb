"""Deliveries to other people's systems: in order per ticket and receiver, one transaction each.

A delivery that waits or is parked holds back only its own ticket at its own receiver. The row
lock is held while the receiver is called; no ticket is locked. Retries go by the virtual clock.
"""

import asyncio
import logging
import random
from collections.abc import Awaitable, Callable
from datetime import timedelta

from sqlalchemy import text

from shared.db import is_transient
from shared.errors import Unavailable
from shared.events.subscriptions import CALLBACK
from shared.tickets import Hotline, Ledger
from shared.worker.deliveries import COLUMNS, Delivery, describe, forget, read_delivery

log = logging.getLogger(__name__)

PARALLEL = 4
# Ten tries over about 75 hours.
WAITS = tuple(
    timedelta(seconds=seconds)
    for seconds in (5, 60, 300, 1800, 7200, 18000, 36000, 57600, 72000, 75600)
)

# Never the second of a ticket's deliveries while the first is still owed.
TAKE_NEXT = text(
    f"SELECT {COLUMNS} FROM deliveries AS d"  # noqa: S608 - constants only
    " WHERE bureau_id = :bureau AND subscriber LIKE :prefix AND parked_at IS NULL"
    " AND (attempts = 0 OR next_try_at <= :now)"
    " AND NOT EXISTS (SELECT FROM deliveries AS earlier WHERE earlier.bureau_id = d.bureau_id"
    " AND earlier.stream_id = d.stream_id AND earlier.subscriber = d.subscriber"
    " AND earlier.seq < d.seq)"
    " ORDER BY next_try_at, stream_id, seq LIMIT 1 FOR UPDATE SKIP LOCKED"
)
POSTPONE = text(
    "UPDATE deliveries SET attempts = attempts + 1, last_error = :error,"
    " first_error = coalesce(first_error, :error), next_try_at = :next_try_at,"
    " parked_at = CASE WHEN :is_last THEN CAST(:now AS timestamptz) END"
    " WHERE bureau_id = :bureau AND subscriber = :subscriber AND stream_id = :stream"
    " AND seq = :seq"
)

Sender = Callable[[Ledger, Delivery], Awaitable[None]]


async def drain_callbacks(hotline: Hotline, bureau: int, sender: Sender) -> None:
    """Until nothing more can be sent now, several receivers at once."""
    if await _send_next(hotline, bureau, sender):
        await asyncio.gather(*(_send_on(hotline, bureau, sender) for _ in range(PARALLEL)))


async def _send_on(hotline: Hotline, bureau: int, sender: Sender) -> None:
    sent = True
    while sent:
        sent = await _send_next(hotline, bureau, sender)


async def _send_next(hotline: Hotline, bureau: int, sender: Sender) -> bool:
    async with hotline.ledger(bureau) as ledger:
        row = await ledger.tx.row(TAKE_NEXT, bureau=bureau, prefix=f"{CALLBACK}%", now=ledger.now)
        if row is None:
            return False
        delivery = read_delivery(row)
        try:
            await sender(ledger, delivery)
        except Exception as error:
            if isinstance(error, Unavailable) and is_transient(error):
                raise
            log.warning(
                "callback failed",
                extra={"subscriber": delivery.subscriber, "stream_id": delivery.stream_id},
            )
            await _postpone(ledger, delivery, error)
        else:
            await forget(ledger.tx, [delivery])
        return True


async def _postpone(ledger: Ledger, delivery: Delivery, error: Exception) -> None:
    is_last = delivery.attempts + 1 >= len(WAITS)
    wait = WAITS[min(delivery.attempts, len(WAITS) - 1)]
    jitter = random.uniform(0.8, 1.0)  # noqa: S311 - spreads retries, decides nothing
    await ledger.tx.run(
        POSTPONE,
        bureau=ledger.tx.bureau,
        subscriber=delivery.subscriber,
        stream=delivery.stream_id,
        seq=delivery.seq,
        error=describe(error),
        next_try_at=ledger.now + wait * jitter,
        is_last=is_last,
        now=ledger.now,
    )
