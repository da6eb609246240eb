"""Asking scoring over HTTP, as any key."""

import itertools
from typing import Any

from httpx import AsyncClient, Response

from shared.domain.words import Role
from shared.identity import issue_key
from shared.tickets import Hotline

numbers = itertools.count(1)


async def get(client: AsyncClient, path: str, bearer: str, **query: Any) -> Response:
    headers = {"Authorization": f"Bearer {bearer}"}
    return await client.get(path, params=query, headers=headers)


async def post(
    client: AsyncClient, path: str, bearer: str, body: Any = None, *, key: str | None = None
) -> Response:
    """With an idempotency key of its own unless one is given."""
    headers = {
        "Authorization": f"Bearer {bearer}",
        "Idempotency-Key": key or f"scoring-{next(numbers)}",
    }
    return await client.post(path, json=body if body is not None else {}, headers=headers)


async def found(client: AsyncClient, path: str, bearer: str, **query: Any) -> Any:
    answer = await get(client, path, bearer, **query)
    assert answer.status_code == 200, answer.text
    return answer.json()


async def issued(hotline: Hotline, role: Role, actor: str) -> str:
    async with hotline.database.transaction(1) as tx:
        return (await issue_key(tx.connection, 1, role=role, actor=actor)).plain
