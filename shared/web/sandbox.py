"""The sandbox's own addresses: the virtual clock, and waiting until all work is done."""

from datetime import UTC, datetime, timedelta

import orjson
from fastapi import APIRouter, Request
from fastapi.responses import Response
from pydantic import Field

from shared.domain.calendar import CITY_ZONE
from shared.tickets.clock import advance_clock, read_clock, set_clock
from shared.tickets.settling import settle
from shared.web.auth import HotlineState
from shared.web.bodies import Body, Moment, parse, read_body
from shared.web.openapi import answers, body_of

router = APIRouter(prefix="/sandbox", tags=["沙箱"])
EXAMPLE = {"now": "2026-11-18T09:12:00.000000+08:00"}


class NewTime(Body):
    now: Moment


class Jump(Body):
    seconds: float = Field(ge=0, le=40 * 366 * 86400)


class Wait(Body):
    timeout_seconds: float = Field(default=30, gt=0, le=600)


@router.get("/clock", summary="读虚拟时钟", responses=answers(EXAMPLE))
async def read(hotline: HotlineState) -> Response:
    return _now(await read_clock(hotline))


@router.put(
    "/clock",
    summary="设虚拟时钟（有工单后只能向前）",
    openapi_extra=body_of(NewTime, EXAMPLE),
    responses=answers(EXAMPLE),
)
async def put(request: Request, hotline: HotlineState) -> Response:
    wanted = parse(NewTime, await read_body(request))
    return _now(await set_clock(hotline, wanted.now.astimezone(UTC)))


@router.post(
    "/clock/advance",
    summary="虚拟时钟前进若干秒",
    openapi_extra=body_of(Jump, {"seconds": 3600}),
    responses=answers(EXAMPLE),
)
async def advance(request: Request, hotline: HotlineState) -> Response:
    jump = parse(Jump, await read_body(request))
    return _now(await advance_clock(hotline, timedelta(seconds=jump.seconds)))


@router.post(
    "/settle",
    summary="等到此刻没有未处理完的工作",
    openapi_extra=body_of(Wait, {"timeout_seconds": 30}),
    responses=answers({"status": "settled"}),
)
async def wait(request: Request, hotline: HotlineState) -> Response:
    patience = parse(Wait, await read_body(request))
    await settle(hotline, patience.timeout_seconds)
    return Response(b'{"status":"settled"}', media_type="application/json")


def _now(now: datetime) -> Response:
    shown = now.astimezone(CITY_ZONE).isoformat(timespec="microseconds")
    return Response(orjson.dumps({"now": shown}), media_type="application/json")
