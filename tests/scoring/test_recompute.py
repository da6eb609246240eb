"""recompute: every stored fact is what its log says, or is named."""

import pytest
from sqlalchemy import text

from services.scoring.actions.recompute import (
    Difference,
    begin_rebuilding,
    content_hash,
    is_readable,
    rebuild,
    rebuild_some,
    recompute,
)
from services.scoring.queries.folding import find_progress
from services.scoring.queries.rebuilding import take_rebuilding
from shared.domain.words import Satisfaction
from shared.errors import Conflict
from shared.tickets import Hotline
from tests.scoring.conftest import BUREAU, Fold, Write
from tests.scoring.histories import History, at, completed

NO = "T20261118-000731"


async def corrupt(hotline: Hotline, statement: str) -> None:
    async with hotline.database.transaction(BUREAU) as tx:
        await tx.run(text(statement))


@pytest.fixture
async def folded(write: Write, fold: Fold) -> None:
    reworked = completed().follow_up("11-26 10:00", overall=Satisfaction.DISSATISFIED)
    await write([reworked.rework("11-26 10:00"), History(no="T20261118-000001")])
    await fold()


@pytest.mark.usefixtures("folded")
async def test_facts_as_folded_differ_in_nothing(hotline: Hotline) -> None:
    assert await recompute(hotline, BUREAU) == []


@pytest.mark.usefixtures("folded")
async def test_a_planted_corruption_is_named_with_both_values(hotline: Hotline) -> None:
    await corrupt(
        hotline, f"UPDATE facts SET overall = 'satisfied' WHERE no = '{NO}' AND round = 1"
    )

    assert await recompute(hotline, BUREAU) == [
        Difference(f"{NO}/1", "overall", "satisfied", "dissatisfied")
    ]


@pytest.mark.usefixtures("folded")
async def test_a_state_and_a_sum_that_are_not_the_logs_are_named(hotline: Hotline) -> None:
    await corrupt(
        hotline,
        "UPDATE fact_versions SET marks = replace(marks, '1', '0')"
        " WHERE no = 'T20261118-000001' AND known_to = 'infinity'",
    )
    await corrupt(
        hotline,
        "UPDATE sums SET counts[1] = counts[1] + 1 WHERE \"by\" = 'unit' AND key = ''",
    )

    found = await recompute(hotline, BUREAU)

    assert [(one.what, one.field) for one in found] == [
        ("T20261118-000001/1", "marks"),
        ("sums/unit//202611", "counts"),
    ]


@pytest.mark.usefixtures("folded")
async def test_all_that_was_thrown_away_is_folded_again_to_the_same(hotline: Hotline) -> None:
    before = await content_hash(hotline, BUREAU)
    await begin_rebuilding(hotline, BUREAU)
    emptied = await content_hash(hotline, BUREAU)
    while await rebuild_some(hotline, BUREAU, batch=1):
        pass

    assert emptied != before
    assert await content_hash(hotline, BUREAU) == before
    assert await recompute(hotline, BUREAU) == []


@pytest.mark.usefixtures("folded")
async def test_several_ranges_side_by_side_give_the_same(hotline: Hotline) -> None:
    before = await content_hash(hotline, BUREAU)
    await corrupt(hotline, "UPDATE sums SET counts[1] = 99")

    await rebuild(hotline, BUREAU, lanes=2)

    assert await content_hash(hotline, BUREAU) == before


@pytest.mark.usefixtures("folded")
async def test_only_one_rebuilds_at_a_time(hotline: Hotline) -> None:
    before = await content_hash(hotline, BUREAU)
    await corrupt(hotline, "UPDATE fact_progress SET layout = 'an older one'")
    async with hotline.database.transaction(BUREAU, writing=False) as tx:
        assert await take_rebuilding(tx)
        with pytest.raises(Conflict):
            await rebuild(hotline, BUREAU)
        assert not await rebuild_some(hotline, BUREAU)
        assert await content_hash(hotline, BUREAU) == before


@pytest.mark.usefixtures("folded")
async def test_sums_of_another_layout_are_folded_again_by_themselves(hotline: Hotline) -> None:
    before = await content_hash(hotline, BUREAU)
    await corrupt(hotline, "UPDATE fact_progress SET layout = 'an older one'")
    async with hotline.ledger(BUREAU, writing=False) as ledger:
        assert not is_readable(await find_progress(ledger.tx))

    while await rebuild_some(hotline, BUREAU):
        pass

    async with hotline.ledger(BUREAU, writing=False) as ledger:
        assert is_readable(await find_progress(ledger.tx))
    assert await content_hash(hotline, BUREAU) == before


@pytest.mark.usefixtures("folded")
async def test_a_missing_fact_and_one_without_a_log_are_named(hotline: Hotline) -> None:
    await corrupt(hotline, f"DELETE FROM facts WHERE no = '{NO}' AND round = 2")
    await corrupt(
        hotline, "UPDATE facts SET ticket_id = 999, no = 'T0' WHERE no = 'T20261118-000001'"
    )

    found = await recompute(hotline, BUREAU)

    assert [(one.what, one.field) for one in found] == [
        (f"{NO}/2", "absent"),
        ("T20261118-000001/1", "absent"),
        ("T0/1", "absent"),
    ]
    assert [one.stored is None for one in found] == [True, True, False]


@pytest.mark.usefixtures("folded")
async def test_since_when_a_fact_is_so_is_checked_against_the_log(hotline: Hotline) -> None:
    await corrupt(hotline, f"UPDATE facts SET seq = 99 WHERE no = '{NO}' AND round = 1")
    await corrupt(
        hotline, "UPDATE facts SET known_from = '2026-11-19 00:00+08' WHERE no LIKE '%000001'"
    )

    assert await recompute(hotline, BUREAU) == [
        Difference(f"{NO}/1", "seq", 99, 11),
        Difference("T20261118-000001/1", "known_from", at("11-19 00:00"), at("11-18 09:12")),
    ]


async def test_a_ticket_not_folded_yet_is_named(hotline: Hotline, write: Write) -> None:
    await write([completed()])

    found = await recompute(hotline, BUREAU)

    assert (found[0].what, found[0].field, found[0].stored) == (f"{NO}/1", "absent", None)
    assert all(one.stored is None for one in found)


async def test_an_empty_bureau_has_nothing_to_differ(hotline: Hotline) -> None:
    assert await recompute(hotline, BUREAU) == []
