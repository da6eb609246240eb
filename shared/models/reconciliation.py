"""Reconciliation (对账) with platforms: their lists, what differs, and the calls we owe them."""

from typing import Any

from sqlalchemy import (
    ARRAY,
    BigInteger,
    CheckConstraint,
    Column,
    Date,
    ForeignKeyConstraint,
    Identity,
    Index,
    Integer,
    LargeBinary,
    SmallInteger,
    Table,
    Text,
    Uuid,
)
from sqlalchemy import text as sql
from sqlalchemy.dialects.postgresql import JSONB

from shared.domain.words import Role
from shared.models.base import bureau, metadata, moment, one_of, text

ORIGINS = ("posted", "pulled")
KINDS = ("missing_here", "missing_there", "held", "differs")
STATES = ("open", "accepted", "resolved")
EVENTS = (
    "opened",
    "changed",
    "resolved",
    "reopened",
    "accepted",
    "assigned",
    "requested",
    "asked",
    "request_failed",
)


def _case() -> Column[Any]:
    return Column("case_id", Uuid, primary_key=True, comment="差异编号，由来源、工单号、种类推得")


def _lease() -> tuple[Column[Any], ...]:
    """A call to somebody else: no transaction meanwhile, its result written by its token."""
    return (
        moment("next_try_at", "下次尝试", nullable=False),
        Column("attempts", SmallInteger, nullable=False, server_default=sql("0"), comment="已试"),
        moment("leased_until", "正在进行，至此时仍无结果即由别的进程再来（真实时间）"),
        Column("token", Uuid, comment="正在进行的那一次；结果只认它"),
        text("first_error", "首次错误", nullable=True),
        text("last_error", "最近错误", nullable=True),
        moment("done_at", "完成时间"),
        moment("failed_at", "放弃时间（待人工处理）"),
    )


number_receipts = Table(
    "number_receipts",
    metadata,
    bureau(),
    text("source", "上级平台", primary_key=True),
    text("upstream_no", "上级平台工单号", primary_key=True),
    moment("received_at", "平台为此编号写的来件时间；复核单没有，为空"),
    Column("day", Date, nullable=False, comment="来件日（上海）；复核单取消息所写的时间"),
    moment("recorded_at", "记录时间", nullable=False),
    Index("ix_number_receipts_day", "bureau_id", "source", "day"),
    comment="并入已有工单的编号（第二个平台的、复核单的）各自的来件时间",
)

reconciliations = Table(
    "reconciliations",
    metadata,
    bureau(),
    Column("reconciliation_id", Uuid, primary_key=True, comment="对账编号"),
    text("source", "上级平台"),
    Column("day", Date, nullable=False, comment="所对的来件日（上海）"),
    text("origin", "平台送来，或每日去取"),
    Column("digest", LargeBinary, nullable=False, comment="名单摘要（SHA-256）"),
    moment("as_of", "名单说的是何时的情况", nullable=False),
    moment("taken_at", "比对时间", nullable=False),
    Column("counts", JSONB, nullable=False, comment="各类件数"),
    one_of("origin", ORIGINS),
    Index("ix_reconciliations_day", "bureau_id", "source", "day", "as_of"),
    comment="每一次对账",
)

reconciliation_entries = Table(
    "reconciliation_entries",
    metadata,
    bureau(),
    text("source", "上级平台", primary_key=True),
    text("upstream_no", "上级平台工单号", primary_key=True),
    Column("day", Date, nullable=False, comment="最近列有此编号的名单是哪一日的"),
    moment("as_of", "该名单说的是何时的情况", nullable=False),
    Index("ix_reconciliation_entries_day", "bureau_id", "source", "day"),
    comment="平台的名单把各编号列在哪一日",
)

