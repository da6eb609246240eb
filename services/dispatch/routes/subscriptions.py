"""Subscriptions: a unit's system says where it wants to hear of its tickets, and sees it happen."""

from collections.abc import Awaitable, Callable
from typing import Annotated, Any

import orjson
from fastapi import APIRouter, Request
from fastapi.responses import Response
from pydantic import Field

from services.dispatch.subscription_queries import find_view, is_known, list_views
from services.dispatch.times import city_time
from shared.domain.rulebook import EVERY_TYPE
from shared.domain.words import Role
from shared.errors import Conflict, Invalid, NotFound
from shared.events.codec import BY_TYPE
from shared.events.subscriptions import SUBSCRIPTION
from shared.identity import Identity
from shared.identity.subscriptions import (
    add_subscription,
    count_subscriptions,
    end_subscription,
    find_subscription,
    rotate_subscription,
)
from shared.outgoing import check_url, reach_of
from shared.tickets import Hotline, Ledger
from shared.tickets.callback_log import replay
from shared.tickets.receivers import enable
from shared.web.auth import Caller, HotlineState, identify, require_role
from shared.web.bodies import Body, check_json_type, parse, read_body
from shared.web.calls import CALL, PARAMETERS, answer_calls, call_answer, read_number
from shared.web.cursors import (
    decode_cursor,
    encode_cursor,
    list_answer,
    read_limit,
    refuse_unknown,
)
from shared.web.idempotency import IdempotentCall
from shared.web.openapi import answers, body_of, parameter

router = APIRouter(prefix="/v1/subscriptions", tags=["订阅"])
OWNERS = (Role.UNIT, Role.ADMIN)
MOST = 20  # of one unit, or of the bureau
KEY = parameter("Idempotency-Key", "幂等键，1–255 个字符", where="header", required=True)
ASKED = {
    "url": "https://unit.example/minhu/events",
    "types": ["ticket.dispatched", "ticket.urged", "ticket.clock_warned"],
}
SHOWN: dict[str, Any] = {
    "id": "k3Jx0aZr8PqT",
    **ASKED,
    "unit": "sanitation-section",
    "state": "enabled",
    "disabled_at": None,
    "disabled_because": None,
    "failing_since": None,
    "waiting": 0,
    "parked": 0,
    "created_at": "2026-11-18T09:30:00+08:00",
    "created_by": "李强",
}
UNKNOWN = "没有这个订阅，或您无权查看"
SECRET = {"secret": "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"}

Act = Callable[[Ledger, Identity], Awaitable[dict[str, Any]]]
Event = Annotated[str, Field(min_length=1, max_length=100)]


class SubscriptionBody(Body):
    url: Annotated[str, Field(max_length=2000)]
    types: Annotated[list[Event], Field(min_length=1, max_length=100)]


def answer_of(row: Any) -> dict[str, Any]:
    return {
        "id": row.subscription_id,
        "url": row.url,
        "types": row.types,
        "unit": row.unit_id,
        "state": "enabled" if row.disabled_at is None else "disabled",
        "disabled_at": city_time(row.disabled_at),
        "disabled_because": row.disabled_because,
        "failing_since": city_time(row.failing_since),
        "waiting": row.waiting,
        "parked": row.parked,
        "created_at": city_time(row.created_at),
        "created_by": row.created_by,
    }


async def get_own(ledger: Ledger, identity: Identity, subscription_id: str) -> Any:
    """To a unit another's subscription is as unknown as one that is none."""
    row = await find_view(ledger.tx, subscription_id, unit=identity.actor.unit)
    if row is None:
        raise NotFound(UNKNOWN)
    return row


