"""The columns of one round as it is shown outside: their names, types and what they mean."""

from collections.abc import Mapping
from dataclasses import dataclass, fields
from enum import StrEnum
from types import MappingProxyType

from sqlalchemy import CheckConstraint, DateTime

from services.scoring import labels
from services.scoring.rules.fact import Fact
from services.scoring.rules.metrics import METRICS, Dated, Due, Measure, Metric
from shared.models import facts

OPEN_COUNTS = "；未办结的到期后才计入，其前为空"


class Kind(StrEnum):
    """`word`: one of ours; `text`: whatever was typed or sent."""

    WORD = "word"
    TEXT = "text"
    NUMBER = "number"
    WORTH = "worth"
    FLAG = "flag"
    MOMENT = "moment"


@dataclass(frozen=True, slots=True)
class Column:
    name: str
    kind: Kind
    comment: str


def _kind_of(name: str) -> Kind:
    column = facts.c[name]
    if isinstance(column.type, DateTime):
        return Kind.MOMENT
    kinds = {bool: Kind.FLAG, int: Kind.NUMBER}
    if column.type.python_type in kinds:
        return kinds[column.type.python_type]
    checks = (one.name for one in facts.constraints if isinstance(one, CheckConstraint))
    return Kind.WORD if f"ck_facts_{name}" in map(str, checks) else Kind.TEXT


def _fact_columns() -> list[Column]:
    shown = [field.name for field in fields(Fact) if field.name not in ("ticket_id", "seq")]
    return [Column(name, _kind_of(name), str(facts.c[name].comment)) for name in shown]


def _month_columns() -> list[Column]:
    names = [f"{dated.value}_month" for dated in Dated]
    return [
        Column(name, Kind.WORD, f"{str(facts.c[name].comment).partition('，')[0]}，如 2026-11")
        for name in names
    ]


def _metric_columns(metric: Metric) -> list[Column]:
    text = labels.METRICS[metric.id]
    waits = OPEN_COUNTS if metric.due is not None else ""
    if metric.measure is Measure.TICKETS:
        return [Column(metric.id, Kind.NUMBER, f"{text.name}：计入为 1，否则为 0")]
    return [
        Column(metric.id, Kind.WORTH, f"{text.name}：计入分子的值；空为不计{waits}"),
        Column(excluded(metric), Kind.WORD, f"{text.name}：剔除的理由；空为没有剔除"),
    ]


def excluded(metric: Metric) -> str:
    return f"{metric.id}_excluded"


ADJUSTED = Column("adjusted", Kind.FLAG, "申诉或剔除改变了本轮的判定")
# What a reader of the feed gets. New metrics go to the end: a view only grows there.
COLUMNS: tuple[Column, ...] = (
    *_fact_columns(),
    *_month_columns(),
    ADJUSTED,
    *(column for metric in METRICS for column in _metric_columns(metric)),
)
# What the view has besides: the round's key and its place in the order of changes.
KEY: tuple[Column, ...] = (
    Column("ticket_id", Kind.NUMBER, "工单内部编号"),
    Column("xid", Kind.NUMBER, "最后写入的事务号；续取只读早于最老未结束事务的行"),
)
# When a round still open begins to count, in terms of the table `facts` as f.
WAITS: Mapping[Due, str] = MappingProxyType(
    {
        Due.CONTACT: "CASE f.contact_outcome WHEN 'exempt' THEN f.opened_at ELSE f.contact_due END",
        Due.ACCEPT: "f.accept_due",
        Due.DUE: "f.complete_due",
        Due.REPLY: "coalesce(f.reply_due, f.complete_due)",
    }
)
