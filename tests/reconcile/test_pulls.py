"""The daily pull: at its hour, once, whatever happens to a worker; and asking once more."""

import asyncio
from collections.abc import AsyncIterator, Sequence
from datetime import datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import text

from services.cli.checks.reconciliation import check_reconciliation
from services.intake.worker import open_sweeps
from shared.identity.sources import set_lists
from shared.settings import Settings
from shared.tickets import Hotline
from shared.worker.process import Sweep
from tests.conftest import BUREAU
from tests.factories import SetClock
from tests.intake.conftest import Drain
from tests.platform import Platform
from tests.reconcile.listing import Lister, listing
from tests.reconcile.lists import Line, reconcile

RECEIVED = datetime.fromisoformat("2026-11-17T09:12:00+08:00")
HALF_PAST_TWO = "2026-11-18T02:30:00+08:00"
SOON = 10.0


@pytest.fixture
async def lister(hotline: Hotline) -> AsyncIterator[Lister]:
    async with listing() as one:
        async with hotline.database.transaction(BUREAU) as tx:
            await set_lists(
                tx.connection,
                BUREAU,
                "city-12345",
                list_url=one.list_url,
                request_url=one.request_url,
            )
        yield one


@pytest.fixture
async def sweeps(hotline: Hotline) -> AsyncIterator[Sequence[Sweep]]:
    async with open_sweeps(hotline) as opened:
        yield opened


async def sweep(hotline: Hotline, sweeps: Sequence[Sweep]) -> None:
    for one in sweeps:
        await one(hotline, BUREAU)


async def ask(hotline: Hotline, statement: str) -> list[Any]:
    async with hotline.database.transaction(BUREAU, writing=False) as tx:
        return [tuple(row) for row in await tx.rows(text(statement))]


TAKEN = "SELECT day::text, count(*) FROM reconciliations"
CASES = "SELECT upstream_no, kind, state, requests FROM reconciliation_cases ORDER BY position"


async def test_the_lists_of_three_days_are_pulled_at_their_hour_once(  # noqa: PLR0917
    city: Platform,
    drain: Drain,
    hotline: Hotline,
    sweeps: Sequence[Sweep],
    lister: Lister,
    set_clock: SetClock,
) -> None:
    await set_clock("2026-11-18T02:29:59+08:00")
    received_at = RECEIVED.isoformat()
    for no in ("SH-1", "SH-2", "SH-3"):
        await city.create(no, received_at=received_at)
    await drain()
    lister.lists["2026-11-17"] = [Line(f"SH-{n}", RECEIVED).said() for n in (1, 2, 3, 4)]
    await sweep(hotline, sweeps)
    # The sweep of the night before is made up for, no more.
    assert lister.days() == ["2026-11-14", "2026-11-15", "2026-11-16"]

    await set_clock(HALF_PAST_TWO)
    await sweep(hotline, sweeps)
    await sweep(hotline, sweeps)

    assert lister.days()[3:] == ["2026-11-15", "2026-11-16", "2026-11-17"]
    assert all(one.heard.is_signed_with(city.secret) for one in lister.asked)
    assert {one.query.get("kind") for one in lister.asked if one.method == "GET"} == {"tickets"}
    assert await ask(hotline, CASES) == [("SH-4", "missing_here", "open", 1)]
    assert lister.numbers() == ["SH-4"]

    await city.create("SH-4", received_at=received_at)
    await drain()
    await set_clock("2026-11-19T02:30:00+08:00")
    await sweep(hotline, sweeps)
    assert await ask(hotline, CASES) == [("SH-4", "missing_here", "resolved", 1)]
    assert lister.numbers() == ["SH-4"]


async def test_two_workers_and_a_kill_take_each_list_once(
    settings: Settings,
    hotline: Hotline,
    sweeps: Sequence[Sweep],
    lister: Lister,
    set_clock: SetClock,
) -> None:
    await set_clock(HALF_PAST_TWO)
    lister.gate.clear()
    killed = asyncio.create_task(sweep(hotline, sweeps))
    async with asyncio.timeout(SOON):
        await lister.called.wait()
    open_while_called = await ask(
        hotline,
        "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database()"
        " AND state LIKE 'idle in transaction%'",
    )
    killed.cancel()
    with pytest.raises(asyncio.CancelledError):
        await killed
    lister.gate.set()
    async with hotline.database.transaction(BUREAU) as tx:  # its lease runs out
        await tx.run(
            text("UPDATE reconciliation_pulls SET leased_until = now() - interval '1 second'")
        )
    other = Hotline.open(settings)
    async with open_sweeps(other) as others:
        await asyncio.gather(sweep(hotline, sweeps), sweep(other, others))
        await asyncio.gather(sweep(hotline, sweeps), sweep(other, others))
    await other.close()

    assert open_while_called == [(0,)]
    assert await ask(hotline, f"{TAKEN} GROUP BY day ORDER BY day") == [
        ("2026-11-15", 1),
        ("2026-11-16", 1),
        ("2026-11-17", 1),
    ]
    left = "SELECT count(*) FROM reconciliation_pulls WHERE done_at IS NULL"
    assert await ask(hotline, left) == [(0,)]


