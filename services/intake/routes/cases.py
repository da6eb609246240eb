"""Cases of reconciliation, for the desk, leaders and admins: read, handed on, closed, asked for."""

import uuid
from collections.abc import Awaitable, Callable
from datetime import date
from typing import Any

import orjson
from fastapi import APIRouter, Request
from fastapi.responses import Response

from services.intake import reconciliation_queries as queries
from services.intake.actions import cases as actions
from services.intake.actions.cases import Case, CaseBook, case_of
from services.intake.case_answers import case_answer, history_answer
from services.intake.routes.reconciliations import CASE
from services.intake.rules.reconciling import CaseKind, CaseState
from services.intake.schemas.lists import Acceptance, Assignment
from shared.domain.words import Role
from shared.errors import Invalid, NotFound
from shared.web.auth import Caller, HotlineState, identify, require_role
from shared.web.bodies import Body, check_json_type, parse, read_body
from shared.web.cursors import (
    decode_cursor,
    encode_cursor,
    list_answer,
    read_limit,
    refuse_unknown,
)
from shared.web.idempotency import IdempotentCall
from shared.web.openapi import answers, body_of, parameter
from shared.web.tracing import traceparent

router = APIRouter(prefix="/v1/reconciliation-cases", tags=["对账"])
READERS = (Role.DESK, Role.LEADER, Role.ADMIN)
KEY = parameter("Idempotency-Key", "幂等键，1–255 个字符", where="header", required=True)
LONGEST = 100
ITEM = {
    "id": CASE,
    "version": 2,
    "source": "city-12345",
    "upstream_no": "SH12345-20261118-00740",
    "no": None,
    "day": "2026-11-18",
    "kind": "missing_here",
    "kind_label": "我方缺",
    "state": "open",
    "state_label": "未了",
    "fields": [],
    "field_labels": [],
    "ours": None,
    "theirs": {
        "state": "received",
        "received_at": "2026-11-18T10:40:00+08:00",
        "completed_at": None,
    },
    "owner": {"unit": "hotline-desk", "person": None},
    "requests": 1,
    "first_seen_on": "2026-11-19",
    "last_seen_on": "2026-11-19",
    "opened_at": "2026-11-19T02:30:04+08:00",
    "closed_at": None,
}
HISTORY = [
    {
        "seq": 1,
        "type": "opened",
        "at": "2026-11-19T02:30:04+08:00",
        "by": {"role": "system", "name": "system"},
        "data": {},
    }
]
FILTERS = [
    parameter("source", "上级平台"),
    parameter("state", "open 未了、accepted 已接受、resolved 已消除"),
    parameter("kind", "missing_here 我方缺、missing_there 平台缺、held 已收未入、differs 不一致"),
    parameter("unit", "负责单位"),
    parameter("person", "负责人"),
    parameter("day", "来件日，YYYY-MM-DD"),
    parameter("limit", "每页条数，默认 50，最多 500"),
    parameter("cursor", "上一页给出的游标"),
]

Act = Callable[[CaseBook, Case, Any], Awaitable[Case]]


@router.get(
    "",
    summary="对账差异列表",
    openapi_extra={"parameters": FILTERS},
    responses=answers({"items": [ITEM], "next_cursor": None}),
)
async def list_cases(request: Request, hotline: HotlineState, caller: Caller) -> Response:
    require_role(caller, READERS)
    refuse_unknown(request, (*queries.FILTERS, "limit", "cursor"))
    query = dict(request.query_params)
    filters = read_filters(query)
    limit = read_limit(request)
    purpose = f"cases:{caller.bureau}:{sorted((name, str(one)) for name, one in filters.items())}"
    after = decode_cursor(hotline.keyring, purpose, query["cursor"]) if "cursor" in query else 0
    async with hotline.database.transaction(caller.scope, writing=False) as tx:
        rows = await queries.list_cases(tx, filters, after=after, limit=limit + 1)
    more = len(rows) > limit
    cursor = encode_cursor(hotline.keyring, purpose, rows[limit - 1].position) if more else None
    return list_answer(request, [case_answer(case_of(row)) for row in rows[:limit]], cursor)


