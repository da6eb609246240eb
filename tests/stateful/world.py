"""The real stack for one course of events, held on a loop of its own and asked step by step."""

import asyncio
from collections.abc import Coroutine, Mapping
from contextlib import AsyncExitStack
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, TypeVar

from httpx import Response
from sqlalchemy import text

from services.cli.worker import all_handlers
from services.dispatch.app import create_app as create_dispatch
from services.intake.app import create_app as create_intake
from shared.domain.ticket import Ticket
from shared.tickets import Hotline, find_tickets, list_entries
from shared.tickets.clock import set_clock, start_clock
from shared.worker.deliveries import drain
from tests.conftest import BUREAU, Stack, cloned_database, served
from tests.factories import Desk
from tests.platform import Platform
from tests.stateful.invariants import check_log, check_standing

T = TypeVar("T")
BEGIN = datetime.fromisoformat("2026-11-18T09:30:00+08:00")
IDS = text("SELECT ticket_id FROM tickets ORDER BY ticket_id")
COUNTS = text(
    "SELECT (SELECT count(*) FROM deliveries) AS deliveries,"
    " (SELECT count(*) FROM ticket_events) AS entries,"
    " (SELECT count(*) FROM ticket_texts) AS texts,"
    " (SELECT count(*) FROM clocks) AS clocks"
)
SPOILT = text("SELECT problem::text AS problem FROM raw_messages WHERE state = 'quarantined'")


@dataclass(frozen=True)
class Look:
    """All that is stored of tickets at one moment."""

    tickets: Mapping[int, Ticket]
    counts: tuple[int, ...]


@dataclass
class World:
    runner: asyncio.Runner
    stack: Stack
    held: AsyncExitStack = field(default_factory=AsyncExitStack)
    seen: Look = field(default_factory=lambda: Look({}, ()))
    answers: dict[str, dict[str, Any]] = field(default_factory=dict)

    def run(self, coroutine: Coroutine[Any, Any, T]) -> T:
        return self.runner.run(coroutine)

    async def open(self) -> None:
        name = await self.held.enter_async_context(cloned_database(self.stack))
        settings = self.stack.settings.model_copy(update={"database_url": self.stack.url_of(name)})
        self.hotline = Hotline.open(settings)
        self.held.push_async_callback(self.hotline.close)
        dispatch = await self.held.enter_async_context(served(create_dispatch(settings)))
        intake = await self.held.enter_async_context(served(create_intake(settings)))
        secrets = self.stack.secrets
        self.desk = Desk(dispatch, {**secrets.keys, **secrets.unit_keys})
        self.city = Platform(intake, "city-12345", secrets.sources["city-12345"])
        await start_clock(self.hotline, BEGIN)
        self.now = await set_clock(self.hotline, BEGIN)

    async def close(self) -> None:
        await self.held.aclose()

    async def push(self, kind: str, **data: Any) -> Response:
        """A platform's message, applied and all that follows from it done."""
        response = await self.city.push(kind, at=self.now.isoformat(), **data)
        await drain(self.hotline, BUREAU, all_handlers())
        return response

    async def advance(self, seconds: float) -> None:
        path = "/sandbox/clock/advance"
        answer = await self.desk.client.post(path, json={"seconds": seconds})
        self.now = datetime.fromisoformat(answer.json()["now"])
        self.answers.clear()

    async def read(self, no: str) -> dict[str, Any]:
        """The ticket as the desk reads it now, with its history."""
        ticket = await self.desk.get("desk", f"/v1/tickets/{no}")
        assert ticket.headers["etag"] == f'"{ticket.json()["version"]}"'
        return dict(ticket.json())

    async def look(self) -> Look:
        async with self.hotline.database.transaction(BUREAU, writing=False) as tx:
            ids = [row.ticket_id for row in await tx.rows(IDS)]
            counts = await tx.row(COUNTS)
            assert counts is not None
            return Look(await find_tickets(tx, ids), tuple(counts))

    async def check(self) -> Look:
        """Every invariant, of every ticket that has moved since the last look."""
        now = await self.look()
        moved = [
            ticket_id
            for ticket_id, ticket in now.tickets.items()
            if self.seen.tickets.get(ticket_id) != ticket
        ]
        assert set(self.seen.tickets) <= set(now.tickets), "a ticket was lost"
        async with self.hotline.database.transaction(BUREAU, writing=False) as tx:
            logs = await list_entries(tx, moved) if moved else {}
        for ticket_id in moved:
            before = self.seen.tickets.get(ticket_id)
            check_log(now.tickets[ticket_id], logs[ticket_id], before.seq if before else 1)
            check_standing(now.tickets[ticket_id])
        self.seen = now
        return now

    async def check_end(self) -> None:
        async with self.hotline.database.transaction(BUREAU, writing=False) as tx:
            spoilt = [row.problem for row in await tx.rows(SPOILT)]
        assert spoilt == [], "a sound message was put in quarantine"
