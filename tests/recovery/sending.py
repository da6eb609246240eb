"""Open-loop callers: they send at their times, however slowly they are answered."""

import asyncio
import itertools
import math
import time
from collections import Counter
from collections.abc import AsyncIterator, Awaitable, Callable, Iterable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field

import httpx

NO_ANSWER = 0
PROBLEM = "application/problem+json"
numbers = itertools.count(1)

Call = Callable[[int], Awaitable[httpx.Response]]


@dataclass(frozen=True, slots=True)
class Answer:
    """`at` and `took` in seconds; `status` 0 where none came. `is_clear`: a 503 as agreed upon."""

    number: int
    at: float
    took: float
    status: int
    is_clear: bool = False


@dataclass
class Ledger:
    """What was asked and answered. `number` names what a caller sent."""

    answers: list[Answer] = field(default_factory=list)

    def between(self, start: float, end: float = math.inf) -> list[Answer]:
        """What was sent within the span."""
        return [one for one in self.answers if start <= one.at < end]

    @property
    def acknowledged(self) -> set[int]:
        return {one.number for one in self.answers if 200 <= one.status < 300}

    def first_success(self, after: float) -> float:
        """When the first answer came that says all is well again."""
        times = [one.at + one.took for one in self.answers if 200 <= one.status < 300]
        return min((at for at in times if at >= after), default=math.inf)


def statuses(answers: Iterable[Answer]) -> Counter[int]:
    return Counter(one.status for one in answers)


def slowest(answers: Iterable[Answer]) -> float:
    return max((one.took for one in answers), default=0.0)


def p99(answers: Iterable[Answer]) -> float:
    times = sorted(one.took for one in answers)
    return times[math.ceil(len(times) * 0.99) - 1] if times else 0.0


async def ask(call: Call, ledger: Ledger) -> Answer:
    number, at = next(numbers), time.monotonic()
    status, is_clear = NO_ANSWER, False
    try:
        response = await call(number)
    except httpx.TransportError:
        pass
    else:
        status = response.status_code
        is_clear = (
            status == 503
            and response.headers["content-type"] == PROBLEM
            and response.headers["retry-after"].isdecimal()
        )
    answer = Answer(number, at, time.monotonic() - at, status, is_clear)
    ledger.answers.append(answer)
    return answer


@asynccontextmanager
async def asking(call: Call, *, per_second: float) -> AsyncIterator[Ledger]:
    """Asks all the while the body runs; afterwards every answer has come."""
    ledger, over = Ledger(), asyncio.Event()

    async def ask_steadily() -> None:
        async with asyncio.TaskGroup() as calls:
            due = time.monotonic()
            while not over.is_set():
                calls.create_task(ask(call, ledger))
                due += 1 / per_second
                await asyncio.sleep(max(0.0, due - time.monotonic()))

    sender = asyncio.create_task(ask_steadily())
    try:
        yield ledger
    finally:
        over.set()
        await sender
