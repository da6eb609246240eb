"""The whole installation on one machine: servers, schema, sample, services, worker."""

import contextlib
import json
import logging
import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import typer

from services.cli.addresses import DATABASE, OWNER, REDIS
from services.cli.folder import DataFolder, write_private
from services.cli.groundwork import Prepared, make_keyring, prepare, start_servers
from services.cli.installation import AUDIT, KEYRING, SANDBOX, read_given
from services.cli.programs import Readiness, start_programs
from services.cli.sample import SampleSecrets
from services.cli.serve import PORT_OFFSETS
from services.cli.supervisor import Supervisor
from services.cli.trouble import explain_trouble
from shared.embedded.folder import PortTaken, is_free
from shared.errors import Unavailable
from shared.logging import set_up_logging
from shared.settings import MissingSetting

READY_SECONDS = 60.0
GONE_SECONDS = 10.0
PAUSE_SECONDS = 0.1


@dataclass(frozen=True, slots=True)
class Wish:
    """What `up` and `demo` ask for. `ready_file` is removed with the stack, a stale one before.

    `fresh`: the folder's data are thrown away first. The caller has made sure that they may be.
    """

    folder: DataFolder
    port_base: int
    sandbox: bool
    ready_file: Path | None = None
    fresh: bool = False


@contextlib.contextmanager
def running_stack(wish: Wish) -> Iterator[tuple[Supervisor, dict[str, Any]]]:
    """Everything up and ready, with the ready file's content; everything gone on leaving.

    A signal before the work inside is done ends the command with 128 + its number.
    """
    folder, done = wish.folder, False
    set_up_logging(logging.WARNING)
    # It would tell of every connection that a signal cuts off.
    logging.getLogger("sqlalchemy.pool").setLevel(logging.CRITICAL)
    check_environment(wish)
    folder.path.mkdir(mode=0o700, parents=True, exist_ok=True)
    with folder.hold(), Supervisor(folder.logs) as supervisor:
        was_killed = folder.running.exists()
        remove_facts(wish)
        check_ports(wish.port_base, patience_seconds=GONE_SECONDS if was_killed else 0.0)
        environment, prepared = lay_ground(wish, supervisor)
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


def lay_ground(wish: Wish, supervisor: Supervisor) -> tuple[dict[str, str], Prepared]:
    """The services' environment, and what it leads to. The owner's address is not in it."""
    folder = wish.folder
    if wish.fresh:
        folder.clear()
    keyring = make_keyring(folder)
    own = {AUDIT: str(folder.audit)} | start_servers(folder, supervisor)
    environment = own | {KEYRING: str(keyring)}
    owner_url = environment.pop(OWNER)
    with explain_trouble(owner_url):
        prepared = supervisor.run(
            prepare(
                environment,
                owner_url,
                folder.secrets_of(read_given().get(DATABASE)),
                sandbox=wish.sandbox,
                fresh=wish.fresh,
            )
        )
    return environment, prepared


def remove_facts(wish: Wish) -> None:
    wish.folder.running.unlink(missing_ok=True)
    if wish.ready_file is not None:
        wish.ready_file.unlink(missing_ok=True)


def check_environment(wish: Wish) -> None:
    if wish.sandbox and read_given().get("MINHU_ENV") == "production":
        raise MissingSetting("MINHU_ENV=production 时不得使用沙箱（--sandbox）")


def check_ports(port_base: int, *, patience_seconds: float) -> None:
    """A stack that was killed takes a while to let go of its ports."""
    deadline = time.monotonic() + patience_seconds
    for service, offset in PORT_OFFSETS.items():
        while not is_free(port_base + offset):
            if time.monotonic() >= deadline:
                raise PortTaken(
                    f"端口 {port_base + offset}（{service}）已被占用，请用 --port-base 另选"
                )
            time.sleep(PAUSE_SECONDS)


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
