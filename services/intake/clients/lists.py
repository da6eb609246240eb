"""A platform's own list, page by page, and asking it to push a message again. Bounded both ways."""

import time
import uuid
from collections.abc import Callable
from dataclasses import dataclass
from datetime import date
from urllib.parse import parse_qsl, urlencode, urlsplit, urlunsplit

import orjson

from shared.errors import HotlineError
from shared.identity.sources import Source
from shared.outgoing import Client, Letter
from shared.web.signatures import signed_by

PAGE_SECONDS = 15.0
LIST_SECONDS = 60.0
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
    """The way out to other people's systems, guarded as callbacks are."""

    client: Client

    async def fetch_list(
        self, url: str, day: date, source: Source, *, next_of: Callable[[bytes], str | None]
    ) -> list[bytes]:
        """All pages of one day's list. `next_of` finds the cursor of the page after."""
        pages: list[bytes] = []
        most = MAX_BYTES
        until = time.monotonic() + LIST_SECONDS
        cursor: str | None = None
        while not pages or cursor is not None:
            left = until - time.monotonic()
            if len(pages) == MAX_PAGES or left <= 0:
                raise ListRefused("too-many-pages" if left > 0 else "timeout")
            headers = signed_by(source.secrets, f"list-{uuid.uuid4()}", b"")
            del headers["content-type"]
            page = await self.client.read(
                page_url(url, day, cursor), headers, most=most, seconds=min(left, PAGE_SECONDS)
            )
            if page.error is not None:
                raise ListRefused(page.error)
            most -= len(page.body)
            pages.append(page.body)
            cursor = next_of(page.body)
        return pages

    async def ask_again(self, url: str, upstream_no: str, source: Source, *, call_id: str) -> None:
        """Every try has the same id and the same bytes."""
        body = orjson.dumps({"upstream_no": upstream_no})
        headers = signed_by(source.secrets, call_id, body)
        answer = await self.client.post(Letter(url, body, headers))
        if not answer.is_accepted:
            raise RequestRefused(answer.reason)


def page_url(url: str, day: date, cursor: str | None) -> str:
    parts = urlsplit(url)
    query = [*parse_qsl(parts.query, keep_blank_values=True), ("day", day.isoformat())]
    if cursor is not None:
        query.append(("cursor", cursor))
    return urlunsplit(parts._replace(query=urlencode(query)))
