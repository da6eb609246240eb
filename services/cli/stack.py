"""Everything of one machine, started from a data folder: servers, schema, sample, services."""

import asyncio
import json
import os
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import httpx
from sqlalchemy import text

from services.cli.folder import DataFolder, write_private
from services.cli.sample import SampleSecrets, find_secrets, keep_secrets, load_sample
from services.cli.serve import PORT_OFFSETS
from services.cli.supervisor import Program, Supervisor
from services.cli.trouble import explain_trouble
from shared.db.migrate import migrate
from shared.embedded import ServerFailed, start_postgres, start_redis
from shared.embedded.folder import HOST, PortTaken, is_free
from shared.errors import Conflict
from shared.settings import Settings
from shared.tickets import Hotline
from shared.tickets.clock import start_clock
from shared.vault.keyring import create_keyring

PASSED_ON = ("PATH", "HOME", "LANG", "LC_ALL", "TMPDIR")
READY_SECONDS = 60.0
ANSWER_SECONDS = 5.0
HAS_CLOCK = text("SELECT EXISTS (SELECT FROM sandbox_clock)")

Ready = Mapping[str, Any]


class NotThisFolder(Conflict):
    code = "data-folder-of-other-kind"
    title = "数据目录的用途不符"


@dataclass(frozen=True, slots=True)
class Plan:
    """What to start. `postgres_settings` go beyond the server's own, for data nobody will miss."""

    port_base: int
    sandbox: bool = False
    postgres_settings: Mapping[str, str] | None = None

    @property
    def ports(self) -> Mapping[str, int]:
        return {name.value: self.port_base + offset for name, offset in PORT_OFFSETS.items()}


def start_stack(supervisor: Supervisor, folder: DataFolder, plan: Plan) -> Ready:
    """What the ready file says, once every service answers. The caller holds the folder."""
    check_ports(plan)
    env, owner_url = start_servers(supervisor, folder, plan)
    settings = Settings.from_env(env)  # refuses a sandbox in production before anything is written
    create_keyring(settings.keyring_file)
    with explain_trouble(owner_url or settings.database_url):
        if owner_url:
            asyncio.run(migrate(owner_url, settings.database_url))
        secrets = asyncio.run(prepare(settings, folder))
    for name, port in plan.ports.items():
        argv = [*minhu(), "serve", name, "--host", HOST, "--port", str(port)]
        supervisor.start(Program(name, argv, env))
    supervisor.start(Program("worker", [*minhu(), "worker"], env))
    addresses = {name: f"http://{HOST}:{port}" for name, port in plan.ports.items()}
    if not supervisor.wait_for(lambda: all_ready(addresses), seconds=READY_SECONDS):
        raise ServerFailed(f"服务在 {READY_SECONDS:.0f} 秒内没有就绪，原因见日志目录 {folder.logs}")
    write_private(folder.running, json.dumps(own_settings(env)))
    return describe(addresses, settings, secrets)


def check_ports(plan: Plan) -> None:
    taken = [str(port) for port in plan.ports.values() if not is_free(port)]
    if taken:
        raise PortTaken(f"端口 {'、'.join(taken)} 已被占用，请用 --port-base 另选一组。")


def start_servers(
    supervisor: Supervisor, folder: DataFolder, plan: Plan
) -> tuple[Mapping[str, str], str | None]:
    """The services' environment, and the owner's address where the schema is ours to migrate."""
    env = inherit() | ({"MINHU_SANDBOX": "1"} if plan.sandbox else {})
    env.setdefault("MINHU_KEYRING_FILE", str(folder.keyring))
    env["MINHU_KEYRING_FILE"] = str(Path(env["MINHU_KEYRING_FILE"]).expanduser().resolve())
    owner_url = env.pop("MINHU_OWNER_DATABASE_URL", None)
    if not env.get("MINHU_DATABASE_URL"):
        postgres = start_postgres(
            folder.path,
            settings=plan.postgres_settings,
            log_dir=folder.logs,
            keeper=supervisor.keeper,
        )
        supervisor.adopt(postgres)
        env["MINHU_DATABASE_URL"], owner_url = postgres.app_url, postgres.owner_url
    if not env.get("MINHU_REDIS_URL"):
        redis = start_redis(folder.path, log_dir=folder.logs, keeper=supervisor.keeper)
        supervisor.adopt(redis)
        env["MINHU_REDIS_URL"] = redis.url
    return env, owner_url


def inherit() -> dict[str, str]:
    names = [name for name in os.environ if name in PASSED_ON or name.startswith("MINHU_")]
    return {name: os.environ[name] for name in names if name != "MINHU_SANDBOX"}


def own_settings(env: Mapping[str, str]) -> Mapping[str, str]:
    return {name: value for name, value in env.items() if name.startswith("MINHU_")}


def minhu() -> list[str]:
    """The same installation as ours, wherever the shell stands."""
    return [sys.executable, "-m", "services.cli"]


async def prepare(settings: Settings, folder: DataFolder) -> SampleSecrets | None:
    """The sandbox's clock, then the sample organisation where there is no bureau yet."""
    hotline = Hotline.open(settings)
    try:
        empty = not await hotline.bureaus()
        async with hotline.database.unscoped() as connection:
            has_clock = (await connection.execute(HAS_CLOCK)).scalar_one()
        if settings.sandbox and not has_clock and not empty:
            raise NotThisFolder("这里的数据不是沙箱的，请用 --data-dir 为沙箱另选一个目录")
        if not settings.sandbox and has_clock:
            raise NotThisFolder("这里的数据属于沙箱，请加 --sandbox，或用 --data-dir 另选一个目录")
        if settings.sandbox:
            await start_clock(hotline, datetime.now(UTC))
        if empty and settings.env != "production":
            return await load_sample(hotline, keep=lambda made: keep_secrets(made, folder.path))
    finally:
        await hotline.close()
    return None if empty else find_secrets(folder.path)


def all_ready(addresses: Mapping[str, str]) -> bool:
    try:
        return all(
            httpx.get(f"{address}/readyz", timeout=ANSWER_SECONDS, trust_env=False).status_code
            == httpx.codes.OK
            for address in addresses.values()
        )
    except httpx.TransportError:
        return False


def describe(
    addresses: Mapping[str, str], settings: Settings, secrets: SampleSecrets | None
) -> Ready:
    made = secrets or SampleSecrets({}, {}, {})
    return {
        **addresses,
        "database_url": settings.database_url,
        "redis_url": settings.redis_url,
        "sources": {name: {"secret": secret} for name, secret in made.sources.items()},
        "keys": made.keys,
        "unit_keys": made.unit_keys,
    }
