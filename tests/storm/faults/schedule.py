"""When which fault strikes: kills by the clock, the others as the work goes on."""

import asyncio
import random
import time
from collections.abc import Callable, Coroutine, Iterable
from dataclasses import dataclass, field
from typing import Any, Protocol

LOOK_SECONDS = 0.05
FIRST, LAST = 0.05, 0.9  # of the work done, between which faults by progress come


class Fault(Protocol):
    """`label` is what the report calls it."""

    label: str

    async def strike(self) -> bool:
        """Whether it hit open work."""
        ...


@dataclass
class Tally:
    label: str
    struck: int = 0
    hit: int = 0


@dataclass
class Schedule:
    """`progress` answers how much of the work is done, 0 to 1. Faults of one kind come one by one.

    `last_at` is when the last one was over (monotonic).
    """

    seed: int
    progress: Callable[[], float]
    tallies: dict[str, Tally] = field(default_factory=dict)
    last_at: float = 0.0
    _tasks: list[asyncio.Task[None]] = field(default_factory=list)
    _over: asyncio.Event = field(default_factory=asyncio.Event)

    def every(self, seconds: float, fault: Fault) -> None:
        """From the start until the work is done."""
        self._open(fault, self._strike_by_clock(seconds, fault))

    def times(self, count: int, fault: Fault) -> None:
        """So many times, spread over the work."""
        chance = random.Random(f"{self.seed}:{fault.label}")
        width = (LAST - FIRST) / count
        points = [FIRST + (number + chance.random()) * width for number in range(count)]
        self._open(fault, self._strike_by_progress(points, fault))

    async def stop(self) -> None:
        """No further strikes; one that is under way is seen to its end."""
        self._over.set()
        await asyncio.gather(*self._tasks)

    def _open(self, fault: Fault, strikes: Coroutine[Any, Any, None]) -> None:
        self.tallies[fault.label] = Tally(fault.label)
        self._tasks.append(asyncio.create_task(strikes))

    async def _strike_by_clock(self, seconds: float, fault: Fault) -> None:
        """One that still waits for open work when all is done is not counted."""
        rest = seconds
        while not await self._is_over(rest):
            began = time.monotonic()
            striking = asyncio.create_task(self._strike(fault))
            over = asyncio.create_task(self._over.wait())
            await asyncio.wait({striking, over}, return_when=asyncio.FIRST_COMPLETED)
            over.cancel()
            if not striking.done():
                striking.cancel()
                return
            striking.result()
            rest = max(0.0, seconds - (time.monotonic() - began))

    async def _strike_by_progress(self, points: Iterable[float], fault: Fault) -> None:
        for point in points:
            while self.progress() < point:
                if await self._is_over(LOOK_SECONDS):
                    return
            await self._strike(fault)

    async def _strike(self, fault: Fault) -> None:
        hit = await fault.strike()
        tally = self.tallies[fault.label]
        tally.struck += 1
        tally.hit += hit
        self.last_at = time.monotonic()

    async def _is_over(self, seconds: float) -> bool:
        try:
            async with asyncio.timeout(seconds):
                await self._over.wait()
        except TimeoutError:
            return False
        return True
