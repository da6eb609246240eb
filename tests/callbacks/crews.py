"""Two workers, one of them killed: in this process for a few calls, real ones for many."""

import asyncio
import os
import signal
import subprocess
import sys
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field, replace
from typing import Any, Protocol

from sqlalchemy import text

from services.cli.worker import open_sender
from shared.outgoing import open_client, reach_of
from shared.settings import Settings
from shared.tickets import Hotline
from shared.worker.callbacks import drain_callbacks
from shared.worker.calls import Sender
from tests.conftest import BUREAU

OUTLIVE = text("UPDATE deliveries SET leased_until = clock_timestamp() WHERE lease IS NOT NULL")
LEASED = text("SELECT count(*) AS leased FROM deliveries WHERE leased_until > clock_timestamp()")
DUE = text(
    "SELECT count(*) AS due FROM deliveries AS d WHERE d.subscriber LIKE '%:%'"
    " AND d.parked_at IS NULL AND (d.leased_until > clock_timestamp() OR"
    " ((d.attempts + d.deferrals = 0 OR d.next_try_at <= minhu_now())"
    " AND NOT EXISTS (SELECT FROM endpoints AS p WHERE p.subscriber = d.subscriber"
    "  AND p.disabled_at IS NOT NULL)"
    " AND NOT EXISTS (SELECT FROM deliveries AS e WHERE e.subscriber = d.subscriber"
    "  AND e.stream_id = d.stream_id AND e.seq < d.seq)))"
)
SHORT_SECONDS = 0.3
PAUSE_SECONDS = 0.05


class Crew(Protocol):
    async def work(self) -> None:
        """Until nothing more is due at the present virtual time."""
        ...

    async def kill_one(self, called: asyncio.Event) -> int:
        """In mid-call; how many leases it left standing."""
        ...


async def ask(hotline: Hotline, statement: Any, name: str) -> int:
    async with hotline.database.transaction(BUREAU, writing=False) as tx:
        row = await tx.row(statement)
    return 0 if row is None else int(getattr(row, name))


@dataclass
class Local:
    """Two workers in this process, whose calls end sooner. Killed, both stop where they are."""

    workers: list[tuple[Hotline, Sender]]

    async def work(self) -> None:
        drains = [drain_callbacks(hotline, BUREAU, sender) for hotline, sender in self.workers]
        await asyncio.gather(*drains)

    async def kill_one(self, called: asyncio.Event) -> int:
        working = asyncio.ensure_future(self.work())
        waiting = asyncio.create_task(called.wait())
        await asyncio.wait({working, waiting}, return_when=asyncio.FIRST_COMPLETED)
        working.cancel()
        waiting.cancel()
        await asyncio.gather(working, waiting, return_exceptions=True)
        hotline, _ = self.workers[0]
        left = await ask(hotline, LEASED, "leased")
        async with hotline.database.transaction(BUREAU) as tx:
            await tx.run(OUTLIVE)
        return left


@asynccontextmanager
async def local_crew(settings: Settings) -> AsyncIterator[Local]:
    async with AsyncExitStack() as stack:
        client = await stack.enter_async_context(
            open_client(reach_of(settings), timeout=SHORT_SECONDS)
        )
        hotlines = [Hotline.open(settings) for _ in range(2)]
        for hotline in hotlines:
            stack.push_async_callback(hotline.close)
        workers = [
            (one, replace(await stack.enter_async_context(open_sender(one)), post=client.post))
            for one in hotlines
        ]
        yield Local(workers)


@dataclass
class Processes:
    """Two processes of `minhu worker`; one gets SIGKILL and the other goes on alone."""

    hotline: Hotline
    workers: list[subprocess.Popen[bytes]] = field(default_factory=list)

    async def work(self) -> None:
        while await ask(self.hotline, DUE, "due"):
            assert all(worker.poll() is None for worker in self.workers)
            await asyncio.sleep(PAUSE_SECONDS)

    async def kill_one(self, called: asyncio.Event) -> int:
        await called.wait()
        left = 0
        while not left:
            left = await ask(self.hotline, LEASED, "leased")
        victim = self.workers.pop()
        victim.send_signal(signal.SIGKILL)
        victim.wait()
        return left


def start_worker(env: dict[str, str]) -> subprocess.Popen[bytes]:
    argv = [sys.executable, "-m", "services.cli", "worker"]
    return subprocess.Popen(argv, env=env, stderr=subprocess.DEVNULL)


@asynccontextmanager
async def process_crew(settings: Settings, hotline: Hotline) -> AsyncIterator[Processes]:
    env = {name: value for name, value in os.environ.items() if not name.startswith("MINHU_")}
    env |= {
        "MINHU_DATABASE_URL": settings.database_url,
        "MINHU_REDIS_URL": settings.redis_url,
        "MINHU_KEYRING_FILE": str(settings.keyring_file),
        "MINHU_SANDBOX": "1",
    }
    workers = [start_worker(env) for _ in range(2)]
    crew = Processes(hotline, list(workers))
    try:
        yield crew
    finally:
        for worker in workers:
            worker.kill()
            worker.wait()
