"""Everything scoring keeps, thrown away and folded anew from the log."""

from bench.scores.organisation import BUREAU
from services.scoring import queries
from services.scoring.actions.facts import fold_again
from shared.tickets import Hotline

BATCH = 500


async def rebuild(hotline: Hotline) -> None:
    after = 0
    while True:
        async with hotline.ledger(BUREAU) as ledger:
            ids = await queries.list_ids_after(ledger.tx, after, batch=BATCH)
            if not ids:
                return
            await fold_again(ledger.tx, ids)
        after = ids[-1]
