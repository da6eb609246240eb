"""What nobody froze freezes by itself (ruling 42), also inside a jump over many months."""

from typing import Any

import pytest
from httpx import AsyncClient
from sqlalchemy import text

from services.scoring.actions.recompute import rebuild
from services.scoring.handlers import HANDLERS
from shared.tickets import Hotline
from shared.tickets.freezing import freeze_due_months
from shared.tickets.settling import NotSettled, settle
from shared.worker.deliveries import drain, drain_batch
from tests.factories import make_ticket
from tests.scoring.conftest import BUREAU, Fold, SetClock
from tests.scoring.freezing import BYS, Keys, correct, freeze, get, read, sheet
from tests.seen.owing import set_due

AT_SEVEN = "2026-12-07T23:59:59+08:00"

OWED = text("SELECT attempts, parked_at FROM deliveries WHERE subscriber = 'freezing'")


async def months(scoring: AsyncClient, keys: Keys) -> dict[str, Any]:
    found = await read(scoring, keys, "/v1/periods")
    return {one["period"]: one for one in found["items"]}


async def test_a_month_freezes_at_the_end_of_the_fifth_workday(
    scoring: AsyncClient, keys: Keys, set_clock: SetClock, fold: Fold, november: list[int]
) -> None:
    await set_clock("2026-12-07T23:59:58+08:00")
    await fold()
    assert (await sheet(scoring, keys))["frozen"] is False
    live = {by: await sheet(scoring, keys, by=by) for by in BYS}

    await set_clock(AT_SEVEN)
    await fold()

    (manifest,) = (await months(scoring, keys))["2026-11"]["revisions"]
    assert manifest["known_at"] == manifest["frozen_at"] == "2026-12-07T23:59:59.000000+08:00"
    assert (manifest["revision"], manifest["by"], manifest["automatic"]) == (1, "minhu", True)
    for by in BYS:
        frozen = await sheet(scoring, keys, by=by)
        assert (frozen["frozen"], frozen["revision"]) == (True, 1)
        assert frozen["rows"] == live[by]["rows"]
        assert frozen["total"] == (await sheet(scoring, keys, by=by, known_at=AT_SEVEN))["total"]


async def test_a_jump_over_months_freezes_each_at_its_own_moment(
    scoring: AsyncClient, keys: Keys, set_clock: SetClock, fold: Fold, november: list[int]
) -> None:
    """January's fifth workday waits for the Spring Festival to end."""
    await set_clock("2027-04-20T10:00:00+08:00")
    await fold()

    shown = {
        month: [(one["revision"], one["frozen_at"][:19]) for one in standing["revisions"]]
        for month, standing in (await months(scoring, keys)).items()
    }

    assert shown == {
        "2027-04": [],
        "2027-03": [(1, "2027-04-08T23:59:59")],
        "2027-02": [(1, "2027-03-05T23:59:59")],
        "2027-01": [(1, "2027-02-09T23:59:59")],
        "2026-12": [(1, "2027-01-08T23:59:59")],
        "2026-11": [(1, "2026-12-07T23:59:59")],
    }
    december = await sheet(scoring, keys, period="2026-12")
    assert (december["frozen"], december["rows"]) == (True, [])


async def test_whoever_reads_before_the_copy_is_made_reads_the_same(
    scoring: AsyncClient, keys: Keys, set_clock: SetClock, hotline: Hotline, november: list[int]
) -> None:
    """Also of what is recorded at that very moment, but later; and a restart loses nothing."""
    await set_clock(AT_SEVEN)
    await correct(hotline, november)
    asked = [{"by": by} for by in BYS] + [{"adjusted": "false"}, {"emergency": "exclude"}]
    before = [
        (await get(scoring, keys, "/v1/scores", period="2026-11", **q)).content for q in asked
    ]
    figure = {"period": "2026-11", "metric": "satisfaction_score"}
    tickets = await read(scoring, keys, "/v1/scores/tickets", **figure)
    assert (await months(scoring, keys))["2026-11"]["revisions"][0]["sha256"] is None
    with pytest.raises(NotSettled) as pending:
        await settle(hotline, 0.01)
    assert pending.value.extra["pending"]["freezing"] == 1

    await drain(hotline, BUREAU, HANDLERS)

    assert (await months(scoring, keys))["2026-11"]["revisions"][0]["rows"] == 17
    after = [(await get(scoring, keys, "/v1/scores", period="2026-11", **q)).content for q in asked]
    assert after == before
    assert await read(scoring, keys, "/v1/scores/tickets", **figure) == tickets
    assert (await sheet(scoring, keys))["total"]["metrics"]["satisfaction_score"]["den"] == 10
    assert (await sheet(scoring, keys))["total"]["metrics"]["satisfaction_score"]["num"] == "7.2"


async def test_a_copy_that_failed_midway_leaves_nothing_and_is_made_again(
    scoring: AsyncClient, keys: Keys, set_clock: SetClock, hotline: Hotline, november: list[int]
) -> None:
    await set_clock(AT_SEVEN)
    async with hotline.database.transaction(BUREAU) as tx:
        await tx.run(text("UPDATE fact_progress SET layout = 'an older one'"))

    name, handler = "freezing", HANDLERS["freezing"]
    assert await drain_batch(hotline, BUREAU, name, handler) == 0
    async with hotline.database.transaction(BUREAU, writing=False) as tx:
        row = await tx.row(OWED)
    assert row is not None
    assert (row.attempts, row.parked_at) == (0, None)

    await rebuild(hotline, BUREAU)
    await set_due(hotline)
    assert await drain(hotline, BUREAU, {name: handler}) == 1
    assert (await sheet(scoring, keys))["total"]["intake"] == 16


async def test_what_is_frozen_by_hand_is_not_frozen_again(
    scoring: AsyncClient, keys: Keys, set_clock: SetClock, fold: Fold, november: list[int]
) -> None:
    manifest = (await freeze(scoring, keys)).json()

    await set_clock("2027-01-05T00:00:00+08:00")
    await fold()

    assert (await months(scoring, keys))["2026-11"]["revisions"] == [manifest]


async def test_in_production_the_sweep_freezes_what_has_fallen_due_once(
    scoring: AsyncClient, keys: Keys, hotline: Hotline, fold: Fold, november: list[int]
) -> None:
    """Late, but as of the moment itself."""
    async with hotline.database.transaction(BUREAU) as tx:
        await tx.run(text("UPDATE sandbox_clock SET now_at = '2026-12-09T08:00:00+08:00'"))

    for _ in range(2):
        async with hotline.ledger(BUREAU) as ledger:
            await freeze_due_months(ledger, ledger.now)
    await fold()

    (manifest,) = (await months(scoring, keys))["2026-11"]["revisions"]
    assert manifest["known_at"] == "2026-12-07T23:59:59.000000+08:00"
    assert manifest["frozen_at"] == "2026-12-09T08:00:00.000000+08:00"


async def test_a_month_over_before_the_first_ticket_was_recorded_is_not_frozen(
    scoring: AsyncClient, keys: Keys, set_clock: SetClock, hotline: Hotline, fold: Fold
) -> None:
    """A ticket of November that the platform hands over on the twentieth of December."""
    await set_clock("2026-12-20T10:00:00+08:00")
    await make_ticket(hotline)
    await set_clock("2027-01-10T10:00:00+08:00")
    await fold()

    found = await months(scoring, keys)

    assert {month: one["frozen"] for month, one in found.items()} == {
        "2027-01": False,
        "2026-12": True,
        "2026-11": False,
    }
    assert (await sheet(scoring, keys))["total"]["intake"] == 1
