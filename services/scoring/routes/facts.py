"""考核事实: every round of every ticket, in bulk and again whenever it changes."""

import asyncio
from collections.abc import AsyncGenerator
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import orjson
from fastapi import APIRouter, Request
from fastapi.responses import Response

from services.scoring import examples
from services.scoring.actions.feed import look_ahead, read_page, stream_file
from services.scoring.exports.forms import BOM, HEADER, Form
from services.scoring.queries.feed import Horizon, Place, Wish
from services.scoring.routes.asking import reader_of, scope_of
from services.scoring.routes.showing import note_export
from services.scoring.routes.streaming import Streamed
from services.scoring.schemas import FactsQuery
from shared.db import Scope
from shared.domain.actor import Actor
from shared.errors import Invalid, Unavailable
from shared.tickets import Hotline
from shared.web import watermark
from shared.web.auth import Caller, HotlineState
from shared.web.bodies import check_query
from shared.web.cursors import (
    decode_cursor,
    encode_cursor,
    link_to,
    list_answer,
    read_limit,
    refuse_unknown,
)
from shared.web.openapi import answers, parameter
from shared.web.watermark import file_name, watermark_of

router = APIRouter(prefix="/v1/facts", tags=["考核"])

CURSOR = "updated_after"
KNOWN = (CURSOR, "from", "to", "format", "limit")
CSV_TYPE = "text/csv"
NEXT_CURSOR = "X-Next-Cursor"
ANSWERS = answers(examples.FACTS)
ANSWERS[200]["content"][CSV_TYPE] = {"schema": {"type": "string"}}


@dataclass(frozen=True, slots=True)
class Asked:
    """`purpose`: what a cursor is tied to, the reader's units and the bounds among it."""

    whose: Scope
    wish: Wish
    place: Place
    purpose: str


@dataclass(frozen=True, slots=True)
class Taken:
    """Who takes the rows away, and when."""

    by: Actor
    at: datetime


@router.get(
    "",
    summary="考核事实：工单每轮一行的现状，变动、更正与移除都会再来，并发写入也不漏不重",
    description="总是给出 `next_cursor`：留着，下次以 `updated_after` 接着取。"
    "`items` 为空即暂无变动。"
    "同一轮（`no`、`round`）再来时以后来的为准；`removed` 非空的不计入任何指标，"
    "`reassigned` 表示已改派到所见范围之外，其余各列不再给出。"
    "未办结的到期才计入按期类指标，到期时该行再来一次。"
    "游标与筛选条件、所见单位绑定，单位归属有变则须从头取。"
    "CSV 不给 `limit` 时一次给全，游标在 `X-Next-Cursor`，读完全文后方可留用。",
    responses=ANSWERS,
    openapi_extra={
        "parameters": [
            parameter(CURSOR, "上次给出的 next_cursor；不给则从头"),
            parameter("from", "本轮开始（opened_at）不早于：YYYY-MM-DD 或带时区的时间"),
            parameter("to", "本轮开始早于（不含）：YYYY-MM-DD 或带时区的时间"),
            parameter("format", "json（默认）或 csv；也可用 Accept: text/csv"),
            parameter("limit", "每页条数，默认 50，至多 500；csv 默认不分页"),
        ]
    },
)
async def list_facts(request: Request, caller: Caller, hotline: HotlineState) -> Response:
    refuse_unknown(request, KNOWN)
    query = check_query(FactsQuery, request)
    if query.from_ is not None and query.to is not None and query.from_ >= query.to:
        raise Invalid.field("/from", "起始时间须早于截止时间")
    limit = read_limit(request)
    form = query.form or (Form.CSV if wants_csv(request) else Form.JSON)
    in_full = form is Form.CSV and "limit" not in request.query_params
    async with hotline.ledger(caller.scope, writing=False, snapshot=True) as ledger:
        scope = scope_of(caller.actor, ledger.rulebook)
        wish = Wish(form, scope, query.from_, query.to, reader=reader_of(caller, scope))
        units = None if scope is None else sorted(scope)
        bounds = [at and at.timestamp() for at in (query.from_, query.to)]
        purpose = f"facts:{caller.bureau}:{units}:{bounds}"
        place = Place()
        if query.updated_after is not None:
            given = decode_cursor(hotline.keyring, purpose, query.updated_after, parameter=CURSOR)
            place = read_place(given)
        asked = Asked(caller.scope, wish, place, purpose)
        if in_full:
            horizon = await look_ahead(ledger.tx)
        else:
            page = await read_page(ledger.tx, wish, place, limit=limit)
    taken = Taken(caller.actor, await note_export(request, caller, hotline=hotline))
    if in_full:
        return stream(request, hotline, asked, horizon, taken=taken)
    cursor = encode_cursor(hotline.keyring, purpose, written_place(page.place))
    if form is Form.CSV:
        body = BOM + HEADER + "".join(page.rows)
        return Response(body, headers=file_headers(request, cursor, taken), media_type=CSV_TYPE)
    items = [orjson.Fragment(row) for row in page.rows]
    answer = list_answer(request, items, cursor, parameter=CURSOR)
    answer.headers[watermark.HEADER] = watermark_of(taken.by, taken.at)
    return answer


def stream(
    request: Request, hotline: Hotline, asked: Asked, horizon: Horizon, *, taken: Taken
) -> Response:
    """The cursor goes ahead of the rows: the horizon is fixed before the first is read."""
    streams: asyncio.Semaphore = request.app.state.fact_streams
    if streams.locked():
        raise Unavailable("同时下载的过多，请稍后重试")
    cursor = encode_cursor(
        hotline.keyring, asked.purpose, written_place(asked.place.behind(horizon))
    )

    async def rows() -> AsyncGenerator[str, None]:
        async with (
            streams,
            hotline.database.transaction(asked.whose, writing=False, snapshot=True) as tx,
        ):
            async for some in stream_file(tx, asked.wish, asked.place, horizon=horizon):
                yield some

    return Streamed(rows(), headers=file_headers(request, cursor, taken), media_type=CSV_TYPE)


def file_headers(request: Request, cursor: str, taken: Taken) -> dict[str, str]:
    name = file_name("facts", "csv", actor=taken.by, now=taken.at)
    return {
        "Content-Disposition": f'attachment; filename="{name}"',
        watermark.HEADER: watermark_of(taken.by, taken.at),
        "Link": link_to(request, cursor, parameter=CURSOR),
        NEXT_CURSOR: cursor,
        "Vary": "Accept",
    }


def wants_csv(request: Request) -> bool:
    """Whether `Accept` names CSV, and JSON not before it."""
    wanted: dict[str, float] = {}
    for one in request.headers.get("accept", "").split(","):
        name, *options = (part.strip() for part in one.lower().split(";"))
        weights = [option[2:] for option in options if option.startswith("q=")]
        try:
            wanted[name] = float(weights[0]) if weights else 1.0
        except ValueError:
            wanted[name] = 0.0
    csv = wanted.get(CSV_TYPE, 0.0)
    return csv > 0 and csv >= wanted.get("application/json", 0.0)


def written_place(place: Place) -> list[str | int | None]:
    told = None if place.told is None else place.told.isoformat()
    return [place.xid, place.ticket, place.round, told, place.told_ticket, place.told_round]


def read_place(given: list[Any]) -> Place:
    xid, ticket, number, told, told_ticket, told_round = given
    return Place(
        xid=xid,
        ticket=ticket,
        round=number,
        told=None if told is None else datetime.fromisoformat(told),
        told_ticket=told_ticket,
        told_round=told_round,
    )
