"""Draining what is owed: claim a batch, run its handler, forget it: one transaction.

Leases are row locks: a killed worker's claims are free the moment its connection ends. Poison
never delays the good: a batch that fails is halved until what fails stands alone, and what has
failed is tried apart from then on, a few streams between two batches.
"""

import logging
import random
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import orjson
from sqlalchemy import text

from shared.db import Tx
from shared.errors import ErrorKind, HotlineError, NewerRelease, NotNow
from shared.tickets import Hotline, Ledger
from shared.worker.failures import describe, is_unreachable, leave, put_off, record_failure

log = logging.getLogger(__name__)

SLOTS = 8
APART = 16  # streams tried apart between two batches

COLUMNS = "stream_id, seq, subscriber, event_type, payload::text AS payload, attempts"
OWED = (
    f"SELECT {COLUMNS} FROM deliveries"  # noqa: S608 - constants only
    " WHERE bureau_id = :bureau AND subscriber = :subscriber AND parked_at IS NULL"
    " AND next_try_at <= clock_timestamp()"
)
TAKE_BATCH = text(
    f"{OWED} AND NOT apart ORDER BY next_try_at, stream_id, seq LIMIT :batch FOR UPDATE SKIP LOCKED"
)
TAKE_STREAMS = text(
    f"{OWED} AND stream_id = ANY(CAST(:streams AS bigint[]))"
    " ORDER BY stream_id, seq FOR UPDATE SKIP LOCKED"
)
APART_STREAMS = text(
    "SELECT subscriber, stream_id FROM deliveries WHERE bureau_id = :bureau"
    " AND parked_at IS NULL AND apart AND next_try_at <= clock_timestamp()"
    " AND subscriber = ANY(CAST(:own AS text[]))"
    " GROUP BY subscriber, stream_id ORDER BY min(next_try_at), stream_id LIMIT :most"
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
# Told of what is about to be handled, before it is.
Hold = Callable[[int, Sequence[Delivery]], Awaitable[None]]


async def hold_nothing(_: int, __: Sequence[Delivery]) -> None:
    """Nobody needs to know."""


async def drain(
    hotline: Hotline, bureau: int, handlers: Mapping[str, Handler], *, hold: Hold = hold_nothing
) -> int:
    """Everything owed to our own handlers in one bureau; how many were handled."""
    return await Drain(hotline, bureau, handlers, hold).run()


async def drain_batch(hotline: Hotline, bureau: int, subscriber: str, handler: Handler) -> int:
    """One batch of one subscriber."""
    return await Drain(hotline, bureau, {subscriber: handler}).batch(subscriber)


@dataclass(frozen=True, slots=True)
class Drain:
    hotline: Hotline
    bureau: int
    handlers: Mapping[str, Handler]
    hold: Hold = hold_nothing

    async def run(self) -> int:
        handled = 0
        busy = True
        while busy:
            done = sum([await self.batch(subscriber) for subscriber in self.handlers])
            tried, mended = await self.apart()
            handled += done + mended
            busy = done + tried > 0
        return handled

    async def batch(self, subscriber: str) -> int:
        """One batch in one transaction; when it fails, its halves."""
        batch: Sequence[Delivery] = ()
        try:
            async with self.hotline.ledger(self.bureau) as ledger:
                size = self.hotline.settings.delivery_batch
                batch = await take(ledger.tx, TAKE_BATCH, subscriber, batch=size)
                await self.handle(ledger, batch)
        except NotNow:
            log.info("deliveries wait", extra={"subscriber": subscriber, "size": len(batch)})
            return 0
        except Exception as error:
            if not batch or is_unreachable(error):
                raise
            log.warning(
                "batch failed, trying its streams apart",
                extra={"subscriber": subscriber, "size": len(batch), "kind": describe(error)},
            )
            return await self.halves(subscriber, streams_of(batch))
        return len(batch)

    async def halves(self, subscriber: str, streams: Sequence[int]) -> int:
        if len(streams) == 1:
            return await self.alone(subscriber, streams[0]) or 0
        middle = len(streams) // 2
        handled = 0
        for half in (streams[:middle], streams[middle:]):
            handled += await self.half(subscriber, half)
        return handled

    async def half(self, subscriber: str, streams: Sequence[int]) -> int:
        if len(streams) == 1:
            return await self.alone(subscriber, streams[0]) or 0
        try:
            async with self.hotline.ledger(self.bureau) as ledger:
                taken = await take(ledger.tx, TAKE_STREAMS, subscriber, streams=list(streams))
                await self.handle(ledger, taken)
        except Exception as error:
            if is_unreachable(error):
                raise
            return await self.halves(subscriber, streams)
        return len(taken)

    async def apart(self) -> tuple[int, int]:
        """What has failed before and is due again: streams that got on, deliveries handled."""
        async with self.hotline.ledger(self.bureau, writing=False) as ledger:
            rows = await ledger.tx.rows(
                APART_STREAMS, bureau=self.bureau, own=list(self.handlers), most=APART
            )
        outcomes = [await self.alone(row.subscriber, row.stream_id) for row in rows]
        told = [one for one in outcomes if one is not None]
        return len(told), sum(told)

    async def alone(self, subscriber: str, stream: int) -> int | None:
        """How many of the stream were handled; None where it must wait, which is not counted."""
        taken: Sequence[Delivery] = ()
        try:
            async with self.hotline.ledger(self.bureau) as ledger:
                taken = await take(ledger.tx, TAKE_STREAMS, subscriber, streams=[stream])
                await self.handle(ledger, taken)
        except (Later, NotNow):
            log.info("delivery waits", extra={"subscriber": subscriber, "stream_id": stream})
            await put_off(self.hotline, self.bureau, subscriber, stream)
            return None
        except NewerRelease as error:
            log.warning(
                "left to a newer release", extra={"subscriber": subscriber, "stream_id": stream}
            )
            await leave(self.hotline, self.bureau, subscriber, stream, error)
            return None
        except Exception as error:
            if is_unreachable(error):
                raise
            log.exception(
                "delivery failed",
                extra={"subscriber": subscriber, "stream_id": stream, "kind": describe(error)},
            )
            attempts = max((one.attempts for one in taken), default=0)
            await record_failure(
                self.hotline, self.bureau, subscriber, stream, error, attempts=attempts
            )
            return 0
        return len(taken) or None

    async def handle(self, ledger: Ledger, batch: Sequence[Delivery]) -> None:
        """The handler's writes, the deliveries' end and their count, in the same transaction."""
        if not batch:
            return
        await self.hold(self.bureau, batch)
        await self.handlers[batch[0].subscriber](ledger, batch)
        await ledger.flush()
        await forget(ledger.tx, batch)


def streams_of(batch: Sequence[Delivery]) -> list[int]:
    return list(dict.fromkeys(delivery.stream_id for delivery in batch))


async def take(tx: Tx, statement: Any, subscriber: str, **values: Any) -> list[Delivery]:
    rows = await tx.rows(statement, bureau=tx.bureau, subscriber=subscriber, **values)
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


def read_delivery(row: Any) -> Delivery:
    return Delivery(
        stream_id=row.stream_id,
        seq=row.seq,
        subscriber=row.subscriber,
        event_type=row.event_type,
        payload=orjson.loads(row.payload) if row.payload else None,
        attempts=row.attempts,
    )
