"""The feed of facts: all of it as one file, then ten thousand changes as pages."""

import asyncio
import time
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import httpx

from bench.course import Office
from bench.loops import settle
from bench.messages import make_requests
from bench.scores.asking import NEWS_AT
from bench.scores.resources import find_service, watching_peak
from bench.sender import send_all

CHANGES = 10_000
PAGE = 500
SENDERS = 32
NEXT_CURSOR = "x-next-cursor"
PATIENCE_SECONDS = 600.0


@dataclass(frozen=True, slots=True)
class File:
    """The whole feed as csv. `peak` is the service's memory in bytes, `before` what it had."""

    rows: int
    bytes: int
    seconds: float
    before: int
    peak: int
    cursor: str


@dataclass(frozen=True, slots=True)
class Increment:
    """Seconds: as one csv file, and as JSON from the first page to the last."""

    rows: int
    file: float
    pages: float


def download(ready: Mapping[str, Any], cursor: str | None = None) -> File:
    """A row ends in CR LF, and no cell of ours holds any."""
    headers = {"authorization": f"Bearer {ready['keys']['desk']}"}
    after = "" if cursor is None else f"&updated_after={cursor}"
    rows = size = 0
    began = time.perf_counter()
    with (
        watching_peak(find_service("scoring")) as peak,
        httpx.Client(timeout=PATIENCE_SECONDS, trust_env=False) as client,
        client.stream(
            "GET", f"{ready['scoring']}/v1/facts?format=csv{after}", headers=headers
        ) as response,
    ):
        assert response.status_code == 200, response.read()
        for piece in response.iter_raw():
            rows += piece.count(b"\n")
            size += len(piece)
    spent = time.perf_counter() - began
    return File(rows - 1, size, spent, peak.before, peak.most, response.headers[NEXT_CURSOR])


def read_increment(ready: Mapping[str, Any], cursor: str) -> Increment:
    """New tickets through the real door, all folded; then what that changed."""
    secret = ready["sources"]["city-12345"]["secret"]
    send_all(ready["intake"], make_requests(secret, CHANGES, NEWS_AT), SENDERS)
    asyncio.run(settle(ready))
    rows, seconds = asyncio.run(read_pages(ready, cursor))
    file = download(ready, cursor)
    assert rows == file.rows >= CHANGES, (rows, file.rows)
    return Increment(rows, file.seconds, seconds)


async def read_pages(ready: Mapping[str, Any], cursor: str) -> tuple[int, float]:
    """How many rows, and in how many seconds; the last page is an empty one."""
    office = Office(ready, connections=1)
    rows, found = 0, 1
    began = time.perf_counter()
    while found:
        path = f"/v1/facts?updated_after={cursor}&limit={PAGE}"
        page = await office.get(office.scoring, path)
        found, cursor = len(page["items"]), page["next_cursor"]
        rows += found
    spent = time.perf_counter() - began
    office.close()
    return rows, spent
