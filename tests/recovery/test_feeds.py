"""Feeds while twenty write, hold back, roll back and lose answers: no gap, nothing told twice."""

import asyncio
import os
import random
from collections import Counter
from collections.abc import Awaitable, Callable, Mapping
from contextlib import AsyncExitStack
from pathlib import Path
from typing import Any

import asyncpg
import orjson
from httpx import AsyncClient

from shared.domain.words import Urgency
from shared.errors import Unavailable
from shared.tickets import Hotline
from tests.conftest import Tell
from tests.factories import open_ticket
from tests.faults.choosing import Log, Rate
from tests.faults.hook import install
from tests.recovery.stand import Stand
from tests.recovery.starting import PATIENCE, start_worker
from tests.recovery.watching import EVERY, until, until_drained
from tests.scoring.crowd import LONGEST_SECONDS, PAGE, WRITERS, Copy, following

TICKETS = int(os.environ.get("MINHU_FEED_TICKETS", "200"))
READERS = 3
LOST = 0.1  # of the writers' commits: cut before, or after with the answer lost
ROLLED_BACK = 0.1
TOLD_LATER = (
    "SELECT minhu_horizon() > greatest("
    "(SELECT max(xid::text::bigint) FROM ticket_events),"
    " (SELECT max(xid::text::bigint) FROM notices), (SELECT max(xid::text::bigint) FROM facts)"
    ")::text::xid8"
)
PLACES = {
    "events": "SELECT bureau_id || '-' || ticket_id || '-' || seq AS id, position"
    " FROM ticket_events WHERE position > $1 ORDER BY position LIMIT 500",
    "notices": "SELECT xid || '-' || position AS id, position"
    " FROM notices WHERE position > $1 ORDER BY position LIMIT 500",
}
LAST = {
    name: f"SELECT coalesce(max(position), 0) FROM ({sql.partition(' WHERE')[0]}) AS all_"
    for name, sql in PLACES.items()
}
NEXT = {"events": "after", "notices": "cursor", "facts": "updated_after"}

Step = Callable[[], Awaitable[int]]


class RolledBack(Exception):
    """The writer thought better of it."""


async def write(hotline: Hotline, tickets: int, chance: random.Random) -> None:
    """Urgent tickets, so that each is an event, and notices; every commit at its own time."""
    made = 0
    while made < tickets:
        try:
            async with hotline.ledger(1) as ledger:
                for _ in range(size := chance.randint(1, 4)):
                    await open_ticket(ledger, urgency=Urgency.URGENT)
                await ledger.flush()
                await asyncio.sleep(chance.uniform(0, LONGEST_SECONDS))
                if chance.random() < ROLLED_BACK:
                    raise RolledBack
        except (RolledBack, Unavailable):
            continue
        made += size


def by_feed(
    client: AsyncClient, key: str, feed: str, *, kept: dict[str, bytes], copy: Copy
) -> Step:
    """As a system reads that keeps a cursor."""
    place: dict[str, str] = {}

    async def step() -> int:
        headers = {"Authorization": f"Bearer {key}"}
        query: Mapping[str, Any] = {"limit": PAGE, **place}
        answer = await client.get(f"/v1/{feed}", params=query, headers=headers)
        assert answer.status_code == 200, answer.text
        body = answer.json()
        if feed == "notices" and body["items"]:
            place["after"] = body["items"][-1]["id"]
        elif feed != "notices":
            place[NEXT[feed]] = body["next_cursor"]
        for item in body["items"]:
            name = item["id"] if feed != "facts" else f"{item['no']} {item['round']}"
            version = 0 if feed != "facts" else hash(orjson.dumps(item))
            copy.told[(name, version)] += 1
            kept[name] = orjson.dumps(item)
        return len(body["items"])

    return step


def by_position(connection: asyncpg.Connection, feed: str, last: int, copy: Copy) -> Step:
    """What one would write first: everything after the highest number that was seen."""

    async def step() -> int:
        nonlocal last
        rows = await connection.fetch(PLACES[feed], last)
        copy.told.update((row["id"], 0) for row in rows)
        last = rows[-1]["position"] if rows else last
        return len(rows)

    return step


