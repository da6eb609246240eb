"""What becomes of a failure: counted and waited for, longer each time; parked after eight."""

import random
from collections.abc import Sequence

from sqlalchemy import text

from shared.db import is_transient
from shared.errors import HotlineError, NewerRelease
from shared.tickets import Hotline
from shared.tickets.dead_letters import LOST

MAX_ATTEMPTS = 8
LONGEST_WAIT = 300.0
PUT_OFF_SECONDS = 1.0
LEFT_SECONDS = 2.0

FAILED = (
    " first_error = coalesce(first_error, :error), last_error = :error,"
    " first_failed_at = coalesce(first_failed_at, clock_timestamp()),"
    " last_failed_at = clock_timestamp(), attempts = d.attempts + 1,"
    " parked_at = CASE WHEN d.attempts + 1 >= :most THEN clock_timestamp() END"
)
RECORD_FAILURE = text(
    f"UPDATE deliveries AS d SET {FAILED}, apart = true,"  # noqa: S608 - constants only
    " next_try_at = clock_timestamp() + make_interval(secs => CAST(:wait AS double precision))"
    " WHERE bureau_id = :bureau AND subscriber = :subscriber AND stream_id = :stream"
    " AND parked_at IS NULL AND next_try_at <= clock_timestamp()"
)
# The first time it was most likely not the batch that ended the worker: it is tried again at once.
# The second time nobody knows which of it was: each is tried alone from then on. What another
# worker has in hand is left to its mark.
CHARGE = text(
    "WITH held AS (SELECT stream_id, seq FROM deliveries WHERE bureau_id = :bureau"  # noqa: S608
    " AND subscriber = :subscriber AND parked_at IS NULL AND (stream_id, seq) IN"
    " (SELECT * FROM unnest(CAST(:streams AS bigint[]), CAST(:seqs AS bigint[])))"
    " ORDER BY stream_id, seq FOR UPDATE SKIP LOCKED)"
    f" UPDATE deliveries AS d SET {FAILED}, apart = d.attempts > 0, next_try_at = clock_timestamp()"
    " + CASE WHEN d.attempts = 0 THEN interval '0' ELSE make_interval(secs =>"
    " least(power(2.0, d.attempts + 1), :longest) * (0.5 + random() / 2)) END"
    " FROM held WHERE d.bureau_id = :bureau AND d.subscriber = :subscriber"
    " AND d.stream_id = held.stream_id AND d.seq = held.seq"
)
PUT_OFF = text(
    "UPDATE deliveries SET apart = true, next_try_at = clock_timestamp()"
    " + make_interval(secs => CAST(:wait AS double precision))"
    " WHERE bureau_id = :bureau AND subscriber = :subscriber AND stream_id = :stream"
    " AND parked_at IS NULL AND (apart OR :sets_apart) AND next_try_at <= clock_timestamp()"
)
LEAVE = text(
    "UPDATE deliveries SET last_error = :error, first_error = coalesce(first_error, :error),"
    " next_try_at = clock_timestamp() + make_interval(secs => CAST(:wait AS double precision))"
    " WHERE bureau_id = :bureau AND subscriber = :subscriber AND stream_id = :stream"
    " AND parked_at IS NULL AND next_try_at <= clock_timestamp()"
)


async def record_failure(
    hotline: Hotline, bureau: int, subscriber: str, stream: int, error: Exception, *, attempts: int
) -> None:
    """Counted on the stream's deliveries. Trouble that passes by itself is not."""
    if is_transient(error):
        await put_off(hotline, bureau, subscriber, stream)
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


async def put_off(
    hotline: Hotline, bureau: int, subscriber: str, stream: int, *, sets_apart: bool = False
) -> None:
    """Not counted; what is tried apart, or is so from now on, makes way for the others."""
    async with hotline.ledger(bureau) as ledger:
        await ledger.tx.run(
            PUT_OFF,
            bureau=bureau,
            subscriber=subscriber,
            stream=stream,
            sets_apart=sets_apart,
            wait=PUT_OFF_SECONDS,
        )


async def leave(
    hotline: Hotline, bureau: int, subscriber: str, stream: int, error: NewerRelease
) -> None:
    """Out of the way of what this process can read, for a while. Not counted, and never parked."""
    async with hotline.ledger(bureau) as ledger:
        await ledger.tx.run(
            LEAVE,
            bureau=bureau,
            subscriber=subscriber,
            stream=stream,
            error=describe(error),
            wait=LEFT_SECONDS * random.uniform(0.5, 1.0),  # noqa: S311 - as in `backoff`
        )


async def charge(
    hotline: Hotline, bureau: int, subscriber: str, streams: Sequence[int], seqs: Sequence[int]
) -> None:
    """Counts what a worker had in hand when it was ended, so that it cannot be ended for ever."""
    async with hotline.ledger(bureau) as ledger:
        await ledger.tx.run(
            CHARGE,
            bureau=bureau,
            subscriber=subscriber,
            streams=list(streams),
            seqs=list(seqs),
            error=LOST,
            most=MAX_ATTEMPTS,
            longest=LONGEST_WAIT,
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
