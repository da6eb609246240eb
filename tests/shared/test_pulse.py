"""A server that hangs is told from one that is slow: whoever waits for the first is let go."""

import asyncio
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from urllib.parse import urlsplit

import pytest
from sqlalchemy import text

from shared.db import Database
from shared.errors import Unavailable
from shared.settings import Settings

SLOW = text("SELECT pg_sleep(4)")
LONGEST_SECONDS = 10.0


@dataclass
class Network:
    """Carries bytes to Postgres and back, until it is told to swallow them."""

    host: str
    port: int
    carries: asyncio.Event = field(default_factory=asyncio.Event)
    tasks: set[asyncio.Task[None]] = field(default_factory=set)

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        back, forth = await asyncio.open_connection(self.host, self.port)
        async with asyncio.TaskGroup() as both:
            both.create_task(self._carry(reader, forth))
            both.create_task(self._carry(back, writer))

    async def _carry(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        while data := await reader.read(65536):
            await self.carries.wait()
            writer.write(data)
        writer.close()


@asynccontextmanager
async def through(url: str) -> AsyncIterator[tuple[str, Network]]:
    """The database's address by way of a network of the test's own."""
    parts = urlsplit(url)
    assert parts.hostname is not None
    assert parts.port is not None
    network = Network(parts.hostname, parts.port)
    network.carries.set()
    server = await asyncio.start_server(network.serve, "127.0.0.1", 0)
    port = server.sockets[0].getsockname()[1]
    async with server:
        yield url.replace(f":{parts.port}/", f":{port}/"), network


@pytest.fixture
async def reached(settings: Settings) -> AsyncIterator[tuple[Database, Network]]:
    async with through(settings.database_url) as (url, network):
        database = Database(url)
        yield database, network
        network.carries.set()
        await database.close()


async def read(database: Database, statement: object = text("SELECT 1")) -> None:
    async with database.transaction(1, writing=False) as tx:
        await tx.run(statement)  # type: ignore[arg-type]


async def test_who_waits_for_a_silent_server_is_let_go_and_the_next_not_kept_waiting(
    reached: tuple[Database, Network],
) -> None:
    database, network = reached
    await read(database)
    network.carries.clear()
    began_at = time.monotonic()
    with pytest.raises(Unavailable):
        await read(database)
    let_go_at = time.monotonic()
    with pytest.raises(Unavailable):
        await read(database)
    refused_at = time.monotonic()
    network.carries.set()
    async with asyncio.timeout(LONGEST_SECONDS):
        while database.pulse.silent:  # noqa: ASYNC110
            await asyncio.sleep(0)
    await read(database)

    assert let_go_at - began_at < LONGEST_SECONDS
    assert refused_at - let_go_at < 0.5


async def test_who_waits_for_a_slow_statement_gets_its_answer(
    reached: tuple[Database, Network],
) -> None:
    database, _ = reached
    await read(database, SLOW)
    assert not database.pulse.silent
