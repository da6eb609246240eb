"""The whole installation on one machine: servers, schema, sample, services, worker."""

import asyncio
import contextlib
import json
import os
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import typer

from services.cli.folder import DataFolder, write_private
from services.cli.groundwork import make_keyring, prepare, start_servers
from services.cli.installation import DATABASE, KEYRING, OWNER, REDIS, SANDBOX
from services.cli.programs import Readiness, start_programs
from services.cli.sample import SampleSecrets
from services.cli.serve import PORT_OFFSETS
from services.cli.supervisor import Supervisor
from services.cli.trouble import explain_trouble
from shared.embedded.folder import PortTaken, is_free
from shared.errors import Unavailable
from shared.settings import MissingSetting

READY_SECONDS = 60.0


@dataclass(frozen=True, slots=True)
class Wish:
    """What `up` and `demo` ask for. `ready_file` is removed with the stack, a stale one before."""

    folder: DataFolder
    port_base: int
    sandbox: bool
    ready_file: Path | None = None


@contextlib.contextmanager
def running_stack(wish: Wish) -> Iterator[tuple[Supervisor, dict[str, Any]]]:
    """Everything up and ready, with the ready file's content; everything gone on leaving.

    A signal before the work inside is done ends the command with 128 + its number.
    """
    folder, done = wish.folder, False
    check_environment(wish)
    folder.path.mkdir(mode=0o700, parents=True, exist_ok=True)
    with folder.hold(), Supervisor(folder.logs) as supervisor:
        remove_facts(wish)
        environment = {KEYRING: str(make_keyring(folder)), **start_servers(folder, supervisor)}
        check_ports(wish.port_base)
        owner_url = environment.pop(OWNER)
        with explain_trouble(owner_url):
            prepared = asyncio.run(prepare(environment, owner_url, folder, sandbox=wish.sandbox))
        environment[SANDBOX] = "1" if prepared.is_sandbox else "0"
        children = start_programs(supervisor, environment, wish.port_base)
        ready = ready_facts(environment, wish.port_base, prepared.secrets)
        if not supervisor.wait_for(Readiness(ready, children, folder), seconds=READY_SECONDS):
            raise Unavailable(f"服务未能在 {READY_SECONDS:.0f} 秒内就绪，请看日志：{folder.logs}")
        write_private(folder.running, json.dumps(environment))
        try:
            yield supervisor, ready
            done = True
        finally:
            remove_facts(wish)
    if not done and supervisor.stopped_by is not None:
        raise typer.Exit(128 + supervisor.stopped_by)


def remove_facts(wish: Wish) -> None:
    wish.folder.running.unlink(missing_ok=True)
    if wish.ready_file is not None:
        wish.ready_file.unlink(missing_ok=True)


def check_environment(wish: Wish) -> None:
    if wish.sandbox and os.environ.get("MINHU_ENV") == "production":
        raise MissingSetting("MINHU_ENV=production 时不得使用沙箱（--sandbox）")


def check_ports(port_base: int) -> None:
    for service, offset in PORT_OFFSETS.items():
        if not is_free(port_base + offset):
            raise PortTaken(
                f"端口 {port_base + offset}（{service}）已被占用，请用 --port-base 另选"
            )


def ready_facts(
    environment: Mapping[str, str], port_base: int, secrets: SampleSecrets | None
) -> dict[str, Any]:
    """The ready file (contract §2)."""
    facts: dict[str, Any] = {
        service.value: f"http://127.0.0.1:{port_base + offset}"
        for service, offset in PORT_OFFSETS.items()
    }
    facts |= {
        "database_url": environment[DATABASE],
        "redis_url": environment[REDIS],
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
