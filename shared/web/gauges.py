"""Gauges read from the database when they are asked for, then collected as they were."""

import time
from collections.abc import Iterator, Mapping
from types import MappingProxyType
from typing import Any

from prometheus_client.core import GaugeMetricFamily
from prometheus_client.registry import Collector

from shared.tickets import Hotline
from shared.tickets.vitals import (
    Vitals,
    read_messages,
    read_oldest,
    read_owed,
    read_standing,
    read_vitals,
)

OF_SUBSCRIBER = ("bureau", "subscriber")
OF_STATE = ("bureau", "state")
# Name, without the `minhu_` before it: what it tells, and its labels.
GAUGES: Mapping[str, tuple[str, tuple[str, ...]]] = MappingProxyType(
    {
        "database_up": ("数据库有应答", ()),
        "database_writable": ("数据库可写", ()),
        "database_connections": ("数据库现有连接数", ()),
        "database_connections_limit": ("数据库连接数上限（除保留的）", ()),
        "idle_in_transaction_seconds": ("事务开着而闲置的最长秒数", ()),
        "horizon_held_seconds": ("未结束的写事务使各订阅停留的秒数", ()),
        "clock_skew_seconds": ("本机与数据库时钟之差，各进程中最大的", ()),
        "redis_up": ("Redis 有应答", ()),
        "workers": ("有心跳的后台进程数", ()),
        "worker_beat_seconds": ("最近一次后台心跳距今秒数", ()),
        "worker_drained_seconds": ("后台最近做完一轮距今秒数", ()),
        "sweep_failing": ("正在出错的后台工作", ("sweep", "kind")),
        "deliveries_produced": ("已产生数", OF_SUBSCRIBER),
        "deliveries_handled": ("已送达数", OF_SUBSCRIBER),
        "deliveries_pending": ("应投递数", OF_SUBSCRIBER),
        "deliveries_parked": ("搁置的投递数", OF_SUBSCRIBER),
        "deliveries_retrying": ("出过错、待重试的投递数", OF_SUBSCRIBER),
        "deliveries_mismatch": ("产生 − 送达 − 应投递 − 搁置，应为零", OF_SUBSCRIBER),
        "deliveries_oldest_seconds": ("最早一件应投递的秒数", OF_SUBSCRIBER),
        "messages": ("等待或隔离中的平台消息数", OF_STATE),
        "endpoints_disabled": ("停用的接收端", OF_SUBSCRIBER),
        "endpoints_failing": ("一直没有送达的接收端", OF_SUBSCRIBER),
        "reconciliation_open": ("未了的对账差异", ("bureau", "source")),
        "audit_unlinked_seconds": ("最早一条尚未入链的查阅记录的秒数", ("bureau",)),
        "messages_oldest_seconds": ("最早一条等待或隔离中的消息的秒数", OF_STATE),
    }
)
STANDING = MappingProxyType(
    {
        "endpoint": "endpoints_disabled",
        "failing": "endpoints_failing",
        "case": "reconciliation_open",
    }
)
OWED = ("produced", "handled", "pending", "parked", "retrying", "mismatch")


class Gauges(Collector):
    """What was read; a gauge that could not be has no value."""

    def __init__(self) -> None:
        self._families = {
            name: GaugeMetricFamily(f"minhu_{name}", text, labels=labels)
            for name, (text, labels) in GAUGES.items()
        }

    def collect(self) -> Iterator[Any]:
        yield from self._families.values()

    def set(self, name: str, value: float, *labels: str) -> None:
        self._families[name].add_metric(labels, float(value))

    def set_vitals(self, vitals: Vitals) -> None:
        self.set("database_up", 1)
        self.set("database_writable", vitals.is_writable)
        self.set("database_connections", vitals.connections)
        self.set("database_connections_limit", vitals.most_connections)
        self.set("idle_in_transaction_seconds", vitals.idle_in_transaction)
        self.set("horizon_held_seconds", vitals.horizon_seconds)
        self.set("clock_skew_seconds", vitals.worst_skew)
        self.set("workers", len(vitals.living))
        if vitals.workers:
            self.set("worker_beat_seconds", vitals.workers[0].beat)
        drained = [one.drained for one in vitals.living if one.drained is not None]
        if drained:
            self.set("worker_drained_seconds", min(drained))
        for sweep, kind in vitals.failing.items():
            self.set("sweep_failing", 1, sweep, kind)


async def read_gauges(hotline: Hotline) -> Gauges:
    gauges = Gauges()
    gauges.set_vitals(await read_vitals(hotline, time.time))
    for bureau in await hotline.bureaus():
        for owed in await read_owed(hotline, bureau):
            key = (str(bureau), owed.subscriber)
            for name in OWED:
                gauges.set(f"deliveries_{name}", getattr(owed, name), *key)
            gauges.set("deliveries_oldest_seconds", owed.oldest, *key)
        gauges.set(
            "audit_unlinked_seconds", (await read_oldest(hotline, bureau)).unlinked, str(bureau)
        )
        for state, (count, oldest) in (await read_messages(hotline, bureau)).items():
            gauges.set("messages", count, str(bureau), state)
            gauges.set("messages_oldest_seconds", oldest, str(bureau), state)
        for row in await read_standing(hotline, bureau):
            gauges.set(STANDING[row.kind], row.found, str(bureau), row.name)
    return gauges
