"""Cursors that were changed, or that belong to another list, another key or another bureau."""

import base64
from urllib.parse import quote

import orjson
import pytest

from shared.domain.words import Role
from shared.identity import issue_key
from shared.tickets import Hotline
from tests.authorisation.callers import load_foreign
from tests.factories import Desk, make_ticket
from tests.hostile.sending import is_problem

UNIT, OTHER = "sanitation-section", "sanitation-centre"


@pytest.fixture
async def tickets(hotline: Hotline, desk: Desk) -> list[str]:
    made = [await make_ticket(hotline) for _ in range(3)]
    for no in made:
        await desk.act("desk", no, "triage", trade="sanitation", category="S-05")
        await desk.act("desk", no, "dispatch", lead=UNIT)
    return made


async def cursor_of(desk: Desk, who: str, path: str) -> str:
    answer = await desk.get(who, path)
    assert answer.status_code == 200, answer.text
    return str(answer.json()["next_cursor"])


async def is_refused(desk: Desk, who: str, path: str, name: str = "cursor") -> bool:
    answer = await desk.get(who, path)
    named = answer.status_code == 422 and answer.json()["errors"][0]["pointer"] == f"/{name}"
    return named and is_problem(answer, 422, "invalid")


async def test_tampering_every_byte_of_a_cursor_counts(desk: Desk, tickets: list[str]) -> None:
    cursor = await cursor_of(desk, "desk", "/v1/tickets?limit=1")
    raw = base64.urlsafe_b64decode(cursor + "=" * (-len(cursor) % 4))

    for place in range(len(raw)):
        changed = bytes([*raw[:place], raw[place] ^ 1, *raw[place + 1 :]])
        spelled = base64.urlsafe_b64encode(changed).decode().rstrip("=")
        assert await is_refused(desk, "desk", f"/v1/tickets?limit=1&cursor={spelled}"), place
    for spelled in (cursor[:-1], cursor + "A", cursor + "=", f" {cursor}", cursor[:22], "", "."):
        path = f"/v1/tickets?limit=1&cursor={quote(spelled)}"
        assert await is_refused(desk, "desk", path), spelled


async def test_forging_a_cursor_without_the_key_is_refused(desk: Desk, tickets: list[str]) -> None:
    value = orjson.dumps(["2000-01-01T00:00:00+00:00", 0])

    for tag in (bytes(16), b"\xff" * 16, b"", value[:16]):
        forged = base64.urlsafe_b64encode(tag + value).decode().rstrip("=")
        assert await is_refused(desk, "desk", f"/v1/tickets?cursor={forged}")


async def test_swapping_a_cursor_opens_only_for_its_list_key_and_filters(
    desk: Desk, tickets: list[str]
) -> None:
    cursor = await cursor_of(desk, "desk", "/v1/tickets?limit=1&state=dispatched")
    feed = await cursor_of(desk, UNIT, "/v1/events?limit=1")
    own = await cursor_of(desk, UNIT, "/v1/tickets?limit=1")
    log = await cursor_of(desk, "desk", f"/v1/tickets/{tickets[0]}/events?limit=1")

    assert (await desk.get("desk", f"/v1/tickets?state=dispatched&cursor={cursor}")).is_success
    for path in (
        f"/v1/tickets?cursor={cursor}",
        f"/v1/tickets?state=dispatched,received&cursor={cursor}",
        f"/v1/tickets?state=dispatched&sort=-due&cursor={cursor}",
        f"/v1/matters?cursor={cursor}",
        f"/v1/notices?cursor={cursor}",
        f"/v1/tickets?cursor={own}",
        f"/v1/tickets/{tickets[1]}/events?cursor={log}",
        f"/v1/dead-letters?cursor={log}",
        f"/v1/emergency/history?cursor={log}",
    ):
        assert await is_refused(desk, "desk", path), path
    assert await is_refused(desk, "leader", f"/v1/tickets?state=dispatched&cursor={cursor}")
    assert await is_refused(desk, OTHER, f"/v1/tickets?cursor={own}")
    assert await is_refused(desk, OTHER, f"/v1/events?after={feed}", "after")
    assert await is_refused(desk, "desk", f"/v1/events?after={feed}", "after")


async def test_swapping_a_cursor_between_bureaus_is_refused(
    desk: Desk, hotline: Hotline, tickets: list[str]
) -> None:
    async with hotline.database.unscoped() as connection:
        bureau = await load_foreign(connection)
        theirs = await issue_key(connection, bureau, role=Role.DESK, actor="外局受理员")
    foreign = Desk(desk.client, {"desk": theirs.plain})
    of_log = await cursor_of(desk, "desk", f"/v1/tickets/{tickets[0]}/events?limit=1")
    of_feed = await cursor_of(desk, "desk", "/v1/events?limit=1")

    assert await is_refused(foreign, "desk", f"/v1/tickets/{tickets[0]}/events?cursor={of_log}")
    assert await is_refused(foreign, "desk", f"/v1/events?after={of_feed}", "after")
