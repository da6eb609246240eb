"""Draining what is owed: claim a batch, run its handler, forget it: one transaction.

Leases are row locks: a killed worker's claims are free the moment its connection ends. Poison
never delays the good: a batch that fails is tried again stream by stream.
"""

import logging
import random
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import orjson
from sqlalchemy import text

from shared.db import Tx, is_transient
from shared.errors import ErrorKind, HotlineError, NewerRelease, NotNow
from shared.tickets import Hotline, Ledger

log = logging.getLogger(__name__)

MAX_ATTEMPTS = 8
LONGEST_WAIT = 300.0
LEFT_SECONDS = 2.0
SLOTS = 8

COLUMNS = "stream_id, seq, subscriber, event_type, payload::text AS payload, attempts"
TAKE_BATCH = text(
    f"SELECT {COLUMNS} FROM deliveries"  # noqa: S608 - constants only
    " WHERE bureau_id = :bureau AND subscriber = :subscriber AND parked_at IS NULL"
    " AND next_try_at <= clock_timestamp()"
    " ORDER BY next_try_at, stream_id, seq LIMIT :batch FOR UPDATE SKIP LOCKED"
)
TAKE_STREAM = text(
    f"SELECT {COLUMNS} FROM deliveries"  # noqa: S608 - constants only
    " WHERE bureau_id = :bureau AND subscriber = :subscriber AND parked_at IS NULL"
    " AND next_try_at <= clock_timestamp() AND stream_id = :stream"
    " ORDER BY seq FOR UPDATE SKIP LOCKED"
)
FORGET = text(
    "WITH gone AS (DELETE FROM deliveries AS d"
    " USING json_to_recordset(CAST(:done AS json)) AS k(stream_id bigint, seq bigint)"
    " WHERE d.bureau_id = :bureau AND d.subscriber = :subscriber"
    " AND d.stream_id = k.stream_id AND d.seq = k.seq RETURNING 1)"
    " INSERT INTO delivery_counts (bureau_id, subscriber, slot, handled)"
    " SELECT :bureau, :subscriber, :slot, count(*) FROM gone"
    " ON CONFLICT (bureau_id, subscriber, slot)"
    " DO UPDATE SET handled = delivery_counts.handled + EXCLUDED.handled"
)
RECORD_FAILURE = text(
    "UPDATE deliveries SET attempts = attempts + 1, last_error = :error,"
    " first_error = coalesce(first_error, :error),"
    " next_try_at = clock_timestamp() + make_interval(secs => CAST(:wait AS double precision)),"
    " parked_at = CASE WHEN attempts + 1 >= :most THEN clock_timestamp() END"
    " WHERE bureau_id = :bureau AND subscriber = :subscriber AND stream_id = :stream"
    " AND parked_at IS NULL AND next_try_at <= clock_timestamp()"
)


LEAVE = text(
    "UPDATE deliveries SET last_error = :error, first_error = coalesce(first_error, :error),"
    " next_try_at = clock_timestamp() + make_interval(secs => CAST(:wait AS double precision))"
    " WHERE bureau_id = :bureau AND subscriber = :subscriber AND stream_id = :stream"
    " AND parked_at IS NULL AND next_try_at <= clock_timestamp()"
)


class Later(HotlineError):
    """What must come first is still under way: tried again at the next sweep, and not counted."""

    kind = ErrorKind.UNAVAILABLE
    code = "later"
    title = "须先完成此前的工作"


@dataclass(frozen=True, slots=True)
class Delivery:
    """One event owed to one subscriber. `stream_id` is the ticket, or a message's own stream."""

    stream_id: int
    seq: int
    subscriber: str
    event_type: str
    payload: Mapping[str, Any] | None
    attempts: int


Handler = Callable[[Ledger, Sequence[Delivery]], Awaitable[None]]


async def drain(hotline: Hotline, bureau: int, handlers: Mapping[str, Handler]) -> int:
    """Everything owed to our own handlers in one bureau; how many were handled."""
    handled = 0
    busy = True
    while busy:
        busy = False
        for subscriber, handler in handlers.items():
            done = await drain_batch(hotline, bureau, subscriber, handler)
            handled += done
            busy = busy or done > 0
    return handled


async def drain_batch(hotline: Hotline, bureau: int, subscriber: str, handler: Handler) -> int:
    """One batch in one transaction; when it fails, its streams one by one."""
    batch: Sequence[Delivery] = ()
    try:
        async with hotline.ledger(bureau) as ledger:
            batch = await take_batch(ledger.tx, subscriber, batch=hotline.settings.delivery_batch)
            await handle(ledger, batch, handler)
    except NotNow:
        log.info("deliveries wait", extra={"subscriber": subscriber, "size": len(batch)})
        return 0
    except Exception as error:
        if not batch or is_unreachable(error):
            raise
        log.warning(
            "batch failed, trying its streams one by one",
            extra={"subscriber": subscriber, "size": len(batch), "kind": describe(error)},
        )
        return await drain_streams(hotline, bureau, subscriber, handler, batch)
    return len(batch)


