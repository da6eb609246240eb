"""Real servers, the three services and workers as production runs them, and ways to harm them."""

import asyncio
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path

import asyncpg
import httpx

from services.cli.sample import SampleSecrets, load_sample
from shared.db.migrate import migrate
from shared.embedded import Keeper, Postgres, start_postgres, start_redis
from shared.embedded.keeper import Command
from shared.embedded.redis import Redis
from shared.settings import Settings
from shared.tickets import Hotline
from shared.vault.keyring import create_keyring
from tests.journeys.stack import ROOT, find_ports

READY_SECONDS = 60.0
SERVICES = ("intake", "dispatch", "scoring")
MINHU = "services.cli"
SECOND = "dispatch again"
INHERITED = {name: os.environ[name] for name in ("PATH", "HOME") if name in os.environ}
# Killing processes loses nothing the system's cache holds, so writing through shows nothing here.
POSTGRES = {"fsync": "off"}

Process = subprocess.Popen[bytes]


@dataclass
class Stand:
    """`addresses` by service; `processes` are all that were started and not killed by a test."""

    keeper: Keeper
    settings: Settings
    postgres: Postgres
    redis: Redis
    secrets: SampleSecrets
    logs: Path
    addresses: dict[str, str] = field(default_factory=dict)
    processes: dict[str, Process] = field(default_factory=dict)

    @property
    def keys(self) -> Mapping[str, str]:
        return {**self.secrets.keys, **self.secrets.unit_keys}

    @property
    def superuser_url(self) -> str:
        return self.postgres.superuser_url.rsplit("/", 1)[0] + "/minhu"

    def spawn(
        self,
        name: str,
        *argv: str,
        env: Mapping[str, str] | None = None,
        module: str = MINHU,
    ) -> Process:
        settings = {
            "MINHU_DATABASE_URL": self.settings.database_url,
            "MINHU_REDIS_URL": self.settings.redis_url,
            "MINHU_KEYRING_FILE": str(self.settings.keyring_file),
        }
        command = Command(
            argv=[sys.executable, "-m", module, *argv],
            env={**INHERITED, **settings, **(env or {})},
            log=self.logs / f"{name}.log",
            cwd=ROOT,
        )
        process = self.keeper.spawn(command)
        self.processes[name] = process
        return process

    def serve(self, name: str, service: str, port: int) -> None:
        self.spawn(name, "serve", service, "--port", str(port))
        self.addresses[name] = f"http://127.0.0.1:{port}"

    def kill(self, name: str) -> float:
        """-9; when it was."""
        process = self.processes.pop(name)
        process.send_signal(signal.SIGKILL)
        at = time.monotonic()
        process.wait()
        return at

    def all_run(self) -> bool:
        return all(process.poll() is None for process in self.processes.values())


def postmaster(postgres: Postgres) -> int:
    return int((postgres.folder / "postmaster.pid").read_text().split()[0])


def family(parent: int) -> list[int]:
    """The process and its children: a postmaster and its backends."""
    children = Path(f"/proc/{parent}/task/{parent}/children").read_text().split()
    return [parent, *map(int, children)]


def signal_all(pids: list[int], number: signal.Signals) -> None:
    for pid in pids:
        with suppress(ProcessLookupError):
            os.kill(pid, number)


async def start_again(server: Postgres | Redis) -> float:
    """Starts a stopped server on its folder and port; when it answered."""
    server.respawn()
    assert await asyncio.to_thread(server.wait_until_ready)
    return time.monotonic()


@contextmanager
def open_stand(folder: Path) -> Iterator[Stand]:
    """Servers with the sample organisation, and every service; no worker."""
    with ExitStack() as stack:
        keeper = stack.enter_context(Keeper())
        postgres = start_postgres(folder, settings=POSTGRES, keeper=keeper)
        redis = start_redis(folder, keeper=keeper)
        keyring = folder / "keyring.json"
        create_keyring(keyring)
        settings = Settings(
            database_url=postgres.app_url, redis_url=redis.url, keyring_file=keyring
        )
        secrets = asyncio.run(prepare(settings, postgres.owner_url))
        stand = Stand(keeper, settings, postgres, redis, secrets, folder / "logs")
        base = find_ports()
        for offset, name in enumerate((*SERVICES, SECOND), start=1):
            stand.serve(name, name.split()[0], base + offset)
        for address in stand.addresses.values():
            wait_until_ready(address)
        yield stand


async def prepare(settings: Settings, owner_url: str) -> SampleSecrets:
    await migrate(owner_url, settings.database_url)
    hotline = Hotline.open(settings)
    try:
        return await load_sample(hotline)
    finally:
        await hotline.close()


def wait_until_ready(address: str) -> None:
    deadline = time.monotonic() + READY_SECONDS
    while time.monotonic() < deadline:
        with suppress(httpx.TransportError):
            if httpx.get(f"{address}/readyz", trust_env=False).status_code == 200:
                return
    raise TimeoutError(address)


async def connect(stand: Stand) -> asyncpg.Connection:
    """The test's own eyes and hands in the database, beyond every limit of the services' role."""
    return await asyncpg.connect(
        stand.superuser_url, server_settings={"application_name": "test", "jit": "off"}
    )
