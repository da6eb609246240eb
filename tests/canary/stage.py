"""Servers and services as processes of their own, every one of them telling all that it can."""

import asyncio
import signal
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

import asyncpg

from shared.embedded import Keeper, start_postgres, start_redis
from shared.settings import Settings
from shared.tickets import Hotline
from shared.tickets.clock import start_clock
from shared.vault.keyring import create_keyring
from tests.journeys.stack import find_ports
from tests.recovery.stand import MINHU, SERVICES, Stand, prepare, wait_until_ready

BEGAN = datetime.fromisoformat("2026-11-18T10:00:00+08:00")
GONE_SECONDS = 15.0
LOUD = "tests.canary.loud"
# All that Postgres can be made to tell, but for what minhu asks it to keep to itself.
TALKATIVE = {
    "fsync": "off",
    "log_min_messages": "debug1",
    "log_statement": "all",
    "log_connections": "on",
    "log_disconnections": "on",
    "log_lock_waits": "on",
    "log_temp_files": "0",
    "log_min_duration_statement": "0",
    "wal_compression": "off",
}


@dataclass
class Stage:
    """`seen`: a folder for what anybody outside the vault gets to see."""

    stand: Stand
    folder: Path
    environment: dict[str, str]

    @property
    def seen(self) -> Path:
        return self.folder / "seen"

    def place(self, name: str) -> Path:
        place = self.seen / name
        place.mkdir(parents=True, exist_ok=True)
        return place

    def stop_services(self) -> None:
        """So that their last words are in the logs, too."""
        for process in self.stand.processes.values():
            process.send_signal(signal.SIGTERM)
        for process in self.stand.processes.values():
            process.wait(GONE_SECONDS)


@contextmanager
def open_stage(folder: Path, *, loud: bool = False) -> Iterator[Stage]:
    """`loud`: the libraries tell all, too, which at length fills a disk."""
    with ExitStack() as stack:
        keeper = stack.enter_context(Keeper())
        logs = folder / "seen" / "logs"
        postgres = start_postgres(folder, settings=TALKATIVE, log_dir=logs, keeper=keeper)
        redis = start_redis(folder, log_dir=logs, keeper=keeper)
        keyring = folder / "keyring.json"
        create_keyring(keyring)
        settings = Settings(
            database_url=postgres.app_url, redis_url=redis.url, keyring_file=keyring, sandbox=True
        )
        secrets = asyncio.run(prepare(settings, postgres.owner_url))
        asyncio.run(begin(settings))
        stand = Stand(keeper, settings, postgres, redis, secrets, logs)
        environment = {
            "MINHU_SANDBOX": "1",
            "MINHU_LOG_LEVEL": "DEBUG",
            "MINHU_AUDIT_FOLDER": str(folder / "seen" / "anchors"),
        }
        base, module = find_ports(), LOUD if loud else MINHU
        for offset, name in enumerate(SERVICES, start=1):
            port = base + offset
            words = ("serve", name, "--port", str(port))
            stand.spawn(name, *words, env=environment, module=module)
            stand.addresses[name] = f"http://127.0.0.1:{port}"
        stand.spawn("worker", "worker", env=environment, module=module)
        for address in stand.addresses.values():
            wait_until_ready(address)
        given = {
            "MINHU_DATABASE_URL": settings.database_url,
            "MINHU_OWNER_DATABASE_URL": postgres.owner_url,
            "MINHU_REDIS_URL": settings.redis_url,
            "MINHU_KEYRING_FILE": str(keyring),
        }
        yield Stage(stand, folder, environment | given)


async def begin(settings: Settings) -> None:
    hotline = Hotline.open(settings)
    try:
        await start_clock(hotline, BEGAN)
    finally:
        await hotline.close()


async def connect(stage: Stage) -> asyncpg.Connection:
    return await asyncpg.connect(stage.stand.superuser_url)
