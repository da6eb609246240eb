"""环卫考核: each contractor's month, and every deduction behind it, row by row."""

from datetime import datetime
from typing import Any

import orjson
from fastapi import APIRouter, Request
from fastapi.responses import Response

from services.scoring import sanitation_queries as queries
from services.scoring.actions.sanitation import month_of
from services.scoring.actions.scores import Question, read_sheet
from services.scoring.routes.asking import (
    find_asked_freeze,
    reader_of,
    scope_of,
    terms_of,
    wait_until_known,
)
from services.scoring.routes.registering import asked_of
from services.scoring.routes.showing import note_figures
from services.scoring.rules.schemes import SANITATION
from services.scoring.sanitation_answers import assessments_body, deduction_body
from services.scoring.sanitation_examples import ASSESSMENT, DEDUCTION
from services.scoring.sanitation_schemas import AssessmentQuery, DeductionsQuery
from shared.db import Wider
from shared.identity import Identity
from shared.web.auth import Caller, HotlineState
from shared.web.bodies import check_query
from shared.web.cursors import (
    decode_cursor,
    encode_cursor,
    list_answer,
    read_limit,
    refuse_unknown,
)
from shared.web.openapi import answers, parameter

router = APIRouter(prefix="/v1", tags=["环卫考核"])
PERIOD = parameter("period", "考核月份：YYYY-MM", required=True)
KNOWN_AT = parameter("known_at", "按该时刻（含）以前所记录的计算，须带时区；默认为现在所知")


@router.get(
    "/sanitation",
    summary="环卫作业考核（sanitation-v1）：各作业单位当月的分项、扣分、得分与经费系数",
    responses=answers(ASSESSMENT),
    openapi_extra={"parameters": [PERIOD, KNOWN_AT]},
)
async def show_assessments(request: Request, caller: Caller, hotline: HotlineState) -> Response:
    refuse_unknown(request, ("period", "known_at"))
    query = check_query(AssessmentQuery, request)
    await wait_until_known(hotline, caller.scope, query.known_at)
    async with hotline.ledger(caller.scope, writing=False, snapshot=True) as ledger:
        freeze = await find_asked_freeze(
            ledger.tx, query.period, revision=None, known_at=query.known_at
        )
        terms = await terms_of(ledger, query.period, freeze, scheme=SANITATION)
        scope = scope_of(caller.actor, ledger.rulebook)
        question = Question(query.period, "unit", scope, query.known_at, freeze=freeze)
        sheet = await read_sheet(ledger.tx, question, scheme=terms.scheme, units=terms.units)
    body = assessments_body(sheet, terms.scheme, period=query.period, units=terms.units)
    return Response(orjson.dumps(body), media_type="application/json")


@router.get(
    "/deductions",
    summary="环卫考核扣分明细：每笔扣分与冲回各一行，按记录先后",
    responses=answers({"items": [DEDUCTION], "next_cursor": None}),
    openapi_extra={
        "parameters": [
            PERIOD,
            parameter("contractor", "作业单位"),
            KNOWN_AT,
            parameter("limit", "每页条数，默认 50，至多 500"),
            parameter("cursor", "上一页给出的游标"),
        ]
    },
)
async def list_deductions(request: Request, caller: Caller, hotline: HotlineState) -> Response:
    refuse_unknown(request, ("period", "contractor", "known_at", "limit", "cursor"))
    query = check_query(DeductionsQuery, request)
    limit = read_limit(request)
    purpose = _purpose(query, caller)
    after: Any = (0, "", 0, "", 0)
    if query.cursor is not None:
        after = decode_cursor(hotline.keyring, purpose, query.cursor)
    await wait_until_known(hotline, caller.scope, query.known_at)
    month = month_of(query.period)
    assert month is not None
    async with hotline.ledger(caller.scope, writing=False, snapshot=True) as ledger:
        tx, units = ledger.tx, ledger.rulebook.units
        scope = scope_of(caller.actor, ledger.rulebook)
        rows = await queries.list_deductions(
            tx,
            month,
            contractors=asked_of(query.contractor, scope),
            reader=reader_of(caller, scope),
            known_at=query.known_at,
            after=tuple(after),
            limit=limit + 1,
        )
        page = rows[:limit]
        ids = {row.ticket_id for row in page if row.ticket_id is not None}
        async with tx.widened(Wider.STORY) as wide:
            appeals = await queries.list_appeals(wide, ids, query.known_at)
    following = None
    if len(rows) > limit:
        last = page[-1]
        place = [last.position, last.subject, last.round, last.rule, last.ordinal]
        following = encode_cursor(hotline.keyring, purpose, place)
    items = [
        deduction_body(row, units=units, appeals=appeals.get(row.ticket_id, ())) for row in page
    ]
    nos = [item["ticket"] for item in items]
    await note_figures(request, caller, hotline=hotline, nos=nos)
    return list_answer(request, items, following)


def _purpose(query: DeductionsQuery, caller: Identity) -> str:
    asked: tuple[str, str | None, datetime | None] = (
        query.period.id,
        query.contractor,
        query.known_at,
    )
    return f"deductions:{caller.bureau}:{caller.actor.key}:{asked!r}"
