"""What goes back to a platform: its address, how calls there fare, what was sent, and again."""

from collections.abc import Awaitable, Callable
from typing import Any

import orjson
from fastapi import APIRouter, Request
from fastapi.responses import Response

from services.intake import queries
from services.intake.routes.reads import city_time, signed_source
from shared.db import Tx
from shared.domain.words import Role
from shared.errors import NotFound
from shared.events.subscriptions import CALLBACK
from shared.identity.sources import set_callback
from shared.outgoing import check_url, reach_of
from shared.tickets import Hotline
from shared.tickets.callback_log import replay
from shared.tickets.receivers import enable
from shared.web.auth import Caller, HotlineState, require_role
from shared.web.bodies import Body, parse, read_body
from shared.web.calls import CALL, PARAMETERS, answer_calls, call_answer, read_number
from shared.web.idempotency import IdempotentCall
from shared.web.openapi import SIGNED, answers, body_of, parameter

router = APIRouter(prefix="/v1", tags=["平台回调"])
ADDRESS = {"url": "https://platform.example/callback"}
STATE = ADDRESS | {
    "state": "enabled",
    "disabled_at": None,
    "disabled_because": None,
    "failing_since": None,
    "waiting": 0,
    "parked": 0,
}
SENT = CALL | {
    "type": "ticket.dispatched",
    "payload": {
        "type": "ticket.state_changed",
        "timestamp": "2026-11-18T09:40:00+08:00",
        "data": {
            "upstream_no": "SH12345-20261118-00731",
            "no": "T20261118-000731",
            "state": "dispatched",
            "due": "2026-11-25T23:59:59+08:00",
            "completed_at": None,
        },
    },
}
AGAIN = SENT | {"id": "1101", "state": "waiting", "replay_of": "1024", "tries": []}
KEY = parameter("Idempotency-Key", "幂等键，1–255 个字符；可不给", where="header")


class CallbackBody(Body):
    url: str | None


def json_answer(body: Any) -> Response:
    return Response(orjson.dumps(body), media_type="application/json")


@router.put(
    "/callback",
    summary="登记状态变更的回调地址（https；沙箱可用本机地址）；已停用的随之启用",
    openapi_extra=body_of(CallbackBody, ADDRESS) | SIGNED,
    responses=answers(ADDRESS),
)
async def put_callback(request: Request, hotline: HotlineState) -> Response:
    raw = await read_body(request)
    source = await signed_source(request, raw)
    url = parse(CallbackBody, raw).url
    if url is not None:
        await check_url(url, reach_of(hotline.settings))
    async with hotline.database.transaction(source.scope) as tx:
        await set_callback(tx.connection, source.bureau, source.name, url)
        await enable(tx, CALLBACK + source.name)
    return json_answer({"url": url})


@router.get(
    "/callback",
    summary="本平台的回调地址与接收端状况",
    openapi_extra=SIGNED,
    responses=answers(STATE),
)
async def get_callback(request: Request, hotline: HotlineState) -> Response:
    source = await signed_source(request)
    async with hotline.database.transaction(source.scope, writing=False) as tx:
        return json_answer(await state_of(tx, source.name))


@router.get(
    "/callback/deliveries",
    summary="本平台的投递记录：所送正文、每次尝试及应答，新的在前",
    openapi_extra={"parameters": PARAMETERS} | SIGNED,
    responses=answers({"items": [SENT], "next_cursor": None}),
)
async def list_own(request: Request, hotline: HotlineState) -> Response:
    source = await signed_source(request)
    async with hotline.database.transaction(source.scope, writing=False) as tx:
        return await answer_calls(request, tx, CALLBACK + source.name, keyring=hotline.keyring)


@router.post(
    "/callback/deliveries/{delivery}/replay",
    summary="重放一次投递：消息编号不变；搁置的则在原位接着送",
    openapi_extra=SIGNED,
    responses=answers(AGAIN),
)
async def replay_own(request: Request, delivery: str, hotline: HotlineState) -> Response:
    source = await signed_source(request, await read_body(request))
    async with hotline.database.transaction(source.scope) as tx:
        made = await replay(tx, CALLBACK + source.name, read_number(delivery), unit=None)
    return json_answer(call_answer(made))


@router.get(
    "/sources/{source}/callback",
    summary="某平台的回调地址与接收端状况（管理员）",
    responses=answers(STATE),
)
async def get_of(source: str, hotline: HotlineState, caller: Caller) -> Response:
    require_role(caller, {Role.ADMIN})
    async with hotline.database.transaction(caller.scope, writing=False) as tx:
        return json_answer(await state_of(tx, source))


@router.get(
    "/sources/{source}/deliveries",
    summary="送往某平台的投递记录（管理员）",
    openapi_extra={"parameters": PARAMETERS},
    responses=answers({"items": [SENT], "next_cursor": None}),
)
async def list_of(request: Request, source: str, hotline: HotlineState, caller: Caller) -> Response:
    require_role(caller, {Role.ADMIN})
    async with hotline.database.transaction(caller.scope, writing=False) as tx:
        await state_of(tx, source)
        return await answer_calls(request, tx, CALLBACK + source, keyring=hotline.keyring)


@router.post(
    "/sources/{source}/deliveries/{delivery}/replay",
    summary="重放送往某平台的一次投递（管理员）",
    openapi_extra={"parameters": [KEY]},
    responses=answers(AGAIN),
)
async def replay_of(request: Request, source: str, delivery: str, caller: Caller) -> Response:
    async def act(tx: Tx) -> Any:
        number = read_number(delivery)
        return call_answer(await replay(tx, CALLBACK + source, number, unit=None))

    return await administer(request, caller, source, act=act)


@router.post(
    "/sources/{source}/enable",
    summary="重新启用某平台已停用的接收端：积下的按次序接着送（管理员）",
    openapi_extra={"parameters": [KEY]},
    responses=answers(STATE),
)
async def enable_of(request: Request, source: str, caller: Caller) -> Response:
    async def act(tx: Tx) -> Any:
        await enable(tx, CALLBACK + source)
        return await state_of(tx, source)

    return await administer(request, caller, source, act=act)


async def administer(
    request: Request, caller: Caller, source: str, *, act: Callable[[Tx], Awaitable[Any]]
) -> Response:
    require_role(caller, {Role.ADMIN})
    hotline: Hotline = request.app.state.hotline
    call = IdempotentCall.read(request, caller, await read_body(request), needs_key=False)
    async with hotline.ledger(caller.scope, lock=call.lock(caller.bureau)) as ledger:
        await state_of(ledger.tx, source)
        stored = await call.find_answer(ledger.tx)
        if stored is not None:
            return stored
        response = json_answer(await act(ledger.tx))
        await call.store(ledger.tx, response)
    return response


async def state_of(tx: Tx, source: str) -> dict[str, Any]:
    row = await tx.row(queries.CALLBACK_STATE, bureau=tx.bureau, source=source)
    if row is None:
        raise NotFound
    return {
        "url": row.callback_url,
        "state": "enabled" if row.disabled_at is None else "disabled",
        "disabled_at": city_time(row.disabled_at),
        "disabled_because": row.disabled_because,
        "failing_since": city_time(row.failing_since),
        "waiting": row.waiting,
        "parked": row.parked,
    }
