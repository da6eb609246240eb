"""Waiting until nothing is owed any more; the virtual clock is moved on for what waits by it."""

import asyncio
import time
from collections.abc import Callable
from dataclasses import dataclass

from tests.storm.faults.clock import advance
from tests.storm.faults.poison import FIRST_STREAM
from tests.storm.stage import Stage

PATIENCE_SECONDS = 300.0
PAUSE_SECONDS = 0.1
JUMP_SECONDS = 400  # past the second try of a callback that failed twice
# The poison put in by hand stays: it is not work that can be finished.
POISON = f"stream_id BETWEEN {FIRST_STREAM} AND {FIRST_STREAM + 1000}"
# A callback waits by the virtual clock, or behind such a one of its own ticket.
WAITS = """
    EXISTS (SELECT FROM deliveries AS first WHERE first.bureau_id = d.bureau_id
        AND first.stream_id = d.stream_id AND first.subscriber = d.subscriber
        AND first.seq <= d.seq AND d.subscriber LIKE '%:%'
        AND first.attempts + first.deferrals > 0 AND first.next_try_at > minhu_now())
"""
OWED = f"""
    SELECT count(*) FILTER (WHERE NOT waits) AS now, count(*) FILTER (WHERE waits) AS later,
        (SELECT count(*) FROM raw_messages WHERE state = 'pending') AS pending
    FROM (SELECT {WAITS} AS waits FROM deliveries AS d
        WHERE parked_at IS NULL AND NOT ({POISON})) AS owed
"""


@dataclass(frozen=True, slots=True)
class Owed:
    now: int
    later: int
    pending: int

    @property
    def is_settled(self) -> bool:
        return self.now + self.later + self.pending == 0


async def settle(stage: Stage, is_read: Callable[[], bool]) -> Owed:
    """What is left when all is done, or when patience is at its end."""
    until = time.monotonic() + PATIENCE_SECONDS
    while True:
        owed = await look(stage)
        if (owed.is_settled and is_read()) or time.monotonic() > until:
            return owed
        if owed.later and not owed.now:
            await advance(stage.doors["dispatch"], JUMP_SECONDS)
        await asyncio.sleep(PAUSE_SECONDS)


async def look(stage: Stage) -> Owed:
    row = (await stage.watch.fetch(OWED))[0]
    return Owed(int(row["now"]), int(row["later"]), int(row["pending"]))
