"""A dump restored into another server: nothing acknowledged before it is missing, feeds go on."""

import asyncio
import json
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

import pytest
from httpx import AsyncClient
from sqlalchemy import text
from sqlalchemy.ext.asyncio import create_async_engine

from services.cli.worker import all_handlers
from services.dispatch.app import create_app as create_dispatch
from services.scoring.app import create_app as create_scoring
from shared.db.migrate import migrate
from shared.db.origin import LEAP, RestoredElsewhere, StillInUse
from shared.domain.words import Urgency
from shared.embedded.postgres import Postgres
from shared.settings import Settings
from shared.tickets import Hotline
from shared.worker.deliveries import drain as drain_bureau
from tests.cli.console import run
from tests.conftest import BUREAU, Stack, served
from tests.factories import Desk, SetClock, make_ticket
from tests.upgrade.servers import another_server, finish, restore, start_dump

FEEDS = ("/v1/events", "/v1/notices", "/v1/facts")
NOW = "2026-11-18T09:30:00+08:00"
Drain = Callable[[], Awaitable[int]]
LOG = text("SELECT concat_ws('-', bureau_id, ticket_id, seq) AS id FROM ticket_events")
EXPLAIN = text(
    "EXPLAIN SELECT position FROM ticket_events WHERE bureau_id = 1"
    " AND (xid, position) > ('0'::xid8, 0) AND xid < minhu_horizon()"
    " ORDER BY xid, position LIMIT 50"
)


@dataclass
class Readers:
    """One reader of each feed: where it stands, and all that it was told, in order."""

    dispatch: AsyncClient
    scoring: AsyncClient
    key: str
    places: dict[str, str | None] = field(default_factory=lambda: dict.fromkeys(FEEDS))
    told: dict[str, list[str]] = field(default_factory=lambda: {feed: [] for feed in FEEDS})

    async def read(self) -> dict[str, list[str]]:
        """Every feed to its present end; what was new."""
        new = {feed: [one async for one in self._pages(feed)] for feed in FEEDS}
        for feed, items in new.items():
            self.told[feed] += items
        return new

    async def _pages(self, feed: str) -> AsyncIterator[str]:
        """A notice's place is its id, that of the others comes with the page."""
        name = "updated_after" if feed == "/v1/facts" else "after"
        client = self.scoring if feed == "/v1/facts" else self.dispatch
        items = [None]
        while items:
            place = self.places[feed]
            given = {} if place is None else {name: place}
            headers = {"Authorization": f"Bearer {self.key}"}
            answer = await client.get(feed, params=given, headers=headers)
            assert answer.status_code == 200, answer.text
            items = answer.json()["items"]
            for one in items:
                yield json.dumps(one, sort_keys=True)
            if feed == "/v1/notices":
                self.places[feed] = items[-1]["id"] if items else place
            else:
                self.places[feed] = answer.json()["next_cursor"]

    def moved(self, dispatch: AsyncClient, scoring: AsyncClient) -> "Readers":
        """A copy that goes on from here, at another server."""
        return Readers(dispatch, scoring, self.key, dict(self.places))


@pytest.fixture(scope="module")
def elsewhere(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Postgres]:
    with another_server(tmp_path_factory.mktemp("elsewhere")) as server:
        yield server


@pytest.fixture
def desk(dispatch: AsyncClient, keys: dict[str, str]) -> Desk:
    return Desk(dispatch, keys)


@pytest.fixture
def readers(dispatch: AsyncClient, scoring: AsyncClient, keys: dict[str, str]) -> Readers:
    return Readers(dispatch, scoring, keys["leader"])


async def write_until(stop: asyncio.Event, hotline: Hotline) -> list[str]:
    """Tickets, one after another: each is acknowledged when its number is in the list."""
    acknowledged: list[str] = []
    while not stop.is_set():
        acknowledged.append(await make_ticket(hotline, urgency=Urgency.URGENT))
    return acknowledged


async def list_log(hotline: Hotline) -> list[str]:
    async with hotline.ledger(BUREAU, writing=False) as ledger:
        return [row.id for row in await ledger.tx.rows(LOG)]


def ids_of(events: list[str]) -> list[str]:
    return sorted(json.loads(one)["id"] for one in events)


