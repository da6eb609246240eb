"""Postgres: sessions ended, the server restarted at once, rows held by somebody else."""

import asyncio
import random
import time
from collections.abc import Callable
from dataclasses import dataclass

import asyncpg

from tests.storm.stage import Play
from tests.storm.watch import AWAY, Watch

PATIENCE_SECONDS = 5.0
PAUSE_SECONDS = 0.005
TERMINATE = """
    SELECT pg_terminate_backend(pid) FROM (
        SELECT pid FROM pg_stat_activity WHERE application_name = 'minhu'
        AND xact_start IS NOT NULL AND state <> 'idle' ORDER BY pid LIMIT $1
    ) AS at_work
"""
HOLD = "SELECT ticket_id FROM tickets WHERE no = ANY($1::text[]) ORDER BY ticket_id FOR UPDATE"


@dataclass
class Terminate:
    """The sessions of some open transactions, caught at work."""

    label: str
    watch: Watch
    chance: random.Random
    most: int = 3

    async def strike(self) -> bool:
        until = time.monotonic() + PATIENCE_SECONDS
        while time.monotonic() < until:
            if await self.watch.fetch(TERMINATE, self.chance.randint(1, self.most)):
                return True
            await asyncio.sleep(PAUSE_SECONDS)
        return False


@dataclass
class Restart:
    """Immediate: no session is let go on, nothing is written down first."""

    label: str
    play: Play
    watch: Watch

    async def strike(self) -> bool:
        until = time.monotonic() + PATIENCE_SECONDS
        hit = False
        while not hit and time.monotonic() < until:
            hit = bool(await self.watch.at_work())
        await self.play.servers.restart_postgres()
        return hit


@dataclass
class SlowLock:
    """Tickets that somebody is about to act on are held for a while by another session."""

    label: str
    watch: Watch
    find_nos: Callable[[], list[str]]
    seconds: float

    async def strike(self) -> bool:
        until = time.monotonic() + PATIENCE_SECONDS
        while not self.find_nos() and time.monotonic() < until:  # noqa: ASYNC110 - by nobody's word
            await asyncio.sleep(PAUSE_SECONDS)
        connection = await self.watch.open_own()
        try:
            async with connection.transaction():
                await connection.execute(HOLD, self.find_nos())
                return await self._hold(connection.get_server_pid())
        except (*AWAY, asyncpg.PostgresError):
            return False
        finally:
            connection.terminate()

    async def _hold(self, pid: int) -> bool:
        """For as long as was said, or until somebody has come to wait, whichever is later."""
        until = time.monotonic() + self.seconds
        latest = until + PATIENCE_SECONDS
        hit = False
        while time.monotonic() < (until if hit else latest):
            hit = hit or await self.watch.count_blocked(pid) > 0
            await asyncio.sleep(0.02)
        return hit
