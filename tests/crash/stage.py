"""One database and every service in this process, played on again and again from the beginning."""

from collections.abc import Awaitable, Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime
from functools import partial
from typing import Any

import orjson
from httpx import AsyncClient, Response

from services.cli.worker import all_handlers
from shared.errors import Unavailable
from shared.tickets import Hotline
from shared.worker.callbacks import drain_callbacks
from shared.worker.calls import Sender
from shared.worker.deliveries import Handler
from shared.worker.process import Sweep, WorkerProcess
from tests.conftest import BUREAU
from tests.crash.picture import CALL, CHANGING, NUMBERED, PORT, Picture, take_picture
from tests.faults.hook import Commit, Cut
from tests.platform import CREATED, Platform

MOST_TRIES = 6
BEGINNING = datetime.fromisoformat("2026-11-18T09:30:00+08:00")
LEASED = ("deliveries", "reconciliation_pulls", "reconciliation_requests")
MOVE = "UPDATE sandbox_clock SET now_at = $1"
ASIDE = ""  # what is made ready, and what the stage itself does to the clock
# When a key was last used is written at no set time, and nothing hangs on it.
LAST_USES = frozenset({"api_keys", "sessions"})


@dataclass(slots=True)
class Nth:
    """Cuts the n-th commit that writes, and keeps the names of all that came by."""

    step: Callable[[], str]
    nth: int | None = None
    cut: Cut | None = None
    passed: list[str] = field(default_factory=list)

    def __call__(self, commit: Commit) -> Cut | None:
        if LAST_USES.issuperset(commit.tables) or self.step() == ASIDE:
            return None
        self.passed.append(f"{self.step()}: {' '.join(commit.tables)}")
        return self.cut if len(self.passed) - 1 == self.nth else None