async def test_a_result_that_comes_after_its_lease_has_gone_is_dropped(
    hotline: Hotline, sweeps: Sequence[Sweep], lister: Lister, set_clock: SetClock
) -> None:
    await set_clock(HALF_PAST_TWO)
    lister.lists["2026-11-15"] = [Line("SH-9", RECEIVED).said()]
    lister.gate.clear()
    slow = asyncio.create_task(sweep(hotline, sweeps))
    async with asyncio.timeout(SOON):
        await lister.called.wait()
    async with hotline.database.transaction(BUREAU) as tx:
        await tx.run(
            text("UPDATE reconciliation_pulls SET token = gen_random_uuid(), done_at = now()")
        )
    lister.gate.set()
    await slow

    assert await ask(hotline, CASES) == []
    assert await ask(hotline, "SELECT count(*) FROM reconciliations") == [(0,)]


async def test_a_list_that_cannot_be_had_is_tried_again_and_reported_in_the_end(
    hotline: Hotline, sweeps: Sequence[Sweep], lister: Lister, set_clock: SetClock
) -> None:
    await set_clock(HALF_PAST_TWO)
    lister.answer = lambda _: 500
    lister.lists["2026-11-17"] = [{"upstream_no": "SH-1", "state": "closed"}]
    await sweep(hotline, sweeps)
    owed = "SELECT attempts, last_error, failed_at IS NULL FROM reconciliation_pulls"
    owed += " WHERE swept_on = '2026-11-18' ORDER BY day"
    assert await ask(hotline, owed) == [(1, "ListRefused: HTTP 500", True)] * 3
    await sweep(hotline, sweeps)
    assert len(lister.asked) == 3  # not before its time

    lister.answer = lambda _: 200
    now = datetime.fromisoformat(HALF_PAST_TWO)
    for minutes in (2, 10, 30, 90, 240, 480, 720):  # until the eighth try
        now += timedelta(minutes=minutes)
        await set_clock(now)
        await sweep(hotline, sweeps)
    *_, third = await ask(hotline, owed)
    assert len(await ask(hotline, f"{TAKEN} WHERE day < '2026-11-17' GROUP BY day")) == 2
    assert (third[0], third[2]) == (8, False)
    assert third[1].startswith("Invalid")
    assert "/tickets/0/state" in third[1]


async def test_a_request_is_sent_once_by_itself_and_again_by_hand(  # noqa: PLR0917
    city: Platform,
    keys: dict[str, str],
    hotline: Hotline,
    sweeps: Sequence[Sweep],
    lister: Lister,
    set_clock: SetClock,
) -> None:
    await set_clock(HALF_PAST_TWO)
    lister.lists["2026-11-17"] = [Line("SH-9", RECEIVED).said()]
    lister.answer = lambda asked: 503 if asked.method == "POST" else 200
    await sweep(hotline, sweeps)
    await set_clock("2026-11-18T02:40:00+08:00")
    lister.answer = lambda _: 202
    await sweep(hotline, sweeps)
    assert lister.numbers() == ["SH-9", "SH-9"]
    first, second = [one.heard for one in lister.asked if one.method == "POST"]
    assert (first.headers["webhook-id"], first.body) == (second.headers["webhook-id"], second.body)

    headers = {"Authorization": f"Bearer {keys['desk']}", "Idempotency-Key": "ask-1"}
    listed = await city.client.get("/v1/reconciliation-cases", headers=headers)
    (case,) = listed.json()["items"]
    path = f"/v1/reconciliation-cases/{case['id']}"
    for _ in range(2):  # the same key, the same request
        asked = await city.client.post(f"{path}/request", json={}, headers=headers)
        assert (asked.status_code, asked.json()["requests"]) == (200, 2)
    again = {**headers, "Idempotency-Key": "ask-2"}
    assert (await city.client.post(f"{path}/request", json={}, headers=again)).status_code == 409
    await sweep(hotline, sweeps)

    assert lister.numbers() == ["SH-9"] * 3
    history = (await city.client.get(path, headers=headers)).json()["history"]
    assert [one["type"] for one in history] == [
        "opened",
        "requested",
        "asked",
        "requested",
        "asked",
    ]


async def test_the_doctor_tells_of_a_list_given_up_until_it_is_had(
    city: Platform,
    hotline: Hotline,
    sweeps: Sequence[Sweep],
    lister: Lister,
    set_clock: SetClock,
) -> None:
    await set_clock(HALF_PAST_TWO)
    lister.answer = lambda _: 404
    now = datetime.fromisoformat(HALF_PAST_TWO)
    for minutes in (0, 2, 10, 30, 90, 240, 480, 720):
        now += timedelta(minutes=minutes)
        await set_clock(now)
        await sweep(hotline, sweeps)
    (told,) = await check_reconciliation(hotline)
    assert "取不到的名单 3（city-12345 2026-11-17 ListRefused: HTTP 404" in told.line

    for day in ("2026-11-15", "2026-11-16", "2026-11-17"):
        await reconcile(city, day, [])
    (told,) = await check_reconciliation(hotline)
    assert "未了的差异 0" in told.line
    assert "取不到" not in told.line