async def list_ids(inside: asyncpg.Connection, since: Mapping[str, int]) -> dict[str, set[str]]:
    """All there is, page after page, now that nobody writes."""
    found: dict[str, set[str]] = {}
    for feed, last in since.items():
        copy = Copy()
        step = by_position(inside, feed, last, copy)
        while await step():
            pass
        found[feed] = {name for name, _ in copy.told}
    return found


async def until_tellable(inside: asyncpg.Connection) -> None:
    async def is_tellable() -> bool:
        return bool(await inside.fetchval(TOLD_LATER))

    await until_drained(inside, seconds=PATIENCE * 5, owed=EVERY)
    await until(is_tellable, seconds=PATIENCE, what="all that was written may be told")


async def test_readers_keep_whole_copies_while_twenty_write_and_lose_answers(
    workers: Stand, inside: asyncpg.Connection, tmp_path: Path, *, tell: Tell
) -> None:
    faults = tmp_path / "faults.jsonl"
    env = {"MINHU_FAULTS": f"seed=3,rate=0.05,writes=1,log={faults}"}
    await start_worker(workers, inside, "worker-1", env=env, module="tests.faults")
    settings = workers.settings.model_copy(update={"pool_size": WRITERS})
    hotline = Hotline.open(settings)
    since = {feed: await inside.fetchval(sql) for feed, sql in LAST.items()}
    copies = {(feed, n): Copy() for feed in NEXT for n in range(READERS)}
    kept: dict[tuple[str, int], dict[str, bytes]] = {one: {} for one in copies}
    naive = {feed: Copy() for feed in PLACES}
    addresses = {"events": "dispatch", "notices": "dispatch again", "facts": "scoring"}
    async with AsyncExitStack() as stack:
        stack.push_async_callback(hotline.close)
        clients = {
            feed: await stack.enter_async_context(
                AsyncClient(base_url=workers.addresses[service], trust_env=False, timeout=60)
            )
            for feed, service in addresses.items()
        }
        steps = [
            by_feed(clients[feed], workers.keys["leader"], feed, kept=kept[feed, n], copy=copy)
            for (feed, n), copy in copies.items()
        ]
        for feed, copy in naive.items():
            connection = await asyncpg.connect(workers.superuser_url)
            stack.push_async_callback(connection.close)
            steps.append(by_position(connection, feed, since[feed], copy))
        for step in steps:
            await stack.enter_async_context(following(step))
        cut = Log(faults, "writers")
        with install(Rate(LOST, random.Random(5), writes_only=True), cut):
            await asyncio.gather(
                *(write(hotline, TICKETS // WRITERS, random.Random(n)) for n in range(WRITERS))
            )
        await until_tellable(inside)
    written = await list_ids(inside, since)
    everything = await whole_facts(workers)

    counts = Counter(orjson.loads(line)["cut"] for line in faults.read_text().splitlines())
    missed = Counter(dict.fromkeys(NEXT, 0))
    doubled = Counter(dict.fromkeys(NEXT, 0))
    for (feed, n), copy in copies.items():
        own = kept[feed, n]
        missed[feed] += (
            len(written[feed] - own.keys())
            if feed in written
            else sum(own.get(name) != item for name, item in everything.items())
        )
        doubled[feed] += copy.doubled
    gaps = {
        feed: len(written[feed] - {one for one, _ in copy.told}) for feed, copy in naive.items()
    }
    tell(
        f"{WRITERS} 个写者、{READERS} 个读者：事件 {len(written['events'])} 条、"
        f"告知 {len(written['notices'])} 条、事实 {len(everything)} 行；"
        f"提交前断 {counts['before']} 次、提交后失去应答 {counts['after']} 次；"
        f"漏 {dict(missed)}，重 {dict(doubled)}；按最大编号翻页的会漏 {gaps}"
    )
    assert len(written["events"]) >= TICKETS
    assert len(written["notices"]) >= TICKETS
    assert min(counts["before"], counts["after"]) > 0
    assert missed.total() == 0
    assert doubled.total() == 0
    assert min(gaps.values()) > 0


async def whole_facts(stand: Stand) -> dict[str, bytes]:
    """What a reader sees who begins only now."""
    kept: dict[str, bytes] = {}
    async with AsyncClient(base_url=stand.addresses["scoring"], trust_env=False) as client:
        step = by_feed(client, stand.keys["leader"], "facts", kept=kept, copy=Copy())
        while await step():
            pass
    return kept