reconciliation_cases = Table(
    "reconciliation_cases",
    metadata,
    bureau(),
    _case(),
    Column("position", BigInteger, Identity(), nullable=False, comment="列出的次序"),
    Column("version", Integer, nullable=False, comment="版本，即最后一条经过的序号"),
    text("source", "上级平台"),
    text("upstream_no", "上级平台工单号"),
    text("kind", "种类：我方缺、平台缺、已收未入、不一致"),
    Column("day", Date, nullable=False, comment="名单的来件日（上海）"),
    text("state", "未了、已接受、已消除"),
    Column("fields", ARRAY(Text), nullable=False, comment="不一致的是哪几项"),
    Column("ours", JSONB, comment="我方所记（代码、时间、编号）"),
    Column("theirs", JSONB, comment="平台所列（代码、时间）"),
    text("no", "工单号", nullable=True),
    Column("first_seen_on", Date, nullable=False, comment="首次发现之日"),
    Column("last_seen_on", Date, nullable=False, comment="最近一次发现之日"),
    text("owner_unit", "负责单位；空为热线受理处置", nullable=True),
    text("owner_person", "负责人", nullable=True),
    Column(
        "requests", SmallInteger, nullable=False, server_default=sql("0"), comment="请平台重推次数"
    ),
    moment("opened_at", "最近一次成为未了的时间", nullable=False),
    moment("closed_at", "了结时间"),
    one_of("kind", KINDS),
    one_of("state", STATES),
    CheckConstraint("(state = 'open') = (closed_at IS NULL)", name="closed"),
    Index("ix_reconciliation_cases_position", "bureau_id", "position"),
    Index("ix_reconciliation_cases_number", "bureau_id", "source", "upstream_no"),
    Index("ix_reconciliation_cases_day", "bureau_id", "source", "day"),
    comment="对账差异（不含来电人信息）",
)

reconciliation_case_events = Table(
    "reconciliation_case_events",
    metadata,
    bureau(),
    _case(),
    Column("seq", Integer, primary_key=True, autoincrement=False, comment="序号，从1起"),
    text("type", "经过"),
    moment("at", "时间", nullable=False),
    text("actor_role", "操作者角色"),
    text("actor_name", "操作者"),
    text("actor_key", "操作者密钥编号", nullable=True),
    Column("data", JSONB, nullable=False, comment="当时的内容"),
    one_of("type", EVENTS),
    one_of("actor_role", Role),
    comment="对账差异的经过（只增不改）",
)

reconciliation_pulls = Table(
    "reconciliation_pulls",
    metadata,
    bureau(),
    text("source", "上级平台", primary_key=True),
    Column("swept_on", Date, primary_key=True, comment="取名单之日"),
    Column("day", Date, primary_key=True, comment="所取的来件日"),
    *_lease(),
    Column("reconciliation_id", Uuid, comment="所成的对账"),
    ForeignKeyConstraint(["bureau_id", "source"], ["sources.bureau_id", "sources.source"]),
    Index(
        "ix_reconciliation_pulls_owed",
        "bureau_id",
        "next_try_at",
        postgresql_where=sql("done_at IS NULL AND failed_at IS NULL"),
    ),
    comment="每日向平台取名单，每来源每日各一次",
)

reconciliation_requests = Table(
    "reconciliation_requests",
    metadata,
    bureau(),
    _case(),
    Column("number", SmallInteger, primary_key=True, autoincrement=False, comment="第几次"),
    *_lease(),
    ForeignKeyConstraint(
        ["bureau_id", "case_id"],
        ["reconciliation_cases.bureau_id", "reconciliation_cases.case_id"],
    ),
    Index(
        "ix_reconciliation_requests_owed",
        "bureau_id",
        "next_try_at",
        postgresql_where=sql("done_at IS NULL AND failed_at IS NULL"),
    ),
    comment="请平台重推一条消息",
)

__all__ = [
    "number_receipts",
    "reconciliation_case_events",
    "reconciliation_cases",
    "reconciliation_entries",
    "reconciliation_pulls",
    "reconciliation_requests",
    "reconciliations",
]
