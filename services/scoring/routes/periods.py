"""定版: months frozen by hand, and all that are, with their manifests."""

import orjson
from fastapi import APIRouter, Request
from fastapi.responses import Response

from services.scoring import freezing_examples as examples
from services.scoring.actions.freezing import freeze_month
from services.scoring.actions.periods import get_month_standing, list_month_standings
from services.scoring.freezing_answers import manifest_body, standing_body
from services.scoring.routes.asking import wait_until_quiet
from services.scoring.rules.periods import Period, find_period
from services.scoring.schemas import FreezeBody
from shared.domain.words import Role
from shared.errors import Invalid
from shared.web.auth import Caller, HotlineState, require_role
from shared.web.bodies import check_json_type, parse, read_body
from shared.web.cursors import decode_cursor, encode_cursor, list_answer, read_limit
from shared.web.idempotency import IdempotentCall
from shared.web.openapi import answers, body_of, parameter
from shared.web.tracing import traceparent

router = APIRouter(prefix="/v1/periods", tags=["定版"])


def read_month(text: str) -> Period:
    """Only months freeze."""
    period = find_period(text)
    if period is None or not period.is_month:
        raise Invalid.field("/period", "须为月份：YYYY-MM（2000–2099 年）")
    return period


@router.post(
    "/{period}/freeze",
    summary="月度定版（局领导）；再次定版须说明理由",
    openapi_extra=body_of(FreezeBody, {"reason": "补录迟到的回访结果"})
    | {
        "parameters": [
            parameter("Idempotency-Key", "幂等键，1–255 个字符", where="header", required=True)
        ]
    },
    responses=answers(examples.MANIFEST, text="定版清单"),
)
async def freeze(request: Request, period: str, caller: Caller, hotline: HotlineState) -> Response:
    require_role(caller, (Role.LEADER,))
    check_json_type(request)
    raw = await read_body(request)
    call = IdempotentCall.read(request, caller, raw)
    await wait_until_quiet(hotline, caller.scope)
    async with hotline.ledger(
        caller.scope, lock=call.lock(caller.bureau), trace=traceparent(request.scope)
    ) as ledger:
        stored = await call.find_answer(ledger.tx)
        if stored is not None:
            return stored
        month, body = read_month(period), parse(FreezeBody, raw)
        frozen = await freeze_month(ledger, month, actor=caller.actor, reason=body.reason)
        response = Response(orjson.dumps(manifest_body(frozen)), media_type="application/json")
        await call.store(ledger.tx, response)
    return response


@router.get(
    "",
    summary="各月的定版情况，最近的在前",
    openapi_extra={
        "parameters": [
            parameter("limit", "每页条数，默认 50，至多 500"),
            parameter("cursor", "上一页给出的游标"),
        ]
    },
    responses=answers({"items": [examples.STANDING], "next_cursor": None}),
)
async def list_months(request: Request, caller: Caller, hotline: HotlineState) -> Response:
    limit = read_limit(request)
    purpose = f"periods:{caller.bureau}"
    given = request.query_params.get("cursor")
    before = decode_cursor(hotline.keyring, purpose, given) if given is not None else None
    async with hotline.ledger(caller.scope, writing=False, snapshot=True) as ledger:
        found = await list_month_standings(ledger, before=before, limit=limit + 1)
    shown = found[:limit]
    more = len(found) > limit
    following = encode_cursor(hotline.keyring, purpose, shown[-1].period.id) if more else None
    return list_answer(request, [standing_body(one) for one in shown], following)


@router.get(
    "/{period}",
    summary="一个月的定版情况：自动定版的时间、各版清单",
    responses=answers(examples.STANDING),
)
async def show_month(period: str, caller: Caller, hotline: HotlineState) -> Response:
    month = read_month(period)
    async with hotline.ledger(caller.scope, writing=False, snapshot=True) as ledger:
        standing = await get_month_standing(ledger, month)
    return Response(orjson.dumps(standing_body(standing)), media_type="application/json")
