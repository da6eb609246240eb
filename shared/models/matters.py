"""Matters (同一事项), their log and its texts, and where tickets lie for finding them again."""

from sqlalchemy import (
    BigInteger,
    CheckConstraint,
    Column,
    Index,
    Integer,
    LargeBinary,
    SmallInteger,
    Table,
)
from sqlalchemy import text as sql
from sqlalchemy.dialects.postgresql import JSONB

from shared.domain.matters import MatterState
from shared.domain.words import Role
from shared.models.base import bureau, metadata, moment, one_of, text
from shared.models.tickets import ticket_id

matters = Table(
    "matters",
    metadata,
    bureau(),
    text("matter", "事项编号", primary_key=True),
    Column("root_ticket_id", BigInteger, nullable=False, comment="首件内部编号"),
    moment("opened_at", "立项时间", nullable=False),
    Column("version", Integer, nullable=False, server_default=sql("1"), comment="版本（ETag）"),
    text("state", "状态", server_default=sql("'open'")),
    text("root", "首件工单号", nullable=True),
    Column("tickets", Integer, nullable=False, server_default=sql("0"), comment="工单件数"),
    moment("closed_at", "结案时间"),
    text("closed_by", "结案人", nullable=True),
    one_of("state", MatterState),
    comment="同一事项",
)

matter_events = Table(
    "matter_events",
    metadata,
    bureau(),
    text("matter", "事项编号", primary_key=True),
    Column("seq", Integer, primary_key=True, autoincrement=False, comment="事项内序号"),
    text("type", "事件类型"),
    moment("occurred_at", "发生时间", nullable=False),
    moment("recorded_at", "记录时间", nullable=False),
    text("actor_role", "角色"),
    text("actor_name", "操作人"),
    text("actor_key", "密钥编号", nullable=True),
    text("actor_unit", "所属单位", nullable=True),
    Column("data", JSONB, nullable=False, comment="事件内容（代码、编号，无自由文本）"),
    Column("texts", JSONB, comment="本事件文本字段的加盐摘要"),
    one_of("actor_role", Role),
    CheckConstraint("seq > 0", name="seq"),
    comment="事项日志（只增不改）",
)

matter_texts = Table(
    "matter_texts",
    metadata,
    bureau(),
    text("matter", "事项编号", primary_key=True),
    Column("seq", Integer, primary_key=True, autoincrement=False, comment="所属事件序号"),
    text("field", "字段", primary_key=True),
    Column(
        "version", SmallInteger, primary_key=True, autoincrement=False, comment="文本版本，从1起"
    ),
    Column("salt", LargeBinary, comment="摘要的盐，随文本一并清除"),
    text("body", "文本", nullable=True),
    moment("recorded_at", "写入时间", nullable=False),
    moment("erased_at", "清除时间"),
    comment="事项的自由文本（按版本）",
)

ticket_places = Table(
    "ticket_places",
    metadata,
    bureau(),
    ticket_id(),
    Column("address", LargeBinary, comment="规范化地址的摘要"),
    Column("cell", BigInteger, comment="所在小方格"),
    Index(
        "ix_ticket_places_address",
        "bureau_id",
        "address",
        "ticket_id",
        postgresql_where=sql("address IS NOT NULL"),
    ),
    Index(
        "ix_ticket_places_cell",
        "bureau_id",
        "cell",
        "ticket_id",
        postgresql_where=sql("cell IS NOT NULL"),
    ),
    comment="工单所涉地点（查找重复件与热点）",
)

__all__ = ["matter_events", "matter_texts", "matters", "ticket_places"]
