"""A platform's own list, page by page, and asking it to push a message again. Bounded both ways."""

import asyncio
import uuid
from collections.abc import Callable
from dataclasses import dataclass
from datetime import date
from urllib.parse import parse_qsl, urlencode, urlsplit, urlunsplit

import orjson
from httpx import AsyncClient, HTTPError

from services.intake.clients.platform import headers_of
from shared.errors import HotlineError
from shared.identity.sources import Source

PAGE_SECONDS = 15.0
LIST_SECONDS = 60.0
ASK_SECONDS = 5.0
MAX_BYTES = 8 * 1024 * 1024
MAX_PAGES = 200


class ListRefused(HotlineError):
    """Counted and tried again: the platform's list could not be had."""

    title = "取不到平台的名单"


class RequestRefused(HotlineError):
    """Counted and tried again: the platform did not take our request."""

    title = "平台未接受重推请求"


@dataclass(frozen=True, slots=True)
class Platforms:
    """The way out to other people's systems."""

    client: AsyncClient

    async def fetch_list(
        self, url: str, day: date, source: Source, *, next_of: Callable[[bytes], str | None]
    ) -> list[bytes]:
        """All pages of one day's list. `next_of` finds the cursor of the page after."""
        pages: list[bytes] = []
        size = 0
        cursor: str | None = None
        try:
            async with asyncio.timeout(LIST_SECONDS):
                while not pages or cursor is not None:
                    if len(pages) == MAX_PAGES:
                        raise ListRefused(f"多于 {MAX_PAGES} 页")
                    page = await self._get(
                        page_url(url, day, cursor), source, most=MAX_BYTES - size
                    )
                    size += len(page)
                    pages.append(page)
                    cursor = next_of(page)
        except (HTTPError, OSError, TimeoutError) as error:
            raise ListRefused(type(error).__name__) from error
        return pages

    async def _get(self, url: str, source: Source, *, most: int) -> bytes:
        headers = headers_of(source, f"list-{uuid.uuid4()}", b"")
        headers.pop("content-type")
        parts: list[bytes] = []
        async with (
            asyncio.timeout(PAGE_SECONDS),
            self.client.stream("GET", url, headers=headers) as response,
        ):
            if response.status_code != 200:
                raise ListRefused(f"HTTP {response.status_code}")
            async for part in response.aiter_bytes():
                most -= len(part)
                if most < 0:
                    raise ListRefused(f"名单超过 {MAX_BYTES} 字节")
                parts.append(part)
        return b"".join(parts)

    async def ask_again(self, url: str, upstream_no: str, source: Source, *, call_id: str) -> None:
        """Every try has the same id and the same bytes."""
        body = orjson.dumps({"upstream_no": upstream_no})
        headers = headers_of(source, call_id, body)
        try:
            async with (
                asyncio.timeout(ASK_SECONDS),
                self.client.stream("POST", url, content=body, headers=headers) as response,
            ):
                status = response.status_code
        except (HTTPError, OSError, TimeoutError) as error:
            raise RequestRefused(type(error).__name__) from error
        if not 200 <= status < 300:
            raise RequestRefused(f"HTTP {status}")


def page_url(url: str, day: date, cursor: str | None) -> str:
    parts = urlsplit(url)
    query = [*parse_qsl(parts.query, keep_blank_values=True), ("day", day.isoformat())]
    if cursor is not None:
        query.append(("cursor", cursor))
    return urlunsplit(parts._replace(query=urlencode(query)))
