"""Alive, ready, measured."""

from collections.abc import Iterator
from typing import Any

import orjson
from fastapi import APIRouter, Request
from fastapi.responses import Response
from prometheus_client import CONTENT_TYPE_LATEST, CollectorRegistry, generate_latest
from prometheus_client.core import GaugeMetricFamily
from sqlalchemy import text

from shared.errors import Unavailable
from shared.events.subscriptions import INTERNAL
from shared.tickets import Hotline
from shared.web.auth import HotlineState
from shared.web.measuring import Measures
from shared.web.openapi import answers

router = APIRouter(tags=["运行状态"])

METRICS = {
    "description": "Prometheus 文本格式",
    "content": {
        "text/plain": {
            "schema": {"type": "string"},
            "example": 'minhu_deliveries_pending{bureau="1",subscriber="scoring"} 0.0\n',
        }
    },
}
WRITABLE = text(
    "SELECT NOT pg_is_in_recovery() AND current_setting('transaction_read_only') = 'off'"
)
OLDEST = text(
    "SELECT extract(epoch FROM clock_timestamp() - min(created_at)) AS oldest FROM deliveries"
    " WHERE bureau_id = :bureau AND parked_at IS NULL"
    " AND subscriber = ANY(CAST(:own AS text[]))"
)
BACKLOG = text(
    "SELECT subscriber, count(*) FILTER (WHERE parked_at IS NULL) AS pending,"
    " count(*) FILTER (WHERE parked_at IS NOT NULL) AS parked,"
    " coalesce(extract(epoch FROM clock_timestamp()"
    " - min(created_at) FILTER (WHERE parked_at IS NULL)), 0) AS oldest"
    " FROM deliveries WHERE bureau_id = :bureau GROUP BY subscriber"
)
HANDLED = text(
    "SELECT subscriber, sum(handled) AS handled FROM delivery_counts"
    " WHERE bureau_id = :bureau GROUP BY subscriber"
)
MESSAGES = text(
    "SELECT state, count(*) AS messages FROM raw_messages"
    " WHERE bureau_id = :bureau AND state IN ('waiting', 'quarantined') GROUP BY state"
)


@router.get("/livez", summary="进程存活", responses=answers({"status": "ok"}))
async def live() -> Response:
    return Response(b'{"status":"ok"}', media_type="application/json")


@router.get(
    "/readyz",
    summary="可以服务：数据库可写、无积压；Redis 不可用时降级",
    responses=answers({"status": "ready", "redis": "ok", "oldest_pending_seconds": 0.0}),
)
async def ready(request: Request, hotline: HotlineState) -> Response:
    async with hotline.database.unscoped() as connection:
        writable = (await connection.execute(WRITABLE)).scalar_one()
    if not writable:
        raise Unavailable("数据库只读")
    oldest = 0.0
    for bureau in await hotline.bureaus():
        async with hotline.database.transaction(bureau, writing=False) as tx:
            row = await tx.row(OLDEST, bureau=bureau, own=list(INTERNAL))
            oldest = max(oldest, float((row and row.oldest) or 0))
    if oldest > hotline.settings.max_pending_seconds:
        raise Unavailable(f"有投递积压 {oldest:.0f} 秒未处理")
    redis = await request.app.state.bell.answers()
    body = {
        "status": "ready" if redis else "degraded",
        "redis": "ok" if redis else "down",
        "oldest_pending_seconds": round(oldest, 3),
    }
    return Response(orjson.dumps(body), media_type="application/json")


@router.get(
    "/metrics", summary="Prometheus 指标", response_class=Response, responses={200: METRICS}
)
async def metrics(request: Request, hotline: HotlineState) -> Response:
    registry = CollectorRegistry()
    registry.register(await read_backlog(hotline))
    measures: Measures = request.app.state.measures
    told = generate_latest(registry) + generate_latest(measures.registry)
    return Response(told, media_type=CONTENT_TYPE_LATEST)


class Backlog:
    """Gauges read once from the database, then collected as they were."""

    def __init__(self, families: list[GaugeMetricFamily]) -> None:
        self._families = families

    def collect(self) -> Iterator[Any]:
        yield from self._families


async def read_backlog(hotline: Hotline) -> Any:
    labels = ["bureau", "subscriber"]
    pending = GaugeMetricFamily("minhu_deliveries_pending", "应投递数", labels=labels)
    parked = GaugeMetricFamily("minhu_deliveries_parked", "搁置的投递数", labels=labels)
    oldest = GaugeMetricFamily(
        "minhu_deliveries_oldest_seconds", "最早一件应投递的秒数", labels=labels
    )
    handled = GaugeMetricFamily("minhu_deliveries_handled", "已送达数", labels=labels)
    messages = GaugeMetricFamily(
        "minhu_messages", "等待或隔离中的平台消息数", labels=["bureau", "state"]
    )
    for bureau in await hotline.bureaus():
        async with hotline.database.transaction(bureau, writing=False) as tx:
            for row in await tx.rows(BACKLOG, bureau=bureau):
                key = [str(bureau), row.subscriber]
                pending.add_metric(key, row.pending)
                parked.add_metric(key, row.parked)
                oldest.add_metric(key, float(row.oldest))
            for row in await tx.rows(HANDLED, bureau=bureau):
                handled.add_metric([str(bureau), row.subscriber], float(row.handled))
            for row in await tx.rows(MESSAGES, bureau=bureau):
                messages.add_metric([str(bureau), row.state], row.messages)
    return Backlog([pending, parked, oldest, handled, messages])
