"""Processes of two releases on sockets that outlive them, and clients that never let up."""

import asyncio
import itertools
import signal
import socket
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Awaitable, Callable, Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import httpx
import orjson

from shared.settings import Settings
from tests.cli.console import environment
from tests.factories import BODIES, PATH
from tests.platform import CREATED, Platform

SERVICES = ("intake", "dispatch", "scoring")
OLD, NEXT = "services.cli", "tests.upgrade"
GONE_SECONDS = 10.0
READY_SECONDS = 120.0
BACKLOG = 128
TRIES = 3
PAUSE_SECONDS = 0.01
PUSHING_SECONDS = 0.2
THINKING_SECONDS = 0.03  # between an answer and the client's next request
RECEIVED_AT = "2026-11-18T09:12:00+08:00"
numbers = itertools.count(1)


HAND_OVER = """
import os, sys
os.dup2(int(sys.argv[1]), 3, inheritable=True)
os.environ |= {"LISTEN_FDS": "1", "LISTEN_PID": str(os.getpid())}
os.execv(sys.argv[2], sys.argv[2:])
"""


def hand_over(listening: socket.socket, argv: list[str]) -> list[str]:
    """As systemd does: the socket as descriptor 3, and the process that it is meant for named."""
    return [sys.executable, "-c", HAND_OVER, str(listening.fileno()), *argv]


@dataclass
class Machine:
    """What systemd does for us: sockets that stay, processes that come and go."""

    env: Mapping[str, str]
    logs: Path
    sockets: dict[str, socket.socket]
    running: dict[str, subprocess.Popen[bytes]] = field(default_factory=dict)

    def url(self, service: str) -> str:
        return f"http://127.0.0.1:{self.sockets[service].getsockname()[1]}"

    def service_at(self, port: int | None) -> str:
        return next(name for name, held in self.sockets.items() if held.getsockname()[1] == port)

    def start(self, name: str, release: str) -> None:
        listening = self.sockets.get(name)
        words = ["worker"] if listening is None else ["serve", name]
        argv = [sys.executable, "-m", release, *words]
        with (self.logs / f"{name}.log").open("ab") as log:
            self.running[name] = subprocess.Popen(
                argv if listening is None else hand_over(listening, argv),
                env=environment(self.env),
                stdout=log,
                stderr=log,
                pass_fds=() if listening is None else (listening.fileno(),),
            )

    def stop(self, name: str) -> int:
        process = self.running.pop(name)
        process.send_signal(signal.SIGTERM)
        return process.wait(GONE_SECONDS)

    def replace(self, name: str, release: str) -> int:
        code = self.stop(name)
        self.start(name, release)
        return code

    def read_log(self, name: str) -> list[dict[str, Any]]:
        lines = (self.logs / f"{name}.log").read_bytes().splitlines()
        return [orjson.loads(line) for line in lines if line.startswith(b"{")]


@contextmanager
def machine(settings: Settings, folder: Path) -> Iterator[Machine]:
    env = {
        "MINHU_DATABASE_URL": settings.database_url,
        "MINHU_REDIS_URL": settings.redis_url,
        "MINHU_KEYRING_FILE": str(settings.keyring_file),
        "MINHU_SANDBOX": "1",
        "MINHU_POOL_SIZE": "4",
    }
    with ExitStack() as stack:
        sockets = {}
        for service in SERVICES:
            held = stack.enter_context(socket.socket())
            held.bind(("127.0.0.1", 0))
            held.listen(BACKLOG)
            sockets[service] = held
        one = Machine(env, folder, sockets)
        try:
            yield one
        finally:
            for name in list(one.running):
                if one.running[name].poll() is None:
                    one.running[name].kill()
                one.running.pop(name).wait(GONE_SECONDS)


@dataclass
class Seen:
    """What the clients saw. `races`: a kept connection that was closed while the request was on
    its way; the client asks again on another one, as nginx does, and must be answered."""

    statuses: Counter[tuple[str, int]] = field(default_factory=Counter)
    races: Counter[str] = field(default_factory=Counter)
    unanswered: list[str] = field(default_factory=list)
    longest: float = 0.0

    @property
    def requests(self) -> int:
        return self.statuses.total()

    @property
    def failed(self) -> dict[tuple[str, int], int]:
        return {key: n for key, n in self.statuses.items() if key[1] >= 500}


