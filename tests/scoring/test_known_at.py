"""Figures as they were known at an earlier instant."""

import asyncio
from collections.abc import Mapping
from typing import Any

import pytest
from httpx import AsyncClient

from shared.domain import events
from shared.domain.words import FollowUpLevel, Satisfaction
from shared.tickets import Hotline
from tests.scoring.conftest import BUREAU, Fold, Write
from tests.scoring.histories import completed, handled

pytestmark = pytest.mark.usefixtures("year_end")
Keys = Mapping[str, str]
RATING = "satisfaction_score"


async def sheet(client: AsyncClient, keys: Keys, known_at: str | None = None) -> Any:
    query = {"period": "2026-11"} | ({"known_at": known_at} if known_at else {})
    answer = await client.get(
        "/v1/scores", params=query, headers={"Authorization": f"Bearer {keys['leader']}"}
    )
    assert answer.status_code == 200, answer.text
    return answer.json()


async def test_the_absent_known_at_is_the_last_event_taken_in(
    scoring: AsyncClient, keys: Keys, write: Write, fold: Fold
) -> None:
    await write([completed()])
    await fold()

    body = await sheet(scoring, keys)

    assert body["known_at"] == "2026-11-24T17:00:00.000000+08:00"
    assert await sheet(scoring, keys, body["known_at"]) == body


async def test_each_instant_shows_what_was_recorded_until_then(
    scoring: AsyncClient, keys: Keys, write: Write, fold: Fold
) -> None:
    history = completed().follow_up("11-26 10:00", overall=Satisfaction.SATISFIED)
    await write(
        [history.follow_up("11-28 09:00", FollowUpLevel.CITY, overall=Satisfaction.NEUTRAL)]
    )
    await fold()

    shown = []
    for known_at in ("11-18T09:11", "11-18T09:12", "11-24T17:00", "11-26T10:00", "11-28T09:00"):
        total = (await sheet(scoring, keys, f"2026-{known_at}:00+08:00"))["total"]
        rated, done = total["metrics"][RATING], total["metrics"]["on_time_completion_rate_closed"]
        shown.append((total["intake"], done["den"], rated["value"], rated["excluded"]))

    assert shown == [
        (0, 0, None, {}),
        (1, 0, None, {}),
        (1, 1, None, {"not_followed_up": 1}),
        (1, 1, "100.00", {}),
        (1, 1, "60.00", {}),
    ]


async def test_a_unit_had_the_ticket_that_it_was_dispatched_by_then(
    scoring: AsyncClient, keys: Keys, write: Write, fold: Fold
) -> None:
    await write([completed()])
    await fold()

    before = await sheet(scoring, keys, "2026-11-18T10:09:59.999999+08:00")
    after = await sheet(scoring, keys, "2026-11-18T10:10:00+08:00")

    assert [row["key"] for row in before["rows"]] == [None]
    assert [row["key"] for row in after["rows"]] == ["sanitation-section"]


async def test_a_ticket_voided_later_still_counts_before(
    scoring: AsyncClient, keys: Keys, write: Write, fold: Fold
) -> None:
    await write([completed().add("12-02 10:00", events.TicketVoided())])
    await fold()

    assert (await sheet(scoring, keys))["rows"] == []
    before = await sheet(scoring, keys, "2026-12-02T09:00:00+08:00")
    assert (before["total"]["intake"], before["total"]["composite"]) == (1, "100.00")


async def test_what_is_not_folded_yet_is_known_at_its_recorded_time(
    scoring: AsyncClient, keys: Keys, write: Write
) -> None:
    await write([completed()])

    assert (await sheet(scoring, keys))["total"]["intake"] == 0
    assert (await sheet(scoring, keys, "2026-11-25T00:00:00+08:00"))["total"]["intake"] == 1


async def test_an_open_ticket_fails_from_its_due_on(
    scoring: AsyncClient, keys: Keys, write: Write, fold: Fold
) -> None:
    await write([handled()])
    await fold()

    shown = []
    for known_at in ("25T23:59:58", "25T23:59:59"):
        body = await sheet(scoring, keys, f"2026-11-{known_at}+08:00")
        shown.append(body["total"]["metrics"]["on_time_completion_rate"]["den"])

    assert shown == [0, 1]


async def test_a_plus_sign_that_arrives_as_a_space_is_understood(
    scoring: AsyncClient, keys: Keys, write: Write, fold: Fold
) -> None:
    await write([completed()])
    await fold()

    answer = await scoring.get(
        "/v1/scores?period=2026-11&known_at=2026-11-25T00:00:00+08:00",
        headers={"Authorization": f"Bearer {keys['leader']}"},
    )

    assert answer.json()["known_at"] == "2026-11-25T00:00:00.000000+08:00"


async def test_an_open_transaction_is_waited_for(
    hotline: Hotline, scoring: AsyncClient, keys: Keys, write: Write, fold: Fold
) -> None:
    """It may still record something not after the instant asked about."""
    await write([completed()])
    await fold()

    async with hotline.ledger(BUREAU) as ledger:
        asked = asyncio.create_task(sheet(scoring, keys, "2026-11-25T00:00:00+08:00"))
        done, _ = await asyncio.wait({asked}, timeout=0.3)
        assert not done
        assert ledger.tx.locked
    body = await asked

    assert body["total"]["intake"] == 1
    assert (await sheet(scoring, keys))["total"]["intake"] == 1