async def drain_streams(
    hotline: Hotline,
    bureau: int,
    subscriber: str,
    handler: Handler,
    batch: Sequence[Delivery],
) -> int:
    handled = 0
    for stream in dict.fromkeys(delivery.stream_id for delivery in batch):
        try:
            async with hotline.ledger(bureau) as ledger:
                rows = await ledger.tx.rows(
                    TAKE_STREAM, bureau=bureau, subscriber=subscriber, stream=stream
                )
                taken = [read_delivery(row) for row in rows]
                await handle(ledger, taken, handler)
                handled += len(taken)
        except Later:
            log.info("delivery waits", extra={"subscriber": subscriber, "stream_id": stream})
        except NewerRelease as error:
            await leave(hotline, bureau, subscriber, stream, error)
        except Exception as error:
            if is_unreachable(error):
                raise
            attempts = max(one.attempts for one in batch if one.stream_id == stream)
            await record_failure(hotline, bureau, subscriber, stream, error, attempts=attempts)
    return handled


async def handle(ledger: Ledger, batch: Sequence[Delivery], handler: Handler) -> None:
    """The handler's writes, the deliveries' end and their count, all in the same transaction."""
    if not batch:
        return
    await handler(ledger, batch)
    await ledger.flush()
    await forget(ledger.tx, batch)


async def take_batch(tx: Tx, subscriber: str, *, batch: int) -> list[Delivery]:
    rows = await tx.rows(TAKE_BATCH, bureau=tx.bureau, subscriber=subscriber, batch=batch)
    return [read_delivery(row) for row in rows]


async def forget(tx: Tx, batch: Sequence[Delivery]) -> None:
    done = [{"stream_id": one.stream_id, "seq": one.seq} for one in batch]
    await tx.run(
        FORGET,
        bureau=tx.bureau,
        subscriber=batch[0].subscriber,
        done=orjson.dumps(done).decode(),
        slot=random.randrange(SLOTS),  # noqa: S311 - spreads a hot row, decides nothing
    )


async def record_failure(
    hotline: Hotline, bureau: int, subscriber: str, stream: int, error: Exception, *, attempts: int
) -> None:
    """Counted on the stream's deliveries, waiting longer each time; parked after eight.

    Trouble that passes by itself is waited out without being counted.
    """
    log.error(
        "delivery failed",
        extra={"subscriber": subscriber, "stream_id": stream, "kind": describe(error)},
        exc_info=error,
    )
    if is_transient(error):
        return
    async with hotline.ledger(bureau) as ledger:
        await ledger.tx.run(
            RECORD_FAILURE,
            bureau=bureau,
            subscriber=subscriber,
            stream=stream,
            error=describe(error),
            wait=backoff(attempts + 1),
            most=MAX_ATTEMPTS,
        )


async def leave(
    hotline: Hotline, bureau: int, subscriber: str, stream: int, error: NewerRelease
) -> None:
    """Out of the way of what this process can read, for a while. Not counted, and never parked."""
    log.warning("left to a newer release", extra={"subscriber": subscriber, "stream_id": stream})
    async with hotline.ledger(bureau) as ledger:
        await ledger.tx.run(
            LEAVE,
            bureau=bureau,
            subscriber=subscriber,
            stream=stream,
            error=describe(error),
            wait=LEFT_SECONDS * random.uniform(0.5, 1.0),  # noqa: S311 - as in `backoff`
        )


def backoff(attempt: int) -> float:
    """Seconds before the next try: doubling, bounded, with jitter down to a half."""
    return min(2.0**attempt, LONGEST_WAIT) * random.uniform(0.5, 1.0)  # noqa: S311


def describe(error: BaseException) -> str:
    """What may be stored of an error: its kind and code, never values that stood in it."""
    state = getattr(getattr(error, "orig", None), "sqlstate", None)
    if isinstance(error, HotlineError):
        return f"{type(error).__name__} ({error.code})"
    return type(error).__name__ + (f" ({state})" if state else "")


def is_unreachable(error: Exception) -> bool:
    """Postgres itself is away: nothing can be counted, the loop must wait."""
    state = getattr(getattr(error.__cause__ or error, "orig", None), "sqlstate", None)
    return is_transient(error) and not (state or "").startswith(("40", "55P03"))


def read_delivery(row: Any) -> Delivery:
    return Delivery(
        stream_id=row.stream_id,
        seq=row.seq,
        subscriber=row.subscriber,
        event_type=row.event_type,
        payload=orjson.loads(row.payload) if row.payload else None,
        attempts=row.attempts,
    )
