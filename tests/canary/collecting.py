"""What lies about afterwards: the dump, Redis, the views of the reports, what commands say."""

import asyncio
import os
import subprocess
import sys
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from urllib.parse import urlsplit

from redis.asyncio import Redis

from shared.embedded.binaries import find_postgres
from tests.canary.search import unpack
from tests.canary.stage import Stage, connect
from tests.journeys.stack import ROOT

VIEWS = "SELECT table_name FROM information_schema.views WHERE table_schema = 'bi_v1'"
FEW_COMMANDS = (("doctor",), ("dead-letters", "list"))
COMMANDS = (
    *FEW_COMMANDS,
    ("sources", "list"),
    ("accounts", "list"),
    ("bi", "list"),
    ("audit", "verify"),
    ("recompute", "--verify"),
)


async def collect(stage: Stage) -> None:
    """Into the places that are searched. Services may run, or have ended."""
    await asyncio.to_thread(dump, stage)
    await read_views(stage)
    await read_redis(stage)


def dump(stage: Stage) -> None:
    """As docs/backup.md has it, but readable; the sealed vault is in it too."""
    place = stage.place("database")
    parts = urlsplit(stage.stand.superuser_url)
    env = {"PGPASSWORD": str(parts.password), "PATH": os.defpath}
    argv = ["--format=plain", "--host", str(parts.hostname), "--port", str(parts.port)]
    argv += ["--username", str(parts.username), "--file", str(place / "minhu.sql"), "minhu"]
    subprocess.run([find_postgres().path("pg_dump"), *argv], env=env, check=True)
    unpack(place / "minhu.sql", place / "minhu.bytes")


async def read_views(stage: Stage) -> None:
    connection = await connect(stage)
    try:
        await connection.execute("SET minhu.bureau_id = '1'")
        for row in await connection.fetch(VIEWS):
            name = str(row["table_name"])
            into = stage.place("views") / f"{name}.txt"
            statement = f'SELECT * FROM bi_v1."{name}"'
            await connection.copy_from_query(statement, output=str(into))
    finally:
        await connection.close()


async def read_redis(stage: Stage) -> None:
    """Its append-only file whole, its snapshot unpacked, and each value as it is handed out."""
    client = Redis.from_url(stage.stand.redis.url)
    place = stage.place("redis")
    try:
        await client.config_set("rdbcompression", "no")
        await client.save()
        with (place / "values.bytes").open("wb") as out:
            async for key in client.scan_iter(count=500):
                out.write(key + b"\n" + (await client.dump(key) or b"") + b"\n")
    finally:
        await client.aclose()
    for file in stage.stand.redis.folder.rglob("*"):
        if file.is_file() and file.suffix in {".rdb", ".aof"}:
            (place / file.name).write_bytes(file.read_bytes())


def say_all(stage: Stage, commands: Sequence[Sequence[str]]) -> None:
    """Two at a time: most of a command is its start."""
    with ThreadPoolExecutor(max_workers=2) as pool:
        list(pool.map(lambda words: say(stage, *words), commands))


def say(stage: Stage, *words: str) -> None:
    """A command, and what it said on both of its ways."""
    done = subprocess.run(
        [sys.executable, "-m", "services.cli", *words],
        cwd=ROOT,
        env={**stage.environment, "PATH": os.environ["PATH"], "HOME": str(stage.folder)},
        capture_output=True,
        check=False,
    )
    with (stage.place("commands") / "said.txt").open("ab") as out:
        out.write(f"\n$ minhu {' '.join(words)}\n".encode() + done.stdout + done.stderr)


def data_files(stage: Stage) -> list[Path]:
    """Tables and write-ahead log as they lie on the disk."""
    folder = stage.stand.postgres.folder
    return [
        one for name in ("base", "pg_wal") for one in (folder / name).rglob("*") if one.is_file()
    ]