async def write(
    request: Request,
    act: Act,
    *,
    subscription_id: str | None = None,
    body: Callable[[bytes], Awaitable[Invalid | None]] | None = None,
    status: int = 200,
    keep_body: bool = True,
) -> Response:
    """Who, whose, the stored answer, what is wrong with the body, the act (ruling 29)."""
    identity = await identify(request)
    require_role(identity, OWNERS)
    check_json_type(request)
    raw = await read_body(request)
    hotline: Hotline = request.app.state.hotline
    fault = await body(raw) if body is not None else None  # may take a look at the DNS
    call = IdempotentCall.read(request, identity, raw)
    async with hotline.ledger(identity.scope, lock=call.lock(identity.bureau)) as ledger:
        # One that has ended meanwhile: whoever ended it may have lost the answer.
        if subscription_id is not None and not await is_known(
            ledger.tx, subscription_id, unit=identity.actor.unit
        ):
            raise NotFound(UNKNOWN)
        stored = await call.find_answer(ledger.tx)
        if stored is not None:
            return stored
        if subscription_id is not None:
            await get_own(ledger, identity, subscription_id)
            await find_subscription(ledger.tx, subscription_id, lock=True)
        if fault is not None:
            raise fault
        answer = await act(ledger, identity)
        response = Response(orjson.dumps(answer), status, media_type="application/json")
        await call.store(ledger.tx, response, keep_body=keep_body)
    return response


@router.post(
    "",
    status_code=201,
    summary="订阅事件回调（承办单位、管理员）。签名密钥只在应答中给出这一次",
    openapi_extra=body_of(SubscriptionBody, ASKED) | {"parameters": [KEY]},
    responses=answers(SHOWN | SECRET, status=201),
)
async def create(request: Request, hotline: HotlineState) -> Response:
    given: list[SubscriptionBody] = []

    async def find_fault(raw: bytes) -> Invalid | None:
        try:
            body = parse(SubscriptionBody, raw)
            check_types(body.types)
            await check_url(body.url, reach_of(hotline.settings))
        except Invalid as fault:
            return fault
        given.append(body)
        return None

    async def act(ledger: Ledger, identity: Identity) -> dict[str, Any]:
        unit = identity.actor.unit
        if await count_subscriptions(ledger.tx, unit) >= MOST:
            raise Conflict(f"订阅至多 {MOST} 个，请先取消不用的")
        subscription_id, secret = await add_subscription(
            ledger.tx,
            unit=unit,
            url=given[0].url,
            types=set(given[0].types),
            by=identity.actor.name,
            keyring=ledger.keyring,
        )
        row = await get_own(ledger, identity, subscription_id)
        return answer_of(row) | {"secret": secret}

    return await write(request, act, body=find_fault, status=201, keep_body=False)


def check_types(types: list[str]) -> None:
    if EVERY_TYPE in types and len(set(types)) > 1:
        raise Invalid.field("/types", "* 表示全部，不与其他类型并列")
    for index, one in enumerate(types):
        if one != EVERY_TYPE and one not in BY_TYPE:
            raise Invalid.field(f"/types/{index}", "没有这种事件类型")


@router.get(
    "",
    summary="订阅列表（承办单位只见自己的）",
    openapi_extra={
        "parameters": [
            parameter("limit", "每页条数，默认 50，最多 500"),
            parameter("cursor", "上一页给出的游标"),
        ]
    },
    responses=answers({"items": [SHOWN], "next_cursor": None}),
)
async def list_all(request: Request, hotline: HotlineState, caller: Caller) -> Response:
    require_role(caller, OWNERS)
    refuse_unknown(request, ("limit", "cursor"))
    limit, unit = read_limit(request), caller.actor.unit
    purpose = f"subscriptions:{caller.bureau}:{unit or '*'}"
    given = request.query_params.get("cursor")
    after = decode_cursor(hotline.keyring, purpose, given) if given is not None else None
    async with hotline.ledger(caller.scope, writing=False) as ledger:
        rows = await list_views(ledger.tx, unit=unit, after=after, limit=limit + 1)
    more = len(rows) > limit
    last = rows[limit - 1].subscription_id if more else None
    cursor = encode_cursor(hotline.keyring, purpose, last) if more else None
    return list_answer(request, [answer_of(row) for row in rows[:limit]], cursor)


