"""Into the log and its texts by COPY, nothing else; and a sample read back and folded."""

import asyncio
import random
import time
from collections.abc import AsyncIterator
from dataclasses import dataclass
from typing import Any

import asyncpg

from bench.scores.casting import EVENT_COLUMNS, TEXT_COLUMNS
from bench.scores.crowd import SEED, Crowd
from bench.scores.organisation import BUREAU
from services.scoring.rules.facts import fold_facts
from shared.domain import fold
from shared.tickets import Hotline, list_entries

PIECE = 1 << 20
SAMPLE = 200
# Nothing here searches for words, and building this index would take longer than all the rest.
DROP_SEARCH = "DROP INDEX IF EXISTS ix_ticket_texts_search"


@dataclass(frozen=True, slots=True)
class Loaded:
    """`making` is CPU seconds of this process, `wall` includes what Postgres took."""

    tickets: int
    entries: int
    bytes: int
    making: float
    wall: float


async def load_crowd(superuser_url: str, tickets: int) -> Loaded:
    """One transaction a week's tickets and table, so that the feed has many to tell apart."""
    connections = [await asyncpg.connect(superuser_url) for _ in range(2)]
    began, own = time.perf_counter(), time.process_time()
    entries = size = made = 0
    await connections[0].execute(DROP_SEARCH)
    for batch in Crowd(tickets).batches():
        await asyncio.gather(
            copy(connections[0], "ticket_events", EVENT_COLUMNS, batch.events),
            copy(connections[1], "ticket_texts", TEXT_COLUMNS, batch.texts),
        )
        made += batch.tickets
        entries += batch.entries
        size += len(batch.events) + len(batch.texts)
    await connections[0].execute("SELECT setval('ticket_ids', $1)", tickets)
    making = time.process_time() - own
    await connections[0].execute("VACUUM ANALYZE ticket_events, ticket_texts")
    for connection in connections:
        await connection.close()
    return Loaded(made, entries, size, making, time.perf_counter() - began)


async def copy(connection: Any, table: str, columns: tuple[str, ...], lines: bytes) -> None:
    await connection.copy_to_table(table, source=pieces(lines), columns=columns, format="text")


async def pieces(lines: bytes) -> AsyncIterator[bytes]:
    for start in range(0, len(lines), PIECE):
        yield lines[start : start + PIECE]


async def check_sample(hotline: Hotline, tickets: int) -> int:
    """Entries of some tickets, folded by the domain and by scoring; raises where they do not."""
    ids = random.Random(SEED).sample(range(1, tickets + 1), min(SAMPLE, tickets))
    async with hotline.ledger(BUREAU, writing=False) as ledger:
        logs = await list_entries(ledger.tx, ids)
    assert len(logs) == len(ids)
    for ticket_id, log in logs.items():
        ticket = fold.fold(ticket_id, log)
        facts = fold_facts(ticket_id, log)
        assert ticket.seq == len(log)
        assert len(facts) == ticket.round
        assert facts[-1].completed_at == ticket.completed_at
    return sum(len(log) for log in logs.values())
