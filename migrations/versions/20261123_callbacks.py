"""Subscriptions of unit systems, leases on calls to others, and a log of what was sent."""

from collections.abc import Sequence

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "f4a91c7e2d50"
down_revision = "f4b07c2e9d51"
branch_labels: Sequence[str] | None = None
depends_on: Sequence[str] | None = None

KINDS = [
    "urgent_received",
    "dispatched",
    "urged",
    "supervised",
    "escalated",
    "warned",
    "missed",
    "feedback_rejected",
    "rework",
    "requested",
    "decided",
    "merged",
    "returned_upstream",
    "voided",
    "emergency_pushed",
    "emergency_declared",
    "emergency_ended",
]
MORE_KINDS = ["receiver_disabled"]
OUTSIDE = "(subscriber LIKE 'callback:%' OR subscriber LIKE 'subscription:%')"


def _one_of(column: str, words: Sequence[str]) -> str:
    return f"{column} IN ({', '.join(repr(word) for word in words)})"


def _moment(name: str, comment: str, *, nullable: bool = True) -> sa.Column[object]:
    return sa.Column(name, sa.DateTime(timezone=True), nullable=nullable, comment=comment)


def _bureau() -> sa.Column[int]:
    return sa.Column(
        "bureau_id", sa.Integer(), autoincrement=False, nullable=False, comment="局编号"
    )


def upgrade() -> None:
    _lease_deliveries()
    _create_subscriptions()
    _create_endpoints()
    _create_log()
    _name_kinds([*KINDS, *MORE_KINDS])


def _lease_deliveries() -> None:
    """Nullable, or with a constant default: no rewrite. The table holds only what is owed."""
    op.add_column(
        "deliveries",
        sa.Column(
            "deferrals",
            sa.SmallInteger(),
            server_default=sa.text("0"),
            nullable=False,
            comment="应对方要求推迟的次数，不计入已试次数",
        ),
    )
    op.add_column(
        "deliveries", _moment("leased_until", "租约到期（真实时间），其间只有持有者可投递")
    )
    op.add_column(
        "deliveries", sa.Column("lease", sa.Uuid(), comment="租约；结果只在它仍有效时写入")
    )
    op.create_index(
        "ix_deliveries_parked",
        "deliveries",
        ["bureau_id", "subscriber"],
        postgresql_where=sa.text("parked_at IS NOT NULL"),
    )
    op.create_index(
        "ix_deliveries_receivers",
        "deliveries",
        ["bureau_id", "subscriber", "next_try_at", "stream_id", "seq"],
        postgresql_where=sa.text(f"parked_at IS NULL AND {OUTSIDE}"),
    )


def _create_subscriptions() -> None:
    op.create_table(
        "subscriptions",
        _bureau(),
        sa.Column("subscription_id", sa.Text(), nullable=False, comment="订阅编号"),
        sa.Column("unit_id", sa.Text(), comment="订阅单位；空为全局（管理员）"),
        sa.Column("url", sa.Text(), nullable=False, comment="接收地址"),
        sa.Column("types", sa.ARRAY(sa.Text()), nullable=False, comment="所订事件类型；* 为全部"),
        sa.Column("created_by", sa.Text(), nullable=False, comment="登记人"),
        _moment("created_at", "登记时间", nullable=False),
        _moment("ended_at", "取消时间"),
        sa.ForeignKeyConstraint(
            ["bureau_id"], ["bureaus.bureau_id"], name=op.f("fk_subscriptions_bureau_id")
        ),
        sa.ForeignKeyConstraint(
            ["bureau_id", "unit_id"],
            ["units.bureau_id", "units.unit_id"],
            name=op.f("fk_subscriptions_bureau_id_unit_id"),
        ),
        sa.PrimaryKeyConstraint("bureau_id", "subscription_id", name=op.f("pk_subscriptions")),
        comment="单位系统的订阅",
    )
    op.create_table(
        "subscription_secrets",
        _bureau(),
        sa.Column("subscription_id", sa.Text(), nullable=False, comment="订阅编号"),
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
        _moment("expires_at", "停用时间（轮换后旧密钥的宽限）"),
        sa.ForeignKeyConstraint(
            ["bureau_id", "subscription_id"],
            ["subscriptions.bureau_id", "subscriptions.subscription_id"],
            name=op.f("fk_subscription_secrets_bureau_id_subscription_id"),
        ),
        sa.PrimaryKeyConstraint(
            "bureau_id", "subscription_id", "secret_id", name=op.f("pk_subscription_secrets")
        ),
        comment="订阅的签名密钥",
    )


