"""The pool of one process: what becomes of its connections when some of them are cut."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack

import asyncpg
import pytest
from sqlalchemy import text

from shared.db import Database
from shared.db.connection import known
from shared.errors import Unavailable
from shared.settings import Settings
from tests.conftest import BUREAU, Stack

OWN_PID = text("SELECT pg_backend_pid() AS pid")
SLEEP = text("SELECT pg_sleep(60)")
PREPARED = text("SELECT statement FROM pg_prepared_statements")
OPEN = 4


@pytest.fixture
async def database(settings: Settings) -> AsyncIterator[Database]:
    database = Database(settings.database_url, pool_size=OPEN)
    yield database
    await database.close()


@pytest.fixture
async def superuser(stack: Stack) -> AsyncIterator[asyncpg.Connection]:
    connection = await asyncpg.connect(stack.superuser_url)
    yield connection
    await connection.close()


async def open_all(database: Database) -> set[int]:
    """Every connection in use at once; by the numbers of their backends."""
    pids = set()
    async with AsyncExitStack() as held:
        for _ in range(OPEN):
            tx = await held.enter_async_context(database.transaction(BUREAU))
            row = await tx.row(OWN_PID)
            assert row is not None
            pids.add(int(row.pid))
    return pids


async def cut(superuser: asyncpg.Connection, *pids: int) -> None:
    for pid in pids:
        assert await superuser.fetchval("SELECT pg_terminate_backend($1, 10000)", pid)


async def be_cut(database: Database, superuser: asyncpg.Connection, lost: list[int]) -> None:
    """In the middle of a statement; `lost` tells whose backend it was."""
    async with database.transaction(BUREAU) as tx:
        row = await tx.row(OWN_PID)
        assert row is not None
        lost.append(int(row.pid))
        asking = asyncio.create_task(tx.row(SLEEP))
        await cut(superuser, *lost)
        await asking


async def test_one_that_is_cut_takes_no_other_with_it(
    database: Database, superuser: asyncpg.Connection
) -> None:
    before = await open_all(database)
    lost: list[int] = []
    with pytest.raises(Unavailable):
        await be_cut(database, superuser, lost)
    after = await open_all(database)
    assert before - after == set(lost)
    assert len(after) == OPEN


async def test_those_cut_while_idle_fail_nobody(
    database: Database, superuser: asyncpg.Connection
) -> None:
    before = await open_all(database)
    await cut(superuser, *before)
    after = await open_all(database)
    assert len(after) == OPEN
    assert not before & after


async def test_a_new_connection_need_not_ask_what_every_server_knows(
    database: Database, settings: Settings
) -> None:
    """What it would ask again on each connection: the types of arrays of numbers."""
    asked = text("SELECT CAST(:numbers AS bigint[]) AS numbers")
    known.clear()
    async with database.transaction(BUREAU) as tx:
        await tx.row(asked, numbers=[1, 2])
    (told,) = known.values()
    assert [row["name"] for row in told] == ["int8", "_int8"]

    other = Database(settings.database_url)
    try:
        async with other.transaction(BUREAU) as tx:
            row = await tx.row(asked, numbers=[3, None])
            log = await tx.rows(PREPARED)
    finally:
        await other.close()
    assert row is not None
    assert row.numbers == [3, None]
    assert not [one.statement for one in log if "typeinfo_tree" in one.statement]