@router.get("/{subscription}", summary="一个订阅及其接收端状况", responses=answers(SHOWN))
async def get_one(subscription: str, hotline: HotlineState, caller: Caller) -> Response:
    require_role(caller, OWNERS)
    async with hotline.ledger(caller.scope, writing=False) as ledger:
        row = await get_own(ledger, caller, subscription)
    return Response(orjson.dumps(answer_of(row)), media_type="application/json")


@router.delete(
    "/{subscription}",
    summary="取消订阅：尚未送出的不再送",
    openapi_extra={"parameters": [KEY]},
    responses=answers({"id": "k3Jx0aZr8PqT", "state": "ended"}),
)
async def end(request: Request, subscription: str) -> Response:
    async def act(ledger: Ledger, identity: Identity) -> dict[str, Any]:
        await end_subscription(ledger.tx, subscription, subscriber=SUBSCRIPTION + subscription)
        return {"id": subscription, "state": "ended"}

    return await write(request, act, subscription_id=subscription)


@router.post(
    "/{subscription}/enable",
    summary="重新启用已停用的接收端：积下的按次序接着送",
    openapi_extra={"parameters": [KEY]},
    responses=answers(SHOWN),
)
async def enable_again(request: Request, subscription: str) -> Response:
    async def act(ledger: Ledger, identity: Identity) -> dict[str, Any]:
        await enable(ledger.tx, SUBSCRIPTION + subscription)
        return answer_of(await get_own(ledger, identity, subscription))

    return await write(request, act, subscription_id=subscription)


@router.post(
    "/{subscription}/rotate-secret",
    summary="更换签名密钥，旧密钥 24 小时内一并签名。新密钥只在应答中给出这一次",
    openapi_extra={"parameters": [KEY]},
    responses=answers({"id": "k3Jx0aZr8PqT"} | SECRET),
)
async def rotate(request: Request, subscription: str) -> Response:
    async def act(ledger: Ledger, identity: Identity) -> dict[str, Any]:
        secret = await rotate_subscription(ledger.tx, subscription, keyring=ledger.keyring)
        return {"id": subscription, "secret": secret}

    return await write(request, act, subscription_id=subscription, keep_body=False)


@router.get(
    "/{subscription}/deliveries",
    summary="投递记录：所送正文、每次尝试及对方的应答，新的在前",
    openapi_extra={"parameters": PARAMETERS},
    responses=answers({"items": [CALL], "next_cursor": None}),
)
async def list_deliveries(
    request: Request, subscription: str, hotline: HotlineState, caller: Caller
) -> Response:
    require_role(caller, OWNERS)
    async with hotline.ledger(caller.scope, writing=False) as ledger:
        row = await get_own(ledger, caller, subscription)
        return await answer_calls(
            request,
            ledger.tx,
            SUBSCRIPTION + subscription,
            keyring=hotline.keyring,
            unit=row.unit_id,
        )


@router.post(
    "/{subscription}/deliveries/{delivery}/replay",
    summary="重放一次投递：消息编号不变，不等同一工单的其他投递；搁置的则在原位接着送",
    openapi_extra={"parameters": [KEY]},
    responses=answers(CALL | {"id": "1101", "state": "waiting", "replay_of": "1024", "tries": []}),
)
async def replay_delivery(request: Request, subscription: str, delivery: str) -> Response:
    async def act(ledger: Ledger, identity: Identity) -> dict[str, Any]:
        row = await get_own(ledger, identity, subscription)
        number = read_number(delivery)
        return call_answer(
            await replay(ledger.tx, SUBSCRIPTION + subscription, number, unit=row.unit_id)
        )

    return await write(request, act, subscription_id=subscription)
