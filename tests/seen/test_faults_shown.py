"""Each fault made for real, and shown within 15 seconds by the service that is asked."""

import asyncio
import os
import re
import signal
import subprocess
import sys
import time
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager, contextmanager
from pathlib import Path
from typing import Any

import asyncpg
import pytest
from httpx import AsyncClient
from sqlalchemy import text

from services.cli.sample import load_sample
from services.dispatch.app import create_app
from shared.db.migrate import migrate
from shared.embedded import start_postgres, start_redis
from shared.settings import Settings
from shared.tickets import Hotline
from tests.cli.console import run as run_command
from tests.conftest import TEST_SETTINGS, Stack, Tell, served
from tests.seen.owing import owe, park, run

SHOWN_SECONDS = 15.0
PAUSE_SECONDS = 0.05


async def shown(look: Callable[[], Any], *, within: float = SHOWN_SECONDS) -> float:
    """Seconds until `look` answers truly."""
    began = time.monotonic()
    while not await look():
        assert time.monotonic() - began < within, "not shown in time"
        await asyncio.sleep(PAUSE_SECONDS)
    return time.monotonic() - began


async def ready(client: AsyncClient) -> dict[str, Any]:
    answer = await client.get("/readyz")
    body: dict[str, Any] = answer.json()
    return body | {"code": answer.status_code, "retry": answer.headers.get("retry-after")}


async def gauge(client: AsyncClient, name: str) -> float | None:
    told = (await client.get("/metrics")).text
    found = re.search(rf"^minhu_{name}(?:\{{[^}}]*\}})? (\S+)$", told, re.MULTILINE)
    return float(found[1]) if found else None


def environment(settings: Settings) -> dict[str, str]:
    return {
        "MINHU_DATABASE_URL": settings.database_url,
        "MINHU_REDIS_URL": settings.redis_url,
        "MINHU_KEYRING_FILE": str(settings.keyring_file),
    }


async def doctor(settings: Settings) -> str:
    said = await asyncio.to_thread(run_command, "doctor", given=environment(settings))
    return said.out


@contextmanager
def worker(settings: Settings) -> Iterator[subprocess.Popen[bytes]]:
    inherited = {name: os.environ[name] for name in ("PATH", "HOME") if name in os.environ}
    process = subprocess.Popen(
        [sys.executable, "-m", "services.cli", "worker"],
        env=inherited | environment(settings),
        stderr=subprocess.DEVNULL,
    )
    try:
        yield process
    finally:
        process.kill()
        process.wait(10)


@pytest.fixture
async def superuser(stack: Stack, settings: Settings) -> AsyncIterator[asyncpg.Connection]:
    url = stack.superuser_url.rsplit("/", 1)[0] + "/" + settings.database_url.rsplit("/", 1)[1]
    connection = await asyncpg.connect(url)
    yield connection
    await connection.close()


async def test_a_failing_sweep_a_write_left_open_and_a_killed_worker_are_shown(
    dispatch: AsyncClient, superuser: asyncpg.Connection, settings: Settings, tell: Tell
) -> None:
    """The write is left open by another role, of whose sessions the services see no times."""

    async def has(trouble: str) -> bool:
        return trouble in list((await ready(dispatch))["troubles"])

    async def has_worker() -> bool:
        return bool((await ready(dispatch))["worker"] == "ok")

    assert (await ready(dispatch))["status"] == "degraded"
    with worker(settings) as process:
        came = await shown(has_worker, within=30)
        await superuser.execute("ALTER TABLE freezes RENAME TO freezes_away")
        failing = await shown(lambda: has("sweep_failing"))
        assert await gauge(dispatch, "sweep_failing") == 1
        assert "alarms 出错（ProgrammingError" in await doctor(settings)
        await superuser.execute("ALTER TABLE freezes_away RENAME TO freezes")

        forgotten = superuser.transaction()
        await forgotten.start()
        await superuser.execute("SELECT pg_current_xact_id()")
        held = await shown(lambda: has("horizon_held"))
        assert (await gauge(dispatch, "horizon_held_seconds") or 0) > 10
        assert not await has("sweep_failing")
        await forgotten.rollback()

        process.send_signal(signal.SIGKILL)
        process.wait(10)
        away = await shown(lambda: has("worker_away"))
    found = await ready(dispatch)
    assert (found["code"], found["status"], found["worker"]) == (200, "degraded", "away")
    assert await gauge(dispatch, "workers") == 0
    assert "后台进程：没有在运行" in await doctor(settings)
    tell(
        f"worker there {came:.1f} s, sweep failing {failing:.1f} s,"
        f" write left open {held:.1f} s, worker killed {away:.1f} s"
    )


