"""考核: score sheets, and the tickets behind each figure."""

from datetime import datetime

import orjson
from fastapi import APIRouter, Request
from fastapi.responses import Response

from services.scoring import examples
from services.scoring.actions.scores import Question, read_page, read_sheet
from services.scoring.answers import TOTAL_KEY, counted_body, sheet_body
from services.scoring.queries.barring import find_barred
from services.scoring.queries.counting import is_known_unit
from services.scoring.routes.asking import (
    find_asked_freeze,
    reader_of,
    scope_of,
    terms_of,
    wait_until_known,
)
from services.scoring.routes.showing import note_figures
from services.scoring.rules.tallies import Key
from services.scoring.schemas import FigureQuery, ScoresQuery
from shared.errors import Invalid
from shared.identity import Identity
from shared.tickets import Ledger
from shared.web.auth import Caller, HotlineState
from shared.web.bodies import check_query
from shared.web.cursors import decode_cursor, encode_cursor, list_answer, read_limit
from shared.web.openapi import answers, parameter

router = APIRouter(prefix="/v1/scores", tags=["考核"])

UNKNOWN_KEYS = ("", "null")
ASKED = [
    parameter("period", "期间：YYYY-MM 或 YYYY", required=True),
    parameter("by", "分组：unit、section、executor、trade、street、source 或 category，默认 unit"),
]
REVISION = parameter("revision", "已定版月份的版次；默认为最新一版，不能与 known_at 同时给出")
KNOWN_AT = parameter("known_at", "按该时刻（含）以前所记录的计算，须带时区；默认为现在所知")
ADJUSTED = parameter("adjusted", "是否计入申诉与剔除：true（默认）或 false")
EMERGENCY = parameter("emergency", "应急预案所涉工单：include（默认，计入）或 exclude（不计）")


@router.get(
    "",
    summary="考核表：各指标的分子、分母与剔除，综合得分与排名",
    responses=answers(examples.SCORES),
    openapi_extra={
        "parameters": [
            *ASKED,
            parameter(
                "scheme",
                "考核方案：编号（取该期间现行的一版）或“编号@版本”，默认 ja-default；"
                "sanitation-v1 只按单位、按月，行内另有分项、经费系数与约谈",
            ),
            KNOWN_AT,
            REVISION,
            ADJUSTED,
            EMERGENCY,
        ]
    },
)
async def show_scores(request: Request, caller: Caller, hotline: HotlineState) -> Response:
    query = check_query(ScoresQuery, request)
    await wait_until_known(hotline, caller.scope, query.known_at)
    async with hotline.ledger(caller.scope, writing=False, snapshot=True) as ledger:
        freeze = await find_asked_freeze(
            ledger.tx, query.period, revision=query.revision, known_at=query.known_at
        )
        terms = await terms_of(ledger, query.period, freeze, scheme=query.scheme)
        question = Question(
            query.period,
            query.by,
            scope_of(caller.actor, ledger.rulebook),
            query.known_at,
            emergency=query.emergency == "include",
            adjusted=query.adjusted == "true",
            freeze=freeze,
        )
        sheet = await read_sheet(ledger.tx, question, scheme=terms.scheme, units=terms.units)
    body = sheet_body(
        sheet,
        period=query.period,
        by=query.by,
        scheme=terms.scheme,
        calendar=terms.calendar_version,
        units=terms.units,
    )
    if freeze is not None:
        body |= {"frozen": True, "revision": freeze.revision}
    if query.emergency == "exclude":
        body["emergency"] = query.emergency
    return Response(orjson.dumps(body), media_type="application/json")


@router.get(
    "/tickets",
    summary="一个数字背后的工单：分子、分母或剔除",
    responses=answers(examples.FIGURE),
    openapi_extra={
        "parameters": [
            *ASKED,
            parameter("key", "行的 key；不给为合计，空或 null 为未知的一行"),
            parameter("metric", "指标，见 /v1/metrics", required=True),
            parameter("part", "num、den（默认）或 excluded"),
            KNOWN_AT,
            REVISION,
            ADJUSTED,
            EMERGENCY,
            parameter("limit", "每页条数，默认 50，至多 500"),
            parameter("cursor", "上一页给出的游标"),
        ]
    },
)
async def list_tickets(request: Request, caller: Caller, hotline: HotlineState) -> Response:
    query = check_query(FigureQuery, request)
    limit = read_limit(request)
    purpose = purpose_of(query, caller)
    known_at, revision, after = query.known_at, query.revision, ("", 0)
    if query.cursor is not None:
        then, revision, no, number = decode_cursor(hotline.keyring, purpose, query.cursor)
        after = (no, number)
        known_at = datetime.fromisoformat(then) if revision is None else None
    await wait_until_known(hotline, caller.scope, known_at)
    async with hotline.ledger(caller.scope, writing=False, snapshot=True) as ledger:
        freeze = await find_asked_freeze(
            ledger.tx, query.period, revision=revision, known_at=known_at
        )
        question = Question(
            query.period,
            query.by,
            scope_of(caller.actor, ledger.rulebook),
            known_at,
            emergency=query.emergency == "include",
            adjusted=query.adjusted == "true",
            freeze=freeze,
        )
        keys = keys_of(query.key)
        if query.by == "unit":
            await check_unit(ledger, keys)
        page = await read_page(
            ledger.tx,
            question,
            query.metric,
            part=query.part,
            keys=keys,
            after=after,
            limit=limit + 1,
        )
        reader = reader_of(caller, question.scope)
        barred = await find_barred(ledger.tx, reader, nos={one.no for one in page.rounds})
    shown, following = [one for one in page.rounds[:limit] if one.no not in barred], None
    if len(page.rounds) > limit:
        last = shown[-1] if shown else page.rounds[limit - 1]
        kept = None if freeze is None else freeze.revision
        place = [page.known_at.isoformat(), kept, last.no, last.round]
        following = encode_cursor(hotline.keyring, purpose, place)
    await note_figures(request, caller, hotline=hotline, nos=[one.no for one in shown])
    return list_answer(request, [counted_body(one) for one in shown], following)


def purpose_of(query: FigureQuery, caller: Identity) -> str:
    """A cursor opens only for the same figure and the same caller."""
    parts = (caller.bureau, caller.actor.key, query.period.id, query.by, query.key)
    figure = f"{query.metric.id}:{query.part}:{query.emergency}:{query.adjusted}"
    return f"scores/tickets:{parts!r}:{figure}:{query.known_at}:{query.revision}"


def keys_of(key: str | None) -> tuple[Key, ...]:
    """The row asked for: none is the total, and what is unknown has no key."""
    if key is None or key == TOTAL_KEY:
        return ()
    return (None,) if key in UNKNOWN_KEYS else (key,)


async def check_unit(ledger: Ledger, keys: tuple[Key, ...]) -> None:
    for key in keys:
        if key is None or key in ledger.rulebook.units:
            continue
        if not await is_known_unit(ledger.tx, key):
            raise Invalid.field("/key", "没有这个单位")
