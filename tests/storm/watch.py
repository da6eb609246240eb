"""Looking at Postgres from outside, as its superuser: who holds what, and what is owed.

The connection is made anew whenever the server has cut it off.
"""

import asyncio
import contextlib
from typing import Any

import asyncpg
import psutil

LOST = (OSError, TimeoutError, asyncpg.InterfaceError, asyncpg.PostgresConnectionError)
AWAY = (
    *LOST,
    asyncpg.CannotConnectNowError,
    asyncpg.AdminShutdownError,
    asyncpg.CrashShutdownError,
)

# A batch was taken, and its handler is at work in the same transaction.
CLAIMS = """
    SELECT EXISTS (
        SELECT FROM pg_stat_activity AS a
        JOIN pg_locks AS d ON d.pid = a.pid AND d.relation = 'deliveries'::regclass
            AND d.mode = 'RowShareLock' AND d.granted
        JOIN pg_locks AS w ON w.pid = a.pid AND w.granted
            AND w.relation IN ('raw_messages'::regclass, 'ticket_events'::regclass)
        WHERE a.client_port = ANY($1::int[])
    )
"""
OWED = "SELECT EXISTS (SELECT FROM deliveries WHERE parked_at IS NULL AND attempts = 0)"
AT_WORK = """
    SELECT pid FROM pg_stat_activity WHERE application_name = 'minhu' AND xact_start IS NOT NULL
    AND state <> 'idle' AND backend_type = 'client backend' ORDER BY pid
"""
BLOCKED = "SELECT count(*) FROM pg_stat_activity WHERE $1 = ANY(pg_blocking_pids(pid))"


class Watch:
    def __init__(self, url: str, port: int) -> None:
        self._url = url
        self._port = port
        self._connection: Any = None
        self._turn = asyncio.Lock()

    async def fetch(self, statement: str, *values: Any) -> list[Any]:
        """Asked again until the server answers."""
        while True:
            async with self._turn:
                try:
                    if self._connection is None or self._connection.is_closed():
                        self._connection = await asyncpg.connect(self._url, timeout=5)
                    return list(await self._connection.fetch(statement, *values))
                except AWAY:
                    await self._drop()
            await asyncio.sleep(0.05)

    async def value(self, statement: str, *values: Any) -> Any:
        return (await self.fetch(statement, *values))[0][0]

    async def has_claim(self, pid: int) -> bool:
        ports = self._ports_of(pid)
        return bool(ports) and bool(await self.value(CLAIMS, ports))

    async def is_owed(self) -> bool:
        return bool(await self.value(OWED))

    async def at_work(self) -> list[int]:
        """Backends of ours in the middle of a transaction."""
        return [int(row[0]) for row in await self.fetch(AT_WORK)]

    async def count_blocked(self, pid: int) -> int:
        return int(await self.value(BLOCKED, pid))

    async def open_own(self) -> Any:
        """Another connection, for whoever wants to hold a lock."""
        while True:
            try:
                return await asyncpg.connect(self._url, timeout=5)
            except AWAY:
                await asyncio.sleep(0.05)

    def _ports_of(self, pid: int) -> list[int]:
        """Local ports of the process's connections to Postgres."""
        with contextlib.suppress(psutil.Error):
            found = psutil.Process(pid).net_connections("tcp")
            return [one.laddr.port for one in found if one.raddr and one.raddr.port == self._port]
        return []

    async def _drop(self) -> None:
        connection, self._connection = self._connection, None
        if connection is not None:
            connection.terminate()

    async def close(self) -> None:
        await self._drop()
