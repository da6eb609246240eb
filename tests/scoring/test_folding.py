"""The scoring handler: facts follow the log, whatever the order of deliveries."""

import asyncio

from sqlalchemy import text

from services.scoring.actions.facts import fold_again
from services.scoring.actions.recompute import recompute
from services.scoring.queries.folding import list_facts_of, list_states_of
from services.scoring.rules.facts import fold_facts
from shared.domain.words import Satisfaction
from shared.tickets import Hotline, list_entries
from tests.scoring.conftest import BUREAU, Fold, Write
from tests.scoring.histories import History, at, completed

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


async def test_two_folds_at_once_add_up_once(hotline: Hotline, write: Write, fold: Fold) -> None:
    """Whoever comes second waits for the first, and finds nothing left to do."""
    ids = await write([completed()])

    async def fold_one() -> None:
        async with hotline.ledger(BUREAU) as ledger:
            await fold_again(ledger.tx, ids)

    await asyncio.gather(*(fold_one() for _ in range(4)))
    await fold()

    assert await recompute(hotline, BUREAU) == []


async def test_every_state_a_round_has_had_is_kept_with_its_time(
    hotline: Hotline, write: Write, fold: Fold
) -> None:
    ids = await write([completed().follow_up("11-26 10:00")])
    await fold()

    async with hotline.ledger(BUREAU, writing=False) as ledger:
        states = await list_states_of(ledger.tx, ids)

    assert [one.known_from for one in states] == sorted(one.known_from for one in states)
    assert len({one.content for one in states}) == len(states)
    assert [one.completed_month for one in states[-2:]] == [202611, 202611]
    assert states[0].unit is None
    assert states[0].due_from == at("11-25 23:59:59")
    assert states[-1].due_from is None


async def test_facts_belong_to_their_bureau(hotline: Hotline, write: Write, fold: Fold) -> None:
    ids = await write([completed()])
    await fold()

    async with hotline.database.transaction(2, writing=False) as tx:
        assert await list_facts_of(tx, ids) == []