def read_filters(query: dict[str, str]) -> dict[str, Any]:
    filters: dict[str, Any] = {name: query[name] for name in queries.FILTERS if name in query}
    choices = {"state": tuple(CaseState), "kind": tuple(CaseKind)}
    for name, value in filters.items():
        if name in choices and value not in choices[name]:
            raise Invalid.field(f"/{name}", "不在允许的取值之内")
        if not 1 <= len(value) <= LONGEST or "\0" in value:
            raise Invalid.field(f"/{name}", f"须为 1–{LONGEST} 个字符")
    if "day" in filters:
        try:
            filters["day"] = date.fromisoformat(filters["day"])
        except ValueError:
            raise Invalid.field("/day", "应为日期（YYYY-MM-DD）") from None
    return filters


@router.get(
    "/{case_id}",
    summary="一件对账差异和它的经过",
    responses=answers({**ITEM, "history": HISTORY}),
)
async def get_case(hotline: HotlineState, caller: Caller, case_id: str) -> Response:
    require_role(caller, READERS)
    wanted = read_id(case_id)
    async with hotline.database.transaction(caller.scope, writing=False) as tx:
        row = await tx.row(queries.GET_CASE, bureau=tx.bureau, id=wanted)
        if row is None:
            raise NotFound
        history = await tx.rows(queries.CASE_EVENTS, bureau=tx.bureau, id=wanted)
    body = {**case_answer(case_of(row)), "history": history_answer(history)}
    return Response(orjson.dumps(body), media_type="application/json")


@router.post(
    "/{case_id}/assign",
    summary="交给单位或经办人",
    openapi_extra={
        **body_of(Assignment, {"unit": "sanitation-section", "person": "王芳"}),
        "parameters": [KEY],
    },
    responses=answers(ITEM),
)
async def assign(request: Request, case_id: str) -> Response:
    async def act(book: CaseBook, case: Case, body: Assignment) -> Case:
        return actions.assign(book, case, body)

    return await perform(request, case_id, Assignment, act)


@router.post(
    "/{case_id}/close",
    summary="接受这一差异并说明理由（内容再变、或消除后再现，会重新成为未了）",
    openapi_extra={
        **body_of(Acceptance, {"reason": "平台已确认为其测试件"}),
        "parameters": [KEY],
    },
    responses=answers({**ITEM, "state": "accepted", "state_label": "已接受"}),
)
async def close(request: Request, case_id: str) -> Response:
    async def act(book: CaseBook, case: Case, body: Acceptance) -> Case:
        return actions.accept(book, case, body)

    return await perform(request, case_id, Acceptance, act)


@router.post(
    "/{case_id}/request",
    summary="再请平台重推一次（平台须登记重推地址）",
    openapi_extra={**body_of(Body, {}), "parameters": [KEY]},
    responses=answers(ITEM),
)
async def ask_again(request: Request, case_id: str) -> Response:
    async def act(book: CaseBook, case: Case, _: Body) -> Case:
        tx = book.ledger.tx
        row = await tx.row(queries.UNDER_WAY, bureau=tx.bureau, id=str(case["case_id"]))
        return await actions.request(book, case, under_way=row is not None and row.found)

    return await perform(request, case_id, Body, act)


async def perform(request: Request, case_id: str, model: type[Body], act: Act) -> Response:
    """The order of refusals is that of every write (ruling 29)."""
    identity = await identify(request)
    require_role(identity, READERS)
    check_json_type(request)
    raw = await read_body(request)
    hotline = request.app.state.hotline
    call = IdempotentCall.read(request, identity, raw)
    wanted = read_id(case_id)
    async with hotline.ledger(
        identity.scope, lock=call.lock(identity.bureau), trace=traceparent(request.scope)
    ) as ledger:
        row = await ledger.tx.row(queries.TAKE_CASE, bureau=identity.bureau, id=wanted)
        if row is None:
            raise NotFound
        stored = await call.find_answer(ledger.tx)
        if stored is not None:
            return stored
        body = parse(model, raw)
        book = CaseBook(ledger, identity.actor)
        case = await act(book, case_of(row), body)
        await book.close()
        response = Response(orjson.dumps(case_answer(case)), media_type="application/json")
        await call.store(ledger.tx, response)
    hotline.ring()
    return response


def read_id(given: str) -> str:
    try:
        return str(uuid.UUID(given))
    except ValueError:
        raise NotFound from None
