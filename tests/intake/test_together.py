"""Many messages at once: two platforms on one matter, two workers, one batch."""

import asyncio
import logging
from collections.abc import AsyncIterator
from typing import Any

import pytest
from sqlalchemy import event, text

from services.cli.worker import all_handlers
from services.intake.handlers import HANDLERS
from shared.events.subscriptions import INTAKE
from shared.settings import Settings
from shared.tickets import Hotline
from shared.worker.deliveries import drain, drain_batch
from tests.conftest import BUREAU
from tests.factories import SetClock
from tests.platform import Platform

log = logging.getLogger(__name__)
PAIRS = 40
NUMBERS = text(
    "SELECT ticket_id, array_agg(source || ' ' || upstream_no ORDER BY source) AS numbers"
    " FROM ticket_upstream_nos WHERE source <> '' GROUP BY ticket_id"
)
DEADLOCKS = text("SELECT deadlocks FROM pg_stat_database WHERE datname = current_database()")
TRIED_AGAIN = text("SELECT count(*) AS n FROM deliveries")
# begin · take · read messages · lock numbers · waiting ones · numbers known · new ids · write all
# · callers · roots awaited · settle · forget: a dozen for a batch of whatever size.
STATEMENTS_A_BATCH = 12


@pytest.fixture(autouse=True)
async def at_half_past_nine(set_clock: SetClock) -> None:
    await set_clock("2026-11-18T09:30:00+08:00")


@pytest.fixture
async def workers(settings: Settings) -> AsyncIterator[list[Hotline]]:
    """Three, of small batches, so that their work crosses."""
    small = settings.model_copy(update={"delivery_batch": 3})
    opened = [Hotline.open(small) for _ in range(3)]
    yield opened
    for one in opened:
        await one.close()


async def ask(hotline: Hotline, statement: Any) -> list[Any]:
    async with hotline.database.transaction(BUREAU, writing=False) as tx:
        return list(await tx.rows(statement))


async def push_pair(city: Platform, district: Platform, at: int) -> None:
    """Both name each other, or only one does; now the one comes first, now the other."""
    citys = city.create(f"SH-{at}", other_nos=[f"JA-{at}"] if at % 3 != 1 else [])
    districts = district.create(f"JA-{at}", other_nos=[f"SH-{at}"] if at % 3 != 2 else [])
    pushes = [citys, districts] if at % 2 else [districts, citys]
    answers = await asyncio.gather(*pushes)
    assert [one.status_code for one in answers] == [202, 202]


async def test_the_same_matter_from_both_platforms_at_once_is_one_ticket(
    city: Platform, district: Platform, workers: list[Hotline]
) -> None:
    pushed = asyncio.gather(*(push_pair(city, district, at) for at in range(PAIRS)))

    async def work(worker: Hotline) -> None:
        while not pushed.done():
            await drain(worker, BUREAU, all_handlers())
            await asyncio.sleep(0)
        await drain(worker, BUREAU, all_handlers())

    await asyncio.gather(pushed, *(work(worker) for worker in workers))
    await drain(workers[0], BUREAU, all_handlers())

    found = [tuple(row.numbers) for row in await ask(workers[0], NUMBERS)]
    deadlocks = (await ask(workers[0], DEADLOCKS))[0].deadlocks
    log.info("%d pairs became %d tickets, %d deadlocks", PAIRS, len(found), deadlocks)
    assert sorted(found) == sorted(
        (f"city-12345 SH-{at}", f"district-platform JA-{at}") for at in range(PAIRS)
    )
    assert deadlocks == 0
    assert (await ask(workers[0], TRIED_AGAIN))[0].n == 0


async def statements_of_one_batch(hotline: Hotline) -> list[str]:
    said: list[str] = []

    def count(_: Any, __: Any, statement: str, *___: Any) -> None:
        said.append(statement)

    engine = hotline.database.engine.sync_engine
    event.listen(engine, "before_cursor_execute", count)
    await drain_batch(hotline, BUREAU, INTAKE, HANDLERS[INTAKE])
    event.remove(engine, "before_cursor_execute", count)
    return said


@pytest.mark.parametrize("size", [1, 10, 100])
async def test_a_batch_of_creations_costs_a_dozen_statements_whatever_its_size(
    city: Platform, hotline: Hotline, size: int
) -> None:
    await drain_batch(hotline, BUREAU, INTAKE, HANDLERS[INTAKE])  # loads the rulebook
    async with hotline.ledger(BUREAU, writing=False):
        pass
    await asyncio.gather(*(city.create(f"SH-{at}") for at in range(size)))
    said = await statements_of_one_batch(hotline)

    assert len(await ask(hotline, NUMBERS)) == size
    assert len(said) <= STATEMENTS_A_BATCH, "\n".join(said)


@pytest.mark.parametrize("size", [1, 50])
async def test_a_batch_of_updates_costs_no_more_for_more(
    city: Platform, hotline: Hotline, size: int
) -> None:
    await asyncio.gather(*(city.create(f"SH-{at}") for at in range(size)))
    await drain_batch(hotline, BUREAU, INTAKE, HANDLERS[INTAKE])
    at = "2026-11-18T09:20:00+08:00"
    await asyncio.gather(
        *(
            city.push("ticket.updated", at=at, upstream_no=f"SH-{n}", urgency="urgent", title="新")
            for n in range(size)
        )
    )
    said = await statements_of_one_batch(hotline)

    assert len(said) <= STATEMENTS_A_BATCH, "\n".join(said)
