"""One worker alone, killed under `minhu up`: the one that is started again does its work."""

import os
import signal
import time
from pathlib import Path

import asyncpg
from httpx import AsyncClient

from tests.conftest import Tell
from tests.journeys.stack import sandbox
from tests.platform import Platform
from tests.recovery.limits import limit
from tests.recovery.starting import PATIENCE
from tests.recovery.watching import OWED, until, until_drained

SECONDS = limit(5.0)
# The services' role may lock this one: it empties it when all is folded anew.
HOLD = "LOCK TABLE fact_versions IN SHARE MODE"
HELD = "SELECT count(*) FROM pg_locks WHERE relation = 'fact_versions'::regclass AND NOT granted"


def find_worker(folder: Path) -> int:
    """The process of this folder's stack that runs `worker`."""
    for entry in Path("/proc").iterdir():
        if not entry.name.isdecimal():
            continue
        try:
            command = (entry / "cmdline").read_bytes().split(b"\0")
            environment = (entry / "environ").read_bytes()
        except OSError:
            continue
        runs = b"services.cli" in command and b"worker" in command
        if runs and str(folder).encode() in environment:
            return int(entry.name)
    raise AssertionError("no worker runs")


async def test_the_only_worker_is_started_again_and_does_its_work(
    tmp_path: Path, tell: Tell
) -> None:
    with sandbox(tmp_path) as (_, ready, _):
        connection = await asyncpg.connect(ready["database_url"])
        await connection.execute("SET minhu.bureau_id = '1'")
        holder = await asyncpg.connect(ready["database_url"])
        await holder.execute("SET minhu.bureau_id = '1'")

        async def is_held() -> bool:
            return bool(await connection.fetchval(HELD))

        async with AsyncClient(base_url=ready["intake"], trust_env=False) as client:
            city = Platform(client, "city-12345", ready["sources"]["city-12345"]["secret"])
            async with holder.transaction():
                await holder.execute(HOLD)
                assert (await city.create("SUPERVISED")).status_code == 202
                await until(is_held, seconds=PATIENCE, what="the worker is at its work")
                owed = await connection.fetchval(OWED)
                os.kill(find_worker(tmp_path), signal.SIGKILL)
                killed_at = time.monotonic()
        took = await until_drained(connection, seconds=PATIENCE) - killed_at
        await connection.close()
        await holder.close()
    tell(f"唯一的后台进程被杀，重新启动后办完：{took:.2f} 秒（限 {SECONDS:.0f} 秒）")
    assert owed > 0
    assert took <= SECONDS
