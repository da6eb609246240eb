"""The log, its fold and what lies beside it."""

from collections.abc import Sequence

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql
from sqlalchemy.types import UserDefinedType

revision = "5f3a1c7e9b20"
down_revision = None
branch_labels: Sequence[str] | None = None
depends_on: Sequence[str] | None = None


class Xid8(UserDefinedType[int]):
    """Postgres' 64-bit transaction id."""

    def get_col_spec(self, **_: object) -> str:
        return "xid8"


# One clock for every process: the sandbox's row where there is one, else the server's own.
NOW = """
CREATE FUNCTION minhu_now() RETURNS timestamptz LANGUAGE sql VOLATILE PARALLEL SAFE AS $$
    SELECT coalesce((SELECT now_at FROM sandbox_clock), clock_timestamp())
$$
"""
# What writes holds the sandbox's clock still until it has committed, so that a jump of the clock
# and an action never overlap. Without a sandbox there is no row and nothing to hold. An advisory
# lock rather than one of the row: who wants to move the clock is not overtaken for ever, and the
# second statement sees what was moved while the first one waited.
NOW_HELD = """
CREATE FUNCTION minhu_now_held() RETURNS timestamptz LANGUAGE sql VOLATILE AS $$
    SELECT pg_advisory_xact_lock_shared(hashtext('minhu.clock')) FROM sandbox_clock;
    SELECT coalesce((SELECT now_at FROM sandbox_clock), clock_timestamp())
$$
"""
# Every pair of neighbouring characters: what Chinese full-text search needs and trigrams lack,
# since most Chinese words are two characters long.
BIGRAMS = """
CREATE FUNCTION minhu_bigrams(body text) RETURNS text[] LANGUAGE sql IMMUTABLE PARALLEL SAFE AS $$
    SELECT coalesce(array_agg(DISTINCT lower(substr(body, i, 2))), '{}')
    FROM generate_series(1, length(body) - 1) AS i
$$
"""
SEARCHABLE = "field IN ('title', 'content', 'address')"
REFUSE = """
CREATE FUNCTION minhu_refuse_change() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION '% is append-only: % refused', TG_TABLE_NAME, TG_OP
        USING ERRCODE = 'restrict_violation';
END
$$
"""
APPEND_ONLY = (
    "CREATE TRIGGER tr_ticket_events_append_only BEFORE UPDATE OR DELETE ON ticket_events"
    " FOR EACH ROW EXECUTE FUNCTION minhu_refuse_change()",
    "CREATE TRIGGER tr_ticket_events_no_truncate BEFORE TRUNCATE ON ticket_events"
    " FOR EACH STATEMENT EXECUTE FUNCTION minhu_refuse_change()",
    "ALTER TABLE ticket_events ENABLE ALWAYS TRIGGER tr_ticket_events_append_only",
    "ALTER TABLE ticket_events ENABLE ALWAYS TRIGGER tr_ticket_events_no_truncate",
)
SEQUENCES = ("ticket_events_position", "ticket_ids", "matter_nos")
# A queue lives by being emptied: vacuum it by the row, not by its share.
QUEUE = (
    "ALTER TABLE deliveries SET (autovacuum_vacuum_scale_factor = 0,"
    " autovacuum_vacuum_threshold = 2000, autovacuum_vacuum_cost_delay = 0)"
)


