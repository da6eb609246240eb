"""The stage: servers, three APIs, two workers, each a process of its own."""

import asyncio
import json
import subprocess
import sys
import time
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Protocol

from services.cli.addresses import DATABASE, OWNER, REDIS
from services.cli.installation import KEYRING, SANDBOX
from services.cli.sample import SampleSecrets, load_sample
from shared.db.migrate import migrate
from shared.settings import Settings
from shared.tickets import Hotline
from shared.tickets.clock import start_clock
from shared.vault.keyring import create_keyring
from tests.journeys.stack import find_ports
from tests.storm.calls import Door
from tests.storm.nursery import ROOT, Nursery
from tests.storm.program import Program
from tests.storm.servers import Servers
from tests.storm.watch import Watch

MODULE = "tests.faults"
SERVICES = ("intake", "dispatch", "scoring")
LOADED = (
    "tests.faults.choosing",
    *("services.cli.main", "services.cli.serve", "services.cli.worker"),
    *(f"services.{name}.app" for name in SERVICES),
)
NEXT_LOADED = ("tests.upgrade.installed", *LOADED)
OLD, NEW = "worker-old", "worker-new"
READY_SECONDS = 180.0
BEGAN = datetime.fromisoformat("2026-11-03T09:30:00+08:00")
CUT_RATE = 0.05
NEXT = "MINHU_NEXT_RELEASE"
ONE_IN = "10"  # tickets that the next release has something of its own to tell of
LATER = {NEXT: ONE_IN}


class Play(Protocol):
    """What faults need to know of whatever is put through the storm."""

    @property
    def servers(self) -> Servers: ...
    @property
    def workers(self) -> Sequence[Program]: ...
    @property
    def services(self) -> Sequence[Program]: ...

    async def is_open(self, program: Program) -> bool:
        """Whether the process has a claim, a call or a request of its own open just now."""
        ...

    async def is_owed(self) -> bool:
        """Whether there is work that nobody has finished."""
        ...


@dataclass
class Stage:
    """`doors` lead to the services, by name; `cuts` is where the processes tell of cut commits."""

    folder: Path
    servers: Servers
    secrets: SampleSecrets
    environment: Mapping[str, str]
    programs: Mapping[str, Program]
    doors: Mapping[str, Door]
    watch: Watch
    cuts: Path

    @property
    def workers(self) -> Sequence[Program]:
        return [self.programs[OLD], self.programs[NEW]]

    @property
    def services(self) -> Sequence[Program]:
        return [self.programs[name] for name in SERVICES]

    async def is_open(self, program: Program) -> bool:
        door = self.doors.get(program.name)
        if door is not None:
            return door.open > 0
        return await self.watch.has_claim(program.pid)

    async def is_owed(self) -> bool:
        return await self.watch.is_owed()

    async def wait_until_ready(self) -> None:
        deadline = time.monotonic() + READY_SECONDS
        for door in self.doors.values():
            while True:
                answer = await door.call("GET", "/readyz", {}, patience=2.0)
                if answer is not None and answer.status == 200:
                    break
                assert time.monotonic() < deadline, f"not ready, see {self.folder}"
                await asyncio.sleep(0.05)

    def run(self, *argv: str) -> subprocess.CompletedProcess[str]:
        """A minhu command of the next release on this installation, without faults."""
        return run_command([sys.executable, "-m", MODULE, *argv], {**self.environment, **LATER})


@asynccontextmanager
async def open_stage(folder: Path, *, seed: int) -> AsyncIterator[Stage]:
    async with AsyncExitStack() as stack:
        servers = await asyncio.to_thread(Servers, folder)
        stack.callback(servers.close)
        keyring = folder / "keyring.json"
        create_keyring(keyring)
        environment = {
            DATABASE: servers.postgres.app_url,
            REDIS: servers.redis.url,
            KEYRING: str(keyring),
            SANDBOX: "1",
        }
        secrets = await prepare(environment, servers.postgres.owner_url)
        expand(environment, servers.postgres.owner_url)
        cuts = folder / "cuts.jsonl"
        base = find_ports()
        ports = {name: base + 1 + number for number, name in enumerate(SERVICES)}
        nurseries = {False: Nursery(MODULE, LOADED, {}), True: Nursery(MODULE, NEXT_LOADED, LATER)}
        for nursery in nurseries.values():
            stack.callback(nursery.close)
        programs = make_programs(folder, environment, ports, nurseries, seed=seed, cuts=cuts)
        for program in programs.values():
            program.start()
            stack.push_async_callback(program.stop)
        doors = {name: Door(f"http://127.0.0.1:{port}") for name, port in ports.items()}
        for door in doors.values():
            stack.callback(door.close)
        watch = Watch(servers.superuser_url, servers.postgres.port)
        stack.push_async_callback(watch.close)
        stage = Stage(folder, servers, secrets, environment, programs, doors, watch, cuts)
        await stage.wait_until_ready()
        yield stage


def make_programs(
    folder: Path,
    environment: Mapping[str, str],
    ports: Mapping[str, int],
    nurseries: Mapping[bool, Nursery],
    *,
    seed: int,
    cuts: Path,
) -> dict[str, Program]:
    faults = {"MINHU_FAULTS": f"seed={seed},rate={CUT_RATE},log={cuts},writes=1"}
    argv = {name: ["serve", name, "--port", str(port)] for name, port in ports.items()}
    argv |= {OLD: ["worker"], NEW: ["worker"]}
    more = {NEW: LATER, "dispatch": LATER}
    return {
        name: Program(
            name,
            nurseries[name in more],
            words,
            {**environment, **faults, **more.get(name, {})},
            folder / f"{name}.log",
        )
        for name, words in argv.items()
    }


async def prepare(environment: Mapping[str, str], owner_url: str) -> SampleSecrets:
    await migrate(owner_url, environment[DATABASE])
    hotline = Hotline.open(Settings.from_env(environment))
    try:
        secrets = await load_sample(hotline)
        await start_clock(hotline, BEGAN)
        return secrets
    finally:
        await hotline.close()


def expand(environment: Mapping[str, str], owner_url: str) -> None:
    """The next release's schema comes before any of its processes."""
    env = {**environment, OWNER: owner_url, **LATER}
    done = run_command([sys.executable, "-m", MODULE, "migrate"], env)
    assert done.returncode == 0, done.stderr


def run_command(
    argv: Sequence[str], environment: Mapping[str, str]
) -> subprocess.CompletedProcess[str]:
    env = {**environment, "PATH": "/usr/bin:/bin"}
    return subprocess.run(argv, cwd=ROOT, env=env, capture_output=True, text=True, check=False)


def read_cuts(path: Path) -> list[dict[str, object]]:
    return [json.loads(line) for line in path.read_text().splitlines()] if path.exists() else []
