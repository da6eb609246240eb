"""Servers and services to measure: a whole sandbox, or intake processes alone as in production."""

import asyncio
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager, suppress
from pathlib import Path
from typing import Any

import httpx

from services.cli.addresses import DATABASE, REDIS
from services.cli.demo import free_base
from services.cli.folder import open_folder
from services.cli.groundwork import make_keyring
from services.cli.installation import KEYRING
from services.cli.sample import SampleSecrets, load_sample
from services.cli.stack import Wish, running_stack
from shared.db.migrate import migrate
from shared.embedded import Postgres, start_postgres, start_redis
from shared.settings import Settings
from shared.tickets import Hotline

READY_SECONDS = 30.0


@contextmanager
def sandbox(environment: Mapping[str, str] | None = None) -> Iterator[dict[str, Any]]:
    """A whole stack in a folder of its own; what its ready file says."""
    with tempfile.TemporaryDirectory(prefix="minhu-bench-") as name, ExitStack() as stack:
        os.environ.update(environment or {})
        stack.callback(lambda: [os.environ.pop(one) for one in environment or {}])
        wish = Wish(open_folder(Path(name)), free_base(), sandbox=True)
        _, ready = stack.enter_context(running_stack(wish))
        yield ready


@contextmanager
def counting_postgres() -> Iterator[Postgres]:
    """A server that counts the statements it is sent."""
    with tempfile.TemporaryDirectory(prefix="minhu-bench-") as name:
        server = start_postgres(
            Path(name),
            settings={
                "shared_preload_libraries": "pg_stat_statements",
                "pg_stat_statements.track": "top",
                "pg_stat_statements.track_utility": "off",  # BEGIN, COMMIT
                "pg_stat_statements.max": "10000",
            },
        )
        try:
            yield server
        finally:
            server.stop()


@contextmanager
def bare_stand() -> Iterator[tuple[dict[str, str], SampleSecrets, str]]:
    """Postgres and Redis with the sample organisation and no process on them: no worker, no clock.

    Yields the services' environment, the secrets, and the database's address.
    """
    with tempfile.TemporaryDirectory(prefix="minhu-bench-") as name, ExitStack() as stack:
        folder = open_folder(Path(name))
        keyring = make_keyring(folder)
        postgres = start_postgres(folder.path)
        stack.callback(postgres.stop)
        redis = start_redis(folder.path)
        stack.callback(redis.stop)
        environment = {DATABASE: postgres.app_url, REDIS: redis.url, KEYRING: str(keyring)}
        secrets = asyncio.run(prepare(environment, postgres.owner_url))
        yield environment, secrets, postgres.app_url


async def prepare(environment: Mapping[str, str], owner_url: str) -> SampleSecrets:
    await migrate(owner_url, environment[DATABASE])
    hotline = Hotline.open(Settings.from_env(environment))
    try:
        return await load_sample(hotline)
    finally:
        await hotline.close()


@contextmanager
def intake(environment: Mapping[str, str], *, group_commit: bool) -> Iterator[str]:
    """One intake process; its address."""
    port = free_base()
    env = {**os.environ, **environment, "MINHU_GROUP_COMMIT": "1" if group_commit else "0"}
    argv = [sys.executable, "-m", "services.cli", "serve", "intake", "--port", str(port)]
    process = subprocess.Popen(argv, env=env, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    try:
        address = f"http://127.0.0.1:{port}"
        wait_until_ready(address)
        yield address
    finally:
        process.terminate()
        process.wait(10)


def wait_until_ready(address: str) -> None:
    deadline = time.monotonic() + READY_SECONDS
    while time.monotonic() < deadline:
        with suppress(httpx.TransportError):
            if httpx.get(f"{address}/readyz", trust_env=False).status_code == 200:
                return
        time.sleep(0.05)
    raise TimeoutError(address)
