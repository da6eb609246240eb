"""Asking and freezing as the leader of the sample bureau."""

import itertools
from collections.abc import Mapping, Sequence
from typing import Any

from httpx import AsyncClient, Response

from shared.domain.words import FollowUpLevel, Satisfaction
from shared.tickets import Hotline, lock_ids
from tests.scoring.conftest import BUREAU
from tests.scoring.histories import History

Keys = Mapping[str, str]
BYS = ("unit", "section", "executor", "trade", "street", "source", "category")
numbers = itertools.count(1)


async def get(
    client: AsyncClient, keys: Keys, path: str, /, who: str = "leader", **query: Any
) -> Response:
    return await client.get(
        path, params=query or None, headers={"Authorization": f"Bearer {keys[who]}"}
    )


async def read(
    client: AsyncClient, keys: Keys, path: str, /, who: str = "leader", **query: Any
) -> Any:
    answer = await get(client, keys, path, who, **query)
    assert answer.status_code == 200, answer.text
    return answer.json()


async def sheet(client: AsyncClient, keys: Keys, /, **query: Any) -> Any:
    return await read(client, keys, "/v1/scores", **{"period": "2026-11", **query})


async def freeze(
    client: AsyncClient,
    keys: Keys,
    month: str = "2026-11",
    *,
    who: str = "leader",
    key: str | None = None,
    **body: Any,
) -> Response:
    headers = {
        "Authorization": f"Bearer {keys[who]}",
        "Idempotency-Key": key or f"freeze-{next(numbers)}",
    }
    return await client.post(f"/v1/periods/{month}/freeze", json=body, headers=headers)


async def correct(hotline: Hotline, ids: Sequence[int]) -> None:
    """The city has asked again about the first of the tickets, and heard otherwise."""
    said = History("11-02 09:00").follow_up(
        "11-20 10:00", FollowUpLevel.CITY, overall=Satisfaction.DISSATISFIED
    )
    last = said.entries[-1]
    async with hotline.ledger(BUREAU) as ledger:
        ticket = (await lock_ids(ledger.tx, ids[:1]))[ids[0]]
        ledger.record(ticket, last.event, actor=last.actor, occurred_at=last.occurred_at)
