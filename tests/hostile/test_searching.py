"""Filters with the marks of SQL, LIKE, regular expressions and text search in them."""

from collections.abc import Iterable
from urllib.parse import quote

import pytest

from shared.tickets import Hotline
from tests.factories import TEXTS, Desk, make_ticket
from tests.hostile.sending import is_problem

MARKS = [
    "' OR '1'='1",
    "'; DROP TABLE tickets; --",
    "\\'; SELECT pg_sleep(5); --",
    "$$",
    "%",
    "_",
    "\\",
    "%'%",
    "(((((",
    "[[:alpha:]]",
    "(a+)+$",
    ".*",
    "!(&|)",
    "a & b | !c <-> d",
    ":*",
    "\u202e压缩",
    "压缩\u0000",
    "\ud7ff\uffff",
    "a" * 5_000,
    "(" * 5_000,
    "‘’“”",
    ":bureau",
    "{0}%s%(x)s",
]
TEXT_FILTERS = ("q", "street", "category", "matter", "unit")
OTHER_FILTERS = ("state", "trade", "urgency", "light", "due_before", "received_from", "sort")
MOMENTS = (
    "0001-01-01T00:00:00+14:00",
    "9999-12-31T23:59:59-14:00",
    "2026-02-30T00:00:00+08:00",
    "2026-11-18",
    "infinity",
    "now",
    "-1",
)


@pytest.fixture
async def ticket(hotline: Hotline) -> str:
    return await make_ticket(hotline, texts={**TEXTS, "content": "完成了100%，见A_1号\\旁(甲)"})


async def found(desk: Desk, name: str, value: str) -> tuple[int, int]:
    answer = await desk.get("desk", f"/v1/tickets?{name}={quote(value)}")
    assert answer.status_code in (200, 422), (name, value, answer.text)
    items: Iterable[object] = answer.json().get("items", ())
    return answer.status_code, len(list(items))


async def test_sql_in_a_filter_is_only_a_word(desk: Desk, ticket: str) -> None:
    for name in (*TEXT_FILTERS, *OTHER_FILTERS):
        for mark in MARKS:
            status, count = await found(desk, name, mark)
            assert count == (1 if name == "q" and mark in ("%", "_", "\\") else 0), (name, mark)
            assert status == 422 or name in TEXT_FILTERS, (name, mark)
    assert (await desk.get("desk", f"/v1/tickets/{ticket}")).status_code == 200


async def test_like_patterns_in_q_stand_for_themselves(desk: Desk, ticket: str) -> None:
    for said in ("100%", "A_1", "号\\旁", "(甲)", "了100"):
        assert await found(desk, "q", said) == (200, 1), said
    for pattern in ("10_%", "A%1", "1.0", "号.旁", "(甲|乙)", "^完成", "完.*了", "甲 & 100"):
        assert await found(desk, "q", pattern) == (200, 0), pattern


async def test_times_that_no_calendar_knows_are_refused(desk: Desk, figures: Desk) -> None:
    for moment in MOMENTS:
        for name in ("due_before", "received_from", "received_to"):
            answer = await desk.get("desk", f"/v1/tickets?{name}={quote(moment)}")
            assert is_problem(answer, 422, "invalid"), (name, moment)
        for path in (
            "/v1/scores?period=2026-11&known_at=",
            "/v1/periods/2026-11/changes?from_known_at=",
            "/v1/deductions?period=2026-11&known_at=",
        ):
            answer = await figures.get("leader", path + quote(moment))
            assert is_problem(answer, 422, "invalid"), (path, moment)


async def test_marks_in_the_filters_of_every_other_list_are_only_words(
    desk: Desk, figures: Desk
) -> None:
    lists = {
        "/v1/matters": (desk, ("street", "unit", "state", "trade")),
        "/v1/dead-letters": (desk, ("subscriber",)),
        "/v1/inspections": (figures, ("period", "contractor")),
        "/v1/media-items": (figures, ("period", "contractor")),
        "/v1/city-ranks": (figures, ("from", "to", "scope")),
        "/v1/facts": (figures, ("from", "to", "format", "updated_after")),
        "/v1/periods/2026-11/changes": (figures, ("from_revision", "to_revision")),
    }
    for path, (asker, names) in lists.items():
        for name in names:
            for mark in MARKS:
                answer = await asker.get("leader", f"{path}?{name}={quote(mark)}")
                assert answer.status_code in (200, 422), (path, name, mark, answer.text)
                assert not answer.json().get("items"), (path, name, mark)


async def test_numbers_beyond_any_column_are_refused(desk: Desk, figures: Desk) -> None:
    for number in ("0", "-1", "501", "9" * 30, "1e2", "0x10", "１", "NaN", "1.0", " 1", "+1"):
        limited = await desk.get("desk", f"/v1/tickets?limit={quote(number)}")
        assert is_problem(limited, 422, "invalid"), number
        path = f"/v1/scores?period=2026-11&revision={quote(number)}"
        assert (await figures.get("leader", path)).status_code in (404, 422), number
