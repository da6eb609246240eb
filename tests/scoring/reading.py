"""Reading the feed of facts as BI does: page after page, into a copy of its own."""

import csv
import io
from typing import Any

from httpx import AsyncClient, Response

PATH = "/v1/facts"
BOM = "\ufeff"
NEXT_CURSOR = "X-Next-Cursor"


async def get(client: AsyncClient, key: str, /, **query: Any) -> Response:
    return await client.get(PATH, params=query, headers={"Authorization": f"Bearer {key}"})


async def pull(
    client: AsyncClient, key: str, cursor: str | None = None, /, **query: Any
) -> tuple[list[dict[str, Any]], str]:
    """All there is to be had after the cursor, and the cursor for later."""
    found: list[dict[str, Any]] = []
    while True:
        given = query | ({"updated_after": cursor} if cursor is not None else {})
        answer = await get(client, key, **given)
        assert answer.status_code == 200, answer.text
        body = answer.json()
        cursor = body["next_cursor"]
        assert isinstance(cursor, str)
        if not body["items"]:
            return found, cursor
        found += body["items"]


async def download(
    client: AsyncClient, key: str, cursor: str | None = None, /, **query: Any
) -> tuple[list[dict[str, str]], str]:
    """The same as CSV."""
    given = query | {"format": "csv"} | ({"updated_after": cursor} if cursor is not None else {})
    answer = await get(client, key, **given)
    assert answer.status_code == 200, answer.text
    text = answer.content.decode("utf-8")
    assert text.startswith(BOM)
    return list(csv.DictReader(io.StringIO(text[1:], newline=""))), answer.headers[NEXT_CURSOR]
