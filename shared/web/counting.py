"""How many calls of one subject in the minute past: here, and as far as is known elsewhere.

Each process counts for itself, and that count holds alone where Redis is away. Where it is there,
what was counted is added up across the processes from time to time; no call ever waits for it.
"""

import math
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Protocol

WINDOW_SECONDS = 60.0
MOST_SUBJECTS = 20_000
MOST_SHARED = 2_000
REST = "*"


class Tally(Protocol):
    """The count of all processes. Raises nothing: None where it cannot be had."""

    async def add(self, window: int, counts: Mapping[str, int]) -> Mapping[str, int] | None: ...
    async def close(self) -> None: ...


@dataclass(slots=True)
class Count:
    """Calls let through in the minute `window` and the one before it: our own, and others'."""

    window: int
    own: int = 0
    others: int = 0
    before: int = 0
    shared: int = 0

    def roll(self, window: int) -> None:
        if window == self.window:
            return
        self.before = self.own + self.others if window == self.window + 1 else 0
        self.window, self.own, self.others, self.shared = window, 0, 0, 0

    def wait(self, limit: int, elapsed: float) -> float:
        """Seconds until one more fits, 0 if it does now.

        The minute before counts for as much of it as still lies in the last sixty seconds.
        """
        now, rest = self.own + self.others, WINDOW_SECONDS - elapsed
        if now + self.before * rest / WINDOW_SECONDS + 1 <= limit:
            return 0.0
        if now + 1 <= limit:
            return max(rest - WINDOW_SECONDS * (limit - now - 1) / self.before, 0.001)
        return rest + WINDOW_SECONDS * max(0.0, 1 - (limit - 1) / now)


class Counter:
    """Of one process. Its memory is bounded: past that, newcomers of a kind share one count.

    `clock`: real time, in seconds.
    """

    def __init__(
        self, clock: Callable[[], float] = time.time, *, most_subjects: int = MOST_SUBJECTS
    ) -> None:
        self._clock = clock
        self._most = most_subjects
        self._counts: dict[str, Count] = {}
        self._asked: set[str] = set()

    def wait(self, subject: str, limit: int) -> float:
        """How long to wait before one more call; nothing is counted."""
        if not limit:
            return 0.0
        window, elapsed = self._now()
        return self._find(subject, window).wait(limit, elapsed)

    def admit(self, subject: str, limit: int) -> float:
        """Counts the call and answers 0, or how many seconds to wait: then it does not count."""
        if not limit:
            return 0.0
        window, elapsed = self._now()
        count = self._find(subject, window)
        wait = count.wait(limit, elapsed)
        if not wait:
            count.own += 1
        return wait

    async def share(self, tally: Tally) -> bool:
        """One exchange of what was counted since the last one. Whether it came about."""
        window, _ = self._now()
        asked, self._asked = sorted(self._asked)[:MOST_SHARED], set()
        counts = {one: self._find(one, window) for one in asked}
        if not counts:
            return True
        given = {one: count.own - count.shared for one, count in counts.items()}
        totals = await tally.add(window, given)
        if totals is None:
            return False
        for subject, count in counts.items():
            if count.window == window:
                count.shared += given[subject]
                count.others = max(0, totals[subject] - count.shared)
        return True

    def _now(self) -> tuple[int, float]:
        """All processes' minutes begin together."""
        whole, elapsed = divmod(self._clock(), WINDOW_SECONDS)
        return math.floor(whole), elapsed

    def _find(self, subject: str, window: int) -> Count:
        count = self._counts.get(subject)
        if count is None and len(self._counts) >= self._most:
            self._counts = {
                one: kept for one, kept in self._counts.items() if kept.window >= window - 1
            }
            if len(self._counts) >= self._most:
                subject = subject.partition(":")[0] + ":" + REST
                count = self._counts.get(subject)
        if count is None:
            count = self._counts[subject] = Count(window)
        count.roll(window)
        self._asked.add(subject)
        return count
