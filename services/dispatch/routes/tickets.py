"""Reading tickets: the list, one, its events, its clocks."""

from typing import Any

from fastapi import APIRouter, Request
from fastapi.responses import Response

from services.dispatch import queries
from services.dispatch.answers import INSIDERS, ticket_answer
from services.dispatch.clocks import explain_clocks
from services.dispatch.history import event_items
from services.dispatch.listing import PAGING, READERS, Listing, list_page, read_filters, read_sort
from services.dispatch.routes.answer_examples import TICKET
from services.dispatch.routes.examples import CLOCK, EVENT
from services.dispatch.routes.perform import check_visible, ticket_response
from shared.domain.readings import Reading, ReadingKind
from shared.domain.ticket import Ticket
from shared.domain.words import Role
from shared.errors import Invalid
from shared.tickets import Ledger, list_entries
from shared.web.auth import Caller, HotlineState
from shared.web.cursors import (
    decode_cursor,
    encode_cursor,
    list_answer,
    read_limit,
    refuse_unknown,
)
from shared.web.openapi import answers, parameter
from shared.web.readings import reading_of, reading_page

router = APIRouter(prefix="/v1/tickets", tags=["工单"])

FILTERS = [
    parameter("state", "状态，可用逗号分隔多个"),
    parameter("trade", "行业"),
    parameter("category", "内容分类"),
    parameter("unit", "主办或协办单位"),
    parameter("urgency", "紧急程度"),
    parameter("street", "街镇"),
    parameter("light", "亮灯：green、yellow、red"),
    parameter("due_before", "办结时限早于"),
    parameter("received_from", "来件时间起（含）"),
    parameter("received_to", "来件时间止（不含）"),
    parameter("matter", "同一事项编号"),
    parameter("q", "标题、内容、地址中的文字"),
    parameter("sort", "due（默认）、received，前加 - 为倒序"),
    parameter("limit", "每页条数，默认 50，最多 500"),
    parameter("cursor", "上一页给出的游标"),
]
PAGES = [
    parameter("limit", "每页条数，默认 50，最多 500"),
    parameter("cursor", "上一页给出的游标"),
]


@router.get(
    "",
    summary="工单列表（承办单位只见自己主办、协办过的）",
    openapi_extra={"parameters": FILTERS},
    responses=answers({"items": [TICKET], "next_cursor": None}),
)
async def list_tickets(request: Request, hotline: HotlineState, caller: Caller) -> Response:
    query = dict(request.query_params)
    actor = caller.actor
    if actor.role is Role.BI:
        check_visible(None, actor)
    refuse_unknown(request, (*READERS, *PAGING))
    filters, sort = read_filters(query), read_sort(query)
    asked = sorted((name, query[name]) for name in filters)
    purpose = f"tickets:{caller.bureau}:{actor.key}:{sort}:{asked}"
    after = decode_cursor(hotline.keyring, purpose, query["cursor"]) if "cursor" in query else None
    listing = Listing(filters, sort, read_limit(request), tuple(after) if after else None)
    reader = actor.unit if actor.role is Role.UNIT else None
    async with hotline.ledger(caller.scope, writing=False) as ledger:
        if filters.get("unit", "") not in ("", *ledger.rulebook.units):
            raise Invalid.field("/unit", "没有这个单位")
        tickets, following = await list_page(ledger.tx, listing, reader=reader)
        shown = reading_page(request, actor, ReadingKind.LIST)
        items = await answer_tickets(ledger, tickets, shown)
    cursor = encode_cursor(hotline.keyring, purpose, following) if following else None
    return list_answer(request, items, cursor)


async def answer_tickets(ledger: Ledger, tickets: list[Ticket], shown: Reading) -> list[Any]:
    found = await queries.complete_tickets(ledger.tx, tickets, with_raw=False, shown=shown)
    return [
        ticket_answer(ticket, beside.texts, beside.caller, reader=shown.actor, now=ledger.now)
        for ticket, beside in found
    ]


@router.get("/{no}", summary="一件工单", responses=answers(TICKET))
async def get_ticket(request: Request, no: str, hotline: HotlineState, caller: Caller) -> Response:
    shown = reading_of(request, caller.actor, ReadingKind.TICKET)
    async with hotline.ledger(caller.scope, writing=False) as ledger:
        ticket, beside = await show_ticket(ledger, no, shown)
        body = ticket_answer(
            ticket, beside.texts, beside.caller, reader=caller.actor, now=ledger.now
        )
    return ticket_response(body)


async def show_ticket(ledger: Ledger, no: str, shown: Reading) -> tuple[Ticket, queries.Beside]:
    """The ticket as far as this reader may see it; that it was shown is on record."""
    actor = shown.actor
    ticket = await queries.find_fold(ledger.tx, no)
    check_visible(ticket, actor)
    assert ticket is not None
    with_raw = actor.role in INSIDERS
    (found,) = await queries.complete_tickets(ledger.tx, [ticket], with_raw=with_raw, shown=shown)
    return found


@router.get(
    "/{no}/events",
    summary="一件工单的全部事件（CloudEvents 1.0）",
    openapi_extra={"parameters": PAGES},
    responses=answers({"items": [EVENT], "next_cursor": None}),
)
async def list_events(request: Request, no: str, hotline: HotlineState, caller: Caller) -> Response:
    refuse_unknown(request, ("limit", "cursor"))
    limit = read_limit(request)
    purpose = f"events:{caller.bureau}:{no}"
    given = request.query_params.get("cursor")
    after = decode_cursor(hotline.keyring, purpose, given) if given else 0
    shown = reading_of(request, caller.actor, ReadingKind.EVENTS)
    async with hotline.ledger(caller.scope, writing=False) as ledger:
        ticket, beside = await show_ticket(ledger, no, shown)
        rows = await queries.list_log(ledger.tx, ticket.ticket_id, after=after, limit=limit + 1)
        items = event_items(ticket, rows[:limit], beside.texts, caller)
    more = len(rows) > limit
    cursor = encode_cursor(hotline.keyring, purpose, rows[limit - 1].seq) if more else None
    return list_answer(request, items, cursor)


@router.get(
    "/{no}/clocks",
    summary="各时限的起止、分段与判定说明",
    responses=answers({"items": [CLOCK], "next_cursor": None}),
)
async def list_clocks(request: Request, no: str, hotline: HotlineState, caller: Caller) -> Response:
    shown = reading_of(request, caller.actor, ReadingKind.CLOCKS)
    async with hotline.ledger(caller.scope, writing=False) as ledger:
        ticket, _ = await show_ticket(ledger, no, shown)
        logs = await list_entries(ledger.tx, [ticket.ticket_id], known_only=True)
        log = logs[ticket.ticket_id]
        items = explain_clocks(ticket, ledger.rulebook, ledger.now, entries=log)
    return list_answer(request, items, None)
