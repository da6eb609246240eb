"""Gaps hidden among many tickets: all of them are found, and nothing else.

`make test` hides 20 among 1,000, `make reconcile` 50 among 10,000.
"""

import os
import random
import time
from typing import Any

import pytest
from sqlalchemy import text

from shared.tickets import Hotline
from tests.conftest import BUREAU, Tell
from tests.factories import Desk, SetClock
from tests.intake.conftest import Drain
from tests.platform import Platform
from tests.reconcile.hiding import DAYS, Books, Street, hide, make_bulk
from tests.reconcile.lists import found_in, reconcile

TICKETS = int(os.environ.get("MINHU_TICKETS", "1000"))
GAPS = int(os.environ.get("MINHU_GAPS", "20"))
SEED = int(os.environ.get("MINHU_SEED", "12345"))
HELD = ["quarantined", "waiting", "pending"]
WALKED, PAIRED = 8, 4
OPEN = text("SELECT upstream_no, kind, version FROM reconciliation_cases WHERE state = 'open'")


@pytest.fixture
def street(city: Platform, district: Platform, desk: Desk, drain: Drain) -> Street:
    return Street(Books(random.Random(SEED)), city, district, desk, drain)


async def open_cases(hotline: Hotline) -> list[Any]:
    async with hotline.database.transaction(BUREAU, writing=False) as tx:
        return list(await tx.rows(OPEN))


async def test_every_hidden_gap_is_found_and_no_other(
    city: Platform,
    street: Street,
    hotline: Hotline,
    set_clock: SetClock,
    tell: Tell,
) -> None:
    await set_clock("2026-11-19T08:00:00+08:00")
    books = street.books
    await make_bulk(hotline, books, TICKETS)
    await street.walk_some(WALKED)
    await street.pair_some(PAIRED)
    await street.hold_some(HELD)
    hide(books, GAPS - len(HELD))
    assert len(books.gaps) == GAPS

    begun = time.perf_counter()
    lists = list(books.lists())
    for day, lines in lists:
        await reconcile(city, day, lines)
    spent = time.perf_counter() - begun
    first = await open_cases(hotline)
    again = [await reconcile(city, day, lines) for day, lines in lists]

    found = {(one.upstream_no, one.kind) for one in first}
    assert found == set(books.gaps.items())
    assert len(first) == GAPS
    named = [pair for answer in again for pair in found_in(answer).items()]
    assert sorted(named) == sorted(found)
    assert sorted(await open_cases(hotline)) == sorted(first)
    kinds = sorted(set(books.gaps.values()))
    tell(
        f"{TICKETS} tickets, {GAPS} gaps of {len(kinds)} kinds hidden by seed {SEED}:"
        f" {len(found)} found, none false; {DAYS} lists in {spent:.2f} s"
    )
