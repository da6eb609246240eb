"""What platforms sent, what is owed to whom, and answers kept for repeated calls."""

from sqlalchemy import (
    BigInteger,
    Boolean,
    Column,
    ForeignKeyConstraint,
    Identity,
    Index,
    Integer,
    LargeBinary,
    SmallInteger,
    Table,
    Uuid,
)
from sqlalchemy import (
    text as sql,
)
from sqlalchemy.dialects.postgresql import JSONB

from shared.models.base import bureau, metadata, moment, one_of, text

# Deliveries to other people's systems, by their subscribers' names.
OUTSIDE = "(subscriber LIKE 'callback:%' OR subscriber LIKE 'subscription:%')"
# Messages that came to no ticket, their words still here.
UNATTACHED = (
    "ticket_id IS NULL AND body IS NOT NULL AND state IN ('quarantined', 'waiting', 'ignored')"
)
MESSAGE_STATES = ("pending", "applied", "waiting", "quarantined", "ignored")

raw_messages = Table(
    "raw_messages",
    metadata,
    bureau(),
    Column("message_id", Uuid, primary_key=True, comment="由来源与webhook-id推得，即回执号"),
    Column("arrival", BigInteger, Identity(), nullable=False, comment="到达次序"),
    text("source", "上级平台"),
    text("webhook_id", "平台的消息编号"),
    Column("digest", LargeBinary, nullable=False, comment="原文摘要（SHA-256）"),
    Column("body", LargeBinary, comment="密封的原文，可按期清除"),
    text("seal_key_id", "密封原文的密钥编号，空为升级前未密封", nullable=True),
    text("type", "消息类型", nullable=True),
    text("upstream_no", "上级平台工单号", nullable=True),
    Column("stream_id", BigInteger, nullable=False, comment="同一上级工单号的消息同流"),
    moment("received_at", "收到时间", nullable=False),
    text("state", "处理状态"),
    Column("problem", JSONB, comment="不予接受的原因"),
    Column("ticket_id", BigInteger, comment="对应工单"),
    moment("settled_at", "处理完成时间"),
    text("trace", "追踪编号", nullable=True),
    Column("mended", LargeBinary, comment="密封的修正后正文；原文不动"),
    text("mended_key_id", "密封修正后正文的密钥编号", nullable=True),
    text("mended_by", "修正人", nullable=True),
    moment("mended_at", "修正时间"),
    moment("erased_at", "原文清除时间"),
    one_of("state", MESSAGE_STATES),
    ForeignKeyConstraint(["bureau_id", "source"], ["sources.bureau_id", "sources.source"]),
    Index(
        "ix_raw_messages_waiting",
        "bureau_id",
        "upstream_no",
        postgresql_where=sql("state = 'waiting'"),
    ),
    Index(
        "ix_raw_messages_quarantined",
        "bureau_id",
        "arrival",
        postgresql_where=sql("state = 'quarantined'"),
    ),
    Index(
        "ix_raw_messages_kept",
        "bureau_id",
        "ticket_id",
        postgresql_where=sql("ticket_id IS NOT NULL AND body IS NOT NULL"),
    ),
    Index(
        "ix_raw_messages_unattached",
        "bureau_id",
        "arrival",
        postgresql_where=sql(UNATTACHED),
    ),
    comment="平台推送原文",
)

deliveries = Table(
    "deliveries",
    metadata,
    bureau(),
    Column(
        "stream_id",
        BigInteger,
        primary_key=True,
        autoincrement=False,
        comment="工单内部编号；尚无工单的消息为其上级工单号的负摘要",
    ),
    Column("seq", BigInteger, primary_key=True, autoincrement=False, comment="事件序号或到达次序"),
    text("subscriber", "接收者", primary_key=True),
    text("event_type", "事件类型"),
    Column("payload", JSONB, comment="仅编号与时间"),
    moment("created_at", "产生时间", nullable=False, server_default=sql("clock_timestamp()")),
    moment("next_try_at", "下次投递", nullable=False, server_default=sql("clock_timestamp()")),
    Column("attempts", SmallInteger, nullable=False, server_default=sql("0"), comment="已试次数"),
    text("first_error", "首次错误", nullable=True),
    text("last_error", "最近错误", nullable=True),
    moment("parked_at", "搁置时间（待人工处理）"),
    moment("first_failed_at", "首次错误的时间"),
    moment("last_failed_at", "最近错误的时间"),
    Column(
        "apart",
        Boolean,
        nullable=False,
        server_default=sql("false"),
        comment="曾出错或重投，不与别的一同处理",
    ),
    Column(
        "deferrals",
        SmallInteger,
        nullable=False,
        server_default=sql("0"),
        comment="应对方要求推迟的次数，不计入已试次数",
    ),
    moment("leased_until", "租约到期（真实时间），其间只有持有者可投递"),
    Column("lease", Uuid, comment="租约；结果只在它仍有效时写入"),
    Index(
        "ix_deliveries_owed",
        "bureau_id",
        "next_try_at",
        postgresql_where=sql("parked_at IS NULL"),
    ),
    Index(
        "ix_deliveries_apart",
        "bureau_id",
        "next_try_at",
        postgresql_where=sql("parked_at IS NULL AND apart"),
    ),
    Index(
        "ix_deliveries_parked",
        "bureau_id",
        "subscriber",
        postgresql_where=sql("parked_at IS NOT NULL"),
    ),
    Index(
        "ix_deliveries_receivers",
        "bureau_id",
        "subscriber",
        "next_try_at",
        "stream_id",
        "seq",
        postgresql_where=sql(f"parked_at IS NULL AND {OUTSIDE}"),
    ),
    comment="应投递（送达即删）",
)

delivery_counts = Table(
    "delivery_counts",
    metadata,
    bureau(),
    text("subscriber", "接收者", primary_key=True),
    Column("slot", SmallInteger, primary_key=True, autoincrement=False, comment="分槽，免争锁"),
    Column("handled", BigInteger, nullable=False, comment="已送达数"),
    comment="送达计数",
)

idempotency_keys = Table(
    "idempotency_keys",
    metadata,
    bureau(),
    text("key_id", "接口密钥编号", primary_key=True),
    text("idempotency_key", "幂等键的摘要（SHA-256）", primary_key=True),
    Column("request_hash", LargeBinary, nullable=False, comment="方法、路径与正文的摘要"),
    Column("status", Integer, nullable=False, comment="应答状态码"),
    Column("answer", LargeBinary, comment="应答正文（含密者不存）"),
    text("etag", "应答版本", nullable=True),
    moment("created_at", "时间", nullable=False, server_default=sql("clock_timestamp()")),
    Index("ix_idempotency_keys_created", "bureau_id", "created_at"),
    comment="幂等应答（留存七日）",
)

city_ranks = Table(
    "city_ranks",
    metadata,
    bureau(),
    text("scope", "排名范围", primary_key=True),
    text("period", "月份", primary_key=True),
    Column("rank", Integer, nullable=False, comment="名次"),
    Column("of", Integer, nullable=False, comment="参评数"),
    text("score", "得分（十进制文本）", nullable=True),
    text("source", "来源平台"),
    moment("published_at", "发布时间", nullable=False),
    Column("arrival", BigInteger, nullable=False, comment="消息到达次序，后到为准"),
    comment="市级排名（导入，不计算）",
)

sandbox_clock = Table(
    "sandbox_clock",
    metadata,
    Column("one", Boolean, primary_key=True, comment="只有一行"),
    moment("now_at", "虚拟时间", nullable=False),
    comment="沙箱时钟（仅沙箱有行）",
)
