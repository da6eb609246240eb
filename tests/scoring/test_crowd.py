"""The feed under concurrent writers: nothing missed, nothing doubled. `make feed` shows 30,000."""

import os
from collections.abc import Awaitable, Callable, Mapping
from contextlib import AsyncExitStack
from datetime import UTC, datetime
from typing import Any

import asyncpg
import pytest
from httpx import AsyncClient

from shared.settings import Settings
from tests.conftest import Tell
from tests.scoring import crowd
from tests.scoring.conftest import Fold, Write
from tests.scoring.histories import completed
from tests.scoring.reading import get

ROWS = int(os.environ.get("MINHU_ROWS", "3000"))
Keys = Mapping[str, str]


def by_feed(client: AsyncClient, key: str, copy: crowd.Copy) -> Callable[[], Awaitable[int]]:
    cursor: dict[str, Any] = {}

    async def step() -> int:
        body = (await get(client, key, limit=crowd.PAGE, **cursor)).json()
        cursor["updated_after"] = body["next_cursor"]
        rows = [row for row in body["items"] if row["no"][1:].isdecimal()]
        copy.told.update((row["no"], row["returns"]) for row in rows)
        return len(rows)

    return step


def by_time(connection: asyncpg.Connection, copy: crowd.Copy) -> Callable[[], Awaitable[int]]:
    last = datetime(2000, 1, 1, tzinfo=UTC)

    async def step() -> int:
        nonlocal last
        rows = await connection.fetch(crowd.BY_TIME, last)
        copy.told.update((row["no"], row["returns"]) for row in rows)
        last = rows[-1]["place"] if rows else last
        return len(rows)

    return step


def by_transaction(
    connection: asyncpg.Connection, copy: crowd.Copy
) -> Callable[[], Awaitable[int]]:
    last = ("0", 0)

    async def step() -> int:
        nonlocal last
        rows = await connection.fetch(crowd.BY_TRANSACTION, *last)
        copy.told.update((row["no"], row["returns"]) for row in rows)
        if rows:
            xid, _, ticket = rows[-1]["place"].strip("()").partition(",")
            last = (xid, int(ticket))
        return len(rows)

    return step


@pytest.mark.usefixtures("year_end")
async def test_a_reader_misses_nothing_while_twenty_hold_their_transactions_open(
    scoring: AsyncClient, keys: Keys, *, settings: Settings, write: Write, fold: Fold, tell: Tell
) -> None:
    await write([completed()])
    await fold()
    url = settings.database_url
    copies = {name: crowd.Copy() for name in ("feed", "time", "transaction")}
    async with AsyncExitStack() as stack:
        naive = [await asyncpg.connect(url, server_settings=crowd.AS_BUREAU) for _ in range(2)]
        for connection in naive:
            stack.push_async_callback(connection.close)
        for step in (
            by_feed(scoring, keys["leader"], copies["feed"]),
            by_time(naive[0], copies["time"]),
            by_transaction(naive[1], copies["transaction"]),
        ):
            await stack.enter_async_context(crowd.following(step))
        await crowd.write_crowd(url, rows=ROWS)
    connection = await asyncpg.connect(url, server_settings=crowd.AS_BUREAU)
    rows = await connection.fetch("SELECT no, returns FROM facts WHERE ticket_id >= 1000000")
    await connection.close()
    written = {row["no"]: row["returns"] for row in rows}

    missed = {name: copy.missed(written) for name, copy in copies.items()}
    doubled = copies["feed"].doubled
    tell(f"{len(written)} rows; missed: {missed}; doubled by the feed: {doubled}")
    assert len(written) == ROWS
    assert (missed["feed"], doubled) == (0, 0)
    assert missed["time"] > ROWS // 20
    assert missed["transaction"] > ROWS // 20
