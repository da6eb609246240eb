"""Callers of all three services, and what they may be answered while Postgres is in trouble."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from functools import partial

from httpx import Response

from tests.platform import Platform
from tests.recovery.sending import Answer, Call, Ledger, ask, asking, slowest
from tests.recovery.stand import Stand, connect
from tests.recovery.starting import PATIENCE
from tests.recovery.watching import until_drained

RATE = 10  # a second, of each of the five calls
AT_ONCE = 100
KEPT = (
    "SELECT upstream_no FROM raw_messages WHERE state = 'applied' AND starts_with(upstream_no, $1)"
)


def calls(stand: Stand, city: Platform, name: str) -> dict[str, Call]:
    """One that writes or reads for each service, and what a balancer asks."""
    client, addresses = city.client, stand.addresses
    bearer = {"Authorization": f"Bearer {stand.keys['leader']}"}

    async def push(number: int) -> Response:
        return await city.create(f"{name}-{number}")

    async def get(url: str, _: int) -> Response:
        return await client.get(url, headers=bearer)

    async def write(number: int) -> Response:
        headers = {**bearer, "Idempotency-Key": f"{name}-{number}"}
        url = f"{addresses['dispatch']}/v1/emergency"
        body = {"active": False, "reason": "演练"}
        return await client.put(url, json=body, headers=headers)

    return {
        "推送": push,
        "工单列表": partial(get, f"{addresses['dispatch']}/v1/tickets"),
        "写操作": write,
        "考核": partial(get, f"{addresses['scoring']}/v1/scores?period=2026-11&by=unit"),
        "就绪": partial(get, f"{addresses['scoring']}/readyz"),
    }


@asynccontextmanager
async def all_asking(wanted: dict[str, Call]) -> AsyncIterator[dict[str, Ledger]]:
    async with AsyncExitStack() as stack:
        yield {
            name: await stack.enter_async_context(asking(call, per_second=RATE))
            for name, call in wanted.items()
        }


async def ask_at_once(call: Call) -> list[Answer]:
    ledger = Ledger()
    await asyncio.gather(*(ask(call, ledger) for _ in range(AT_ONCE)))
    return ledger.answers


async def kept(stand: Stand, name: str) -> set[int]:
    connection = await connect(stand)
    try:
        await until_drained(connection, seconds=PATIENCE)
        rows = await connection.fetch(KEPT, f"{name}-")
    finally:
        await connection.close()
    return {int(row["upstream_no"].rpartition("-")[2]) for row in rows}


def check_clear(answers: list[Answer], *, longest: float) -> None:
    """Each was answered in time, and what was not answered well is a 503 as agreed upon."""
    bad = [one for one in answers if not (one.is_clear or 200 <= one.status < 300)]
    assert bad == []
    assert slowest(answers) <= longest
