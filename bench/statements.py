"""(d) Statements a call sends, as the server counts them; transaction control is not counted."""

import asyncio
import os
import signal
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any

import asyncpg
import psutil

from bench.course import UNIT, Office, Told, take_course
from bench.loops import virtual_now
from bench.messages import make_bodies

TICKETS = 5
PAGES = 3
COUNT = """
    SELECT coalesce(sum(s.calls), 0) FROM pg_stat_statements(false) AS s
    WHERE s.userid = 'minhu_app'::regrole
"""
LISTS = (
    "limit=50",
    "limit=50&sort=due&state=received",
    f"limit=50&unit={UNIT}&sort=-received",
    "limit=50&trade=sanitation&light=green",
    "limit=50&q=%E5%9E%83%E5%9C%BE%E6%BB%A1%E6%BA%A2",
)


def bench_statements(ready: Mapping[str, Any], superuser_url: str) -> None:
    counts = asyncio.run(count_calls(ready, superuser_url))
    tickets = counts.pop("tickets")[0]
    print(f"(d) 每次调用的语句数（由数据库计数），库中 {tickets} 件")
    for name, found in counts.items():
        print(f"      {name:<16} 最多 {max(found)}  最少 {min(found)}", flush=True)


async def count_calls(ready: Mapping[str, Any], superuser_url: str) -> dict[str, list[int]]:
    office = Office(ready, connections=1)
    counter = await asyncpg.connect(superuser_url.rpartition("/")[0] + "/minhu")
    await counter.execute("CREATE EXTENSION IF NOT EXISTS pg_stat_statements")
    found: dict[str, list[int]] = defaultdict(list)
    found["tickets"] = [await counter.fetchval("SELECT count(*) FROM tickets")]
    numbers = [
        await office.wait_for_ticket(await office.push(name, body))
        for name, body in make_bodies(TICKETS, virtual_now(ready))
    ]
    await look_and_act(office, numbers[:1], told=None)  # fills what the services remember
    await office.settle()
    before = 0

    async def note(name: str) -> None:
        nonlocal before
        after = int(await counter.fetchval(COUNT))
        found[name].append(after - before)
        before = after

    with still_worker():
        before = int(await counter.fetchval(COUNT))
        await look_and_act(office, numbers[1:], told=note)
    await counter.close()
    office.close()
    return found


async def look_and_act(office: Office, numbers: Sequence[str], *, told: Told | None) -> None:
    """Lists to their third page, every view of each ticket, its whole course."""

    async def look(name: str, path: str) -> Any:
        page = await office.get(office.dispatch, path)
        if told is not None:
            await told(name)
        return page

    for query in LISTS:
        cursor = ""
        for _ in range(PAGES):
            page = await look("list", f"/v1/tickets?{query}{cursor}")
            if page["next_cursor"] is None:
                break
            cursor = f"&cursor={page['next_cursor']}"
    for no in numbers:
        for part in ("", "/events", "/clocks"):
            await look(f"ticket{part}", f"/v1/tickets/{no}{part}")
        await take_course(office, no, told=told)


@contextmanager
def still_worker() -> Iterator[None]:
    """The worker's own statements must not be counted: it stands still meanwhile."""
    children = psutil.Process(os.getpid()).children(recursive=True)
    workers = [one for one in children if one.cmdline()[-2:] == ["services.cli", "worker"]]
    assert workers, "no worker found"
    for one in workers:
        one.send_signal(signal.SIGSTOP)
    try:
        yield
    finally:
        for one in workers:
            one.send_signal(signal.SIGCONT)
