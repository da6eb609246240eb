"""What was erased, on whose word, and what must not be: requests, tombstones, legal holds."""

from typing import Any

from sqlalchemy import (
    BigInteger,
    CheckConstraint,
    Column,
    Date,
    ForeignKeyConstraint,
    Index,
    Integer,
    LargeBinary,
    Table,
)
from sqlalchemy import Identity as Numbered
from sqlalchemy import text as sql
from sqlalchemy.dialects.postgresql import JSONB

from shared.domain.words import ErasureCause, ErasurePart, Role
from shared.models.base import bureau, metadata, moment, one_of, text
from shared.models.tickets import ticket_id


def _part() -> Column[Any]:
    return text("part", "哪一部分：录音、来电人、工单文字", primary_key=True)


def _number(name: str, comment: str) -> Column[Any]:
    return Column(name, BigInteger, primary_key=True, autoincrement=False, comment=comment)


erasure_requests = Table(
    "erasure_requests",
    metadata,
    bureau(),
    Column("request_id", BigInteger, Numbered(always=True), primary_key=True, comment="申请编号"),
    text("cause", "缘由：申请、恢复备份后重做"),
    moment("asked_at", "申请时间", nullable=False),
    text("actor_role", "经办人角色"),
    text("actor_name", "经办人"),
    text("reason", "理由（已遮蔽）"),
    one_of("cause", ErasureCause),
    one_of("actor_role", Role),
    comment="清除个人信息的申请（只增不改）",
)

erasure_request_tickets = Table(
    "erasure_request_tickets",
    metadata,
    bureau(),
    ticket_id(),
    _part(),
    _number("request_id", "申请编号"),
    one_of("part", ErasurePart),
    ForeignKeyConstraint(
        ["bureau_id", "request_id"],
        ["erasure_requests.bureau_id", "erasure_requests.request_id"],
    ),
    comment="申请所及的工单；尚在办理的，终结之后清除（只增不改）",
)

erasures = Table(
    "erasures",
    metadata,
    bureau(),
    ticket_id(),
    _part(),
    moment("erased_at", "首次清除时间", nullable=False),
    text("cause", "缘由：申请、到期、恢复备份后重做"),
    text("actor_role", "经办人角色"),
    text("actor_name", "经办人"),
    text("reason", "理由，或所依的期限"),
    Column("request_id", BigInteger, comment="申请编号；到期的为空"),
    Column("fields", JSONB, nullable=False, comment="历次共清除了什么：类别与件数"),
    Column("through_seq", Integer, nullable=False, comment="已清除到的事件序号"),
    moment("latest_at", "最近清除时间", nullable=False),
    one_of("part", ErasurePart),
    one_of("cause", ErasureCause),
    one_of("actor_role", Role),
    comment="清除的标记：谁、何时、为何、清除了什么（只有最近一次的进度可改）",
)

legal_holds = Table(
    "legal_holds",
    metadata,
    bureau(),
    Column("hold_id", BigInteger, Numbered(always=True), primary_key=True, comment="保全编号"),
    moment("set_at", "设立时间", nullable=False),
    text("set_role", "设立人角色"),
    text("set_by", "设立人"),
    text("reason", "理由"),
    moment("lifted_at", "解除时间"),
    text("lifted_by", "解除人", nullable=True),
    text("lift_reason", "解除的理由", nullable=True),
    CheckConstraint(
        "(lifted_at IS NULL) = (lifted_by IS NULL) AND (lifted_at IS NULL) = (lift_reason IS NULL)",
        name="lifted_whole",
    ),
    one_of("set_role", Role),
    comment="证据保全：其间不得清除（解除一次，此外只增不改）",
)

legal_hold_tickets = Table(
    "legal_hold_tickets",
    metadata,
    bureau(),
    ticket_id(),
    _number("hold_id", "保全编号"),
    ForeignKeyConstraint(
        ["bureau_id", "hold_id"], ["legal_holds.bureau_id", "legal_holds.hold_id"]
    ),
    Index("ix_legal_hold_tickets_hold", "bureau_id", "hold_id"),
    comment="证据保全所及的工单（只增不改）",
)

retention_runs = Table(
    "retention_runs",
    metadata,
    bureau(),
    Column("day", Date, primary_key=True, comment="上海日期"),
    Column("after", BigInteger, nullable=False, comment="已看到的工单；中断后由此续做"),
    Column("tickets", Integer, nullable=False, server_default=sql("0"), comment="清除的工单数"),
    Column("left_out", Integer, nullable=False, server_default=sql("0"), comment="出错而略过的"),
    moment("started_at", "开始时间", nullable=False),
    moment("finished_at", "做完时间"),
    comment="每日清除到期数据的进度",
)

audit_cuts = Table(
    "audit_cuts",
    metadata,
    bureau(),
    _number("seq", "截到第几环（含）"),
    Column("digest", LargeBinary, nullable=False, comment="该环的摘要，与库外的锚点相同"),
    moment("cut_at", "截去的时间", nullable=False),
    comment="查阅记录的链从何处起留存（只增不改）",
)

__all__ = [
    "audit_cuts",
    "erasure_request_tickets",
    "erasure_requests",
    "erasures",
    "legal_hold_tickets",
    "legal_holds",
    "retention_runs",
]
