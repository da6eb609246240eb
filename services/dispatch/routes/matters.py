"""Reading matters (同一事项): the list, and the dossier of one."""

from collections.abc import Mapping
from typing import Any

import orjson
from fastapi import APIRouter, Request
from fastapi.responses import Response

from services.dispatch import matter_queries, queries
from services.dispatch.dossier import Dossier, Member, dossier_answer
from services.dispatch.routes.answer_examples import MATTER, MATTER_ITEM
from services.dispatch.routes.perform import is_visible
from services.dispatch.story import tell_story
from services.dispatch.times import city_time
from shared.domain.actor import Actor
from shared.domain.matters import Matter, MatterState
from shared.domain.readings import Reading, ReadingKind
from shared.domain.rulebook import Rulebook
from shared.domain.ticket import Ticket
from shared.domain.words import Role, Trade
from shared.errors import Forbidden, Invalid, NotFound
from shared.tickets import Ledger
from shared.tickets.matters import find_matters, list_matter_entries
from shared.web.auth import Caller, HotlineState
from shared.web.cursors import (
    decode_cursor,
    encode_cursor,
    list_answer,
    read_limit,
    refuse_unknown,
)
from shared.web.openapi import answers, parameter
from shared.web.readings import reading_of

router = APIRouter(prefix="/v1/matters", tags=["同一事项"])
FILTERS = [
    parameter("state", "状态：open、closed"),
    parameter("trade", "行业"),
    parameter("street", "街镇"),
    parameter("unit", "主办或协办单位"),
    parameter("limit", "每页条数，默认 50，最多 500"),
    parameter("cursor", "上一页给出的游标"),
]
CHOICES: Mapping[str, tuple[str, ...]] = {"state": tuple(MatterState), "trade": tuple(Trade)}
TEXTS = ("street", "unit")
LONGEST = 100
Members = list[tuple[Ticket, bytes | None]]


@router.get(
    "",
    summary="同一事项列表（承办单位只见其中有自己工单的）",
    openapi_extra={"parameters": FILTERS},
    responses=answers({"items": [MATTER_ITEM], "next_cursor": None}),
)
async def list_matters(request: Request, hotline: HotlineState, caller: Caller) -> Response:
    actor = caller.actor
    check_may_read(actor)
    refuse_unknown(request, (*CHOICES, *TEXTS, "limit", "cursor"))
    query = dict(request.query_params)
    filters = read_filters(query)
    limit = read_limit(request)
    purpose = f"matters:{caller.bureau}:{actor.key}:{sorted(filters.items())}"
    after = decode_cursor(hotline.keyring, purpose, query["cursor"]) if "cursor" in query else ""
    reader = actor.unit if actor.role is Role.UNIT else None
    async with hotline.ledger(caller.scope, writing=False) as ledger:
        if filters.get("unit", "") not in ("", *ledger.rulebook.units):
            raise Invalid.field("/unit", "没有这个单位")
        rows = await matter_queries.list_matters(
            ledger.tx, filters, reader=reader, after=after, limit=limit + 1
        )
    more = len(rows) > limit
    cursor = encode_cursor(hotline.keyring, purpose, rows[limit - 1].matter) if more else None
    return list_answer(request, [_item(row) for row in rows[:limit]], cursor)


def read_filters(query: Mapping[str, str]) -> dict[str, str]:
    filters = {name: query[name] for name in (*CHOICES, *TEXTS) if name in query}
    for name, value in filters.items():
        if name in CHOICES and value not in CHOICES[name]:
            raise Invalid.field(f"/{name}", "不在允许的取值之内")
        if not 1 <= len(value) <= LONGEST or "\0" in value:
            raise Invalid.field(f"/{name}", f"须为 1–{LONGEST} 个字符")
    return filters


def _item(row: Any) -> dict[str, Any]:
    return {
        "id": row.matter,
        "version": row.version,
        "state": row.state,
        "opened_at": city_time(row.opened_at),
        "closed_at": city_time(row.closed_at),
        "tickets": row.tickets,
        "callers": row.callers,
        "trade": row.trade,
        "category": row.category,
        "street": row.street,
        "units": row.units or [],
        "first_complaint_at": city_time(row.first_at),
        "last_complaint_at": city_time(row.last_at),
    }


@router.get(
    "/{matter}",
    summary="一个事项的档案：工单、来电人（遮蔽）、现场查看与督办、承诺、逐周来件、经过",
    responses=answers(MATTER),
)
async def get_matter(
    request: Request, matter: str, hotline: HotlineState, caller: Caller
) -> Response:
    check_may_read(caller.actor)
    shown = reading_of(request, caller.actor, ReadingKind.MATTER, matter=matter)
    async with hotline.ledger(caller.scope, writing=False) as ledger:
        found = (await find_matters(ledger.tx, [matter])).get(matter)
        members = await matter_queries.list_members(ledger.tx, matter) if found else []
        known = check_matter_visible(found, members, caller.actor)
        dossier = await read_dossier(ledger, known, shown, members=members)
        return matter_response(dossier, ledger.rulebook)


def check_may_read(actor: Actor) -> None:
    if actor.role is Role.BI:
        raise Forbidden("此密钥的角色不能使用这个接口")


def check_matter_visible(matter: Matter | None, members: Members, actor: Actor) -> Matter:
    """To a unit a matter without a ticket of its own is as unknown as one that is none."""
    check_may_read(actor)
    if matter is None or (
        actor.role is Role.UNIT and not any(is_visible(ticket, actor) for ticket, _ in members)
    ):
        raise NotFound("没有这个事项，或您无权查看")
    return matter


async def read_dossier(
    ledger: Ledger, matter: Matter, shown: Reading, *, members: Members | None = None
) -> Dossier:
    tx, actor = ledger.tx, shown.actor
    if members is None:
        members = await matter_queries.list_members(tx, matter.matter)
    seen = [(ticket, digest) for ticket, digest in members if is_visible(ticket, actor)]
    whole = await queries.complete_tickets(
        tx, [ticket for ticket, _ in seen], with_raw=False, shown=shown
    )
    return Dossier(
        matter=matter,
        members=[
            Member(ticket, beside.texts, beside.caller, digest)
            for (ticket, beside), (_, digest) in zip(whole, seen, strict=True)
        ],
        told=await matter_queries.list_told(tx, [ticket.ticket_id for ticket, _ in seen]),
        log=await list_matter_entries(tx, matter.matter),
        words=await matter_queries.list_words(tx, matter.matter),
        reader=actor,
        now=ledger.now,
    )


def matter_response(dossier: Dossier, rulebook: Rulebook) -> Response:
    body = dossier_answer(dossier)
    body["story"] = tell_story(dossier, body, rulebook)
    headers = {"ETag": f'"{dossier.matter.version}"'}
    return Response(orjson.dumps(body), 200, headers, "application/json")
