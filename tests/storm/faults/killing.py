"""kill -9 of a process while a claim or a request of its own is open."""

import asyncio
import random
import time
from collections.abc import Sequence
from dataclasses import dataclass

import psutil

from tests.storm.program import Program
from tests.storm.stage import Play

PATIENCE_SECONDS = 60.0  # a busy machine takes its time to start a process
PAUSE_SECONDS = 0.004


@dataclass
class Kill:
    """One of `programs` at a time, by seed.

    `life`: CPU seconds it may use from its first claim or request on, before it is killed: one
    that is always killed at its first has never worked at all.
    """

    label: str
    play: Play
    programs: Sequence[Program]
    chance: random.Random
    life: float = 0.3

    async def strike(self) -> bool:
        until = time.monotonic() + PATIENCE_SECONDS
        program = await self._choose(until)
        await self._let_work(program, until)
        hit = await self._catch(program, until)
        await asyncio.to_thread(program.kill)
        return hit

    async def _choose(self, until: float) -> Program:
        """The first in this strike's own order that has something open."""
        programs = self.chance.sample(self.programs, len(self.programs))
        while time.monotonic() < until:
            for program in programs:
                if await self.play.is_open(program):
                    return program
            await asyncio.sleep(PAUSE_SECONDS * 5)
        return programs[0]

    async def _let_work(self, program: Program, until: float) -> None:
        enough = used_by(program) + self.life
        while time.monotonic() < until:
            if used_by(program) >= enough:
                return
            await asyncio.sleep(PAUSE_SECONDS * 5)

    async def _catch(self, program: Program, until: float) -> bool:
        """Waits for a moment at which something is open, and holds it still at that moment."""
        while time.monotonic() < until:
            if await self.play.is_open(program):
                program.freeze()
                hit = False
                try:
                    for _ in range(3):  # answers that were on their way are taken in
                        await asyncio.sleep(0)
                    hit = await self.play.is_open(program)
                finally:
                    if not hit:
                        program.thaw()
                if hit:
                    return True
            await asyncio.sleep(PAUSE_SECONDS)
        return False


def used_by(program: Program) -> float:
    """CPU seconds so far; of one that is just gone, as many as are asked for."""
    try:
        times = psutil.Process(program.pid).cpu_times()
    except psutil.Error:
        return float("inf")
    return float(times.user + times.system)
