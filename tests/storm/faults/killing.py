"""kill -9 of a process while a claim or a request of its own is open."""

import asyncio
import random
import time
from collections.abc import Sequence
from dataclasses import dataclass

from tests.storm.program import Program
from tests.storm.stage import Play

PATIENCE_SECONDS = 15.0  # a busy machine takes its time to start a process
PAUSE_SECONDS = 0.004


@dataclass
class Kill:
    """One of `programs` at a time, by seed.

    `life`: seconds from its first claim or request until it may be killed; one that is always
    killed at its first has never worked at all.
    """

    label: str
    play: Play
    programs: Sequence[Program]
    chance: random.Random
    life: float = 1.5

    async def strike(self) -> bool:
        program = self.chance.choice(self.programs)
        hit = await self._catch(program)
        await asyncio.to_thread(program.kill)
        return hit

    async def _catch(self, program: Program) -> bool:
        """Waits for a moment at which something is open, and holds it still at that moment."""
        until = time.monotonic() + PATIENCE_SECONDS
        while time.monotonic() < until and not await self.play.is_open(program):
            await asyncio.sleep(PAUSE_SECONDS * 5)
        await asyncio.sleep(self.life)
        while time.monotonic() < until:
            if await self.play.is_open(program):
                program.freeze()
                for _ in range(3):  # answers that were on their way are taken in
                    await asyncio.sleep(0)
                if await self.play.is_open(program):
                    return True
                program.thaw()
            await asyncio.sleep(PAUSE_SECONDS)
        return False