def upgrade() -> None:
    for sequence in SEQUENCES:
        op.execute(f"CREATE SEQUENCE {sequence}")
    op.execute(BIGRAMS)
    op.execute(REFUSE)
    op.create_table(
        "awaited_roots",
        sa.Column("bureau_id", sa.Integer(), autoincrement=False, nullable=False, comment="局编号"),
        sa.Column("upstream_no", sa.Text(), nullable=False, comment="尚未到达的首件编号"),
        sa.Column(
            "ticket_id",
            sa.BigInteger(),
            autoincrement=False,
            nullable=False,
            comment="工单内部编号",
        ),
        sa.PrimaryKeyConstraint(
            "bureau_id", "upstream_no", "ticket_id", name=op.f("pk_awaited_roots")
        ),
        comment="等待首件到达的重复件",
    )
    op.create_table(
        "bureaus",
        sa.Column("bureau_id", sa.Integer(), autoincrement=False, nullable=False, comment="局编号"),
        sa.Column("slug", sa.Text(), nullable=False, comment="局的代号"),
        sa.Column("name", sa.Text(), nullable=False, comment="局的名称"),
        sa.Column(
            "config_version",
            sa.BigInteger(),
            server_default=sa.text("1"),
            nullable=False,
            comment="单位、日历、时限每次变动加一，进程据此刷新缓存",
        ),
        sa.Column(
            "created_at",
            sa.DateTime(timezone=True),
            server_default=sa.text("clock_timestamp()"),
            nullable=False,
            comment="建立时间",
        ),
        sa.PrimaryKeyConstraint("bureau_id", name=op.f("pk_bureaus")),
        sa.UniqueConstraint("slug", name=op.f("uq_bureaus_slug")),
        comment="局（租户）",
    )
    op.create_table(
        "callers",
        sa.Column("bureau_id", sa.Integer(), autoincrement=False, nullable=False, comment="局编号"),
        sa.Column(
            "ticket_id",
            sa.BigInteger(),
            autoincrement=False,
            nullable=False,
            comment="工单内部编号",
        ),
        sa.Column(
            "phone_hash", sa.LargeBinary(), nullable=True, comment="号码密钥摘要（HMAC-SHA256）"
        ),
        sa.Column("hash_key_id", sa.Text(), nullable=True, comment="摘要密钥编号"),
        sa.Column(
            "sealed", sa.LargeBinary(), nullable=True, comment="来电人资料密文（AES-256-GCM）"
        ),
        sa.Column("seal_key_id", sa.Text(), nullable=True, comment="加密密钥编号"),
        sa.Column("masked_name", sa.Text(), nullable=True, comment="遮蔽后的称呼"),
        sa.Column("masked_phone", sa.Text(), nullable=True, comment="遮蔽后的号码"),
        sa.PrimaryKeyConstraint("bureau_id", "ticket_id", name=op.f("pk_callers")),
        comment="来电人（个人信息专表）",
    )
    op.create_index(
        "ix_callers_phone_hash",
        "callers",
        ["bureau_id", "phone_hash"],
        unique=False,
        postgresql_where=sa.text("phone_hash IS NOT NULL"),
    )
    op.create_table(
        "city_ranks",
        sa.Column("bureau_id", sa.Integer(), autoincrement=False, nullable=False, comment="局编号"),
        sa.Column("scope", sa.Text(), nullable=False, comment="排名范围"),
        sa.Column("period", sa.Text(), nullable=False, comment="月份"),
        sa.Column("rank", sa.Integer(), nullable=False, comment="名次"),
        sa.Column("of", sa.Integer(), nullable=False, comment="参评数"),
        sa.Column("score", sa.Text(), nullable=True, comment="得分（十进制文本）"),
        sa.Column("source", sa.Text(), nullable=False, comment="来源平台"),
        sa.Column("published_at", sa.DateTime(timezone=True), nullable=False, comment="发布时间"),
        sa.Column("arrival", sa.BigInteger(), nullable=False, comment="消息到达次序，后到为准"),
        sa.PrimaryKeyConstraint("bureau_id", "scope", "period", name=op.f("pk_city_ranks")),
        comment="市级排名（导入，不计算）",
    )
    op.create_table(
        "clocks",
        sa.Column("bureau_id", sa.Integer(), autoincrement=False, nullable=False, comment="局编号"),
        sa.Column(
            "ticket_id",
            sa.BigInteger(),
            autoincrement=False,
            nullable=False,
            comment="工单内部编号",
        ),
        sa.Column("round", sa.SmallInteger(), autoincrement=False, nullable=False, comment="轮次"),
        sa.Column("name", sa.Text(), nullable=False, comment="时钟名"),
        sa.Column(
            "ordinal", sa.SmallInteger(), autoincrement=False, nullable=False, comment="第几次启动"
        ),
        sa.Column("unit", sa.Text(), nullable=True, comment="须行动的单位"),
        sa.Column("start_at", sa.DateTime(timezone=True), nullable=False, comment="起算时间"),
        sa.Column("due_at", sa.DateTime(timezone=True), nullable=True, comment="到期时间"),
        sa.Column("warn_at", sa.DateTime(timezone=True), nullable=True, comment="预警时间"),
        sa.Column("rule", sa.Text(), nullable=False, comment="所依规则"),
        sa.Column("limits_version", sa.Text(), nullable=False, comment="时限版本"),
        sa.Column("calendar_version", sa.Text(), nullable=False, comment="日历版本"),
        sa.Column("outcome", sa.Text(), nullable=True, comment="结果"),
        sa.Column("stopped_at", sa.DateTime(timezone=True), nullable=True, comment="停止时间"),
        sa.Column("warned", sa.Boolean(), nullable=False, comment="已预警"),
        sa.Column("missed", sa.Boolean(), nullable=False, comment="已记超期"),
        sa.Column(
            "alarm_at", sa.DateTime(timezone=True), nullable=True, comment="下次须处理的时间"
        ),
        sa.CheckConstraint(
            "name IN ('desk_accept', 'first_contact', 'unit_accept', 'unit_complete', "
            "'complete', 'reply', 'follow_up')",
            name=op.f("ck_clocks_name"),
        ),
        sa.CheckConstraint(
            "outcome IN ('met', 'unreached', 'late', 'exempt', 'cancelled')",
            name=op.f("ck_clocks_outcome"),
        ),
        sa.PrimaryKeyConstraint(
            "bureau_id", "ticket_id", "round", "name", "ordinal", name=op.f("pk_clocks")
        ),
        comment="时钟（时限）",
    )
    op.create_index(
        "ix_clocks_alarm",
        "clocks",
        ["bureau_id", "alarm_at"],
        unique=False,
        postgresql_where=sa.text("alarm_at IS NOT NULL"),
    )
    op.create_table(
        "deliveries",
        sa.Column("bureau_id", sa.Integer(), autoincrement=False, nullable=False, comment="局编号"),
        sa.Column(
            "stream_id",
            sa.BigInteger(),
            autoincrement=False,
            nullable=False,
            comment="工单内部编号；尚无工单的消息为其上级工单号的负摘要",
        ),
        sa.Column(
            "seq",
            sa.BigInteger(),
            autoincrement=False,
            nullable=False,
            comment="事件序号或到达次序",
        ),
        sa.Column("subscriber", sa.Text(), nullable=False, comment="接收者"),
        sa.Column("event_type", sa.Text(), nullable=False, comment="事件类型"),
        sa.Column(
            "payload",
            postgresql.JSONB(astext_type=sa.Text()),
            nullable=True,
            comment="仅编号与时间",
        ),
        sa.Column(
            "created_at",
            sa.DateTime(timezone=True),
            server_default=sa.text("clock_timestamp()"),
            nullable=False,
            comment="产生时间",
        ),
        sa.Column(
            "next_try_at",
            sa.DateTime(timezone=True),
            server_default=sa.text("clock_timestamp()"),
            nullable=False,
            comment="下次投递",
        ),
        sa.Column(
            "attempts",
            sa.SmallInteger(),
            server_default=sa.text("0"),
            nullable=False,
            comment="已试次数",
        ),
        sa.Column("first_error", sa.Text(), nullable=True, comment="首次错误"),
        sa.Column("last_error", sa.Text(), nullable=True, comment="最近错误"),
        sa.Column(
            "parked_at", sa.DateTime(timezone=True), nullable=True, comment="搁置时间（待人工处理）"
        ),
        sa.PrimaryKeyConstraint(
            "bureau_id", "stream_id", "seq", "subscriber", name=op.f("pk_deliveries")
        ),
        comment="应投递（送达即删）",
    )
    op.create_index(
        "ix_deliveries_owed",
        "deliveries",
        ["bureau_id", "next_try_at"],
        unique=False,
        postgresql_where=sa.text("parked_at IS NULL"),
    )
    op.create_table(
        "delivery_counts",
        sa.Column("bureau_id", sa.Integer(), autoincrement=False, nullable=False, comment="局编号"),
        sa.Column("subscriber", sa.Text(), nullable=False, comment="接收者"),
        sa.Column(
            "slot", sa.SmallInteger(), autoincrement=False, nullable=False, comment="分槽，免争锁"
        ),
        sa.Column("handled", sa.BigInteger(), nullable=False, comment="已送达数"),
        sa.PrimaryKeyConstraint("bureau_id", "subscriber", "slot", name=op.f("pk_delivery_counts")),
        comment="送达计数",
    )
    op.create_table(
        "idempotency_keys",
        sa.Column("bureau_id", sa.Integer(), autoincrement=False, nullable=False, comment="局编号"),
        sa.Column("key_id", sa.Text(), nullable=False, comment="接口密钥编号"),
        sa.Column("idempotency_key", sa.Text(), nullable=False, comment="幂等键"),
        sa.Column(
            "request_hash", sa.LargeBinary(), nullable=False, comment="方法、路径与正文的摘要"
        ),
        sa.Column("status", sa.Integer(), nullable=False, comment="应答状态码"),
        sa.Column("answer", sa.LargeBinary(), nullable=True, comment="应答正文（含密者不存）"),
        sa.Column("etag", sa.Text(), nullable=True, comment="应答版本"),
        sa.Column(
            "created_at",
            sa.DateTime(timezone=True),
            server_default=sa.text("clock_timestamp()"),
            nullable=False,
            comment="时间",
        ),
        sa.PrimaryKeyConstraint(
            "bureau_id", "key_id", "idempotency_key", name=op.f("pk_idempotency_keys")
        ),
        comment="幂等应答（留存七日）",
    )
    op.create_index(
        "ix_idempotency_keys_created", "idempotency_keys", ["bureau_id", "created_at"], unique=False
    )
    op.create_table(
        "matters",
        sa.Column("bureau_id", sa.Integer(), autoincrement=False, nullable=False, comment="局编号"),
        sa.Column("matter", sa.Text(), nullable=False, comment="事项编号"),
        sa.Column("root_ticket_id", sa.BigInteger(), nullable=False, comment="首件内部编号"),
        sa.Column("opened_at", sa.DateTime(timezone=True), nullable=False, comment="立项时间"),
        sa.PrimaryKeyConstraint("bureau_id", "matter", name=op.f("pk_matters")),
        sa.UniqueConstraint(
            "bureau_id", "root_ticket_id", name=op.f("uq_matters_bureau_id_root_ticket_id")
        ),
        comment="同一事项",
    )
    op.create_table(
        "sandbox_clock",
        sa.Column("one", sa.Boolean(), nullable=False, comment="只有一行"),
        sa.Column("now_at", sa.DateTime(timezone=True), nullable=False, comment="虚拟时间"),
        sa.PrimaryKeyConstraint("one", name=op.f("pk_sandbox_clock")),
        comment="沙箱时钟（仅沙箱有行）",
    )
    op.create_table(
        "ticket_events",
        sa.Column("bureau_id", sa.Integer(), autoincrement=False, nullable=False, comment="局编号"),
        sa.Column(
            "ticket_id",
            sa.BigInteger(),
            autoincrement=False,
            nullable=False,
            comment="工单内部编号",
        ),
        sa.Column(
            "seq", sa.Integer(), autoincrement=False, nullable=False, comment="工单内序号，从1起"
        ),
        sa.Column(
            "position",
            sa.BigInteger(),
            server_default=sa.text("nextval('ticket_events_position')"),
            nullable=False,
            comment="全局位置",
        ),
        sa.Column(
            "xid",
            Xid8(),
            server_default=sa.text("pg_current_xact_id()"),
            nullable=False,
            comment="写入事务号，订阅据此不漏读",
        ),
        sa.Column("type", sa.Text(), nullable=False, comment="事件类型"),
        sa.Column("schema_version", sa.SmallInteger(), nullable=False, comment="数据格式版本"),
        sa.Column("occurred_at", sa.DateTime(timezone=True), nullable=False, comment="发生时间"),
        sa.Column("recorded_at", sa.DateTime(timezone=True), nullable=False, comment="记录时间"),
        sa.Column("actor_role", sa.Text(), nullable=False, comment="操作者角色"),
        sa.Column("actor_name", sa.Text(), nullable=False, comment="操作者"),
        sa.Column("actor_key", sa.Text(), nullable=True, comment="操作者密钥编号"),
        sa.Column("actor_unit", sa.Text(), nullable=True, comment="操作者单位"),
        sa.Column(
            "data",
            postgresql.JSONB(astext_type=sa.Text()),
            nullable=False,
            comment="事件内容（代码、时间、编号，无自由文本）",
        ),
        sa.Column(
            "clocks",
            postgresql.JSONB(astext_type=sa.Text()),
            nullable=True,
            comment="本事件启动、变更或停止的时钟",
        ),
        sa.Column(
            "texts",
            postgresql.JSONB(astext_type=sa.Text()),
            nullable=True,
            comment="本事件文本字段的加盐摘要",
        ),
        sa.Column("trace", sa.Text(), nullable=True, comment="追踪编号"),
        sa.CheckConstraint(
            "actor_role IN ('unit', 'desk', 'leader', 'bi', 'admin', 'source', 'system')",
            name=op.f("ck_ticket_events_actor_role"),
        ),
        sa.CheckConstraint("seq > 0", name=op.f("ck_ticket_events_seq")),
        sa.PrimaryKeyConstraint("bureau_id", "ticket_id", "seq", name=op.f("pk_ticket_events")),
        comment="工单事件日志（只增不改）",
    )
    op.create_index(
        "ix_ticket_events_feed", "ticket_events", ["bureau_id", "xid", "position"], unique=False
    )
    op.create_table(
        "ticket_texts",
        sa.Column("bureau_id", sa.Integer(), autoincrement=False, nullable=False, comment="局编号"),
        sa.Column(
            "ticket_id",
            sa.BigInteger(),
            autoincrement=False,
            nullable=False,
            comment="工单内部编号",
        ),
        sa.Column("seq", sa.Integer(), autoincrement=False, nullable=False, comment="所属事件序号"),
        sa.Column("field", sa.Text(), nullable=False, comment="字段"),
        sa.Column(
            "version",
            sa.SmallInteger(),
            autoincrement=False,
            nullable=False,
            comment="文本版本，从1起",
        ),
        sa.Column("salt", sa.LargeBinary(), nullable=True, comment="摘要的盐，随文本一并清除"),
        sa.Column("body", sa.Text(), nullable=True, comment="文本（来电人姓名、号码已遮蔽）"),
        sa.Column("recorded_at", sa.DateTime(timezone=True), nullable=False, comment="写入时间"),
        sa.Column("erased_at", sa.DateTime(timezone=True), nullable=True, comment="清除时间"),
        sa.PrimaryKeyConstraint(
            "bureau_id", "ticket_id", "seq", "field", "version", name=op.f("pk_ticket_texts")
        ),
        comment="自由文本（按版本）",
    )
    op.create_table(
        "ticket_units",
        sa.Column("bureau_id", sa.Integer(), autoincrement=False, nullable=False, comment="局编号"),
        sa.Column("unit_id", sa.Text(), nullable=False, comment="单位"),
        sa.Column(
            "ticket_id",
            sa.BigInteger(),
            autoincrement=False,
            nullable=False,
            comment="工单内部编号",
        ),
        sa.PrimaryKeyConstraint("bureau_id", "unit_id", "ticket_id", name=op.f("pk_ticket_units")),
        comment="单位现在或曾经主办、协办的工单（可见范围）",
    )
    op.create_index(
        "ix_ticket_units_ticket", "ticket_units", ["bureau_id", "ticket_id"], unique=False
    )
    op.create_table(
        "ticket_upstream_nos",
        sa.Column("bureau_id", sa.Integer(), autoincrement=False, nullable=False, comment="局编号"),
        sa.Column("upstream_no", sa.Text(), nullable=False, comment="上级平台工单号"),
        sa.Column(
            "source", sa.Text(), nullable=False, comment="上级平台；空串表示仅由对方告知、尚未推送"
        ),
        sa.Column("ticket_id", sa.BigInteger(), nullable=False, comment="工单内部编号"),
        sa.PrimaryKeyConstraint(
            "bureau_id", "upstream_no", "source", name=op.f("pk_ticket_upstream_nos")
        ),
        comment="上级平台编号与工单的对应",
    )
    op.create_table(
        "tickets",
        sa.Column("bureau_id", sa.Integer(), autoincrement=False, nullable=False, comment="局编号"),
        sa.Column(
            "ticket_id",
            sa.BigInteger(),
            autoincrement=False,
            nullable=False,
            comment="工单内部编号",
        ),
        sa.Column("no", sa.Text(), nullable=False, comment="工单号"),
        sa.Column("seq", sa.Integer(), nullable=False, comment="已折叠到的事件序号"),
        sa.Column("version", sa.Integer(), nullable=False, comment="版本（ETag）"),
        sa.Column("state", sa.Text(), nullable=False, comment="状态"),
        sa.Column("round", sa.SmallInteger(), nullable=False, comment="轮次"),
        sa.Column("source", sa.Text(), nullable=False, comment="首个来源平台"),
        sa.Column("appeal_type", sa.Text(), nullable=False, comment="诉求类型"),
        sa.Column("urgency", sa.Text(), nullable=False, comment="紧急程度"),
        sa.Column("trade", sa.Text(), nullable=True, comment="行业板块"),
        sa.Column("category", sa.Text(), nullable=True, comment="内容分类"),
        sa.Column("street", sa.Text(), nullable=True, comment="街镇"),
        sa.Column("lead_unit", sa.Text(), nullable=True, comment="主办单位"),
        sa.Column("matter", sa.Text(), nullable=True, comment="同一事项编号"),
        sa.Column("received_at", sa.DateTime(timezone=True), nullable=False, comment="来件时间"),
        sa.Column("due_at", sa.DateTime(timezone=True), nullable=True, comment="现行办结时限"),
        sa.Column("warn_at", sa.DateTime(timezone=True), nullable=True, comment="黄灯时间"),
        sa.Column(
            "stopped_at", sa.DateTime(timezone=True), nullable=True, comment="办结时钟停止时间"
        ),
        sa.Column("completed_at", sa.DateTime(timezone=True), nullable=True, comment="办结时间"),
        sa.Column("archive_at", sa.DateTime(timezone=True), nullable=True, comment="应归档时间"),
        sa.Column(
            "fold", postgresql.JSONB(astext_type=sa.Text()), nullable=False, comment="事件折叠结果"
        ),
        sa.CheckConstraint(
            "appeal_type IN ('consult', 'help', 'complaint', 'report', 'suggestion', "
            "'praise', 'other')",
            name=op.f("ck_tickets_appeal_type"),
        ),
        sa.CheckConstraint(
            "state IN ('received', 'triaged', 'dispatched', 'accepted', 'in_progress', "
            "'feedback_submitted', 'replied', 'completed', 'followed_up', 'archived', "
            "'return_pending', 'returned_upstream', 'rework', 'merged', 'voided')",
            name=op.f("ck_tickets_state"),
        ),
        sa.CheckConstraint(
            "trade IN ('greening', 'appearance', 'sanitation', 'landscape')",
            name=op.f("ck_tickets_trade"),
        ),
        sa.CheckConstraint(
            "urgency IN ('normal', 'sub_urgent', 'urgent')", name=op.f("ck_tickets_urgency")
        ),
        sa.PrimaryKeyConstraint("bureau_id", "ticket_id", name=op.f("pk_tickets")),
        sa.UniqueConstraint("bureau_id", "no", name=op.f("uq_tickets_bureau_id_no")),
        comment="工单（事件日志的折叠）",
    )
    op.create_index(
        "ix_tickets_archive",
        "tickets",
        ["bureau_id", "archive_at"],
        unique=False,
        postgresql_where=sa.text("archive_at IS NOT NULL"),
    )
    op.create_index("ix_tickets_due", "tickets", ["bureau_id", "due_at", "ticket_id"], unique=False)
    op.create_index(
        "ix_tickets_matter",
        "tickets",
        ["bureau_id", "matter"],
        unique=False,
        postgresql_where=sa.text("matter IS NOT NULL"),
    )
    op.create_index(
        "ix_tickets_received", "tickets", ["bureau_id", "received_at", "ticket_id"], unique=False
    )
    op.create_table(
        "calendars",
        sa.Column("bureau_id", sa.Integer(), autoincrement=False, nullable=False, comment="局编号"),
        sa.Column("version", sa.Text(), nullable=False, comment="日历版本"),
        sa.Column("provisional_years", sa.ARRAY(sa.Integer()), nullable=False, comment="暂定年份"),
        sa.Column("valid_from", sa.DateTime(timezone=True), nullable=False, comment="生效时间"),
        sa.Column("valid_to", sa.DateTime(timezone=True), nullable=True, comment="失效时间"),
        sa.Column(
            "loaded_at",
            sa.DateTime(timezone=True),
            server_default=sa.text("clock_timestamp()"),
            nullable=False,
            comment="载入时间",
        ),
        sa.ForeignKeyConstraint(
            ["bureau_id"], ["bureaus.bureau_id"], name=op.f("fk_calendars_bureau_id")
        ),
        sa.PrimaryKeyConstraint("bureau_id", "version", name=op.f("pk_calendars")),
        comment="工作日历版本",
    )
    op.create_table(
        "limits",
        sa.Column("bureau_id", sa.Integer(), autoincrement=False, nullable=False, comment="局编号"),
        sa.Column("version", sa.Text(), nullable=False, comment="时限版本"),
        sa.Column("name", sa.Text(), nullable=False, comment="时限名"),
        sa.Column("value", sa.Text(), nullable=False, comment="取值"),
        sa.Column("valid_from", sa.DateTime(timezone=True), nullable=False, comment="生效时间"),
        sa.Column("valid_to", sa.DateTime(timezone=True), nullable=True, comment="失效时间"),
        sa.ForeignKeyConstraint(
            ["bureau_id"], ["bureaus.bureau_id"], name=op.f("fk_limits_bureau_id")
        ),
        sa.PrimaryKeyConstraint("bureau_id", "version", "name", name=op.f("pk_limits")),
        comment="时限与规则参数",
    )
    op.create_table(
        "sources",
        sa.Column("bureau_id", sa.Integer(), autoincrement=False, nullable=False, comment="局编号"),
        sa.Column("source", sa.Text(), nullable=False, comment="上级平台名（全系统唯一）"),
        sa.Column("callback_url", sa.Text(), nullable=True, comment="回调地址"),
        sa.Column(
            "created_at",
            sa.DateTime(timezone=True),
            server_default=sa.text("clock_timestamp()"),
            nullable=False,
            comment="登记时间",
        ),
        sa.ForeignKeyConstraint(
            ["bureau_id"], ["bureaus.bureau_id"], name=op.f("fk_sources_bureau_id")
        ),
        sa.PrimaryKeyConstraint("bureau_id", "source", name=op.f("pk_sources")),
        sa.UniqueConstraint("source", name=op.f("uq_sources_source")),
        comment="上级平台",
    )
    op.create_table(
        "units",
        sa.Column("bureau_id", sa.Integer(), autoincrement=False, nullable=False, comment="局编号"),
        sa.Column("unit_id", sa.Text(), nullable=False, comment="单位代号"),
        sa.Column("parent_id", sa.Text(), nullable=True, comment="上级单位"),
        sa.Column("kind", sa.Text(), nullable=False, comment="单位类别"),
        sa.Column("name", sa.Text(), nullable=False, comment="单位名称"),
        sa.Column("trades", sa.ARRAY(sa.Text()), nullable=False, comment="承办行业"),
        sa.Column("depth", sa.SmallInteger(), nullable=False, comment="自局起的层级"),
        sa.Column(
            "upstream_level", sa.SmallInteger(), nullable=True, comment="上级平台的承办层级编号"
        ),
        sa.Column(
            "is_sample",
            sa.Boolean(),
            server_default=sa.text("false"),
            nullable=False,
            comment="样例数据",
        ),
        sa.Column(
            "valid_from",
            sa.DateTime(timezone=True),
            server_default=sa.text("clock_timestamp()"),
            nullable=False,
            comment="启用时间",
        ),
        sa.Column("valid_to", sa.DateTime(timezone=True), nullable=True, comment="停用时间"),
        sa.CheckConstraint(
            "kind IN ('bureau', 'desk', 'section', 'affiliate', 'contractor')",
            name=op.f("ck_units_kind"),
        ),
        sa.ForeignKeyConstraint(
            ["bureau_id", "parent_id"],
            ["units.bureau_id", "units.unit_id"],
            name=op.f("fk_units_bureau_id_parent_id"),
        ),
        sa.ForeignKeyConstraint(
            ["bureau_id"], ["bureaus.bureau_id"], name=op.f("fk_units_bureau_id")
        ),
        sa.PrimaryKeyConstraint("bureau_id", "unit_id", name=op.f("pk_units")),
        comment="承办单位（树）",
    )
    op.create_table(
        "api_keys",
        sa.Column("bureau_id", sa.Integer(), autoincrement=False, nullable=False, comment="局编号"),
        sa.Column("key_id", sa.Text(), nullable=False, comment="密钥公开编号（全系统唯一）"),
        sa.Column("secret_hash", sa.LargeBinary(), nullable=False, comment="密钥摘要（SHA-256）"),
        sa.Column("role", sa.Text(), nullable=False, comment="角色"),
        sa.Column("unit_id", sa.Text(), nullable=True, comment="绑定单位"),
        sa.Column("actor", sa.Text(), nullable=False, comment="持有人"),
        sa.Column(
            "created_at",
            sa.DateTime(timezone=True),
            server_default=sa.text("clock_timestamp()"),
            nullable=False,
            comment="签发时间",
        ),
        sa.Column("expires_at", sa.DateTime(timezone=True), nullable=True, comment="到期时间"),
        sa.Column("revoked_at", sa.DateTime(timezone=True), nullable=True, comment="吊销时间"),
        sa.CheckConstraint(
            "role IN ('unit', 'desk', 'leader', 'bi', 'admin')", name=op.f("ck_api_keys_role")
        ),
        sa.ForeignKeyConstraint(
            ["bureau_id", "unit_id"],
            ["units.bureau_id", "units.unit_id"],
            name=op.f("fk_api_keys_bureau_id_unit_id"),
        ),
        sa.ForeignKeyConstraint(
            ["bureau_id"], ["bureaus.bureau_id"], name=op.f("fk_api_keys_bureau_id")
        ),
        sa.PrimaryKeyConstraint("bureau_id", "key_id", name=op.f("pk_api_keys")),
        sa.UniqueConstraint("key_id", name=op.f("uq_api_keys_key_id")),
        comment="接口密钥（只存摘要）",
    )
    op.create_table(
        "calendar_days",
        sa.Column("bureau_id", sa.Integer(), autoincrement=False, nullable=False, comment="局编号"),
        sa.Column("version", sa.Text(), nullable=False, comment="日历版本"),
        sa.Column("day", sa.Date(), nullable=False, comment="日期"),
        sa.Column("is_workday", sa.Boolean(), nullable=False, comment="是否工作日（调休上班为是）"),
        sa.Column("name", sa.Text(), nullable=False, comment="节日名称"),
        sa.ForeignKeyConstraint(
            ["bureau_id", "version"],
            ["calendars.bureau_id", "calendars.version"],
            name=op.f("fk_calendar_days_bureau_id_version"),
        ),
        sa.PrimaryKeyConstraint("bureau_id", "version", "day", name=op.f("pk_calendar_days")),
        comment="节假日与调休",
    )
    op.create_table(
        "raw_messages",
        sa.Column("bureau_id", sa.Integer(), autoincrement=False, nullable=False, comment="局编号"),
        sa.Column(
            "message_id", sa.Uuid(), nullable=False, comment="由来源与webhook-id推得，即回执号"
        ),
        sa.Column(
            "arrival",
            sa.BigInteger(),
            sa.Identity(always=False),
            nullable=False,
            comment="到达次序",
        ),
        sa.Column("source", sa.Text(), nullable=False, comment="上级平台"),
        sa.Column("webhook_id", sa.Text(), nullable=False, comment="平台的消息编号"),
        sa.Column("digest", sa.LargeBinary(), nullable=False, comment="原文摘要（SHA-256）"),
        sa.Column("body", sa.LargeBinary(), nullable=True, comment="原文，可按期清除"),
        sa.Column("type", sa.Text(), nullable=True, comment="消息类型"),
        sa.Column("upstream_no", sa.Text(), nullable=True, comment="上级平台工单号"),
        sa.Column("stream_id", sa.BigInteger(), nullable=False, comment="同一上级工单号的消息同流"),
        sa.Column("received_at", sa.DateTime(timezone=True), nullable=False, comment="收到时间"),
        sa.Column("state", sa.Text(), nullable=False, comment="处理状态"),
        sa.Column(
            "problem",
            postgresql.JSONB(astext_type=sa.Text()),
            nullable=True,
            comment="不予接受的原因",
        ),
        sa.Column("ticket_id", sa.BigInteger(), nullable=True, comment="对应工单"),
        sa.Column("settled_at", sa.DateTime(timezone=True), nullable=True, comment="处理完成时间"),
        sa.Column("trace", sa.Text(), nullable=True, comment="追踪编号"),
        sa.CheckConstraint(
            "state IN ('pending', 'applied', 'waiting', 'quarantined', 'ignored')",
            name=op.f("ck_raw_messages_state"),
        ),
        sa.ForeignKeyConstraint(
            ["bureau_id", "source"],
            ["sources.bureau_id", "sources.source"],
            name=op.f("fk_raw_messages_bureau_id_source"),
        ),
        sa.PrimaryKeyConstraint("bureau_id", "message_id", name=op.f("pk_raw_messages")),
        comment="平台推送原文",
    )
    op.create_index(
        "ix_raw_messages_quarantined",
        "raw_messages",
        ["bureau_id", "arrival"],
        unique=False,
        postgresql_where=sa.text("state = 'quarantined'"),
    )
    op.create_index(
        "ix_raw_messages_waiting",
        "raw_messages",
        ["bureau_id", "upstream_no"],
        unique=False,
        postgresql_where=sa.text("state = 'waiting'"),
    )
    op.create_table(
        "source_secrets",
        sa.Column("bureau_id", sa.Integer(), autoincrement=False, nullable=False, comment="局编号"),
        sa.Column("source", sa.Text(), nullable=False, comment="上级平台名"),
        sa.Column(
            "secret_id", sa.Integer(), autoincrement=False, nullable=False, comment="密钥序号"
        ),
        sa.Column(
            "sealed", sa.LargeBinary(), nullable=False, comment="签名密钥密文（AES-256-GCM）"
        ),
        sa.Column("seal_key_id", sa.Text(), nullable=False, comment="加密密钥编号"),
        sa.Column(
            "created_at",
            sa.DateTime(timezone=True),
            server_default=sa.text("clock_timestamp()"),
            nullable=False,
            comment="启用时间",
        ),
        sa.Column(
            "expires_at",
            sa.DateTime(timezone=True),
            nullable=True,
            comment="停用时间（轮换后旧密钥的宽限）",
        ),
        sa.ForeignKeyConstraint(
            ["bureau_id", "source"],
            ["sources.bureau_id", "sources.source"],
            name=op.f("fk_source_secrets_bureau_id_source"),
        ),
        sa.PrimaryKeyConstraint("bureau_id", "source", "secret_id", name=op.f("pk_source_secrets")),
        comment="上级平台签名密钥",
    )
    op.execute(NOW)
    op.execute(NOW_HELD)
    for statement in (*APPEND_ONLY, QUEUE):
        op.execute(statement)
    op.execute(
        "CREATE INDEX ix_ticket_texts_search ON ticket_texts"
        f" USING gin (minhu_bigrams(body)) WHERE {SEARCHABLE}"
    )