async def test_after_a_restore_every_feed_goes_on_and_every_figure_is_what_the_log_says(
    *,
    desk: Desk,
    hotline: Hotline,
    readers: Readers,
    drain: Drain,
    set_clock: SetClock,
    settings: Settings,
    stack: Stack,
    elsewhere: Postgres,
    tmp_path: Path,
) -> None:
    await set_clock(NOW)
    nos = [await make_ticket(hotline, urgency=Urgency.URGENT) for _ in range(3)]
    await desk.walk(nos[0])
    await desk.walk(nos[1], until="accept")
    await drain()
    await readers.read()
    stop, dumped = asyncio.Event(), tmp_path / "minhu.dump"
    before = [await make_ticket(hotline) for _ in range(3)]
    writing = asyncio.create_task(write_until(stop, hotline))
    owner = stack.owner_url_of(settings.database_url.rsplit("/", 1)[1])
    await asyncio.to_thread(finish, start_dump(owner, dumped))
    stop.set()
    during = await writing
    await drain()
    lost = readers.moved(readers.dispatch, readers.scoring)
    told_since = await lost.read()
    assert all(told_since.values())

    await asyncio.to_thread(restore, elsewhere.owner_url, dumped)
    given = {
        "MINHU_DATABASE_URL": elsewhere.app_url,
        "MINHU_OWNER_DATABASE_URL": elsewhere.owner_url,
        "MINHU_REDIS_URL": settings.redis_url,
        "MINHU_KEYRING_FILE": str(settings.keyring_file),
        "MINHU_SANDBOX": "1",
    }
    migrated = await asyncio.to_thread(run, "migrate", given=given)
    assert (migrated.code, "续编" in migrated.out) == (0, True), migrated
    moved = settings.model_copy(update={"database_url": elsewhere.app_url})
    async with served(create_dispatch(moved)) as dispatch, served(create_scoring(moved)) as scoring:
        there = Hotline.open(moved)
        kept = await list_numbers(there)
        assert {*nos, *before} <= kept <= {*nos, *before, *during}
        await drain_bureau(there, BUREAU, all_handlers())
        early, late = readers.moved(dispatch, scoring), lost.moved(dispatch, scoring)
        new = [await make_ticket(there, urgency=Urgency.URGENT) for _ in range(2)]
        await Desk(dispatch, desk.keys).walk(nos[2])
        await drain_bureau(there, BUREAU, all_handlers())
        log = await list_log(there)
        first, second = await early.read(), await late.read()
        await there.close()

    # Who stood before the dump: all there is, each once.
    assert ids_of(readers.told["/v1/events"] + first["/v1/events"]) == sorted(log)
    for feed in FEEDS:
        assert len({*readers.told[feed], *first[feed]}) == len(readers.told[feed] + first[feed])
    # Who stood in the time that was lost: all that came after it.
    told_late = {json.loads(one)["subject"] for one in second["/v1/events"]}
    assert {*new, nos[2]} <= told_late
    assert {json.loads(one)["subject"] for one in second["/v1/notices"]} >= set(new)
    assert {json.loads(one)["no"] for one in second["/v1/facts"]} >= {*new, nos[2]}
    # No number is given out a second time.
    assert max(before + during) < min(new)
    verified = await asyncio.to_thread(run, "recompute", "--verify", given=given)
    examined = await asyncio.to_thread(run, "doctor", given=given)
    assert verified.code == 0, verified
    assert "✗ 数据库" not in examined.out, examined.out


async def list_numbers(hotline: Hotline) -> set[str]:
    async with hotline.ledger(BUREAU, writing=False) as ledger:
        return {row.no for row in await ledger.tx.rows(text("SELECT no FROM tickets"))}


@pytest.fixture
async def taken_elsewhere(settings: Settings, stack: Stack) -> str:
    """The test's database as if it had come from another server; the owner's address."""
    owner = stack.owner_url_of(settings.database_url.rsplit("/", 1)[1])
    engine = create_async_engine(owner.replace("postgresql://", "postgresql+asyncpg://", 1))
    async with engine.begin() as connection:
        await connection.execute(text("UPDATE transaction_bases SET system = '1'"))
    await engine.dispose()
    return owner


async def test_a_database_from_another_server_is_refused_until_it_is_migrated(
    taken_elsewhere: str, settings: Settings
) -> None:
    hotline = Hotline.open(settings)
    with pytest.raises(RestoredElsewhere):
        await make_ticket(hotline)
    given = {
        "MINHU_DATABASE_URL": settings.database_url,
        "MINHU_REDIS_URL": settings.redis_url,
        "MINHU_KEYRING_FILE": str(settings.keyring_file),
    }
    said = await asyncio.to_thread(run, "doctor", given=given)
    assert said.code == 1
    assert "minhu migrate" in said.out

    base = await migrate(taken_elsewhere)

    assert base is not None
    assert base > LEAP
    assert await make_ticket(hotline)
    await hotline.close()
    assert await migrate(taken_elsewhere) is None


async def test_the_base_is_not_raised_while_services_are_connected(
    hotline: Hotline, settings: Settings, stack: Stack
) -> None:
    owner = stack.owner_url_of(settings.database_url.rsplit("/", 1)[1])
    async with hotline.database.unscoped():
        with pytest.raises(StillInUse):
            await migrate(owner, restored=True)
    await hotline.close()

    first, second = await migrate(owner, restored=True), await migrate(owner, restored=True)

    assert first is not None
    assert second is not None
    assert second > first + LEAP


@pytest.mark.parametrize("raised", [False, True])
async def test_the_feed_is_read_by_its_index_whatever_the_base(
    hotline: Hotline, settings: Settings, stack: Stack, *, raised: bool
) -> None:
    if raised:
        await migrate(stack.owner_url_of(settings.database_url.rsplit("/", 1)[1]), restored=True)
    async with hotline.ledger(BUREAU, writing=False) as ledger:
        await ledger.tx.run(text("SELECT set_config('enable_seqscan', 'off', true)"))
        plan = "\n".join(row[0] for row in await ledger.tx.rows(EXPLAIN))

    assert "using ix_ticket_events_feed" in plan
    assert "pg_snapshot_xmin" in plan.split("Index Cond:")[1].split("\n")[0]  # written in, no call
    assert "Sort" not in plan
