"""Whoever asks: everything that is answered is kept, to be searched."""

import asyncio
import itertools
from collections import Counter
from collections.abc import Awaitable, Iterable, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, BinaryIO

import orjson
from httpx import (
    AsyncClient,
    AsyncHTTPTransport,
    Limits,
    ReadError,
    RemoteProtocolError,
    Request,
    Response,
    WriteError,
)

from tests.canary.stage import Stage
from tests.platform import Platform

SIDE_BY_SIDE = 24
TRIES = 4
# The services let go of an idle connection after five seconds; ours has to be the first.
LIMITS = Limits(max_connections=2 * SIDE_BY_SIDE, keepalive_expiry=2.0)
CITY, DISTRICT = "city-12345", "district-platform"


class Persistent(AsyncHTTPTransport):
    """Asks again where a connection was lost: every call has a key or an id of its own, and a
    service that was held up for long lets go of connections that seem idle."""

    async def handle_async_request(self, request: Request) -> Response:
        for _ in range(TRIES):
            with suppress(ReadError, RemoteProtocolError, WriteError):
                return await super().handle_async_request(request)
        return await super().handle_async_request(request)


@dataclass
class Crew:
    """`done`: how often each action or kind of call ended how. `revealed`: the one answer that may
    show a caller; kept apart, it shows that the search finds what is there."""

    clients: Mapping[str, AsyncClient]
    platforms: Mapping[str, Platform]
    keys: Mapping[str, str]
    answers: Mapping[bool, BinaryIO]
    done: Counter[tuple[str, int]] = field(default_factory=Counter)
    revealed: list[bytes] = field(default_factory=list)
    numbers: Any = field(default_factory=lambda: itertools.count(1))
    limit: asyncio.Semaphore = field(default_factory=lambda: asyncio.Semaphore(SIDE_BY_SIDE))

    def keep(self, what: str, answer: Response) -> Response:
        self.done[what, answer.status_code] += 1
        head = "".join(f"{name}: {value}\n" for name, value in answer.headers.items())
        out = self.answers[answer.is_error]
        out.write(f"\n{what} {answer.status_code}\n{head}\n".encode() + answer.content)
        return answer

    async def ask(
        self, service: str, who: str, method: str, path: str, *, what: str = "", **sent: Any
    ) -> Response:
        """`body`: JSON, or bytes as they are; `headers` go before our own."""
        headers: dict[str, str] = {"Idempotency-Key": f"canary-{next(self.numbers)}"}
        if who in self.keys:
            headers["Authorization"] = f"Bearer {self.keys[who]}"
        body = sent.get("body")
        content = body if isinstance(body, bytes | None) else orjson.dumps(body)
        if content is not None:
            headers["Content-Type"] = "application/json"
        headers |= sent.get("headers", {})
        async with self.limit:
            answer = await self.clients[service].request(
                method, path, content=content, headers=headers
            )
        template = what or path.partition("?")[0]
        if path.endswith("/reveal") and answer.is_success:
            self.revealed.append(answer.content)
            self.done[template, answer.status_code] += 1
            return answer
        return self.keep(template, answer)

    async def act(self, who: str, no: str, action: str, **body: Any) -> Response:
        headers = body.pop("headers", {})
        path = f"/v1/tickets/{no}/{action}"
        return await self.ask(
            "dispatch", who, "POST", path, what=action, body=body, headers=headers
        )

    async def push(self, source: str, kind: str, **data: Any) -> Response:
        body = {"type": kind, "timestamp": "2026-11-18T09:20:00+08:00", "data": data}
        return await self.send(source, orjson.dumps(body), what=kind)

    async def send(
        self, source: str, body: bytes, *, what: str, headers: Mapping[str, str] | None = None
    ) -> Response:
        platform = self.platforms[source]
        signed = platform.headers(body) | dict(headers or {})
        async with self.limit:
            answer = await platform.client.post(
                f"/v1/webhooks/{source}", content=body, headers=signed
            )
        return self.keep(what, answer)

    async def look(self, source: str, path: str, *, what: str) -> Response:
        platform = self.platforms[source]
        async with self.limit:
            answer = await platform.client.get(path, headers=platform.headers(b""))
        return self.keep(what, answer)

    async def close(self) -> None:
        for client in self.clients.values():
            await client.aclose()
        for file in self.answers.values():
            file.close()

    async def settle(self, *, seconds: int = 300) -> None:
        asked = {"timeout_seconds": seconds}
        answer = await self.clients["intake"].post("/sandbox/settle", json=asked)
        assert answer.status_code == 200, answer.text


async def side_by_side(calls: Iterable[Awaitable[object]]) -> None:
    """A few at a time, as `limit` has it; the first that fails ends all."""
    async with asyncio.TaskGroup() as group:
        for call in calls:
            group.create_task(finish(call))


async def finish(call: Awaitable[object]) -> None:
    await call


def open_crew(stage: Stage) -> Crew:
    clients = {
        name: AsyncClient(
            base_url=url, timeout=120, trust_env=False, transport=Persistent(limits=LIMITS)
        )
        for name, url in stage.stand.addresses.items()
    }
    secrets = stage.stand.secrets.sources
    platforms = {
        name: Platform(clients["intake"], name, secrets[name]) for name in (CITY, DISTRICT)
    }
    answers = {
        is_error: open_file(stage.place("errors" if is_error else "answers") / "answers.txt")
        for is_error in (False, True)
    }
    return Crew(clients, platforms, stage.stand.keys, answers)


def open_file(path: Path) -> BinaryIO:
    return path.open("ab", buffering=0)
