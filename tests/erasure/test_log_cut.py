"""The record of who saw what: kept for half a year at least, cut at an anchored link, verified."""

from collections.abc import Awaitable, Callable
from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path

import asyncpg
import pytest
from sqlalchemy.exc import IntegrityError

from shared.audit.anchors import read_anchors
from shared.audit.cutting import cut_at
from shared.audit.entries import record_reading
from shared.audit.verifying import FaultKind, Verdict, verify_chain
from shared.domain.calendar import CITY_ZONE
from shared.domain.readings import Reading, ReadingKind
from shared.erasure.holds import set_hold
from shared.tickets import Hotline
from shared.worker.chaining import Chainer
from shared.worker.retention import Keeper
from tests.conftest import BUREAU
from tests.erasure.conftest import CLERK
from tests.erasure.ended import end_ticket, set_periods
from tests.factories import SetClock

# Rows are written by the real clock too: what is cut must be old by either.
BEGUN = datetime.now(CITY_ZONE).replace(microsecond=0) + timedelta(days=1)
SEEN = Reading(ReadingKind.TICKET, CLERK, "readTicket")
LATE, RECENT = timedelta(days=184), timedelta(days=182)
Look = Callable[[], Awaitable[None]]


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return tmp_path / "audit"


@pytest.fixture
async def set_clock(set_clock: SetClock, inside: asyncpg.Connection) -> SetClock:
    """Moved on without what time brings to tickets: half a year of it is another test's."""
    await set_clock(BEGUN)

    async def move(when: str | datetime) -> datetime:
        assert isinstance(when, datetime)
        await inside.execute("UPDATE sandbox_clock SET now_at = $1", when)
        return when

    return move


@pytest.fixture
def anchored(hotline: Hotline, folder: Path) -> Hotline:
    hotline.settings = hotline.settings.model_copy(update={"audit_folder": folder})
    return hotline


@pytest.fixture
def look(anchored: Hotline, set_clock: SetClock) -> Callable[..., Awaitable[int]]:
    """Ten looks at a ticket on that day, linked and anchored. Answers the ticket's number."""

    async def run(day: timedelta) -> int:
        await set_clock(BEGUN + day)
        number = int((await end_ticket(anchored)).partition("-")[2])
        for _ in range(10):
            async with anchored.database.transaction(BUREAU) as tx:
                await record_reading(tx, SEEN, [number])
        await Chainer(anchored).look()
        return number

    return run


async def verify(hotline: Hotline, folder: Path) -> Verdict:
    async with hotline.database.transaction(BUREAU, writing=False, snapshot=True) as tx:
        return await verify_chain(tx, read_anchors(folder, BUREAU))


def seen(verdict: Verdict) -> tuple[int, int, list[FaultKind]]:
    return verdict.rows, verdict.cut.seq, [fault.kind for fault in verdict.faults]


@pytest.fixture
async def grown(look: Callable[..., Awaitable[int]], anchored: Hotline, set_clock: SetClock) -> int:
    """Ten rows 184 days old, ten 182, ten of today; the erasures are years away."""
    await set_clock(BEGUN)
    await set_periods(anchored, recording="9y", caller="9y", ticket="9y")
    first = await look(timedelta())
    await look(LATE - RECENT)
    await set_clock((BEGUN + LATE).replace(hour=10))
    return first


async def test_what_is_old_enough_is_cut_at_an_anchor_and_the_rest_verifies_from_there(
    grown: int, anchored: Hotline, folder: Path, inside: asyncpg.Connection
) -> None:
    before = await verify(anchored, folder)
    await Keeper(anchored).look()
    after = await verify(anchored, folder)
    left = await inside.fetchval("SELECT count(*) FROM audit_tickets WHERE ticket_id = $1", grown)
    (cut,) = await inside.fetch("SELECT detail FROM audit_entries WHERE kind = 'audit.cut'")

    assert (seen(before), seen(after)) == ((20, 0, []), (10, 10, []))
    assert left == 0
    assert cut["detail"] == '{"link": 10, "cause": "retention"}'
    await Chainer(anchored).look()
    assert seen(await verify(anchored, folder)) == (11, 10, [])


