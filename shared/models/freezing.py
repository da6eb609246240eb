"""Frozen months: the moment, what stood then, and the manifest. Rows are added, never changed."""

from typing import Any

from sqlalchemy import ARRAY, JSON, CheckConstraint, Column, Integer, Table
from sqlalchemy import text as sql

from shared.domain.words import Role
from shared.models.base import bureau, metadata, moment, one_of, text
from shared.models.scoring import fact_versions
from shared.models.tickets import Xid8

# How long a state stood, and where from, is the living table's business.
LIVING = ("bureau_id", "known_to", "months", "moved_from", "xid")
KEY = ("no", "round")


def _revision() -> list[Column[Any]]:
    return [
        bureau(),
        text("period", "月份，如 2026-11", primary_key=True),
        Column("revision", Integer, primary_key=True, autoincrement=False, comment="版次，从1起"),
    ]


def _like(column: Column[Any]) -> Column[Any]:
    return Column(
        column.name,
        column.type,
        primary_key=column.name in KEY,
        autoincrement=False,
        nullable=column.nullable,
        comment=column.comment,
    )


def _states() -> list[Column[Any]]:
    copied = [_like(one) for one in fact_versions.columns if one.name not in LIVING]
    return sorted(copied, key=lambda one: not one.primary_key)


freezes = Table(
    "freezes",
    metadata,
    *_revision(),
    moment("known_at", "按该时刻（含）以前所记录的定版", nullable=False),
    moment("frozen_at", "定版时间", nullable=False),
    text("actor_role", "定版者角色"),
    text("actor_name", "定版者"),
    text("actor_key", "定版者密钥编号", nullable=True),
    text("reason", "再次定版的理由", nullable=True),
    Column(
        "xid",
        Xid8(),
        nullable=False,
        server_default=sql("minhu_xid()"),
        comment="记下定版的事务号；同一时刻此后所记的不计",
    ),
    one_of("actor_role", Role),
    CheckConstraint("revision > 0", name="revision"),
    CheckConstraint("revision = 1 OR reason IS NOT NULL", name="reason"),
    comment="月度定版（只增不改）",
)

freeze_manifests = Table(
    "freeze_manifests",
    metadata,
    *_revision(),
    Column("scheme", JSON, nullable=False, comment="当时的考核方案全文"),
    text("calendar_version", "当时的工作日历"),
    Column("units", JSON, nullable=False, comment="当时的单位名册"),
    text("layout", "合计的排列"),
    Column("rows", Integer, nullable=False, comment="所含轮次数"),
    text("sha256", "全部数字的摘要"),
    moment("filled_at", "算完的时间", nullable=False),
    comment="定版清单：副本已齐（只增不改）",
)

frozen_sums = Table(
    "frozen_sums",
    metadata,
    *_revision(),
    text("by", "分组", primary_key=True),
    text("key", "组；空为未知", primary_key=True),
    Column("counts", ARRAY(Integer), nullable=False, comment="各指标各判定的轮次数"),
    comment="定版的合计（只增不改）",
)

frozen_states = Table(
    "frozen_states",
    metadata,
    *_revision(),
    *_states(),
    comment="定版的各轮状态（只增不改）",
)
