"""Who saw a ticket: complete, in order, for those who may ask."""

from collections.abc import Awaitable, Callable
from typing import Any

import pytest
from sqlalchemy import event, text
from sqlalchemy.exc import DBAPIError

from shared.audit.chain import link_entries, lock_of
from shared.tickets import Hotline
from tests.audit.conftest import Entries
from tests.conftest import BUREAU
from tests.factories import Desk, make_called_ticket, make_ticket

Viewers = Callable[[str], Awaitable[list[dict[str, Any]]]]
UNIT = "sanitation-section"


async def link(hotline: Hotline) -> int:
    async with hotline.database.transaction(BUREAU, lock=lock_of(BUREAU)) as tx:
        return await link_entries(tx)


async def test_every_reading_of_one_ticket_names_who_when_and_what(
    desk: Desk, hotline: Hotline, viewers: Viewers
) -> None:
    no = await make_ticket(hotline)
    await desk.walk(no, until="dispatch")
    for path in ("", "/events", "/clocks"):
        assert (await desk.get(UNIT, f"/v1/tickets/{no}{path}")).status_code == 200
    seen = await viewers(no)

    assert [(one["kind"], one["role"], one["unit"]) for one in seen] == [
        ("ticket.acted", "desk", None),
        ("ticket.acted", "desk", None),
        ("ticket.read", "unit", UNIT),
        ("ticket.events", "unit", UNIT),
        ("ticket.clocks", "unit", UNIT),
    ]
    assert [one["label"] for one in seen[2:]] == ["查看工单", "查看事件", "查看时限说明"]
    assert {one["at"] for one in seen} == {"2026-11-18T09:30:00+08:00"}
    assert all(one["actor"] and len(one["key"]) == 8 for one in seen)


async def test_what_is_linked_and_what_is_fresh_make_one_list(
    desk: Desk, hotline: Hotline, viewers: Viewers
) -> None:
    no = await make_ticket(hotline)
    await desk.get("desk", f"/v1/tickets/{no}")
    await desk.get("leader", "/v1/tickets")
    assert await link(hotline) == 2
    await desk.get("admin", f"/v1/tickets/{no}")
    seen = await viewers(no)

    assert [(one["kind"], one["role"]) for one in seen] == [
        ("ticket.read", "desk"),
        ("ticket.listed", "leader"),
        ("ticket.read", "admin"),
    ]


async def test_pages_go_on_where_the_last_ended_and_come_to_an_end(
    desk: Desk, hotline: Hotline
) -> None:
    no = await make_ticket(hotline)
    for _ in range(5):
        await desk.get("desk", f"/v1/tickets/{no}")
    path, found = f"/v1/tickets/{no}/viewers?limit=2", []
    pages = 0
    while path:
        page = await desk.get("leader", path)
        found += page.json()["items"]
        following = page.json()["next_cursor"]
        path = following and f"/v1/tickets/{no}/viewers?limit=2&cursor={following}"
        pages += 1

    assert [one["kind"] for one in found] == ["ticket.read"] * 5 + ["ticket.viewers"]
    assert len({one["id"] for one in found}) == 6
    assert pages == 3


@pytest.mark.parametrize(
    ("who", "status"),
    [
        ("desk", 200),
        ("leader", 200),
        ("admin", 200),
        (UNIT, 403),
        ("bi", 403),
        ("greening-section", 404),
    ],
)
async def test_only_desk_leader_and_admin_may_ask_who_saw_it(
    desk: Desk, hotline: Hotline, who: str, status: int
) -> None:
    no = await make_ticket(hotline)
    await desk.walk(no, until="dispatch")

    assert (await desk.get(who, f"/v1/tickets/{no}/viewers")).status_code == status


async def test_a_list_leaves_one_row_naming_the_tickets_it_showed(
    desk: Desk, hotline: Hotline, entries: Entries
) -> None:
    shown = [await make_ticket(hotline) for _ in range(3)]
    await make_ticket(hotline, street="另一街道")
    await desk.get("desk", "/v1/tickets", params={"street": "共和新路街道", "q": "垃圾"})
    (entry,) = await entries()

    ids = sorted(int(no.partition("-")[2]) for no in shown)
    assert (entry.kind, sorted(entry.tickets)) == ("ticket.listed", ids)
    assert entry.detail == {"query": {"street": "共和新路街道", "q": 2}}


@pytest.mark.parametrize("path", ["/v1/tickets/T20260101-000001", "/v1/tickets?street=x"])
async def test_what_shows_no_ticket_leaves_no_row(desk: Desk, entries: Entries, path: str) -> None:
    await desk.get("desk", path)

    assert await entries() == []


async def test_a_refused_action_shows_nothing_and_a_repeated_one_shows_it_again(
    desk: Desk, hotline: Hotline, viewers: Viewers
) -> None:
    no = await make_ticket(hotline)
    refused = await desk.act("desk", no, "complete")
    again = {"Idempotency-Key": "the same"}
    body = {"trade": "sanitation", "category": "S-05"}
    first = await desk.act("desk", no, "triage", headers=again, **body)
    second = await desk.act("desk", no, "triage", headers=again, **body)

    assert [one.status_code for one in (refused, first, second)] == [409, 200, 200]
    assert second.headers["idempotent-replayed"] == "true"
    assert [one["operation"] for one in await viewers(no)] == ["triage", "triage"]


async def test_a_look_costs_no_statement_of_its_own(desk: Desk, hotline: Hotline) -> None:
    """BEGIN and COMMIT aside: bureau and clock, the ticket, and what lies beside it."""
    no = await make_ticket(hotline)
    await desk.get("desk", f"/v1/tickets/{no}")
    said: list[str] = []
    transport: Any = desk.client._transport
    engine = transport_app(transport).state.hotline.database.engine.sync_engine

    def note(_connection: Any, _cursor: Any, statement: str, *_: Any) -> None:
        said.append(statement)

    event.listen(engine, "before_cursor_execute", note)
    for path in (f"/v1/tickets/{no}", "/v1/tickets"):
        said.clear()
        assert (await desk.get("desk", path)).status_code == 200
        assert len(said) == 3, "\n".join(said)
        assert sum("INSERT INTO audit_entries" in one for one in said) == 1
    event.remove(engine, "before_cursor_execute", note)


def transport_app(transport: Any) -> Any:
    return getattr(transport, "plain", transport).app


@pytest.mark.parametrize("table", ["audit_entries", "audit_links"])
@pytest.mark.parametrize("change", ["UPDATE {} SET bureau_id = 2", "DELETE FROM {}", "TRUNCATE {}"])
async def test_the_record_refuses_change(
    desk: Desk, hotline: Hotline, table: str, change: str
) -> None:
    no = await make_called_ticket(hotline)
    await desk.get("desk", f"/v1/tickets/{no}")
    await link(hotline)
    with pytest.raises(DBAPIError):
        async with hotline.database.transaction(BUREAU) as tx:
            await tx.run(text(change.format(table)))