async def test_a_longer_period_keeps_it_and_without_anchors_nothing_is_cut(
    grown: int, anchored: Hotline, hotline: Hotline, folder: Path, inside: asyncpg.Connection
) -> None:
    await inside.execute("UPDATE limits SET value = '200d' WHERE name = 'retention.log'")
    await inside.execute("UPDATE bureaus SET config_version = config_version + 1")
    await Keeper(anchored).look()
    kept = await verify(anchored, folder)
    await inside.execute("DELETE FROM retention_runs")
    await inside.execute("UPDATE limits SET value = '183d' WHERE name = 'retention.log'")
    await inside.execute("UPDATE bureaus SET config_version = config_version + 1")
    bare = Hotline.open(anchored.settings.model_copy(update={"audit_folder": None}))
    await Keeper(bare).look()
    await bare.close()

    assert seen(kept) == (20, 0, [])
    assert seen(await verify(anchored, folder)) == (20, 0, [])


async def test_what_is_held_keeps_its_viewers(
    grown: int, anchored: Hotline, folder: Path, inside: asyncpg.Connection
) -> None:
    no = await inside.fetchval("SELECT no FROM tickets WHERE ticket_id = $1", grown)
    async with anchored.ledger(BUREAU) as ledger:
        await set_hold(ledger, [no], actor=CLERK, reason="取证")
    await Keeper(anchored).look()

    rows, cut, faults = seen(await verify(anchored, folder))
    assert (rows, cut, faults) == (20, 0, [])


@pytest.mark.parametrize("place", [10, 20])
async def test_postgres_refuses_to_cut_what_is_too_young(
    look: Callable[..., Awaitable[int]], anchored: Hotline, set_clock: SetClock, place: int
) -> None:
    await look(timedelta())
    await look(LATE - RECENT)
    await set_clock(BEGUN + timedelta(days=182))
    with pytest.raises(IntegrityError, match="younger than 183 days"):
        await cut(anchored, place)


async def cut(hotline: Hotline, place: int) -> None:
    async with hotline.database.transaction(BUREAU) as tx:
        await cut_at(tx, place)


@pytest.mark.parametrize(("place", "kind"), [(20, FaultKind.EARLY), (15, FaultKind.UNANCHORED)])
async def test_a_cut_that_somebody_forged_is_found(  # noqa: PLR0917
    grown: int,
    anchored: Hotline,
    folder: Path,
    inside: asyncpg.Connection,
    place: int,
    kind: FaultKind,
) -> None:
    for table in ("audit_entries", "audit_links", "audit_cuts"):
        await inside.execute(f"ALTER TABLE {table} DISABLE TRIGGER USER")
    await inside.execute(
        "INSERT INTO audit_cuts SELECT 1, seq, digest, $2 FROM audit_links WHERE seq = $1",
        place,
        BEGUN + LATE,
    )
    await inside.execute("DELETE FROM audit_entries WHERE entry <= $1", place)
    await inside.execute("DELETE FROM audit_links WHERE seq <= $1", place)

    assert seen(await verify(anchored, folder)) == (20 - place, place, [kind])


async def test_a_cut_once_made_is_taken_back_by_nobody_and_the_next_goes_on_from_it(
    grown: int, anchored: Hotline, folder: Path, inside: asyncpg.Connection, set_clock: SetClock
) -> None:
    await Keeper(anchored).look()
    with pytest.raises(asyncpg.RestrictViolationError):
        await inside.execute("DELETE FROM audit_cuts")
    with pytest.raises(asyncpg.RestrictViolationError):
        await inside.execute("UPDATE audit_cuts SET seq = 1")
    await Chainer(anchored).look()
    await set_clock((BEGUN + LATE * 2).replace(hour=10))
    await Keeper(anchored).look()
    rows, cut, faults = seen(await verify(anchored, folder))

    assert (rows, cut, faults) == (0, 21, [])


async def test_a_row_changed_after_the_cut_is_still_found(
    grown: int, anchored: Hotline, folder: Path, inside: asyncpg.Connection
) -> None:
    await Keeper(anchored).look()
    await inside.execute("ALTER TABLE audit_entries DISABLE TRIGGER USER")
    await inside.execute(
        "UPDATE audit_entries SET actor = 'x' WHERE entry ="
        " (SELECT entry FROM audit_links WHERE seq = 11)"
    )
    found = await verify(anchored, folder)

    assert seen(found) == (10, 10, [FaultKind.CHANGED])
    assert replace(found.faults[0], entry=None).seq == 11
