"""The scoring handler: facts follow the log, whatever the order of deliveries."""

from sqlalchemy import text

from services.scoring.actions.facts import fold_again
from services.scoring.queries import list_facts_of, write_facts
from services.scoring.rules.facts import fold_facts
from shared.domain.words import Satisfaction
from shared.tickets import Hotline, list_entries
from tests.scoring.conftest import BUREAU, Fold, Write
from tests.scoring.histories import History, completed

OWED = text(
    "SELECT count(*) AS owed FROM deliveries WHERE bureau_id = :bureau AND subscriber = 'scoring'"
)


async def test_the_handler_folds_each_ticket_it_hears_of(
    hotline: Hotline, write: Write, fold: Fold
) -> None:
    dissatisfied = completed().follow_up("11-26 10:00", overall=Satisfaction.DISSATISFIED)
    ids = await write(
        [History(no="T20261118-000001"), dissatisfied.rework("11-26 10:00")],
    )

    handled = await fold()

    async with hotline.ledger(BUREAU, writing=False) as ledger:
        facts = await list_facts_of(ledger.tx, ids)
        entries = await list_entries(ledger.tx, ids)
        owed = await ledger.tx.row(OWED, bureau=BUREAU)
    assert handled == 12
    assert owed is not None
    assert owed.owed == 0
    assert [(fact.no, fact.round) for fact in facts] == [
        ("T20261118-000001", 1),
        ("T20261118-000731", 1),
        ("T20261118-000731", 2),
    ]
    assert facts == [fact for one in ids for fact in fold_facts(one, entries[one])]


async def test_folding_twice_changes_nothing(hotline: Hotline, write: Write, fold: Fold) -> None:
    ids = await write([completed()])
    await fold()
    async with hotline.ledger(BUREAU) as ledger:
        before = await list_facts_of(ledger.tx, ids)
        await fold_again(ledger.tx, ids)
        assert await list_facts_of(ledger.tx, ids) == before


async def test_an_older_fold_never_overwrites_a_newer(
    hotline: Hotline, write: Write, fold: Fold
) -> None:
    (ticket_id,) = await write([completed()])
    await fold()
    async with hotline.ledger(BUREAU) as ledger:
        entries = (await list_entries(ledger.tx, [ticket_id]))[ticket_id]
        older = fold_facts(ticket_id, entries[:4])
        await write_facts(ledger.tx, older)
        (kept,) = await list_facts_of(ledger.tx, [ticket_id])

    assert older[0].completed_at is None
    assert kept == fold_facts(ticket_id, entries)[0]


async def test_facts_belong_to_their_bureau(hotline: Hotline, write: Write, fold: Fold) -> None:
    ids = await write([completed()])
    await fold()

    async with hotline.database.transaction(2, writing=False) as tx:
        assert await list_facts_of(tx, ids) == []
