"""Alive, ready, measured."""

import asyncio
import time

import orjson
from fastapi import APIRouter, Request
from fastapi.responses import Response
from prometheus_client import CONTENT_TYPE_LATEST, CollectorRegistry, generate_latest

from shared.errors import Unavailable
from shared.tickets import Hotline
from shared.tickets.vitals import UNLINKED_SECONDS, read_oldest, read_vitals
from shared.web.auth import HotlineState
from shared.web.gauges import Gauges, read_gauges
from shared.web.measuring import Measures
from shared.web.openapi import answers

router = APIRouter(tags=["运行状态"])

PATIENCE_SECONDS = 5.0  # for a server that hangs, which is as good as away
METRICS = {
    "description": "Prometheus 文本格式",
    "content": {
        "text/plain": {
            "schema": {"type": "string"},
            "example": 'minhu_deliveries_pending{bureau="1",subscriber="scoring"} 0.0\n',
        }
    },
}
READY = {
    "status": "ready",
    "redis": "ok",
    "worker": "ok",
    "oldest_pending_seconds": 0.0,
    "troubles": [],
}


@router.get("/livez", summary="进程存活", responses=answers({"status": "ok"}))
async def live() -> Response:
    return Response(b'{"status":"ok"}', media_type="application/json")


@router.get(
    "/readyz",
    summary="可以服务：数据库可写、无积压；Redis 或后台不在时降级，另列出其他故障",
    responses=answers(READY),
)
async def ready(request: Request, hotline: HotlineState) -> Response:
    try:
        async with asyncio.timeout(PATIENCE_SECONDS):
            oldest, troubles = await look(hotline)
    except TimeoutError as error:
        raise Unavailable("数据库没有应答") from error
    if oldest > hotline.settings.max_pending_seconds:
        raise Unavailable(f"有投递积压 {oldest:.0f} 秒未处理")
    if not await request.app.state.bell.answers():
        troubles = ["redis_away", *troubles]
    away = {"redis_away", "worker_away"}
    body = {
        "status": "degraded" if away & set(troubles) else "ready",
        "redis": "down" if "redis_away" in troubles else "ok",
        "worker": "away" if "worker_away" in troubles else "ok",
        "oldest_pending_seconds": round(oldest, 3),
        "troubles": troubles,
    }
    return Response(orjson.dumps(body), media_type="application/json")


async def look(hotline: Hotline) -> tuple[float, list[str]]:
    """The age of the oldest pending delivery, and what is wrong short of that."""
    vitals = await read_vitals(hotline, time.time)
    if not vitals.is_writable:
        raise Unavailable("数据库只读")
    oldest = 0.0
    troubles = dict.fromkeys(vitals.troubles())
    for bureau in await hotline.bureaus():
        found = await read_oldest(hotline, bureau)
        oldest = max(oldest, found.oldest or 0.0)
        if found.has_parked:
            troubles["deliveries_parked"] = None
        if found.has_quarantined:
            troubles["messages_quarantined"] = None
        if found.unlinked > UNLINKED_SECONDS:
            troubles["audit_unlinked"] = None
    return oldest, list(troubles)


@router.get(
    "/metrics", summary="Prometheus 指标", response_class=Response, responses={200: METRICS}
)
async def metrics(request: Request, hotline: HotlineState) -> Response:
    """Answers without Postgres too: that it is away is then what there is to tell."""
    try:
        async with asyncio.timeout(PATIENCE_SECONDS):
            gauges = await read_gauges(hotline)
    except (Unavailable, TimeoutError):
        gauges = Gauges()
        gauges.set("database_up", 0)
    gauges.set("redis_up", await request.app.state.bell.answers())
    registry = CollectorRegistry()
    registry.register(gauges)
    measures: Measures = request.app.state.measures
    told = generate_latest(registry) + generate_latest(measures.registry)
    return Response(told, media_type=CONTENT_TYPE_LATEST)
