"""Many writers who hold their transactions open, and readers who pull meanwhile."""

import asyncio
import random
from collections import Counter
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field

import asyncpg

from services.scoring.queries.folding import DERIVED, FACT_COLUMNS

WRITERS = 20
AS_BUREAU = {"minhu.bureau_id": "1"}
LONGEST_SECONDS = 0.1
PAGE = 500
FIRST_ID = 1_000_000

_COLUMNS = ", ".join((*FACT_COLUMNS, *DERIVED))
_OTHERS = ", ".join(
    {
        "ticket_id": "n",
        "no": "'T' || n",
        "returns": "0",
        "known_from": "clock_timestamp()",
    }.get(name, name)
    for name in (*FACT_COLUMNS, *DERIVED)
)
# Copies of a round that is there already: only the key and the time of writing are their own.
WRITE = (
    f"INSERT INTO facts (bureau_id, {_COLUMNS}) SELECT bureau_id, {_OTHERS}"
    " FROM facts, unnest($1::bigint[]) AS n WHERE bureau_id = 1 AND ticket_id < 1000000"
)
CHANGE = (
    "UPDATE facts SET returns = returns + 1, known_from = clock_timestamp(),"
    " xid = minhu_xid() WHERE bureau_id = 1 AND ticket_id = $1"
)
IS_TELLABLE = "SELECT minhu_horizon() > (SELECT max(xid::text::bigint) FROM facts)::text::xid8"
# What one would write first: everything later than the last that was seen.
BY_TIME = (
    "SELECT no, returns, known_from AS place FROM facts WHERE bureau_id = 1"
    " AND ticket_id >= 1000000 AND known_from > $1 ORDER BY known_from LIMIT 500"
)
# And what one would write next: by transaction, but without waiting for those still open.
BY_TRANSACTION = (
    "SELECT no, returns, ROW(xid, ticket_id)::text AS place FROM facts WHERE bureau_id = 1"
    " AND ticket_id >= 1000000 AND (xid, ticket_id) > ($1::text::xid8, $2::bigint)"
    " ORDER BY xid, ticket_id LIMIT 500"
)


@dataclass(slots=True)
class Copy:
    """What a reader was told: how often each version of each row."""

    told: Counter[tuple[str, int]] = field(default_factory=Counter)

    def missed(self, written: dict[str, int]) -> int:
        """Rows whose last version never came."""
        return sum((no, version) not in self.told for no, version in written.items())

    @property
    def doubled(self) -> int:
        return sum(times - 1 for times in self.told.values())


async def write_crowd(url: str, *, rows: int) -> None:
    """`rows` new rounds by twenty connections, some changed again; each commits when it likes."""
    ids = [list(range(FIRST_ID + n, FIRST_ID + rows, WRITERS)) for n in range(WRITERS)]
    await asyncio.gather(*(_write(url, mine, random.Random(n)) for n, mine in enumerate(ids)))
    await _wait_until_tellable(url)


async def _wait_until_tellable(url: str) -> None:
    """Until nobody is open who began before the last write: the server's own work counts too."""
    connection = await asyncpg.connect(url, server_settings=AS_BUREAU)
    try:
        while not await connection.fetchval(IS_TELLABLE):
            continue
    finally:
        await connection.close()


async def _write(url: str, ids: list[int], chance: random.Random) -> None:
    connection = await asyncpg.connect(url, server_settings=AS_BUREAU)
    try:
        done: list[int] = []
        while ids:
            some, ids = ids[: (size := chance.randint(1, 20))], ids[size:]
            async with connection.transaction():
                await connection.execute(WRITE, some)
                if done and chance.random() < 0.3:
                    await connection.execute(CHANGE, chance.choice(done))
                await asyncio.sleep(chance.uniform(0, LONGEST_SECONDS))
            done += some
    finally:
        await connection.close()


@asynccontextmanager
async def following(step: Callable[[], Awaitable[int]]) -> AsyncIterator[None]:
    """Reads on and on while the body runs, and then to the end."""
    over = asyncio.Event()

    async def follow() -> None:
        while await step() or not over.is_set():
            pass

    reader = asyncio.create_task(follow())
    try:
        yield
    finally:
        over.set()
        await reader
