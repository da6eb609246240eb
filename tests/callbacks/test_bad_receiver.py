"""Calls to a bad receiver: none lost, each ticket's in order, with two workers and one killed.

`make callbacks` makes five thousand with real processes; here two hundred in this one.
"""

import asyncio
import os
from collections import Counter, defaultdict
from collections.abc import AsyncIterator
from datetime import datetime, timedelta
from itertools import pairwise

import orjson
import pytest
from httpx import AsyncClient
from sqlalchemy import text

from shared.settings import Settings
from shared.tickets import Hotline
from shared.tickets.callback_log import replay
from shared.tickets.clock import set_clock as move_clock
from shared.tickets.receivers import enable, list_disabled
from shared.worker.callbacks import HELD
from tests.callbacks.bad_receiver import BadReceiver, receiving_badly
from tests.callbacks.crews import Crew, local_crew, process_crew
from tests.conftest import BUREAU, Tell
from tests.factories import Desk, SetClock, make_ticket
from tests.platform import Platform

CALLS = int(os.environ.get("MINHU_CALLBACKS", "200"))
SEED = int(os.environ.get("MINHU_SEED", "1"))
MANY = 1000  # from here on with processes
TYPES = tuple(f"ticket.{name}" for name in ("received", "triaged", "dispatched", "accepted"))
PER_TICKET = 2 * len(TYPES)  # a new state each: told to the platform and to the system
SIDE_BY_SIDE = 4
EXPECTED = text(
    "SELECT e.bureau_id || '-' || e.ticket_id || '-' || e.seq AS id FROM ticket_events AS e"
    " WHERE e.type = ANY(CAST(:types AS text[]))"
)
NEXT = text(
    "SELECT count(*) AS owed, min(next_try_at) FILTER (WHERE parked_at IS NULL"
    " AND attempts + deferrals > 0) AS next FROM deliveries WHERE subscriber LIKE '%:%'"
)
PARKED = text("SELECT subscriber, number FROM callback_log WHERE state = 'parked'")
LOG = text("SELECT state, count(*) AS calls FROM callback_log GROUP BY state")


@pytest.fixture
async def receiver() -> AsyncIterator[BadReceiver]:
    async with receiving_badly(SEED, gone_at=(CALLS // 3, CALLS)) as found:
        yield found


@pytest.fixture
async def crew(settings: Settings, hotline: Hotline) -> AsyncIterator[Crew]:
    if CALLS < MANY:
        async with local_crew(settings) as local:
            yield local
    else:
        async with process_crew(settings, hotline) as processes:
            yield processes


@pytest.fixture
async def city(intake: AsyncClient, secrets: dict[str, str], set_clock: SetClock) -> Platform:
    await set_clock("2026-11-18T09:30:00+08:00")
    return Platform(intake, "city-12345", secrets["city-12345"])


@pytest.fixture
async def desk(
    dispatch: AsyncClient, keys: dict[str, str], city: Platform, receiver: BadReceiver
) -> Desk:
    """A platform and an administrator's system want to hear of all at the bad receiver."""
    body = orjson.dumps({"url": receiver.url("/platform")})
    answer = await city.client.put("/v1/callback", content=body, headers=city.headers(body))
    assert answer.status_code == 200, answer.text
    headers = {"Authorization": f"Bearer {keys['admin']}", "Idempotency-Key": "subscribe"}
    asked = {"url": receiver.url("/system"), "types": list(TYPES)}
    answer = await dispatch.post("/v1/subscriptions", json=asked, headers=headers)
    assert answer.status_code == 201, answer.text
    return Desk(dispatch, keys)


async def make_work(desk: Desk, hotline: Hotline) -> None:
    lanes = asyncio.Semaphore(SIDE_BY_SIDE)

    async def walk() -> None:
        async with lanes:
            await desk.walk(await make_ticket(hotline), until="accept")

    await asyncio.gather(*(walk() for _ in range(-(-CALLS // PER_TICKET))))


async def go_on(hotline: Hotline, counted: Counter[str]) -> bool:
    """What a patient owner does: enables, replays; else time passes. False when all is done."""
    async with hotline.database.transaction(BUREAU) as tx:
        for row in await list_disabled(tx):
            await enable(tx, row.subscriber)
            counted["enabled again"] += 1
            return True
        for row in await tx.rows(PARKED):
            await replay(tx, row.subscriber, row.number, unit=None)
            counted["replayed"] += 1
        row = await tx.row(NEXT)
        assert row is not None
        now = tx.now
    if row.next is not None and row.next > now:
        await move_clock(hotline, row.next + timedelta(minutes=10))
        counted["turns of the clock"] += 1
    return bool(row.owed)


async def expected(hotline: Hotline) -> dict[str, set[str]]:
    """Told by the log of events alone, whatever was owed or sent."""
    async with hotline.database.transaction(BUREAU, writing=False) as tx:
        rows = await tx.rows(EXPECTED, types=list(TYPES))
    return {path: {row.id for row in rows} for path in ("/system", "/platform")}


def out_of_order(receiver: BadReceiver) -> list[tuple[str, str]]:
    """Tickets of which a later state came before an earlier one, taken or not."""
    came: dict[tuple[str, str], list[int]] = defaultdict(list)
    for one in receiver.heard:
        came[one.path, one.ticket].append(one.seq)
    return [key for key, seqs in came.items() if any(a > b for a, b in pairwise(seqs))]


async def test_of_calls_to_a_bad_receiver_none_is_lost_and_each_tickets_are_in_order(
    hotline: Hotline, desk: Desk, crew: Crew, receiver: BadReceiver, tell: Tell
) -> None:
    begun_at = datetime.now().astimezone()
    killing = receiver.wait_for(CALLS // 10)
    if CALLS < MANY:
        await make_work(desk, hotline)
        left = await crew.kill_one(killing)
    else:
        _, left = await asyncio.gather(make_work(desk, hotline), crew.kill_one(killing))
    counted: Counter[str] = Counter()
    await crew.work()
    while await go_on(hotline, counted):
        await crew.work()

    wanted = await expected(hotline)
    taken = {
        path: {one.webhook_id for one in receiver.heard if one.path == path and one.is_taken}
        for path in wanted
    }
    lost = {path: wanted[path] - taken[path] for path in wanted}
    manners = Counter(one.manner for one in receiver.heard)
    told = sum(len(ids) for ids in wanted.values())
    seconds = (datetime.now().astimezone() - begun_at).total_seconds()
    tell(
        f"{told:,} callbacks, {len(receiver.heard):,} calls, lost {sum(map(len, lost.values()))},"
        f" out of order {len(out_of_order(receiver))}, leases left by the killed {left},"
        f" {dict(manners)}, {dict(counted)}, {seconds:.0f} s"
    )
    assert told >= CALLS
    assert lost == {"/system": set(), "/platform": set()}
    assert taken == wanted
    assert out_of_order(receiver) == []
    bodies = defaultdict(set)
    for one in receiver.heard:
        bodies[one.path, one.webhook_id].add(one.body)
    assert {len(found) for found in bodies.values()} == {1}
    assert 0 < left <= 2 * HELD
    assert manners.keys() >= {"accepts", "fails", "drops", "accepts and drops", "is gone"}
    assert counted["enabled again"] >= 1
    async with hotline.database.transaction(BUREAU, writing=False) as tx:
        states = {row.state: row.calls for row in await tx.rows(LOG)}
    assert states == {"delivered": told}
