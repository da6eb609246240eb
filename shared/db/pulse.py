"""Tells a server that hangs from a statement that takes long, so that nobody waits for the first.

A server that was stopped, or whose network swallows packets, closes no connection: whoever asked it
would wait for ever. A limit on statements is no remedy, since a year is recounted in one. So when
somebody has waited a while, the server is asked something small on a connection of its own.
"""

import asyncio
import logging
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field

import asyncpg

log = logging.getLogger(__name__)

LOOK_SECONDS = 0.5
PATIENCE_SECONDS = 2.0  # longer than that, and the server is asked whether it is there
ASK_SECONDS = 2.0
ASK_TIMES = 2
HELD_UP_SECONDS = 0.5  # later than that, and it was this process that did not listen


@dataclass(slots=True)
class Pulse:
    """Knows who waits and since when. Costs nothing but a look now and then while all is well.

    While the server is `silent`, nobody new is let in, and those who waited get a TimeoutError.
    """

    url: str
    silent: bool = False
    _waiting: dict[asyncio.Timeout, float] = field(default_factory=dict)
    _timer: asyncio.TimerHandle | None = None
    _asking: asyncio.Task[None] | None = None
    _answered_at: float = 0.0

    @asynccontextmanager
    async def watched(self) -> AsyncIterator[None]:
        """Raises TimeoutError once the server does not answer anybody."""
        if self.silent:
            raise TimeoutError
        async with asyncio.timeout(None) as bound:
            self._waiting[bound] = asyncio.get_running_loop().time()
            self._look_later()
            try:
                yield
            finally:
                del self._waiting[bound]

    def close(self) -> None:
        if self._timer is not None:
            self._timer.cancel()
        if self._asking is not None:
            self._asking.cancel()

    def _look_later(self) -> None:
        if self._timer is None and self._asking is None:
            self._timer = asyncio.get_running_loop().call_later(LOOK_SECONDS, self._look)

    def _look(self) -> None:
        self._timer = None
        now = asyncio.get_running_loop().time()
        since = max(self._answered_at, min(self._waiting.values(), default=now))
        if self.silent or now - since > PATIENCE_SECONDS:
            self._asking = asyncio.create_task(self._ask())
        elif self._waiting:
            self._look_later()

    async def _ask(self) -> None:
        answers = False
        for _ in range(ASK_TIMES):
            answers = answers or await is_answering(self.url)
        if self.silent is answers:
            log.warning("database answers again" if answers else "database is silent")
        self.silent = not answers
        self._asking = None
        if answers:
            self._answered_at = asyncio.get_running_loop().time()
        else:
            self._let_go()
        if self.silent or self._waiting:
            self._look_later()

    def _let_go(self) -> None:
        for bound in self._waiting:
            if not bound.expired():
                bound.reschedule(0.0)


async def is_answering(url: str) -> bool:
    """Whether anything comes back in time. A refusal does: whoever waits is told of it as well."""
    connection: asyncpg.Connection | None = None
    loop = asyncio.get_running_loop()
    until = loop.time() + ASK_SECONDS
    try:
        async with asyncio.timeout(ASK_SECONDS):
            connection = await asyncpg.connect(url)
            await connection.execute("SELECT 1")
    except TimeoutError:
        return loop.time() > until + HELD_UP_SECONDS
    except (OSError, asyncpg.PostgresError, asyncpg.InterfaceError, asyncpg.InternalClientError):
        return True
    finally:
        if connection is not None:
            connection.terminate()
    return True
