"""An old process beside one of the next release loses and spoils nothing that it cannot know."""

import asyncio
import subprocess
import sys
from collections.abc import Callable
from typing import Any

import orjson
import pytest
from httpx import AsyncClient
from sqlalchemy import text

from services.scoring.actions.recompute import begin_rebuilding, rebuild_some
from services.scoring.handlers import HANDLERS
from services.scoring.rules.sums import GENERATION, LAYOUT
from shared.errors import NewerRelease
from shared.settings import Settings
from shared.tickets import Hotline, find_tickets
from shared.worker.deliveries import drain as drain_bureau
from tests.cli.console import environment
from tests.conftest import BUREAU, Stack
from tests.factories import Desk, SetClock, make_ticket

LABEL = "夜班"
OWED = text(
    "SELECT stream_id, attempts, parked_at IS NOT NULL AS parked, last_error FROM deliveries"
    " WHERE bureau_id = 1 AND subscriber = 'scoring' ORDER BY stream_id"
)
FOLD = text("SELECT fold->'labels' AS labels, form FROM tickets WHERE ticket_id = :ticket")
DUE_NOW = text("UPDATE deliveries SET next_try_at = clock_timestamp()")
NEWER = f"#{GENERATION + 1} " + LAYOUT.partition(" ")[2] + " unheard_rate.1:01"
Step = Callable[[str, int], dict[str, Any]]


@pytest.fixture
async def migrated(settings: Settings, stack: Stack) -> None:
    owner = stack.owner_url_of(settings.database_url.rsplit("/", 1)[1])
    argv = [sys.executable, "-m", "tests.upgrade", "migrate"]
    env = environment({"MINHU_OWNER_DATABASE_URL": owner})
    await asyncio.to_thread(subprocess.run, argv, env=env, check=True, capture_output=True)


@pytest.fixture
def step(settings: Settings, migrated: None) -> Step:
    """One step of the next release, in a process of its own; what it says."""
    env = environment(
        {
            "MINHU_DATABASE_URL": settings.database_url,
            "MINHU_REDIS_URL": settings.redis_url,
            "MINHU_KEYRING_FILE": str(settings.keyring_file),
        }
    )

    def run(word: str, ticket_id: int) -> dict[str, Any]:
        argv = [sys.executable, "-m", "tests.upgrade.beside", word, str(ticket_id)]
        done = subprocess.run(argv, env=env, check=True, capture_output=True)
        told: dict[str, Any] = orjson.loads(done.stdout)
        return told

    return run


async def test_what_an_old_process_writes_over_the_log_restores_and_what_it_cannot_read_it_leaves(
    hotline: Hotline,
    dispatch: AsyncClient,
    keys: dict[str, str],
    set_clock: SetClock,
    *,
    step: Step,
) -> None:
    await set_clock("2026-11-18T09:30:00+08:00")
    desk = Desk(dispatch, keys)
    nos = [await make_ticket(hotline), await make_ticket(hotline)]
    labelled = int(nos[0].rpartition("-")[2])
    await drain_bureau(hotline, BUREAU, HANDLERS)
    assert await asyncio.to_thread(step, "label", labelled) == {"labels": [LABEL], "handled": 0}

    for no in nos:
        assert (await desk.act("desk", no, "urge", text="请尽快")).status_code == 200
    assert (await desk.get("desk", f"/v1/tickets/{nos[0]}/clocks")).status_code == 200
    told = await desk.get("desk", f"/v1/tickets/{nos[0]}/events")
    assert "ticket.labelled" in [one["type"] for one in told.json()["items"]]
    async with hotline.ledger(BUREAU, writing=False) as ledger:
        torn = await ledger.tx.row(FOLD, ticket=labelled)
    assert torn is not None
    assert torn.labels is None
    for _ in range(10):
        await drain_bureau(hotline, BUREAU, HANDLERS)
        async with hotline.ledger(BUREAU) as ledger:
            await ledger.tx.run(DUE_NOW)
            owed = [tuple(row) for row in await ledger.tx.rows(OWED)]
    assert {row[0] for row in owed} == {labelled}
    assert {row[1:] for row in owed} == {(0, False, "UnknownEvent (unavailable)")}

    after = await asyncio.to_thread(step, "drain", labelled)

    assert after["labels"] == [LABEL]
    assert after["handled"] >= 2
    async with hotline.ledger(BUREAU, writing=False) as ledger:
        assert not await ledger.tx.rows(OWED)
        assert (await find_tickets(ledger.tx, [labelled]))[labelled].urged == 1


@pytest.fixture
async def newer_layout(hotline: Hotline) -> str:
    """A newer release has folded everything in a layout of its own; one ticket more is owed."""
    no = await make_ticket(hotline)
    await drain_bureau(hotline, BUREAU, HANDLERS)
    async with hotline.ledger(BUREAU) as ledger:
        await ledger.tx.run(text("UPDATE fact_progress SET layout = :layout"), layout=NEWER)
    await make_ticket(hotline)
    return no


@pytest.mark.usefixtures("newer_layout")
async def test_an_older_release_leaves_the_sums_of_a_newer_one_alone(
    hotline: Hotline, scoring: AsyncClient, keys: dict[str, str]
) -> None:
    before = await read_sums(hotline)
    assert before

    assert await rebuild_some(hotline, BUREAU) is False
    with pytest.raises(NewerRelease):
        await begin_rebuilding(hotline, BUREAU)
    assert await drain_bureau(hotline, BUREAU, HANDLERS) == 0

    assert await read_sums(hotline) == before
    async with hotline.ledger(BUREAU, writing=False) as ledger:
        owed = [tuple(row)[1:] for row in await ledger.tx.rows(OWED)]
    assert owed == [(0, False, None)]
    answer = await scoring.get(
        "/v1/scores?period=2026-11&by=unit", headers={"Authorization": f"Bearer {keys['leader']}"}
    )
    assert answer.status_code == 503
    assert answer.headers["Retry-After"]


async def test_a_newer_release_folds_an_older_ones_sums_again_and_then_what_is_owed(
    hotline: Hotline, newer_layout: str
) -> None:
    async with hotline.ledger(BUREAU) as ledger:
        older = "#0 " + LAYOUT.partition(" ")[2]
        await ledger.tx.run(text("UPDATE fact_progress SET layout = :layout"), layout=older)
    assert await drain_bureau(hotline, BUREAU, HANDLERS) == 0

    while await rebuild_some(hotline, BUREAU):
        pass

    assert await drain_bureau(hotline, BUREAU, HANDLERS) == 1
    assert await rebuild_some(hotline, BUREAU) is False


async def read_sums(hotline: Hotline) -> list[Any]:
    async with hotline.ledger(BUREAU, writing=False) as ledger:
        rows = await ledger.tx.rows(text('SELECT "by", key, month, counts FROM sums ORDER BY 1, 2'))
    return [tuple(row) for row in rows]
