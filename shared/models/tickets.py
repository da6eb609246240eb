"""The log, its fold, and what lies beside it: texts, clocks, callers, numbers."""

from typing import Any

from sqlalchemy import (
    BigInteger,
    Boolean,
    CheckConstraint,
    Column,
    Index,
    Integer,
    LargeBinary,
    SmallInteger,
    Table,
    UniqueConstraint,
)
from sqlalchemy import (
    text as sql,
)
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.types import UserDefinedType

from shared.domain.words import (
    AppealType,
    ClockName,
    ClockOutcome,
    Role,
    TicketState,
    Trade,
    Urgency,
)
from shared.models.base import bureau, metadata, moment, one_of, text


class Xid8(UserDefinedType[int]):
    """Postgres' 64-bit transaction id, which never wraps."""

    cache_ok = True

    def get_col_spec(self, **_: Any) -> str:
        return "xid8"


def ticket_id() -> Column[int]:
    return Column(
        "ticket_id", BigInteger, primary_key=True, autoincrement=False, comment="工单内部编号"
    )


ticket_events = Table(
    "ticket_events",
    metadata,
    bureau(),
    ticket_id(),
    Column("seq", Integer, primary_key=True, autoincrement=False, comment="工单内序号，从1起"),
    Column(
        "position",
        BigInteger,
        nullable=False,
        server_default=sql("nextval('ticket_events_position')"),
        comment="全局位置",
    ),
    Column(
        "xid",
        Xid8(),
        nullable=False,
        server_default=sql("minhu_xid()"),
        comment="写入事务号，订阅据此不漏读",
    ),
    text("type", "事件类型"),
    Column("schema_version", SmallInteger, nullable=False, comment="数据格式版本"),
    moment("occurred_at", "发生时间", nullable=False),
    moment("recorded_at", "记录时间", nullable=False),
    text("actor_role", "操作者角色"),
    text("actor_name", "操作者"),
    text("actor_key", "操作者密钥编号", nullable=True),
    text("actor_unit", "操作者单位", nullable=True),
    Column("data", JSONB, nullable=False, comment="事件内容（代码、时间、编号，无自由文本）"),
    Column("clocks", JSONB, comment="本事件启动、变更或停止的时钟"),
    Column("texts", JSONB, comment="本事件文本字段的加盐摘要"),
    text("trace", "追踪编号", nullable=True),
    one_of("actor_role", Role),
    CheckConstraint("seq > 0", name="seq"),
    Index("ix_ticket_events_feed", "bureau_id", "xid", "position"),
    comment="工单事件日志（只增不改）",
)

tickets = Table(
    "tickets",
    metadata,
    bureau(),
    ticket_id(),
    text("no", "工单号"),
    Column("seq", Integer, nullable=False, comment="已折叠到的事件序号"),
    Column("version", Integer, nullable=False, comment="版本（ETag）"),
    text("state", "状态"),
    Column("round", SmallInteger, nullable=False, comment="轮次"),
    text("source", "首个来源平台"),
    text("appeal_type", "诉求类型"),
    text("urgency", "紧急程度"),
    text("trade", "行业板块", nullable=True),
    text("category", "内容分类", nullable=True),
    text("street", "街镇", nullable=True),
    text("lead_unit", "主办单位", nullable=True),
    text("object_unit", "被举报单位，看不到本工单", nullable=True),
    text("matter", "同一事项编号", nullable=True),
    moment("received_at", "来件时间", nullable=False),
    moment("due_at", "现行办结时限"),
    moment("warn_at", "黄灯时间"),
    moment("stopped_at", "办结时钟停止时间"),
    moment("completed_at", "办结时间"),
    moment("archive_at", "应归档时间"),
    moment("escalate_at", "督办自动升级时间"),
    Column("fold", JSONB, nullable=False, comment="事件折叠结果"),
    Column("form", SmallInteger, comment="写过折叠结果的最新格式；高于其中的 form 时由日志重折"),
    UniqueConstraint("bureau_id", "no"),
    one_of("state", TicketState),
    one_of("appeal_type", AppealType),
    one_of("urgency", Urgency),
    one_of("trade", Trade),
    Index("ix_tickets_received", "bureau_id", "received_at", "ticket_id"),
    Index("ix_tickets_due", "bureau_id", "due_at", "ticket_id"),
    Index(
        "ix_tickets_archive",
        "bureau_id",
        "archive_at",
        postgresql_where=sql("archive_at IS NOT NULL"),
    ),
    Index(
        "ix_tickets_escalate",
        "bureau_id",
        "escalate_at",
        postgresql_where=sql("escalate_at IS NOT NULL"),
    ),
    Index(
        "ix_tickets_matter",
        "bureau_id",
        "matter",
        postgresql_where=sql("matter IS NOT NULL"),
    ),
    comment="工单（事件日志的折叠）",
)

