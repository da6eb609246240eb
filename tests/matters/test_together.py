"""Tickets of one matter, applied by several workers and triaged by several people at once."""

import asyncio
from collections.abc import AsyncIterator
from typing import Any

import pytest
from sqlalchemy import text

from services.cli.worker import all_handlers
from shared.domain import matters
from shared.events.subscriptions import INTAKE
from shared.settings import Settings
from shared.tickets import Hotline
from shared.tickets.gathering import gather_received
from shared.tickets.matters import find_matters, hold_matters, list_matter_entries
from shared.worker.deliveries import drain
from tests.conftest import BUREAU
from tests.factories import BODIES
from tests.matters.conftest import Hall, caller
from tests.matters.test_repeats import AT_100, CATEGORY

PLACES = 6
TICKETS_A_PLACE = 6
FOUND = text(
    "SELECT no, matter, fold->>'repeat_of' AS repeat_of, received_at FROM tickets ORDER BY no"
)
IDS = text("SELECT ticket_id FROM tickets ORDER BY ticket_id")
MATTERS = text("SELECT matter FROM matters")
WAITING = text(
    "SELECT count(*) AS n FROM pg_locks AS l JOIN pg_stat_activity AS a USING (pid)"
    " WHERE NOT l.granted AND a.datname = current_database()"
)
DEADLOCKS = text("SELECT deadlocks FROM pg_stat_database WHERE datname = current_database()")


@pytest.fixture
async def workers(settings: Settings) -> AsyncIterator[list[Hotline]]:
    """Three, of small batches, so that their work crosses."""
    small = settings.model_copy(update={"delivery_batch": 2})
    opened = [Hotline.open(small) for _ in range(3)]
    yield opened
    for one in opened:
        await one.close()


async def ask(hotline: Hotline, statement: Any) -> list[Any]:
    async with hotline.database.transaction(BUREAU, writing=False) as tx:
        return list(await tx.rows(statement))


def place(n: int) -> dict[str, Any]:
    return {**CATEGORY, "address": f"示例路{n}号", "caller": caller(n)}


async def test_workers_at_once_make_one_matter_of_what_is_one(
    hall: Hall, workers: list[Hotline]
) -> None:
    for serial in range(TICKETS_A_PLACE):
        for n in range(PLACES):
            pushed = await hall.city.create(f"SH-{n}-{serial}", **place(n))
            assert pushed.status_code == 202
    await asyncio.gather(*(drain(worker, BUREAU, all_handlers()) for worker in workers))
    await drain(workers[0], BUREAU, all_handlers())

    found = await ask(workers[0], FOUND)
    by_matter: dict[str, list[Any]] = {}
    for row in found:
        by_matter.setdefault(row.matter, []).append(row)
    assert len(found) == PLACES * TICKETS_A_PLACE
    assert sorted(map(len, by_matter.values())) == [TICKETS_A_PLACE] * PLACES
    for rows in by_matter.values():
        roots = [row.no for row in rows if row.repeat_of is None]
        assert len(roots) == 1
        assert {row.repeat_of for row in rows} == {None, roots[0]}
    assert (await ask(workers[0], DEADLOCKS))[0].deadlocks == 0
    await check_logs(workers[0], list(by_matter), TICKETS_A_PLACE)


async def check_logs(hotline: Hotline, names: list[str], tickets: int) -> None:
    """The row of every matter is the fold of its log."""
    async with hotline.database.transaction(BUREAU, writing=False) as tx:
        known = await find_matters(tx, names)
        for name in names:
            folded = matters.fold(name, await list_matter_entries(tx, name))
            assert folded == known[name]
            assert folded.tickets == tickets


async def test_triaged_at_once_they_are_one_matter(hall: Hall, workers: list[Hotline]) -> None:
    numbers = [await hall.receive(f"SH-{n}", **AT_100) for n in range(TICKETS_A_PLACE)]
    triaging = asyncio.gather(
        *(hall.desk.act("desk", no, "triage", **BODIES["triage"]) for no in numbers)
    )
    await asyncio.gather(*(drain(worker, BUREAU, all_handlers()) for worker in workers))
    answers = await triaging
    await drain(workers[0], BUREAU, all_handlers())

    assert [one.status_code for one in answers] == [200] * len(numbers)
    found = await ask(workers[0], FOUND)
    # A number given to a transaction that was undone is not given again.
    (matter,) = {row.matter for row in found}
    assert [row.repeat_of for row in found] == [None] + [found[0].no] * (TICKETS_A_PLACE - 1)
    assert len(await ask(workers[0], MATTERS)) == 1
    assert (await ask(workers[0], DEADLOCKS))[0].deadlocks == 0
    await check_logs(workers[0], [matter], TICKETS_A_PLACE)


async def test_nobody_who_triages_waits_for_the_matters(hall: Hall, workers: list[Hotline]) -> None:
    """A worker looks once they are free: what was triaged meanwhile is linked all the same."""
    first, second = [await hall.receive(f"SH-{n}", **AT_100) for n in range(2)]
    answer = await hall.desk.act("desk", first, "triage", **BODIES["triage"])
    assert answer.status_code == 200
    async with workers[0].ledger(BUREAU) as other, asyncio.timeout(20):
        await hold_matters(other.tx)
        answer = await hall.desk.act("desk", second, "triage", **BODIES["triage"])
    assert answer.status_code == 200
    assert [row.matter for row in await ask(workers[0], FOUND)] == [None, None]

    await drain(workers[0], BUREAU, all_handlers())
    found = await ask(workers[0], FOUND)
    assert [row.matter for row in found] == ["M-000001", "M-000001"]
    assert [row.repeat_of for row in found] == [None, first]
    await check_logs(workers[0], ["M-000001"], 2)


async def test_who_comes_second_waits_and_then_finds_the_matter(
    hall: Hall, workers: list[Hotline]
) -> None:
    for n in range(2):
        await hall.city.create(f"SH-{n}", **place(0))
    await drain(workers[0], BUREAU, {INTAKE: all_handlers()[INTAKE]})
    first, second = await ask(workers[0], IDS)

    async def gather(hotline: Hotline, ticket_id: int) -> None:
        async with hotline.ledger(BUREAU) as ledger:
            await gather_received(ledger, [ticket_id])

    async with workers[0].ledger(BUREAU) as ledger:
        await gather_received(ledger, [first.ticket_id])
        waiting = asyncio.create_task(gather(workers[1], second.ticket_id))
        async with asyncio.timeout(20):
            while (await ask(workers[2], WAITING))[0].n == 0:
                assert not waiting.done()
    await waiting

    found = await ask(workers[0], FOUND)
    assert [row.matter for row in found] == ["M-000001", "M-000001"]
    assert [row.repeat_of for row in found] == [None, found[0].no]
    assert len(await ask(workers[0], MATTERS)) == 1
