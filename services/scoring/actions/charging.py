"""What deductions cost, and charging them again once a version that prices them is activated."""

from services.scoring import sanitation_queries as queries
from services.scoring.queries.accounts import list_charged
from services.scoring.queries.schemes import list_stored
from services.scoring.rules.deductions import reprice
from services.scoring.rules.pricing import Prices
from services.scoring.rules.schemes import SANITATION
from services.scoring.rules.versions import PRESET_VERSIONS, Version, first_month, prices_of
from shared.db import Tx

BATCH = 500


async def list_prices(tx: Tx) -> Prices:
    return prices_of([*PRESET_VERSIONS, *await list_stored(tx, SANITATION)])


async def charge_again(tx: Tx, activated: Version) -> None:
    """From the months of that version on: what stands at other points is made good and replaced.

    The register is to be held alone. Nothing but the rows is read: where an address was erased,
    they say it.
    """
    assert activated.effective_from is not None
    assert activated.position is not None
    assert activated.activated_at is not None
    prices = await list_prices(tx)
    month = first_month(activated.effective_from)
    after = ""
    while True:
        charged = await list_charged(tx, month, after=after, limit=BATCH)
        if not charged:
            return
        known = await queries.list_deductions_of(tx, [one.subject for one in charged])
        rows = [
            (one, row)
            for one in charged
            for row in reprice(
                known[one.subject],
                prices=prices,
                position=activated.position,
                at=activated.activated_at,
            )
        ]
        await queries.insert_deductions(tx, rows)
        after = charged[-1].subject
