"""Deliveries to scoring as no worker would take them: shuffled, twice, and long after."""

from dataclasses import dataclass, field
from random import Random

from sqlalchemy import text

from services.scoring.handlers import HANDLERS
from shared.events.subscriptions import SCORING
from shared.tickets import Hotline
from shared.worker.deliveries import Delivery, forget, read_delivery
from tests.scoring.logbook import BUREAU

OWED = text(
    "SELECT stream_id, seq, subscriber, event_type, payload::text AS payload, attempts"
    " FROM deliveries WHERE bureau_id = :bureau AND subscriber = :subscriber"
)
LENGTHS = text(
    "SELECT ticket_id, max(seq) AS seq FROM ticket_events WHERE bureau_id = :bureau GROUP BY 1"
)
LARGEST = 40


@dataclass
class Disorder:
    """How often a delivery was `handled`, was to come `again`, was `held` back.

    `folded`: how much of each ticket's log there was when one of its deliveries was handled.
    """

    handled: int = 0
    again: int = 0
    held: int = 0
    folded: dict[int, int] = field(default_factory=dict)

    def told(self) -> str:
        return (
            f"{self.handled:,} deliveries handled, {self.again:,} of them to come again,"
            f" {self.held:,} times one was held back"
        )


async def handle_some(hotline: Hotline, random: Random, tally: Disorder, *, share: float) -> None:
    """A random part of what is owed, in random order and batches; some will come again."""
    owed = await list_owed(hotline)
    random.shuffle(owed)
    lengths = await read_lengths(hotline)
    now = owed[: round(len(owed) * share)]
    tally.held += len(owed) - len(now)
    while now:
        many = random.randint(1, LARGEST)
        batch, now = now[:many], now[many:]
        comes_again = random.random() < 0.25
        tally.handled += len(batch)
        tally.folded |= {one.stream_id: lengths[one.stream_id] for one in batch}
        tally.again += len(batch) if comes_again else 0
        async with hotline.ledger(BUREAU) as ledger:
            await HANDLERS[SCORING](ledger, batch)
            await ledger.flush()
            if not comes_again:
                await forget(ledger.tx, batch)


async def handle_all(hotline: Hotline, random: Random, tally: Disorder) -> None:
    while await list_owed(hotline):
        await handle_some(hotline, random, tally, share=1.0)


async def list_owed(hotline: Hotline) -> list[Delivery]:
    async with hotline.database.transaction(BUREAU, writing=False) as tx:
        rows = await tx.rows(OWED, bureau=BUREAU, subscriber=SCORING)
    return [read_delivery(row) for row in rows]


async def read_lengths(hotline: Hotline) -> dict[int, int]:
    async with hotline.database.transaction(BUREAU, writing=False) as tx:
        return {row.ticket_id: row.seq for row in await tx.rows(LENGTHS, bureau=BUREAU)}
