"""A migration that cannot get its lock gives up, says so, and holds nobody up for longer."""

import asyncio
import sys
import time

from sqlalchemy import text
from sqlalchemy.ext.asyncio import create_async_engine

from shared.settings import Settings
from shared.tickets import Hotline
from tests.cli.console import environment
from tests.conftest import BUREAU, Stack, Tell
from tests.factories import make_ticket

LOCK_SECONDS = 4.0
WAITING = text("SELECT count(*) FROM pg_locks WHERE NOT granted AND relation = 'tickets'::regclass")
COLUMNS = text(
    "SELECT count(*) FROM pg_attribute WHERE attrelid = 'tickets'::regclass AND attname = 'label'"
)
READ = text("SELECT count(*) FROM tickets WHERE bureau_id = 1")


async def test_a_migration_gives_up_for_a_long_transaction_and_is_run_again(
    hotline: Hotline, settings: Settings, stack: Stack, tell: Tell
) -> None:
    await make_ticket(hotline)
    owner = stack.owner_url_of(settings.database_url.rsplit("/", 1)[1])
    engine = create_async_engine(owner.replace("postgresql://", "postgresql+asyncpg://", 1))
    async with engine.connect() as long, engine.connect() as watching:
        await long.execute(READ)  # and goes on: a report that nobody has ended
        migrating = await start_migration(owner)
        while not (await watching.execute(WAITING)).scalar_one():
            assert migrating.returncode is None
            await watching.rollback()
        began = time.monotonic()
        no = await make_ticket(hotline)  # queues behind who waits for the lock
        waited = time.monotonic() - began
        said = (await migrating.communicate())[0].decode()
        left = (await watching.execute(COLUMNS)).scalar_one()

    again = await start_migration(owner)
    told = (await again.communicate())[0].decode()
    async with engine.connect() as connection:
        made = (await connection.execute(COLUMNS)).scalar_one()
    await engine.dispose()
    tell(f"迁移等锁 {LOCK_SECONDS:.0f} 秒放弃，其间一个写请求等了 {waited:.2f} 秒")

    assert migrating.returncode == 1
    assert "稍后再运行" in said
    assert left == 0
    assert waited < LOCK_SECONDS + 1
    assert (again.returncode, made) == (0, 1), told
    async with hotline.ledger(BUREAU, writing=False) as ledger:
        assert await ledger.tx.row(text("SELECT no FROM tickets WHERE no = :no"), no=no) is not None


async def start_migration(owner: str) -> asyncio.subprocess.Process:
    return await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "tests.upgrade", "migrate"),
        env=environment({"MINHU_OWNER_DATABASE_URL": owner}),
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.STDOUT,
    )