@dataclass
class Crowd:
    """Several clients, each with connections that it keeps."""

    machine: Machine
    keys: Mapping[str, str]
    secret: str
    seen: Seen = field(default_factory=Seen)
    pushed: list[str] = field(default_factory=list)
    walked: list[tuple[str, str]] = field(default_factory=list)
    over: asyncio.Event = field(default_factory=asyncio.Event)

    async def ask(
        self, client: httpx.AsyncClient, method: str, url: str, **options: Any
    ) -> httpx.Response:
        began = time.monotonic()
        for _ in range(TRIES):
            try:
                answer = await client.request(method, url, **options)
            except (httpx.RemoteProtocolError, httpx.ReadError, httpx.WriteError) as error:
                self.seen.races[type(error).__name__] += 1
                continue
            self.seen.longest = max(self.seen.longest, time.monotonic() - began)
            self.seen.statuses[
                self.machine.service_at(client.base_url.port), answer.status_code
            ] += 1
            return answer
        self.seen.unanswered.append(url)
        raise AssertionError(url)

    async def push(self, client: httpx.AsyncClient) -> None:
        """A platform: every receipt it holds must be a ticket in the end."""
        platform = Platform(client, "city-12345", self.secret)
        while not self.over.is_set():
            no = f"SH12345-{next(numbers):06d}"
            data = {**CREATED, "upstream_no": no}
            body = orjson.dumps({"type": "ticket.created", "timestamp": RECEIVED_AT, "data": data})
            headers = platform.headers(body)
            path = f"/v1/webhooks/{platform.name}"
            answer = await self.ask(client, "POST", path, content=body, headers=headers)
            assert answer.status_code in (200, 202), answer.text
            self.pushed.append(no)
            await asyncio.sleep(PUSHING_SECONDS)

    async def walk(self, client: httpx.AsyncClient, make: Callable[[], Awaitable[str]]) -> None:
        """A desk and a unit: every step that was acknowledged must be in the log once."""
        while not self.over.is_set():
            no = await make()
            ticket: dict[str, Any] = {}
            for action, who in PATH:
                if self.over.is_set():
                    return
                body = dict(BODIES[action])
                if action == "feedback":
                    body["contact_id"] = ticket["contacts"][-1]["id"]
                headers = {
                    "Authorization": f"Bearer {self.keys[who]}",
                    "Idempotency-Key": f"{no}-{action}",
                }
                path = f"/v1/tickets/{no}/{action}"
                answer = await self.ask(client, "POST", path, json=body, headers=headers)
                assert answer.status_code == 200, answer.text
                self.walked.append((no, action))
                ticket = answer.json()

    async def read(self, client: httpx.AsyncClient, paths: Sequence[str]) -> None:
        headers = {"Authorization": f"Bearer {self.keys['leader']}"}
        for path in itertools.cycle(paths):
            if self.over.is_set():
                return
            await self.ask(client, "GET", path, headers=headers)

    async def wait_until_served(self, service: str) -> None:
        """By a connection of its own: it queues until the process that comes accepts it."""
        async with self.client(service) as client:
            asking = asyncio.create_task(client.get("/livez"))
            while not asking.done():
                assert self.machine.running[service].poll() is None, self.machine.logs
                await asyncio.wait({asking}, timeout=PAUSE_SECONDS * 10)
            assert asking.result().status_code == 200

    def client(self, service: str) -> httpx.AsyncClient:
        return httpx.AsyncClient(base_url=self.machine.url(service), timeout=READY_SECONDS)

    async def wait_for(self, more: int) -> None:
        """Until so many requests more were answered."""
        wanted = self.seen.requests + more
        await wait_until(lambda: self.seen.requests >= wanted)

    async def wait_for_steps(self, more: int) -> None:
        """Until so many steps more were taken with tickets."""
        wanted = len(self.walked) + more
        await wait_until(lambda: len(self.walked) >= wanted)


async def wait_until(met: Callable[[], bool]) -> None:
    async with asyncio.timeout(READY_SECONDS):
        while not met():  # noqa: ASYNC110 - whoever answers, counts
            await asyncio.sleep(PAUSE_SECONDS)
