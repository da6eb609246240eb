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
OWED = f"""
    SELECT (SELECT count(*) FROM deliveries
            WHERE parked_at IS NULL AND NOT stream_id BETWEEN {FIRST_STREAM} AND {FIRST_STREAM + 1000}
            AND (subscriber NOT LIKE '%:%' OR attempts = 0 OR next_try_at <= minhu_now())) AS now,
           (SELECT count(*) FROM deliveries
            WHERE parked_at IS NULL AND subscriber LIKE '%:%'
            AND attempts > 0 AND next_try_at > minhu_now()) AS later,
           (SELECT count(*) FROM raw_messages WHERE state = 'pending') AS pending
"""  # noqa: S608 - constants only


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