@dataclass
class Stage:
    """Calls as callers do, works as the worker does, and keeps every answer that was given."""

    clients: Mapping[str, AsyncClient]
    keys: Mapping[str, str]
    secrets: Mapping[str, str]
    hotline: Hotline
    sender: Sender
    sweeps: Sequence[Sweep]
    superuser: Any
    step: str = ASIDE
    is_aside: bool = False
    called: set[str] = field(default_factory=set)
    calls: int = 0
    answers: list[str] = field(default_factory=list)
    handlers: dict[str, Handler] = field(default_factory=dict)

    async def prepare(self) -> None:
        """Lets the log be thrown away between two runs, in this database alone."""
        for table in CHANGING:
            await self.superuser.execute(f'ALTER TABLE "{table}" DISABLE TRIGGER USER')

    async def begin(self) -> None:
        """As it was before anything happened. In-process copies of what is configured are stale."""
        self.calls, self.step = 0, ASIDE
        self.answers.clear()
        self.handlers = dict(all_handlers())
        statements = ["SET session_replication_role = replica"]
        statements += [f'DELETE FROM "{table}"' for table in CHANGING]
        statements += [
            "SELECT setval(seqrelid::regclass, seqstart, false) FROM pg_sequence",
            "UPDATE sources SET callback_url = NULL, list_url = NULL, request_url = NULL",
            "UPDATE bureaus SET config_version = config_version + 1",
            f"INSERT INTO sandbox_clock VALUES (true, '{BEGINNING.isoformat()}')"
            " ON CONFLICT (one) DO UPDATE SET now_at = EXCLUDED.now_at",
            "SET session_replication_role = origin",
        ]
        await self.superuser.execute(";\n".join(statements))

    async def move_clock(self, when: str) -> None:
        """Time passes; whatever falls due is the worker's to find."""
        with self.aside():
            await self.superuser.execute(MOVE, datetime.fromisoformat(when))

    async def post(
        self, service: str, path: str, who: str, /, *, method: str = "POST", **body: Any
    ) -> Any:
        """The same call with the same key until it is answered."""
        self.calls += 1
        headers = {
            "Authorization": f"Bearer {self.keys[who]}",
            "Idempotency-Key": f"key-{self.calls}",
        }
        client = self.clients[service]
        self.called.add(f"{method} {path}")

        async def send() -> Response:
            return await client.request(method, path, json=body, headers=headers)

        answer = await ask_until_answered(send)
        assert answer.status_code < 300, (self.step, answer.text)
        told = CALL.sub(r"\1", PORT.sub("receiver", NUMBERED.sub("#", answer.text)))
        self.answers.append(f"{self.step} {answer.status_code} {told}")
        return answer.json()

    async def act(self, no: str, action: str, who: str, /, **body: Any) -> Any:
        self.step = action
        return await self.post("dispatch", f"/v1/tickets/{no}/{action}", who, **body)

    async def push(
        self, kind: str, /, source: str = "city-12345", *, at: str = "", **data: Any
    ) -> str:
        """A platform's message, sent until it is kept (422: aside); answers its receipt."""
        self.step = "push"
        self.calls += 1
        platform = Platform(self.clients["intake"], source, self.secrets[source])
        self.called.add(f"POST /v1/webhooks/{source}")
        moment = at or "2026-11-18T09:12:00+08:00"
        body = orjson.dumps({"type": kind, "timestamp": moment, "data": data})
        number = f"message-{self.calls}"
        answer = await ask_until_answered(lambda: platform.send(body, number))
        assert answer.status_code in (200, 202, 422), answer.text
        receipt: str = answer.json()["receipt"]
        self.answers.append(f"push {receipt}")
        return receipt

    async def create(self, upstream_no: str, **changed: Any) -> str:
        """Pushed and taken in; answers the ticket's own number."""
        data = {**CREATED, "upstream_no": upstream_no, **changed}
        await self.push("ticket.created", **data)
        await self.work()
        return await self.number_of(upstream_no)

    async def number_of(self, upstream_no: str) -> str:
        numbered: str = await self.superuser.fetchval(
            "SELECT no FROM tickets JOIN ticket_upstream_nos USING (bureau_id, ticket_id)"
            " WHERE upstream_no = $1",
            upstream_no,
        )
        return numbered

    async def work(self) -> None:
        """One round of everything a worker does, each part until Postgres lets it end."""
        worker = self._worker()
        await self._go_on("alarms", worker._ring_alarms)
        await self._go_on("drain", worker._drain)
        for sweep in self.sweeps:
            await self._go_on("sweep", partial(worker._sweep, sweep))
        await self._go_on("drain", worker._drain)

    async def call_back(self) -> None:
        """Calls to other systems, and once more when the leases of those cut off have ended."""
        for _ in range(2):
            await self._go_on("call", partial(drain_callbacks, self.hotline, BUREAU, self.sender))
            await self.end_leases()

    async def end_leases(self) -> None:
        """Those of calls that were cut off: as time would."""
        with self.aside():
            for table in LEASED:
                await self.superuser.execute(
                    f"UPDATE {table} SET leased_until = now() WHERE leased_until IS NOT NULL"
                )

    async def keep_house(self) -> None:
        """What the worker does once a minute."""
        await self._go_on("house", self._worker()._keep_house)

    def _worker(self) -> WorkerProcess:
        return WorkerProcess(self.hotline, self.handlers, self.sender, self.sweeps)

    async def _go_on(self, step: str, part: Callable[[], Awaitable[None]]) -> None:
        self.step = step
        await go_on(part)

    @contextmanager
    def aside(self) -> Iterator[None]:
        """What is done here is made ready only: its commits are another scenario's."""
        before, self.is_aside = self.is_aside, True
        try:
            yield
        finally:
            self.is_aside = before

    def current(self) -> str:
        return ASIDE if self.is_aside else self.step

    async def picture(self) -> Picture:
        return await take_picture(self.superuser)


async def ask_until_answered(send: Callable[[], Awaitable[Response]]) -> Response:
    """As a caller goes on: again where the service was away or is at the same call still."""
    for _ in range(MOST_TRIES):
        answer = await send()
        if not is_worth_repeating(answer):
            return answer
    raise AssertionError(f"still {answer.status_code}: {answer.text}")


def is_worth_repeating(answer: Response) -> bool:
    if answer.status_code == 503:
        assert "retry-after" in answer.headers, answer.text
        return True
    return answer.status_code == 409 and "idempotency-in-flight" in answer.text


async def go_on(part: Callable[[], Awaitable[None]]) -> None:
    """The worker's own patience: Postgres away is waited out, anything else ends it."""
    for _ in range(MOST_TRIES):
        try:
            await part()
        except Unavailable:
            continue
        return
    raise AssertionError("the worker comes to no end")
