"""Workers at work, and workers held back in the middle of it by a lock they need."""

from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from contextlib import asynccontextmanager

import asyncpg

from tests.recovery.stand import MINHU, Stand
from tests.recovery.watching import BACKENDS, INSIDE, NOW, until

PATIENCE = 120.0


async def start_worker(
    stand: Stand,
    inside: asyncpg.Connection,
    name: str,
    *,
    env: Mapping[str, str] | None = None,
    module: str = MINHU,
) -> None:
    """Returns once it is at work: its connections are there."""
    since = await inside.fetchval(NOW)
    stand.spawn(name, "worker", env=env, module=module)

    async def is_there() -> bool:
        return bool(await inside.fetchval(BACKENDS, since) >= 2)

    await until(is_there, seconds=PATIENCE, what=f"{name} is at work")


@asynccontextmanager
async def held_back(stand: Stand, table: str) -> AsyncIterator[Callable[[], Awaitable[None]]]:
    """Nobody writes to the table until the yielded function is called."""
    connection = await asyncpg.connect(stand.superuser_url)
    try:
        await connection.execute(f"BEGIN; LOCK TABLE {table} IN SHARE MODE")

        async def let_go() -> None:
            await connection.execute("COMMIT")

        yield let_go
    finally:
        await connection.close()


async def wait_inside(
    inside: asyncpg.Connection, table: str, claimed: str, *, other_than: int = 0
) -> int:
    """Until a worker holds a claim and waits to write what comes of it: its backend."""
    found = 0

    async def is_inside() -> bool:
        nonlocal found
        pids = {row["pid"] for row in await inside.fetch(INSIDE, table, claimed)} - {other_than}
        found = min(pids, default=0)
        return bool(pids)

    await until(is_inside, seconds=PATIENCE, what=f"a claim on {claimed} is held")
    return found
