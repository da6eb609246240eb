"""Requests as no honest client would send them."""

import itertools
from collections.abc import AsyncIterator, Iterable, Mapping

from httpx import Response

from tests.factories import Desk

numbers = itertools.count(1)


async def in_pieces(pieces: Iterable[bytes]) -> AsyncIterator[bytes]:
    """A body without a length: sent in chunks."""
    for piece in pieces:
        yield piece


async def post(
    desk: Desk,
    who: str,
    path: str,
    body: bytes | AsyncIterator[bytes],
    *,
    headers: Mapping[str, str] | None = None,
) -> Response:
    sent = {
        "Authorization": f"Bearer {desk.keys[who]}",
        "Idempotency-Key": f"hostile-{next(numbers)}",
        "Content-Type": "application/json",
        **(headers or {}),
    }
    return await desk.client.post(path, content=body, headers=sent)


def is_problem(answer: Response, status: int, slug: str) -> bool:
    """The answer of the contract, and nothing of ours in it."""
    kind = answer.headers["content-type"] == "application/problem+json"
    told = answer.json()
    named = told.get("type") == f"/problems/{slug}" and told["status"] == answer.status_code
    return kind and named and answer.status_code == status and "Traceback" not in answer.text
