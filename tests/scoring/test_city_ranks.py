"""GET /v1/city-ranks: imported tables by month, and the streak beside them."""

from collections.abc import Mapping
from typing import Any

import pytest
from httpx import AsyncClient
from sqlalchemy import insert

from shared.models import city_ranks
from shared.tickets import Hotline
from tests.scoring.conftest import BUREAU
from tests.scoring.histories import at

Keys = Mapping[str, str]
PLACES = {"2022-05": 6, "2022-07": 3, "2022-08": 2, "2022-09": 3, "2022-10": 2, "2022-11": 1}


@pytest.fixture
async def published(hotline: Hotline) -> None:
    async with hotline.database.transaction(BUREAU) as tx:
        for n, (month, rank) in enumerate(PLACES.items()):
            row = {
                "bureau_id": BUREAU,
                "scope": "trade",
                "period": month,
                "rank": rank,
                "of": 16,
                "score": "98.60",
                "source": "city-12345",
                "published_at": at(f"{month}-28 10:00"),
                "arrival": n,
            }
            await tx.connection.execute(insert(city_ranks).values(row))


async def ask(client: AsyncClient, keys: Keys, **query: str) -> Any:
    answer = await client.get(
        "/v1/city-ranks", params=query, headers={"Authorization": f"Bearer {keys['leader']}"}
    )
    assert answer.status_code == 200, answer.text
    return answer.json()


@pytest.mark.usefixtures("published")
async def test_five_months_at_the_top_are_a_streak_of_five(
    scoring: AsyncClient, keys: Keys
) -> None:
    body = await ask(scoring, keys, **{"from": "2022-11", "to": "2022-12"})

    assert body["streak_top3"] == 5
    assert body["next_cursor"] is None
    assert body["items"] == [
        {
            "period": "2022-11",
            "scope": "trade",
            "rank": 1,
            "of": 16,
            "score": "98.60",
            "source": "city-12345",
            "published_at": "2022-11-28T10:00:00+08:00",
        }
    ]


@pytest.mark.usefixtures("published")
@pytest.mark.parametrize(
    ("to", "months", "streak"), [("2022-12", 6, 5), ("2022-09", 4, 3), ("2022-06", 1, 0)]
)
async def test_the_streak_ends_at_the_last_month_asked_for(
    scoring: AsyncClient, keys: Keys, to: str, months: int, streak: int
) -> None:
    body = await ask(scoring, keys, to=to)

    assert (len(body["items"]), body["streak_top3"]) == (months, streak)


@pytest.mark.usefixtures("published")
async def test_pages_follow_month_by_month(scoring: AsyncClient, keys: Keys) -> None:
    months: list[str] = []
    query = {"limit": "4"}
    while True:
        body = await ask(scoring, keys, **query)
        months += [item["period"] for item in body["items"]]
        assert body["streak_top3"] == 5
        if body["next_cursor"] is None:
            break
        query["cursor"] = body["next_cursor"]

    assert months == list(PLACES)


async def test_nothing_imported_is_an_empty_list(scoring: AsyncClient, keys: Keys) -> None:
    assert await ask(scoring, keys) == {"items": [], "next_cursor": None, "streak_top3": 0}
