"""Deliveries to other people's systems: in order per ticket and receiver, one transaction each.

A delivery that waits or is parked holds back only its own ticket at its own receiver. The row
lock is held while the receiver is called; no ticket is locked. Retries go by the virtual clock.
"""

import asyncio
import logging
import random
import time
from collections.abc import Awaitable, Callable
from datetime import timedelta

from sqlalchemy import text

from shared.db import is_transient
from shared.errors import HotlineError, Unavailable
from shared.events.subscriptions import CALLBACK
from shared.tickets import Hotline, Ledger
from shared.worker.deliveries import COLUMNS, Delivery, forget, read_delivery
from shared.worker.failures import describe

log = logging.getLogger(__name__)

PARALLEL = 2  # to one receiver
LINES = 4  # to all of them; each holds a connection to Postgres
ROUND_SECONDS = 5.0
# Between ten tries: about 75 hours in all.
WAITS = (
    timedelta(seconds=5),
    timedelta(minutes=5),
    timedelta(minutes=30),
    *(timedelta(hours=hours) for hours in (2, 5, 10, 14, 20, 24)),
)
MAX_TRIES = 1 + len(WAITS)

RECEIVERS = text(
    "SELECT DISTINCT subscriber FROM deliveries"
    " WHERE bureau_id = :bureau AND subscriber LIKE :prefix AND parked_at IS NULL"
    " AND (attempts = 0 OR next_try_at <= :now) ORDER BY subscriber"
)

# Never the second of a ticket's deliveries while the first is still owed.
TAKE_NEXT = text(
    f"SELECT {COLUMNS} FROM deliveries AS d"  # noqa: S608 - constants only
    " WHERE bureau_id = :bureau AND subscriber = :subscriber AND parked_at IS NULL"
    " AND (attempts = 0 OR next_try_at <= :now)"
    " AND NOT EXISTS (SELECT FROM deliveries AS earlier WHERE earlier.bureau_id = d.bureau_id"
    " AND earlier.stream_id = d.stream_id AND earlier.subscriber = d.subscriber"
    " AND earlier.seq < d.seq)"
    " ORDER BY next_try_at, stream_id, seq LIMIT 1 FOR UPDATE SKIP LOCKED"
)
POSTPONE = text(
    "UPDATE deliveries SET attempts = attempts + 1, last_error = :error,"
    " first_error = coalesce(first_error, :error), next_try_at = :next_try_at,"
    " first_failed_at = coalesce(first_failed_at, clock_timestamp()),"
    " last_failed_at = clock_timestamp(),"
    " parked_at = CASE WHEN :is_last THEN CAST(:now AS timestamptz) END"
    " WHERE bureau_id = :bureau AND subscriber = :subscriber AND stream_id = :stream"
    " AND seq = :seq"
)

Sender = Callable[[Ledger, Delivery], Awaitable[None]]


async def drain_callbacks(hotline: Hotline, bureau: int, sender: Sender) -> None:
    """What can be sent now, to each receiver apart, so that none waits for a slower one.

    A round ends in time for the next one to look for new receivers.
    """
    async with hotline.ledger(bureau, writing=False) as ledger:
        rows = await ledger.tx.rows(RECEIVERS, bureau=bureau, prefix=f"{CALLBACK}%", now=ledger.now)
    until = time.monotonic() + ROUND_SECONDS
    lines = asyncio.Semaphore(LINES)

    async def send_on(subscriber: str) -> None:
        sent = True
        while sent and time.monotonic() < until:
            async with lines:
                sent = await _send_next(hotline, bureau, subscriber, sender)

    senders = [send_on(row.subscriber) for row in rows for _ in range(PARALLEL)]
    for outcome in await asyncio.gather(*senders, return_exceptions=True):
        if isinstance(outcome, BaseException):
            raise outcome


async def _send_next(hotline: Hotline, bureau: int, subscriber: str, sender: Sender) -> bool:
    async with hotline.ledger(bureau) as ledger:
        row = await ledger.tx.row(TAKE_NEXT, bureau=bureau, subscriber=subscriber, now=ledger.now)
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
                extra={
                    "subscriber": delivery.subscriber,
                    "stream_id": delivery.stream_id,
                    "kind": describe(error),
                },
            )
            await _postpone(ledger, delivery, error)
        else:
            await forget(ledger.tx, [delivery])
        return True


async def _postpone(ledger: Ledger, delivery: Delivery, error: Exception) -> None:
    is_last = delivery.attempts + 1 >= MAX_TRIES
    wait = WAITS[min(delivery.attempts, len(WAITS) - 1)]
    jitter = random.uniform(0.9, 1.1)  # noqa: S311 - spreads retries, decides nothing
    await ledger.tx.run(
        POSTPONE,
        bureau=ledger.tx.bureau,
        subscriber=delivery.subscriber,
        stream=delivery.stream_id,
        seq=delivery.seq,
        error=reason(error),
        next_try_at=ledger.now + wait * jitter,
        is_last=is_last,
        now=ledger.now,
    )


def reason(error: Exception) -> str:
    """What is kept of a failure: what the receiver answered, or what became of the call."""
    said = f": {error.detail}" if isinstance(error, HotlineError) else ""
    return describe(error) + said
