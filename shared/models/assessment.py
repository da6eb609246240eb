"""What the sanitation assessment (环卫作业考核) is made of, and the deductions it comes to."""

from typing import Any

from sqlalchemy import (
    BigInteger,
    CheckConstraint,
    Column,
    Date,
    Index,
    Integer,
    Numeric,
    SmallInteger,
    Table,
)
from sqlalchemy import (
    text as sql,
)

from shared.domain.words import Role
from shared.models.base import bureau, metadata, moment, one_of, text
from shared.models.tickets import Xid8

RULES = ("fact", "overdue", "repeat", "media")
WRITERS = (Role.DESK, Role.LEADER, Role.ADMIN)


def _position() -> Column[Any]:
    """Told apart from the entries of the log: which came first decides what was charged when."""
    return Column(
        "position",
        BigInteger,
        nullable=False,
        server_default=sql("nextval('ticket_events_position')"),
        comment="全局位置（与事件日志同一序列）",
    )


def _xid() -> Column[Any]:
    return Column("xid", Xid8(), server_default=sql("minhu_xid()"), comment="写入的事务号")


def _revision() -> Column[Any]:
    return Column(
        "revision", SmallInteger, primary_key=True, autoincrement=False, comment="第几版，从1起"
    )


def _month() -> Column[Any]:
    return Column("month", Integer, nullable=False, comment="考核月份（年月六位数）")


def _author() -> tuple[Column[Any], ...]:
    return (
        text("withdrawn_for", "撤回的理由；空为有效", nullable=True),
        moment("recorded_at", "记录时间", nullable=False),
        text("actor_role", "操作者角色"),
        text("actor_name", "操作者"),
        text("actor_key", "操作者密钥编号", nullable=True),
        _xid(),
    )


inspections = Table(
    "inspections",
    metadata,
    bureau(),
    text("inspection_id", "检查编号（由月份、单位、路段、日期推得）", primary_key=True),
    _revision(),
    _position(),
    _month(),
    text("contractor", "作业单位"),
    text("road", "道路"),
    text("street", "街镇", nullable=True),
    Column("from_no", Integer, comment="路段起始门牌号"),
    Column("to_no", Integer, comment="路段终止门牌号"),
    Column("score", Numeric(5, 2), nullable=False, comment="道路保洁得分，0 至 100"),
    Column("inspected_on", Date, comment="检查日期"),
    text("note", "备注", nullable=True),
    *_author(),
    one_of("actor_role", WRITERS),
    CheckConstraint("score BETWEEN 0 AND 100", name="score"),
    CheckConstraint("revision > 0", name="revision"),
    CheckConstraint(
        "(from_no IS NULL) = (to_no IS NULL) AND from_no <= to_no",
        name="segment",
    ),
    Index("ix_inspections_month", "bureau_id", "month", "contractor"),
    comment="道路保洁检查（按版本，只增不改）",
)

media_items = Table(
    "media_items",
    metadata,
    bureau(),
    text("media_id", "舆论监督编号（由月份、单位、标题、日期、媒体推得）", primary_key=True),
    _revision(),
    _position(),
    _month(),
    text("contractor", "作业单位"),
    text("title", "标题"),
    Column("published_on", Date, nullable=False, comment="刊播日期"),
    text("outlet", "媒体"),
    text("url", "链接", nullable=True),
    text("ticket", "相关工单号", nullable=True),
    *_author(),
    one_of("actor_role", WRITERS),
    CheckConstraint("revision > 0", name="revision"),
    Index("ix_media_items_month", "bureau_id", "month", "contractor"),
    comment="舆论监督（按版本，只增不改）",
)

deductions = Table(
    "deductions",
    metadata,
    bureau(),
    text("subject", "工单号，或舆论监督编号", primary_key=True),
    Column(
        "round",
        SmallInteger,
        primary_key=True,
        autoincrement=False,
        comment="轮次；舆论监督为0",
    ),
    text("rule", "扣分规则", primary_key=True),
    Column(
        "ordinal",
        SmallInteger,
        primary_key=True,
        autoincrement=False,
        comment="该轮该规则的第几行，从1起",
    ),
    Column("ticket_id", BigInteger, comment="工单内部编号；舆论监督为空"),
    _month(),
    text("contractor", "作业单位"),
    Column("points", Numeric(6, 2), nullable=False, comment="分值：扣分为负，冲回为正"),
    text("cause", "事由代码"),
    text("road", "所在道路", nullable=True),
    Column("reverses", SmallInteger, comment="所冲回的行的序号"),
    Column("seq", Integer, nullable=False, comment="所由来的事件序号（舆论监督为版本）"),
    Column("position", BigInteger, nullable=False, comment="所由来的全局位置"),
    moment("recorded_at", "所由来的记录时间", nullable=False),
    _xid(),
    one_of("rule", RULES),
    CheckConstraint("ordinal > 0", name="ordinal"),
    CheckConstraint("reverses < ordinal", name="reverses"),
    CheckConstraint(
        "CASE WHEN reverses IS NULL THEN points <= 0 ELSE points >= 0 END", name="points"
    ),
    Index("ix_deductions_month", "bureau_id", "month", "contractor", "position"),
    Index(
        "ix_deductions_ticket",
        "bureau_id",
        "ticket_id",
        postgresql_where=sql("ticket_id IS NOT NULL"),
    ),
    comment="环卫考核扣分（只增不改，撤销另记一行冲回）",
)
