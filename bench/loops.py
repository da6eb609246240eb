"""(b) Tickets accepted and applied; (c) full loops, from the platform's push to the score."""

import asyncio
from collections.abc import Iterator, Mapping
from typing import Any

import httpx

from bench.course import UNIT, Office, take_course
from bench.messages import make_bodies, make_requests
from bench.sender import send_all
from bench.spending import Spent, spending

CONNECTIONS = 16
LOOPS = 400
APPLIED = 5000
SENDERS = 32


def bench_applied(ready: Mapping[str, Any], count: int = APPLIED) -> None:
    """CPU of every process but the sender, from the first request until nothing is pending."""
    requests = make_requests(ready["sources"]["city-12345"]["secret"], count, virtual_now(ready))
    with spending() as spent:
        send_all(ready["intake"], requests, SENDERS)
        asyncio.run(settle(ready))
    print(f"(b) 受理并建单（查重、入考核）{count:>7} 件  {describe(count, spent)}", flush=True)


def bench_loops(ready: Mapping[str, Any]) -> None:
    before = intake_of(ready)
    with spending() as spent:
        calls = asyncio.run(run_loops(ready, virtual_now(ready)))
    scored = intake_of(ready) - before
    assert scored == LOOPS, f"{scored} of {LOOPS} scored"
    print(
        f"(c) 推送到考核，全程            {LOOPS:>7} 件  {describe(LOOPS, spent)}"
        f"  每件 {calls / LOOPS:.1f} 次调用",
        flush=True,
    )


async def run_loops(ready: Mapping[str, Any], now: str) -> int:
    """Calls made, scores included."""
    office = Office(ready, connections=CONNECTIONS)
    waiting = iter(list(make_bodies(LOOPS, now)))
    await asyncio.gather(*(run_lane(office, waiting) for _ in range(CONNECTIONS)))
    await office.settle()
    await office.get(office.scoring, f"/v1/scores?period={now[:7]}&by=unit")
    office.close()
    return office.calls


async def run_lane(office: Office, waiting: Iterator[tuple[str, bytes]]) -> None:
    for name, body in waiting:
        await take_course(office, await office.wait_for_ticket(await office.push(name, body)))


async def settle(ready: Mapping[str, Any]) -> None:
    office = Office(ready, connections=1)
    await office.settle()
    office.close()


def virtual_now(ready: Mapping[str, Any]) -> str:
    answer = httpx.get(f"{ready['intake']}/sandbox/clock", trust_env=False)
    return str(answer.json()["now"])


def intake_of(ready: Mapping[str, Any]) -> int:
    """Tickets of the unit that figure in this month's scores."""
    answer = httpx.get(
        f"{ready['scoring']}/v1/scores",
        params={"period": virtual_now(ready)[:7], "by": "unit"},
        headers={"authorization": f"Bearer {ready['keys']['desk']}"},
        trust_env=False,
    )
    rows = answer.raise_for_status().json()["rows"]
    return sum(row["intake"] for row in rows if row["key"] == UNIT)


def describe(count: int, spent: Spent) -> str:
    sender = spent.sender / count * 1000
    return f"{count / spent.wall:6.0f}/s  {spent.each(count)}  发送方 {sender:.2f} ms"
