"""The whole installation on one machine: servers, schema, sample, services, worker."""

import asyncio
import contextlib
import json
import os
import sys
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

import httpx

from services.cli.folder import DataFolder, write_private
from services.cli.sample import SampleSecrets, find_secrets, keep_secrets, load_sample
from services.cli.serve import PORT_OFFSETS
from services.cli.supervisor import Program, Supervisor
from shared.db.migrate import migrate
from shared.embedded import start_postgres, start_redis
from shared.embedded.folder import PortTaken, is_free
from shared.errors import Unavailable
from shared.settings import MissingSetting, Settings
from shared.tickets import Hotline
from shared.tickets.clock import start_clock
from shared.vault.keyring import create_keyring

READY_SECONDS = 60.0
INHERITED = ("PATH", "HOME", "LANG", "LC_ALL", "TZ", "TMPDIR", "VIRTUAL_ENV")


@dataclass(frozen=True, slots=True)
class Wish:
    """What `up` and `demo` ask for."""

    folder: DataFolder
    port_base: int
    sandbox: bool


@contextlib.contextmanager
def running_stack(wish: Wish) -> Iterator[tuple[Supervisor, dict[str, Any]]]:
    """Everything up and ready, with the ready file's content; everything gone on leaving."""
    folder = wish.folder
    check_environment(wish)
    folder.path.mkdir(mode=0o700, parents=True, exist_ok=True)
    with folder.hold(), Supervisor(folder.logs) as supervisor:
        folder.logs.mkdir(exist_ok=True)
        environment = start_servers(folder, supervisor)
        create_keyring(folder.keyring)
        environment["MINHU_KEYRING_FILE"] = str(folder.keyring)
        if wish.sandbox:
            environment["MINHU_SANDBOX"] = "1"
        owner_url = environment.pop("MINHU_OWNER_DATABASE_URL")
        secrets = asyncio.run(prepare(environment, owner_url, folder))
        start_programs(supervisor, environment, wish.port_base)
        ready = ready_facts(environment, wish.port_base, secrets)
        if not supervisor.wait_for(all_ready(ready), seconds=READY_SECONDS):
            raise Unavailable(f"服务未能在 {READY_SECONDS:.0f} 秒内就绪，请看日志：{folder.logs}")
        write_private(folder.running, json.dumps(environment))
        try:
            yield supervisor, ready
        finally:
            folder.running.unlink(missing_ok=True)


def check_environment(wish: Wish) -> None:
    if wish.sandbox and os.environ.get("MINHU_ENV") == "production":
        raise MissingSetting("MINHU_ENV=production 时不得使用沙箱（--sandbox）")
    for service, offset in PORT_OFFSETS.items():
        if not is_free(wish.port_base + offset):
            raise PortTaken(
                f"端口 {wish.port_base + offset}（{service}）已被占用，请用 --port-base 另选"
            )


def start_servers(folder: DataFolder, supervisor: Supervisor) -> dict[str, str]:
    """The MINHU_* environment; servers of our own where none are named."""
    environment = {name: value for name, value in os.environ.items() if name.startswith("MINHU_")}
    if "MINHU_DATABASE_URL" not in environment:
        postgres = start_postgres(folder.path, log_dir=folder.logs, keeper=supervisor.keeper)
        supervisor.adopt(postgres)
        environment["MINHU_DATABASE_URL"] = postgres.app_url
        environment["MINHU_OWNER_DATABASE_URL"] = postgres.owner_url
    elif "MINHU_OWNER_DATABASE_URL" not in environment:
        raise MissingSetting("使用外部数据库时，请另设 MINHU_OWNER_DATABASE_URL（库的所有者）")
    if "MINHU_REDIS_URL" not in environment:
        redis = start_redis(folder.path, log_dir=folder.logs, keeper=supervisor.keeper)
        supervisor.adopt(redis)
        environment["MINHU_REDIS_URL"] = redis.url
    return environment


async def prepare(
    environment: Mapping[str, str], owner_url: str, folder: DataFolder
) -> SampleSecrets | None:
    """Schema, sample organisation (only into an empty database that is not production's), clock."""
    await migrate(owner_url, environment["MINHU_DATABASE_URL"])
    settings = Settings.from_env(environment)
    hotline = Hotline.open(settings)
    try:
        if not await hotline.bureaus() and settings.env != "production":
            await load_sample(hotline, keep=lambda made: keep_secrets(made, folder.path))
        if settings.sandbox:
            await start_clock(hotline, datetime.now(UTC))
    finally:
        await hotline.close()
    return find_secrets(folder.path)


def start_programs(supervisor: Supervisor, environment: Mapping[str, str], port_base: int) -> None:
    inherited = {name: os.environ[name] for name in INHERITED if name in os.environ}
    env = {**inherited, **environment}
    command = [sys.executable, "-m", "services.cli"]
    for service, offset in PORT_OFFSETS.items():
        argv = [*command, "serve", service.value, "--port", str(port_base + offset)]
        supervisor.start(Program(service.value, argv, env))
    supervisor.start(Program("worker", [*command, "worker"], env))


def ready_facts(
    environment: Mapping[str, str], port_base: int, secrets: SampleSecrets | None
) -> dict[str, Any]:
    """The ready file (contract §2)."""
    facts: dict[str, Any] = {
        service.value: f"http://127.0.0.1:{port_base + offset}"
        for service, offset in PORT_OFFSETS.items()
    }
    facts |= {
        "database_url": environment["MINHU_DATABASE_URL"],
        "redis_url": environment["MINHU_REDIS_URL"],
        "sources": {},
        "keys": {},
        "unit_keys": {},
    }
    if secrets is not None:
        facts["sources"] = {name: {"secret": text} for name, text in secrets.sources.items()}
        facts["keys"] = secrets.keys
        facts["unit_keys"] = {
            name: key for name, key in secrets.unit_keys.items() if name != "hotline-desk"
        }
    return facts


def all_ready(facts: Mapping[str, Any]) -> Callable[[], bool]:
    """Every service answers /readyz."""
    waiting = [facts[service.value] for service in PORT_OFFSETS]

    def ready() -> bool:
        while waiting:
            try:
                answer = httpx.get(f"{waiting[0]}/readyz", timeout=2)
            except httpx.TransportError:
                return False
            if answer.status_code != 200:
                return False
            waiting.pop(0)
        return True

    return ready
