"""What crosses: a month frozen while everything is thrown away to be folded again."""

import asyncio

import pytest
from sqlalchemy import text

from services.scoring.actions.freezing import fold_all_owed
from services.scoring.queries.folding import lock_facts
from services.scoring.queries.rebuilding import delete_all
from services.scoring.rules.sums import LAYOUT
from shared.errors import Unavailable
from shared.tickets import Hotline
from tests.scoring.conftest import BUREAU

WAITING = text("SELECT pid FROM pg_locks WHERE locktype = 'advisory' AND NOT granted")


async def fold_owed(hotline: Hotline) -> None:
    async with hotline.ledger(BUREAU) as ledger:
        await fold_all_owed(ledger.tx)


@pytest.mark.usefixtures("november")
async def test_no_month_is_copied_from_tables_that_are_being_emptied(hotline: Hotline) -> None:
    """Nothing is owed; still whoever freezes waits, and then finds that nothing can be told."""
    async with hotline.ledger(BUREAU) as rebuilding:
        await lock_facts(rebuilding.tx)
        freezing = asyncio.create_task(fold_owed(hotline))
        async with asyncio.timeout(10), hotline.database.unscoped() as connection:
            while not freezing.done() and not (await connection.execute(WAITING)).all():
                await asyncio.wait([freezing], timeout=0.01)
        assert not freezing.done()
        await delete_all(rebuilding.tx, LAYOUT)

    with pytest.raises(Unavailable):
        await freezing
