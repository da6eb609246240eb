"""What a platform may ask: its receipts and its own view of a ticket (rulings 44, 49)."""

import uuid
from collections.abc import Mapping
from typing import Any

import orjson
from fastapi import APIRouter, Request
from fastapi.responses import Response

from services.intake import queries
from services.intake.actions.desk import source_actor
from shared.audit.entries import record_reading
from shared.domain.calendar import CITY_ZONE
from shared.domain.readings import ReadingKind
from shared.domain.ticket import Ticket
from shared.domain.words import ClockName
from shared.errors import NotFound
from shared.identity.sources import Source
from shared.tickets import Hotline, find_masters, find_tickets
from shared.web.openapi import SIGNED, answers
from shared.web.readings import reading_of
from shared.web.senders import hear_source

router = APIRouter(prefix="/v1", tags=["平台查询"])
RECEIPT = {
    "receipt": "c0b4091b-c2e6-1a5e-f6bf-87d4fb49b9df",
    "status": "applied",
    "ticket_no": "T20261118-000731",
    "problem": None,
}
VIEW = {
    "upstream_no": "SH12345-20261118-00731",
    "no": "T20261118-000731",
    "state": "replied",
    "due": "2026-11-25T23:59:59+08:00",
    "reply": {"at": "2026-11-24T16:20:00+08:00", "mode": "phone", "points": "已整改"},
    "received_at": "2026-11-18T09:12:00+08:00",
    "completed_at": None,
}


async def signed_source(request: Request, raw: bytes = b"") -> Source:
    return await hear_source(request, raw)


@router.get(
    "/receipts/{receipt}",
    summary="一条推送处理到哪一步",
    openapi_extra=SIGNED,
    responses=answers(RECEIPT),
)
async def get_receipt(request: Request, receipt: str) -> Response:
    source = await signed_source(request)
    hotline: Hotline = request.app.state.hotline
    try:
        message_id = uuid.UUID(receipt)
    except ValueError:
        raise NotFound from None
    async with hotline.database.transaction(source.scope, writing=False) as tx:
        row = await tx.row(queries.RECEIPT, bureau=tx.bureau, id=message_id)
    if row is None or row.source != source.name:
        raise NotFound
    body = {
        "receipt": receipt,
        "status": row.state,
        "ticket_no": row.no,
        "problem": orjson.loads(row.problem) if row.problem else None,
    }
    return Response(orjson.dumps(body), media_type="application/json")


@router.get(
    "/tickets/{upstream_no:path}",
    summary="平台眼中的一件工单",
    openapi_extra=SIGNED,
    responses=answers(VIEW),
)
async def get_ticket(request: Request, upstream_no: str) -> Response:
    """A platform's numbers may hold anything, slashes too."""
    source = await signed_source(request)
    if "\0" in upstream_no:  # Postgres keeps no such text
        raise NotFound
    hotline: Hotline = request.app.state.hotline
    async with hotline.database.transaction(source.scope, writing=False) as tx:
        numbers = await queries.find_numbers(tx, [upstream_no])
        ticket_id = numbers.get((upstream_no, source.name))
        tickets = await find_tickets(tx, [ticket_id]) if ticket_id is not None else {}
        if ticket_id is None or ticket_id not in tickets:
            raise NotFound
        ticket = tickets[ticket_id]
        masters = await find_masters(tx, [ticket])
        master = follow(ticket, masters)
        texts = (await queries.standing_texts(tx, [master.ticket_id])).get(master.ticket_id, {})
        shown = reading_of(request, source_actor(source.name), ReadingKind.PLATFORM)
        await record_reading(tx, shown, {ticket_id, master.ticket_id})
    body = platform_view(ticket, master, upstream_no, texts)
    return Response(orjson.dumps(body), media_type="application/json")


def follow(ticket: Ticket, masters: Mapping[str, Ticket]) -> Ticket:
    while ticket.merged_into is not None:
        ticket = masters[ticket.merged_into]
    return ticket


def platform_view(
    ticket: Ticket, master: Ticket, upstream_no: str, texts: dict[tuple[int, str], str]
) -> dict[str, Any]:
    """A merged number shows `merged`, and what its master was answered (ruling 22)."""
    clock = master.clock(ClockName.COMPLETE)
    reply = master.reply
    return {
        "upstream_no": upstream_no,
        "no": ticket.no,
        "state": ticket.state,
        "due": city_time(clock.due) if clock is not None else None,
        "reply": None
        if reply is None
        else {
            "at": city_time(reply.at),
            "mode": reply.mode,
            "points": texts.get((reply.seq, "reply_points")),
        },
        "received_at": city_time(ticket.received_at),
        "completed_at": city_time(master.completed_at),
    }


def city_time(at: Any) -> str | None:
    return None if at is None else str(at.astimezone(CITY_ZONE).isoformat())