ticket_upstream_nos = Table(
    "ticket_upstream_nos",
    metadata,
    bureau(),
    text("upstream_no", "上级平台工单号", primary_key=True),
    text("source", "上级平台；空串表示仅由对方告知、尚未推送", primary_key=True),
    Column("ticket_id", BigInteger, nullable=False, comment="工单内部编号"),
    comment="上级平台编号与工单的对应",
)

awaited_roots = Table(
    "awaited_roots",
    metadata,
    bureau(),
    text("upstream_no", "尚未到达的首件编号", primary_key=True),
    ticket_id(),
    comment="等待首件到达的重复件",
)

ticket_units = Table(
    "ticket_units",
    metadata,
    bureau(),
    text("unit_id", "单位", primary_key=True),
    ticket_id(),
    Index("ix_ticket_units_ticket", "bureau_id", "ticket_id"),
    comment="单位现在或曾经主办、协办的工单（可见范围）",
)

ticket_texts = Table(
    "ticket_texts",
    metadata,
    bureau(),
    ticket_id(),
    Column("seq", Integer, primary_key=True, autoincrement=False, comment="所属事件序号"),
    text("field", "字段", primary_key=True),
    Column(
        "version", SmallInteger, primary_key=True, autoincrement=False, comment="文本版本，从1起"
    ),
    Column("salt", LargeBinary, comment="摘要的盐，随文本一并清除"),
    text("body", "文本（来电人姓名、号码已遮蔽）", nullable=True),
    moment("recorded_at", "写入时间", nullable=False),
    moment("erased_at", "清除时间"),
    comment="自由文本（按版本）",
)

clocks = Table(
    "clocks",
    metadata,
    bureau(),
    ticket_id(),
    Column("round", SmallInteger, primary_key=True, autoincrement=False, comment="轮次"),
    text("name", "时钟名", primary_key=True),
    Column("ordinal", SmallInteger, primary_key=True, autoincrement=False, comment="第几次启动"),
    text("unit", "须行动的单位", nullable=True),
    moment("start_at", "起算时间", nullable=False),
    moment("due_at", "到期时间"),
    moment("warn_at", "预警时间"),
    text("rule", "所依规则"),
    text("limits_version", "时限版本"),
    text("calendar_version", "日历版本"),
    text("outcome", "结果", nullable=True),
    moment("stopped_at", "停止时间"),
    Column("warned", Boolean, nullable=False, comment="已预警"),
    Column("missed", Boolean, nullable=False, comment="已记超期"),
    moment("alarm_at", "下次须处理的时间"),
    one_of("name", ClockName),
    one_of("outcome", ClockOutcome),
    Index("ix_clocks_alarm", "bureau_id", "alarm_at", postgresql_where=sql("alarm_at IS NOT NULL")),
    comment="时钟（时限）",
)

callers = Table(
    "callers",
    metadata,
    bureau(),
    ticket_id(),
    Column("phone_hash", LargeBinary, comment="号码密钥摘要（HMAC-SHA256）"),
    text("hash_key_id", "摘要密钥编号", nullable=True),
    Column("sealed", LargeBinary, comment="来电人资料密文（AES-256-GCM）"),
    text("seal_key_id", "加密密钥编号", nullable=True),
    text("masked_name", "遮蔽后的称呼", nullable=True),
    text("masked_phone", "遮蔽后的号码", nullable=True),
    Index(
        "ix_callers_phone_hash",
        "bureau_id",
        "phone_hash",
        postgresql_where=sql("phone_hash IS NOT NULL"),
    ),
    comment="来电人（个人信息专表）",
)

__all__ = [
    "awaited_roots",
    "callers",
    "clocks",
    "ticket_events",
    "ticket_texts",
    "ticket_units",
    "ticket_upstream_nos",
    "tickets",
]
