"""One who reads reports: a role of the database that logs in with a password of its own."""

import itertools
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from functools import partial

import asyncpg
from sqlalchemy import Connection
from sqlalchemy.ext.asyncio import create_async_engine

from shared.db.readers import grant_reader
from tests.conftest import Stack, run_as_superuser

PASSWORD = "of-a-test"
numbers = itertools.count(1)


@asynccontextmanager
async def login(stack: Stack) -> AsyncIterator[str]:
    """The name of a role that may log in and nothing else."""
    name = f"report_{next(numbers)}"
    await run_as_superuser(stack, f"CREATE ROLE {name} LOGIN PASSWORD '{PASSWORD}'")
    try:
        yield name
    finally:
        await run_as_superuser(stack, f"DROP ROLE {name}")


async def grant(
    stack: Stack, database: str, role: str, *, bureau: str | None = None, unit: str | None = None
) -> None:
    await as_owner(stack, database, partial(grant_reader, role=role, bureau=bureau, unit=unit))


async def as_owner(stack: Stack, database: str, work: Callable[[Connection], object]) -> None:
    owner = stack.owner_url_of(database).replace("postgresql://", "postgresql+asyncpg://", 1)
    engine = create_async_engine(owner)
    try:
        async with engine.begin() as connection:
            await connection.run_sync(work)
    finally:
        await engine.dispose()


@asynccontextmanager
async def connected(stack: Stack, database: str, role: str) -> AsyncIterator[asyncpg.Connection]:
    host = stack.url_of(database).rpartition("@")[2]
    connection = await asyncpg.connect(f"postgresql://{role}:{PASSWORD}@{host}")
    try:
        yield connection
    finally:
        await connection.close()


@asynccontextmanager
async def reader(
    stack: Stack, database: str, *, bureau: str | None = None, unit: str | None = None
) -> AsyncIterator[asyncpg.Connection]:
    """Granted the bureau, or one unit's subtree in it, and connected."""
    async with login(stack) as role:
        await grant(stack, database, role, bureau=bureau, unit=unit)
        async with connected(stack, database, role) as connection:
            yield connection
