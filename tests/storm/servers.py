"""Postgres and Redis in a folder of their own, and the ways in which they go away."""

import asyncio
import os
import shutil
import signal
from pathlib import Path

from shared.embedded import Keeper, Postgres, Redis, Server, start_postgres, start_redis


class Servers:
    """Started when made; `close` ends both."""

    def __init__(self, folder: Path) -> None:
        self.keeper = Keeper()
        try:
            self.postgres: Postgres = start_postgres(folder, keeper=self.keeper)
            self.redis: Redis = start_redis(folder, keeper=self.keeper)
        except BaseException:
            self.keeper.end()
            raise

    @property
    def superuser_url(self) -> str:
        return self.postgres.superuser_url.rpartition("/")[0] + "/minhu"

    async def restart_postgres(self) -> None:
        """Immediately: every session is cut off, nothing is written down first."""
        await self._end(self.postgres, signal.SIGQUIT)
        await asyncio.to_thread(self.postgres.respawn)
        ready = await asyncio.to_thread(self.postgres.wait_until_ready)
        assert ready, self.postgres.last_words()

    async def lose_redis(self) -> None:
        """Killed, with all that it had written down."""
        await self._end(self.redis, signal.SIGKILL)
        shutil.rmtree(self.redis.folder / "appendonlydir", ignore_errors=True)

    async def bring_redis_back(self) -> None:
        await asyncio.to_thread(self.redis.respawn)
        ready = await asyncio.to_thread(self.redis.wait_until_ready)
        assert ready, self.redis.last_words()

    async def _end(self, server: Server, number: signal.Signals) -> None:
        os.kill(server.pid, number)
        while True:
            if server.poll() is not None:
                return
            await asyncio.sleep(0.01)

    def close(self) -> None:
        self.redis.stop()
        self.postgres.stop()
        self.keeper.end()
