"""Redis emptied and workers killed while work is owed: every ticket scored, every entry once.

The last tickets come in while no ring can reach the worker, which has nothing to do by then: only
its sweep finds them.
"""

import asyncio
import os
import signal
import subprocess
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest
from httpx import AsyncClient
from redis.asyncio import Redis
from sqlalchemy import text

from services.intake.app import create_app as create_intake
from shared.settings import Settings
from shared.tickets import Hotline
from tests.conftest import served
from tests.factories import SetClock
from tests.platform import Platform

TICKETS = 200
UNHEARD = 20  # of them, pushed with Redis out of reach
NO_REDIS = "redis://127.0.0.1:1/0"
KILLS = 3
SECONDS = 60.0
OWED = text("SELECT count(*) AS owed FROM deliveries WHERE bureau_id = 1")
CLAIMED = text(
    "SELECT count(*) AS claims FROM pg_locks AS l JOIN pg_class AS c ON c.oid = l.relation"
    " WHERE c.relname = 'deliveries' AND l.mode = 'RowShareLock' AND l.pid = ANY(:pids)"
)
WORKERS = text(
    "SELECT pid FROM pg_stat_activity WHERE datname = current_database()"
    " AND application_name = 'minhu' AND client_port <> 0"
)
LOGS = text(
    "SELECT ticket_id, string_agg(type, ' ' ORDER BY seq) AS log FROM ticket_events"
    " WHERE bureau_id = 1 GROUP BY ticket_id"
)
SCORED = text("SELECT count(*) AS scored FROM facts WHERE bureau_id = 1 AND round = 1")
EXPECTED = "ticket.received ticket.updated"


def start_worker(settings: Settings) -> subprocess.Popen[bytes]:
    env = {
        **{name: os.environ[name] for name in ("PATH", "HOME") if name in os.environ},
        "MINHU_DATABASE_URL": settings.database_url,
        "MINHU_REDIS_URL": settings.redis_url,
        "MINHU_KEYRING_FILE": str(settings.keyring_file),
        "MINHU_SANDBOX": "1",
        "MINHU_DELIVERY_BATCH": "10",
        "MINHU_SWEEP_SECONDS": "0.5",
    }
    return subprocess.Popen(
        [sys.executable, "-m", "services.cli", "worker"], env=env, stderr=subprocess.DEVNULL
    )


async def count(hotline: Hotline, statement: object, name: str) -> int:
    async with hotline.database.transaction(1, writing=False) as tx:
        row = await tx.row(statement)  # type: ignore[arg-type]
    assert row is not None
    return int(getattr(row, name))


@asynccontextmanager
async def patience() -> AsyncIterator[None]:
    async with asyncio.timeout(SECONDS):
        yield


async def held_claims(hotline: Hotline, own: set[int]) -> int:
    """Row locks that backends other than the test's own hold on deliveries just now."""
    async with hotline.database.transaction(1, writing=False) as tx:
        pids = {row.pid for row in await tx.rows(WORKERS)} - own
        row = await tx.row(CLAIMED, pids=list(pids))
    return 0 if row is None else int(row.claims)


@pytest.fixture
async def city(intake: AsyncClient, secrets: dict[str, str]) -> Platform:
    return Platform(intake, "city-12345", secrets["city-12345"])


async def push(platform: Platform, number: int) -> None:
    created = await platform.create(f"SH-{number}")
    later = await platform.push(
        "ticket.updated", upstream_no=f"SH-{number}", revision=1, title="新"
    )
    assert (created.status_code, later.status_code) == (202, 202)


async def wait_until_drained(hotline: Hotline, worker: subprocess.Popen[bytes]) -> None:
    while await count(hotline, OWED, "owed"):
        assert worker.poll() is None


async def test_redis_emptied_and_three_workers_killed_lose_and_double_nothing(
    city: Platform, hotline: Hotline, settings: Settings, set_clock: SetClock
) -> None:
    await set_clock("2026-11-18T09:30:00+08:00")
    for number in range(UNHEARD, TICKETS):
        await push(city, number)
    async with hotline.database.transaction(1, writing=False) as tx:
        own = {row.pid for row in await tx.rows(WORKERS)}

    async with patience():
        for _ in range(KILLS):
            worker = start_worker(settings)
            while await held_claims(hotline, own) == 0:
                assert worker.poll() is None
            worker.send_signal(signal.SIGKILL)
            worker.wait()
        owed = await count(hotline, OWED, "owed")
        assert owed >= 50, f"only {owed} deliveries were owed"
        redis = Redis.from_url(settings.redis_url)
        await redis.flushall()
        await redis.aclose()

        worker = start_worker(settings)
        try:
            await wait_until_drained(hotline, worker)
            deaf = create_intake(settings.model_copy(update={"redis_url": NO_REDIS}))
            async with served(deaf) as client:
                for number in range(UNHEARD):
                    await push(Platform(client, city.name, city.secret), number)
            await wait_until_drained(hotline, worker)
        finally:
            worker.terminate()
            worker.wait(timeout=10)

    async with hotline.database.transaction(1, writing=False) as tx:
        logs = [row.log for row in await tx.rows(LOGS)]
    assert logs == [EXPECTED] * TICKETS
    assert await count(hotline, SCORED, "scored") == TICKETS