async def test_what_was_parked_quarantined_lost_or_keeps_failing_is_shown_at_once(
    dispatch: AsyncClient, hotline: Hotline, settings: Settings, tell: Tell
) -> None:
    assert (await ready(dispatch))["troubles"] == ["worker_away"]
    began = time.monotonic()
    await owe(hotline, stream=1)
    await park(hotline)
    await owe(hotline, stream=2, last=3)
    await run(hotline, text("DELETE FROM deliveries WHERE bureau_id = :bureau AND seq = 3"))
    await owe(hotline, stream=3, subscriber="callback:city-12345")
    failing = "UPDATE deliveries SET attempts = 2 WHERE bureau_id = :bureau AND stream_id = 3"
    await run(hotline, text(failing))
    for state in ("quarantined", "waiting"):
        await run(
            hotline,
            text(
                "INSERT INTO raw_messages (bureau_id, message_id, source, webhook_id, digest,"
                " stream_id, received_at, state) VALUES (:bureau, gen_random_uuid(),"
                " 'city-12345', :state, '', -1, clock_timestamp(), :state)"
            ),
            state=state,
        )
    endpoint = (
        "INSERT INTO endpoints (bureau_id, subscriber, disabled_at, disabled_because)"
        " VALUES (:bureau, 'callback:city-12345', clock_timestamp(), 'gone')"
    )
    await run(hotline, text(endpoint))

    troubles = (await ready(dispatch))["troubles"]
    told = (await dispatch.get("/metrics")).text
    seconds = time.monotonic() - began
    found = await doctor(settings)

    assert {"deliveries_parked", "messages_quarantined"} <= set(troubles)
    own = '{bureau="1",subscriber="scoring"}'
    other = '{bureau="1",subscriber="callback:city-12345"}'
    for line in (
        f"minhu_deliveries_parked{own} 1.0",
        f"minhu_deliveries_mismatch{own} 1.0",
        f"minhu_deliveries_retrying{other} 1.0",
        f"minhu_endpoints_disabled{other} 1.0",
        'minhu_messages{bureau="1",state="waiting"} 1.0',
        'minhu_messages{bureau="1",state="quarantined"} 1.0',
    ):
        assert line in told
    assert "对不上（scoring 差 1）" in found
    assert "搁置 1" in found
    assert "已停用 callback:city-12345" in found
    assert "等待建单 1，隔离 1" in found
    assert seconds < SHOWN_SECONDS
    tell(f"six faults shown together after {seconds:.2f} s")


async def test_a_clock_that_is_wrong_is_shown(
    dispatch: AsyncClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    right = time.time
    monkeypatch.setattr(time, "time", lambda: right() + 30)

    assert "clock_skew" in (await ready(dispatch))["troubles"]
    assert 29 < (await gauge(dispatch, "clock_skew_seconds") or 0) < 31


@asynccontextmanager
async def own_servers(folder: Path, stack: Stack) -> AsyncIterator[tuple[Any, Any, Settings]]:
    postgres = start_postgres(folder, settings={**TEST_SETTINGS, "max_connections": "20"})
    redis = start_redis(folder)
    try:
        settings = stack.settings.model_copy(
            update={"database_url": postgres.app_url, "redis_url": redis.url, "pool_size": 2}
        )
        await migrate(postgres.owner_url, postgres.app_url)
        hotline = Hotline.open(settings)
        await load_sample(hotline)
        await hotline.close()
        yield postgres, redis, settings
    finally:
        redis.stop()
        postgres.stop()


async def test_redis_and_postgres_away_read_only_or_full_are_shown(
    stack: Stack, tmp_path: Path, tell: Tell
) -> None:
    async with (
        own_servers(tmp_path, stack) as (postgres, redis, settings),
        served(create_app(settings)) as client,
    ):
        assert (await ready(client))["redis"] == "ok"
        redis.stop()

        async def degraded() -> bool:
            found = await ready(client)
            return bool(found["code"] == 200 and found["redis"] == "down")

        no_redis = await shown(degraded)
        assert await gauge(client, "redis_up") == 0

        others = [await asyncpg.connect(postgres.superuser_url) for _ in range(15)]

        async def full() -> bool:
            return "connections" in list((await ready(client))["troubles"])

        crowded = await shown(full)
        for one in others[1:]:
            await one.close()

        await others[0].execute("ALTER SYSTEM SET default_transaction_read_only = on")
        await others[0].execute("SELECT pg_reload_conf()")

        async def refused() -> bool:
            return bool((await ready(client))["code"] == 503)

        read_only = await shown(refused)
        assert (await ready(client))["detail"] == "数据库只读"
        assert await gauge(client, "database_writable") == 0
        await others[0].close()
        postgres.stop()

        async def gone() -> bool:
            return await gauge(client, "database_up") == 0

        no_postgres = await shown(gone)
        found = await ready(client)
        assert (found["code"], bool(found["retry"])) == (503, True)
        assert "✗ 数据库" in await doctor(settings)
    tell(
        f"Redis away {no_redis:.1f} s, connections full {crowded:.1f} s,"
        f" read-only {read_only:.1f} s, Postgres away {no_postgres:.1f} s"
    )
