"""Other people's systems that we call: subscriptions, how their endpoints fare, what was sent."""

from sqlalchemy import (
    ARRAY,
    BigInteger,
    Column,
    ForeignKeyConstraint,
    Identity,
    Index,
    Integer,
    LargeBinary,
    Table,
    Text,
    UniqueConstraint,
)
from sqlalchemy import (
    text as sql,
)
from sqlalchemy.dialects.postgresql import JSONB

from shared.models.base import bureau, metadata, moment, one_of, text

CALL_STATES = ("waiting", "delivered", "parked", "cancelled")
DISABLING = ("gone", "failing")

subscriptions = Table(
    "subscriptions",
    metadata,
    bureau(),
    text("subscription_id", "订阅编号", primary_key=True),
    text("unit_id", "订阅单位；空为全局（管理员）", nullable=True),
    text("url", "接收地址"),
    Column("types", ARRAY(Text), nullable=False, comment="所订事件类型；* 为全部"),
    text("created_by", "登记人"),
    moment("created_at", "登记时间", nullable=False),
    moment("ended_at", "取消时间"),
    ForeignKeyConstraint(["bureau_id"], ["bureaus.bureau_id"]),
    ForeignKeyConstraint(["bureau_id", "unit_id"], ["units.bureau_id", "units.unit_id"]),
    comment="单位系统的订阅",
)

subscription_secrets = Table(
    "subscription_secrets",
    metadata,
    bureau(),
    text("subscription_id", "订阅编号", primary_key=True),
    Column("secret_id", Integer, primary_key=True, autoincrement=False, comment="密钥序号"),
    Column("sealed", LargeBinary, nullable=False, comment="签名密钥密文（AES-256-GCM）"),
    text("seal_key_id", "加密密钥编号"),
    moment("created_at", "启用时间", nullable=False, server_default=sql("clock_timestamp()")),
    moment("expires_at", "停用时间（轮换后旧密钥的宽限）"),
    ForeignKeyConstraint(
        ["bureau_id", "subscription_id"],
        ["subscriptions.bureau_id", "subscriptions.subscription_id"],
    ),
    comment="订阅的签名密钥",
)

endpoints = Table(
    "endpoints",
    metadata,
    bureau(),
    text("subscriber", "接收者", primary_key=True),
    moment("failing_since", "自此没有一次送达（有一次送达即清空）"),
    moment("disabled_at", "停用时间"),
    text("disabled_because", "停用原因：gone 对方答 410，failing 连日失败", nullable=True),
    Column("disablings", Integer, nullable=False, server_default=sql("0"), comment="停用次数"),
    one_of("disabled_because", DISABLING),
    comment="接收端状况（只有出过问题的才有行）",
)

callback_log = Table(
    "callback_log",
    metadata,
    bureau(),
    Column("number", BigInteger, Identity(), primary_key=True, comment="编号"),
    text("subscriber", "接收者"),
    Column("stream_id", BigInteger, nullable=False, comment="工单内部编号；重放为原记录编号的负数"),
    Column("seq", BigInteger, nullable=False, comment="事件序号；重放为第几次"),
    Column("ticket_id", BigInteger, nullable=False, comment="工单内部编号"),
    text("ticket_no", "工单号"),
    text("event_type", "事件类型"),
    text("webhook_id", "消息编号，重试与重放不变"),
    Column("body", LargeBinary, nullable=False, comment="所送正文，首次投递时定下"),
    text("trace", "追踪编号", nullable=True),
    text("state", "投递状态"),
    Column("tries", JSONB, nullable=False, server_default=sql("'[]'"), comment="每次尝试及其结果"),
    Column("replay_of", BigInteger, comment="重放自哪一条"),
    moment("created_at", "首次投递时间", nullable=False),
    moment("settled_at", "了结时间"),
    one_of("state", CALL_STATES),
    UniqueConstraint("bureau_id", "subscriber", "stream_id", "seq"),
    Index("ix_callback_log_listed", "bureau_id", "subscriber", "number"),
    Index(
        "ix_callback_log_settled",
        "bureau_id",
        "settled_at",
        postgresql_where=sql("settled_at IS NOT NULL"),
    ),
    comment="回调投递记录（了结后按期清除）",
)

__all__ = ["callback_log", "endpoints", "subscription_secrets", "subscriptions"]
