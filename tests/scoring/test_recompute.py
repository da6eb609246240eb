"""recompute: every stored fact is what its log says, or is named."""

import pytest
from sqlalchemy import text

from services.scoring.actions.facts import Difference, recompute
from shared.domain.words import Satisfaction
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
        Difference(NO, 1, "overall", "satisfied", "dissatisfied")
    ]


@pytest.mark.usefixtures("folded")
async def test_a_missing_fact_and_one_without_a_log_are_named(hotline: Hotline) -> None:
    await corrupt(hotline, f"DELETE FROM facts WHERE no = '{NO}' AND round = 2")
    await corrupt(
        hotline, "UPDATE facts SET ticket_id = 999, no = 'T0' WHERE no = 'T20261118-000001'"
    )

    found = await recompute(hotline, BUREAU)

    assert [(one.no, one.round, one.field) for one in found] == [
        (NO, 2, "absent"),
        ("T20261118-000001", 1, "absent"),
        ("T0", 1, "absent"),
    ]
    assert [one.stored is None for one in found] == [True, True, False]


@pytest.mark.usefixtures("folded")
async def test_how_far_a_fold_has_come_is_checked_against_the_log(hotline: Hotline) -> None:
    await corrupt(hotline, f"UPDATE facts SET seq = 99 WHERE no = '{NO}' AND round = 1")
    await corrupt(
        hotline, "UPDATE facts SET recorded_at = '2026-11-19 00:00+08' WHERE no LIKE '%000001'"
    )

    assert await recompute(hotline, BUREAU) == [
        Difference(NO, 1, "seq", 99, 11),
        Difference("T20261118-000001", 1, "recorded_at", at("11-19 00:00"), at("11-18 09:12")),
    ]


async def test_a_ticket_not_folded_yet_is_named(hotline: Hotline, write: Write) -> None:
    await write([completed()])

    (found,) = await recompute(hotline, BUREAU)

    assert (found.no, found.field, found.stored) == (NO, "absent", None)


async def test_an_empty_bureau_has_nothing_to_differ(hotline: Hotline) -> None:
    assert await recompute(hotline, BUREAU) == []
