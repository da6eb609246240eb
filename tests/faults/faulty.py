"""A mode of the whole suite: a part of the transactions that the product makes fails.

Off unless `MINHU_FAULTY="seed=7,rate=0.01"` is set, which `make faulty` does. Then what a test asks
of a service, and what it has the worker do, may be cut at any commit; the test's caller asks again
with the same key, and its worker goes on. What a test looks up or makes ready by itself is spared.
"""

import os
import random
from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass, field
from functools import cache
from typing import TypeVar

import httpx

from shared.errors import Unavailable
from tests.faults.choosing import Rate, read_options
from tests.faults.hook import Commit, Cut, install

VARIABLE = "MINHU_FAULTY"
MOST_TRIES = 8
# Whoever jumps the sandbox's clock has no key, and a jump done twice is two jumps.
SPARED = ("/sandbox/",)
WEBHOOKS = "/v1/webhooks/"

Found = TypeVar("Found")
exposed: ContextVar[bool] = ContextVar("exposed", default=False)


@dataclass(slots=True)
class Faults:
    """All that was cut in this process so far."""

    rate: Rate
    asked: int = 0
    cuts: dict[Cut, int] = field(default_factory=lambda: dict.fromkeys(Cut, 0))
    is_paused: bool = False

    @property
    def total(self) -> int:
        return sum(self.cuts.values())

    def choose(self, commit: Commit) -> Cut | None:
        if self.is_paused or not exposed.get():
            return None
        self.asked += 1
        cut = self.rate(commit)
        if cut is not None:
            self.cuts[cut] += 1
        return cut


@cache
def faults() -> Faults | None:
    """Those of this process; None where the mode is off."""
    options = read_options(os.environ.get(VARIABLE, ""), {"seed", "rate"})
    if not options:
        return None
    worker = os.environ.get("PYTEST_XDIST_WORKER", "")
    chance = random.Random(f"{options.get('seed', '0')}:{worker}")
    return Faults(Rate(float(options.get("rate", "0.01")), chance))


@contextmanager
def faulty() -> Iterator[Faults | None]:
    """The hook in place for as long as the suite runs, where the mode is on."""
    mode = faults()
    if mode is None:
        yield None
        return
    with install(mode.choose):
        yield mode


@contextmanager
def exposing() -> Iterator[None]:
    """What begins in here is the product's."""
    before = exposed.set(True)
    try:
        yield
    finally:
        exposed.reset(before)


async def go_on(work: Callable[[], Awaitable[Found]]) -> Found:
    """The worker's own patience, where the mode is on: Postgres away is waited out."""
    mode = faults()
    if mode is None:
        return await work()
    with exposing():
        for _ in range(MOST_TRIES):
            cuts = mode.total
            try:
                return await work()
            except Unavailable:
                if mode.total == cuts:
                    raise
    raise AssertionError("the worker comes to no end")


class Repeating(httpx.AsyncBaseTransport):
    """As a caller goes on: the same call with the same key until it is answered."""

    def __init__(self, plain: httpx.AsyncBaseTransport, mode: Faults) -> None:
        self.plain = plain
        self.mode = mode

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        path = request.url.path
        if path.startswith(SPARED):
            return await self.plain.handle_async_request(request)
        tries = 0
        while True:
            tries += 1
            cuts = self.mode.total
            with exposing():
                response = await self.plain.handle_async_request(request)
            if response.status_code != 503 or self.mode.total == cuts or tries == MOST_TRIES:
                break
        if tries > 1 and path.startswith(WEBHOOKS) and response.status_code == 200:
            # Kept by the attempt whose answer was lost: to the platform it is all the same.
            response.status_code = 202
        return response


def repeating(plain: httpx.AsyncBaseTransport) -> httpx.AsyncBaseTransport:
    mode = faults()
    return plain if mode is None else Repeating(plain, mode)