def downgrade() -> None:
    op.drop_table("source_secrets")
    op.drop_index(
        "ix_raw_messages_waiting",
        table_name="raw_messages",
        postgresql_where=sa.text("state = 'waiting'"),
    )
    op.drop_index(
        "ix_raw_messages_quarantined",
        table_name="raw_messages",
        postgresql_where=sa.text("state = 'quarantined'"),
    )
    op.drop_table("raw_messages")
    op.drop_table("calendar_days")
    op.drop_table("api_keys")
    op.drop_table("units")
    op.drop_table("sources")
    op.drop_table("limits")
    op.drop_table("calendars")
    op.drop_index("ix_tickets_received", table_name="tickets")
    op.drop_index(
        "ix_tickets_matter", table_name="tickets", postgresql_where=sa.text("matter IS NOT NULL")
    )
    op.drop_index("ix_tickets_due", table_name="tickets")
    op.drop_index(
        "ix_tickets_archive",
        table_name="tickets",
        postgresql_where=sa.text("archive_at IS NOT NULL"),
    )
    op.drop_table("tickets")
    op.drop_table("ticket_upstream_nos")
    op.drop_index("ix_ticket_units_ticket", table_name="ticket_units")
    op.drop_table("ticket_units")
    op.drop_table("ticket_texts")
    op.drop_index("ix_ticket_events_feed", table_name="ticket_events")
    op.drop_table("ticket_events")
    op.drop_table("sandbox_clock")
    op.drop_table("matters")
    op.drop_index("ix_idempotency_keys_created", table_name="idempotency_keys")
    op.drop_table("idempotency_keys")
    op.drop_table("delivery_counts")
    op.drop_index(
        "ix_deliveries_owed", table_name="deliveries", postgresql_where=sa.text("parked_at IS NULL")
    )
    op.drop_table("deliveries")
    op.drop_index(
        "ix_clocks_alarm", table_name="clocks", postgresql_where=sa.text("alarm_at IS NOT NULL")
    )
    op.drop_table("clocks")
    op.drop_table("city_ranks")
    op.drop_index(
        "ix_callers_phone_hash",
        table_name="callers",
        postgresql_where=sa.text("phone_hash IS NOT NULL"),
    )
    op.drop_table("callers")
    op.drop_table("bureaus")
    op.drop_table("awaited_roots")
    for function in (
        "minhu_now()",
        "minhu_now_held()",
        "minhu_bigrams(text)",
        "minhu_refuse_change()",
    ):
        op.execute(f"DROP FUNCTION {function}")
    for sequence in SEQUENCES:
        op.execute(f"DROP SEQUENCE {sequence}")
