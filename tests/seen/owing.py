"""Deliveries owed to a subscriber of the tests' own."""

from collections.abc import Sequence
from typing import Any

from sqlalchemy import text

from shared.tickets import Hotline
from tests.conftest import BUREAU

HEARD = "scoring"
OWE = text(
    "INSERT INTO deliveries (bureau_id, stream_id, seq, subscriber, event_type, payload)"
    " SELECT :bureau, :stream, n, :subscriber, 'ticket.received', '{\"content\": \"秘密\"}'"
    " FROM generate_series(CAST(:first AS bigint), CAST(:last AS bigint)) AS n"
)
DUE = text(
    "UPDATE deliveries SET next_try_at = clock_timestamp() WHERE bureau_id = :bureau"
    " AND next_try_at > clock_timestamp()"
)
ALL = text("SELECT * FROM deliveries WHERE bureau_id = :bureau ORDER BY subscriber, stream_id, seq")
PARK = text(
    "UPDATE deliveries SET attempts = 8, apart = true, parked_at = clock_timestamp(),"
    " first_error = 'KeyError', last_error = 'ValueError',"
    " first_failed_at = clock_timestamp() - interval '5 min', last_failed_at = clock_timestamp()"
    " WHERE bureau_id = :bureau AND (CAST(:stream AS bigint) IS NULL OR stream_id = :stream)"
)
PRODUCED = text(
    "SELECT coalesce(sum(produced), 0) AS produced FROM delivery_productions"
    " WHERE bureau_id = :bureau AND subscriber = :subscriber"
)


async def run(hotline: Hotline, statement: Any, **values: Any) -> None:
    async with hotline.database.transaction(BUREAU) as tx:
        await tx.run(statement, bureau=BUREAU, **values)


async def owe(
    hotline: Hotline, *, stream: int, first: int = 1, last: int = 1, subscriber: str = HEARD
) -> None:
    await run(hotline, OWE, stream=stream, first=first, last=last, subscriber=subscriber)


async def set_due(hotline: Hotline) -> None:
    """Nobody waits for a backoff here."""
    await run(hotline, DUE)


async def park(hotline: Hotline, stream: int | None = None) -> None:
    await run(hotline, PARK, stream=stream)


async def read_all(hotline: Hotline) -> Sequence[Any]:
    async with hotline.database.transaction(BUREAU, writing=False) as tx:
        return await tx.rows(ALL, bureau=BUREAU)