def _create_endpoints() -> None:
    op.create_table(
        "endpoints",
        _bureau(),
        sa.Column("subscriber", sa.Text(), nullable=False, comment="接收者"),
        _moment("failing_since", "自此没有一次送达（有一次送达即清空）"),
        _moment("disabled_at", "停用时间"),
        sa.Column(
            "disabled_because", sa.Text(), comment="停用原因：gone 对方答 410，failing 连日失败"
        ),
        sa.Column(
            "disablings",
            sa.Integer(),
            server_default=sa.text("0"),
            nullable=False,
            comment="停用次数",
        ),
        sa.CheckConstraint(
            _one_of("disabled_because", ("gone", "failing")),
            name=op.f("ck_endpoints_disabled_because"),
        ),
        sa.PrimaryKeyConstraint("bureau_id", "subscriber", name=op.f("pk_endpoints")),
        comment="接收端状况（只有出过问题的才有行）",
    )


def _create_log() -> None:
    op.create_table(
        "callback_log",
        _bureau(),
        sa.Column(
            "number",
            sa.BigInteger(),
            sa.Identity(),
            nullable=False,
            comment="编号",
        ),
        sa.Column("subscriber", sa.Text(), nullable=False, comment="接收者"),
        sa.Column(
            "stream_id",
            sa.BigInteger(),
            nullable=False,
            comment="工单内部编号；重放为原记录编号的负数",
        ),
        sa.Column("seq", sa.BigInteger(), nullable=False, comment="事件序号；重放为第几次"),
        sa.Column("ticket_id", sa.BigInteger(), nullable=False, comment="工单内部编号"),
        sa.Column("ticket_no", sa.Text(), nullable=False, comment="工单号"),
        sa.Column("event_type", sa.Text(), nullable=False, comment="事件类型"),
        sa.Column("webhook_id", sa.Text(), nullable=False, comment="消息编号，重试与重放不变"),
        sa.Column("body", sa.LargeBinary(), nullable=False, comment="所送正文，首次投递时定下"),
        sa.Column("trace", sa.Text(), comment="追踪编号"),
        sa.Column("state", sa.Text(), nullable=False, comment="投递状态"),
        sa.Column(
            "tries",
            postgresql.JSONB(),
            server_default=sa.text("'[]'"),
            nullable=False,
            comment="每次尝试及其结果",
        ),
        sa.Column("replay_of", sa.BigInteger(), comment="重放自哪一条"),
        _moment("created_at", "首次投递时间", nullable=False),
        _moment("settled_at", "了结时间"),
        sa.CheckConstraint(
            _one_of("state", ("waiting", "delivered", "parked", "cancelled")),
            name=op.f("ck_callback_log_state"),
        ),
        sa.PrimaryKeyConstraint("bureau_id", "number", name=op.f("pk_callback_log")),
        sa.UniqueConstraint(
            "bureau_id",
            "subscriber",
            "stream_id",
            "seq",
            name=op.f("uq_callback_log_bureau_id_subscriber_stream_id_seq"),
        ),
        comment="回调投递记录（了结后按期清除）",
    )
    op.create_index("ix_callback_log_listed", "callback_log", ["bureau_id", "subscriber", "number"])
    op.create_index(
        "ix_callback_log_settled",
        "callback_log",
        ["bureau_id", "settled_at"],
        postgresql_where=sa.text("settled_at IS NOT NULL"),
    )


def _name_kinds(kinds: Sequence[str]) -> None:
    """Without a scan under the lock: the rows of before keep to fewer words."""
    op.execute("ALTER TABLE notices DROP CONSTRAINT ck_notices_kind")
    op.execute(
        "ALTER TABLE notices ADD CONSTRAINT ck_notices_kind"
        f" CHECK ({_one_of('kind', kinds)}) NOT VALID"
    )
    op.execute("ALTER TABLE notices VALIDATE CONSTRAINT ck_notices_kind")


def downgrade() -> None:
    op.execute(f"DELETE FROM notices WHERE {_one_of('kind', MORE_KINDS)}")
    _name_kinds(KINDS)
    for table in ("callback_log", "endpoints", "subscription_secrets", "subscriptions"):
        op.drop_table(table)
    op.execute(
        "DELETE FROM deliveries WHERE subscriber LIKE 'subscription:%' OR stream_id < 0"
        " AND subscriber LIKE 'callback:%'"
    )
    for index in ("ix_deliveries_receivers", "ix_deliveries_parked"):
        op.drop_index(index, table_name="deliveries")
    for column in ("lease", "leased_until", "deferrals"):
        op.drop_column("deliveries", column)
