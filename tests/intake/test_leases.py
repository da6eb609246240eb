"""Leases on callbacks: nothing is open meanwhile, a dead worker's ends, a late one is too late."""

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from typing import Any

import asyncpg
import pytest
from sqlalchemy import text

from services.cli.worker import open_sender
from shared.outgoing import Answer, Letter
from shared.settings import Settings
from shared.tickets import Hotline
from shared.worker.callbacks import Receiver, drain_callbacks
from shared.worker.leases import LEFT_SECONDS
from tests.conftest import BUREAU, Stack
from tests.factories import Desk, SetClock
from tests.intake.conftest import Drain
from tests.intake.receiver import receiving
from tests.intake.test_callbacks import open_ticket, register
from tests.platform import Platform

CITY = "callback:city-12345"
OWED = text(
    "SELECT seq, attempts, lease, leased_until, parked_at FROM deliveries"
    " WHERE subscriber LIKE 'callback:%' ORDER BY stream_id, seq"
)
OUTLIVE = text("UPDATE deliveries SET leased_until = clock_timestamp() WHERE lease IS NOT NULL")
OPEN = text(
    "SELECT count(*) AS open FROM pg_stat_activity WHERE datname = current_database()"
    " AND backend_xid IS NOT NULL AND pid <> pg_backend_pid()"
)
UNKNOWN_ENTRY = """
    INSERT INTO ticket_events (bureau_id, ticket_id, seq, type, schema_version, occurred_at,
        recorded_at, actor_role, actor_name, data)
    SELECT bureau_id, ticket_id, 1000, 'ticket.foreseen', 1, recorded_at, recorded_at, actor_role,
        actor_name, '{}' FROM ticket_events WHERE seq = 1
"""
Post = Callable[[Letter], Awaitable[Answer]]


@pytest.fixture(autouse=True)
async def at_half_past_nine(set_clock: SetClock) -> None:
    await set_clock(datetime.fromisoformat("2026-11-18T09:30:00+08:00"))


@dataclass
class Held:
    """A receiver that is held in mid-call until it is told what to answer."""

    called: asyncio.Event = field(default_factory=asyncio.Event)
    told: asyncio.Future[Answer] = field(default_factory=asyncio.Future)
    letters: list[Letter] = field(default_factory=list)

    async def post(self, letter: Letter) -> Answer:
        self.letters.append(letter)
        self.called.set()
        return await self.told


async def owed(hotline: Hotline) -> list[Any]:
    async with hotline.database.transaction(BUREAU, writing=False) as tx:
        return list(await tx.rows(OWED))


async def outlive_leases(hotline: Hotline) -> None:
    """As fifteen seconds would."""
    async with hotline.database.transaction(BUREAU) as tx:
        await tx.run(OUTLIVE)


async def call(hotline: Hotline, post: Post) -> None:
    async with open_sender(hotline) as sender:
        await drain_callbacks(hotline, BUREAU, replace(sender, post=post))


async def accept(letter: Letter) -> Answer:
    return Answer(204)


@pytest.fixture
async def one_ticket(city: Platform, drain: Drain, desk: Desk) -> str:
    """Two states of one ticket are owed to one receiver."""
    async with receiving() as receiver:
        await register(city, receiver)
    no = await open_ticket(city, drain, "SH-1")
    await desk.act("desk", no, "triage", trade="sanitation", category="S-05")
    return no


async def test_no_transaction_is_open_while_a_receiver_is_called(
    hotline: Hotline, one_ticket: str
) -> None:
    held = Held()
    calling = asyncio.create_task(call(hotline, held.post))
    await held.called.wait()
    async with hotline.database.transaction(BUREAU, writing=False) as tx:
        row = await tx.row(OPEN)
    leased, later = await owed(hotline)
    held.told.set_result(Answer(204))
    await calling

    assert row is not None
    assert row.open == 0
    assert (leased.lease is not None, later.lease) == (True, None)
    assert await owed(hotline) == []


async def test_while_a_call_is_under_way_nobody_makes_it_or_a_later_one(
    hotline: Hotline, one_ticket: str
) -> None:
    held, others = Held(), Held()
    calling = asyncio.create_task(call(hotline, held.post))
    await held.called.wait()
    await call(hotline, others.post)
    held.told.set_result(Answer(500))
    await calling

    assert others.letters == []
    assert [(one.attempts, one.lease) for one in await owed(hotline)] == [(1, None), (0, None)]


async def test_the_lease_of_a_killed_worker_ends_and_its_call_is_made_again(
    hotline: Hotline, one_ticket: str
) -> None:
    dead, heard = Held(), []

    async def hear(letter: Letter) -> Answer:
        heard.append(letter)
        return Answer(204)

    calling = asyncio.create_task(call(hotline, dead.post))
    await dead.called.wait()
    calling.cancel()
    await asyncio.gather(calling, return_exceptions=True)
    await call(hotline, hear)
    before = len(heard)
    await outlive_leases(hotline)
    await call(hotline, hear)

    assert before == 0
    assert [one.body for one in heard[:1]] == [one.body for one in dead.letters]
    assert heard[0].headers["webhook-id"] == dead.letters[0].headers["webhook-id"]
    assert await owed(hotline) == []


@pytest.mark.parametrize("late", [Answer(204), Answer(500), Answer(410)])
async def test_a_worker_that_comes_back_late_overwrites_nothing(
    hotline: Hotline, one_ticket: str, late: Answer
) -> None:
    """Else the next state would overtake the call that the second worker is making."""
    first, second = Held(), Held()
    stalled = asyncio.create_task(call(hotline, first.post))
    await first.called.wait()
    await outlive_leases(hotline)
    calling = asyncio.create_task(call(hotline, second.post))
    await second.called.wait()
    leased = await owed(hotline)
    first.told.set_result(late)
    await stalled
    after = await owed(hotline)
    await call(hotline, accept)
    second.told.set_result(Answer(204))
    await calling

    assert after == leased
    assert [one.body for one in second.letters[:1]] == [one.body for one in first.letters]
    assert len(second.letters) == 2
    assert await owed(hotline) == []


async def test_what_only_a_newer_release_can_tell_is_left_to_it_uncounted(
    hotline: Hotline, stack: Stack, settings: Settings, one_ticket: str
) -> None:
    """An entry of a type that this release does not know stands in the ticket's log."""
    await write_unknown_entry(stack, settings)
    await call(hotline, accept)

    left = (await owed(hotline))[0]
    assert (left.attempts, left.parked_at) == (0, None)
    pause = left.leased_until - datetime.now(UTC)
    assert pause < timedelta(seconds=LEFT_SECONDS)


async def write_unknown_entry(stack: Stack, settings: Settings) -> None:
    """As a newer release would have written it: the log takes no later change."""
    name = settings.database_url.rpartition("/")[2]
    connection = await asyncpg.connect(stack.superuser_url.rpartition("/")[0] + f"/{name}")
    await connection.execute(UNKNOWN_ENTRY)
    await connection.close()


async def test_a_call_that_could_outlive_its_lease_is_not_begun(
    hotline: Hotline, one_ticket: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The worker was stopped between taking the lease and calling."""
    monkeypatch.setattr("shared.worker.callbacks.OLDEST_SECONDS", -1.0)
    held = Held()
    async with open_sender(hotline) as sender:
        lines = asyncio.Semaphore(1)
        await Receiver(hotline, BUREAU, CITY, replace(sender, post=held.post), lines).run()

    assert held.letters == []
    assert [one.lease is not None for one in await owed(hotline)] == [True, False]
