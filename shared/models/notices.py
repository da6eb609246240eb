"""Emergency plans, and what persons must be told."""

from sqlalchemy import (
    ARRAY,
    BigInteger,
    CheckConstraint,
    Column,
    Index,
    Integer,
    SmallInteger,
    Table,
)
from sqlalchemy import (
    text as sql,
)
from sqlalchemy.dialects.postgresql import JSONB

from shared.domain.notices import AddresseeKind, NoticeKind, NoticeUrgency
from shared.domain.words import Role
from shared.models.base import bureau, metadata, moment, one_of, text
from shared.models.tickets import Xid8

EMERGENCY_EVENTS = ("declared", "replaced", "ended", "expired")

emergencies = Table(
    "emergencies",
    metadata,
    bureau(),
    Column("number", Integer, primary_key=True, autoincrement=False, comment="预案序号，从1起"),
    Column("seq", SmallInteger, primary_key=True, autoincrement=False, comment="1 启动，2 结束"),
    text("type", "启动、被取代、提前结束、到期"),
    moment("occurred_at", "发生时间", nullable=False),
    moment("recorded_at", "记录时间", nullable=False),
    moment("until_at", "启动时写明的到期时间"),
    Column("scope", JSONB, comment="适用范围：行业、街镇、关键词"),
    Column("overrides", JSONB, comment="值班时段、时限、是否即时通知"),
    Column("members", ARRAY(BigInteger), comment="启动时已有且含关键词的未办结工单"),
    text("reason", "缘由", nullable=True),
    text("actor_role", "操作者角色"),
    text("actor_name", "操作者"),
    text("actor_key", "操作者密钥编号", nullable=True),
    one_of("type", EMERGENCY_EVENTS),
    one_of("actor_role", Role),
    CheckConstraint("seq IN (1, 2)", name="seq"),
    CheckConstraint(
        "seq <> 1 OR (until_at IS NOT NULL AND scope IS NOT NULL AND overrides IS NOT NULL"
        " AND reason IS NOT NULL)",
        name="declared_whole",
    ),
    comment="应急预案的启动与结束（只增不改）",
)

notices = Table(
    "notices",
    metadata,
    bureau(),
    text("subject", "工单号，或应急预案编号", primary_key=True),
    Column("seq", Integer, primary_key=True, autoincrement=False, comment="所由来的事件序号"),
    text("kind", "告知事由", primary_key=True),
    text("addressee_kind", "告知对象类别：单位、角色、个人", primary_key=True),
    text("addressee", "告知对象", primary_key=True),
    Column("ticket_id", BigInteger, comment="工单内部编号；不属于工单的为空"),
    Column(
        "position",
        BigInteger,
        nullable=False,
        server_default=sql("nextval('notices_position')"),
        comment="全局位置",
    ),
    Column(
        "xid",
        Xid8(),
        nullable=False,
        server_default=sql("minhu_xid()"),
        comment="写入事务号，读者据此不漏读",
    ),
    text("urgency", "缓急"),
    moment("at", "事由记录的时间", nullable=False),
    moment("tell_by", "最迟告知时间", nullable=False),
    Column("data", JSONB, nullable=False, comment="代码、编号与时间，无自由文本"),
    one_of("kind", NoticeKind),
    one_of("addressee_kind", AddresseeKind),
    one_of("urgency", NoticeUrgency),
    Index("ix_notices_feed", "bureau_id", "xid", "position"),
    Index("ix_notices_addressee", "bureau_id", "addressee_kind", "addressee", "xid", "position"),
    comment="须告知承办人员的事项",
)

__all__ = ["emergencies", "notices"]
