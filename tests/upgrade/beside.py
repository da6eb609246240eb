"""`python -m tests.upgrade.beside label|drain|show <ticket id>`: one step of the next release.

Prints the labels in the fold as it reads it, and how many deliveries it has handled.
"""

import asyncio
import os
import sys

import orjson

from services.cli import worker
from shared.domain.actor import SYSTEM
from shared.settings import Settings
from shared.tickets import Hotline, lock_ids
from shared.worker.deliveries import drain
from tests.upgrade.next_release import LabelledTicket, TicketLabelled, install


async def act(word: str, ticket_id: int) -> dict[str, object]:
    hotline = Hotline.open(Settings.from_env(os.environ))
    handled = 0
    if word == "drain":
        handled = await drain(hotline, 1, worker.all_handlers())
    async with hotline.ledger(1) as ledger:
        ticket = (await lock_ids(ledger.tx, [ticket_id]))[ticket_id]
        if word == "label":
            ticket = ledger.record(ticket, TicketLabelled(label="夜班"), actor=SYSTEM)
        assert isinstance(ticket, LabelledTicket)
    await hotline.close()
    return {"labels": ticket.labels, "handled": handled}


if __name__ == "__main__":
    install()
    told = asyncio.run(act(sys.argv[1], int(sys.argv[2])))
    sys.stdout.write(orjson.dumps(told).decode())
