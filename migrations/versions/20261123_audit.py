"""Who was shown what: entries, the chain that links them, its head."""

from collections.abc import Sequence
from typing import Any

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

from shared.models.tickets import Xid8

revision = "1e6aa5ea93cf"
down_revision = "e4c7a9120b5d"
branch_labels: Sequence[str] | None = None
depends_on: Sequence[str] | None = None

KEPT = ("audit_entries", "audit_links")
GUARDS = (
    "CREATE TRIGGER tr_{table}_append_only BEFORE UPDATE OR DELETE ON {table}"
    " FOR EACH ROW EXECUTE FUNCTION minhu_refuse_change()",
    "CREATE TRIGGER tr_{table}_no_truncate BEFORE TRUNCATE ON {table}"
    " FOR EACH STATEMENT EXECUTE FUNCTION minhu_refuse_change()",
    "ALTER TABLE {table} ENABLE ALWAYS TRIGGER tr_{table}_append_only",
    "ALTER TABLE {table} ENABLE ALWAYS TRIGGER tr_{table}_no_truncate",
)


def _key(name: str, kind: Any, comment: str) -> sa.Column[Any]:
    return sa.Column(name, kind(), autoincrement=False, nullable=False, comment=comment)


def _number(name: str, comment: str) -> sa.Column[Any]:
    return sa.Column(name, sa.BigInteger(), nullable=False, comment=comment)


def _text(name: str, comment: str, *, nullable: bool = False) -> sa.Column[Any]:
    return sa.Column(name, sa.Text(), nullable=nullable, comment=comment)


def _moment(name: str, comment: str, **options: Any) -> sa.Column[Any]:
    kind = sa.DateTime(timezone=True)
    return sa.Column(name, kind, nullable=False, comment=comment, **options)


def upgrade() -> None:
    _create_entries()
    op.create_table(
        "audit_tickets",
        _key("bureau_id", sa.Integer, "局编号"),
        _key("ticket_id", sa.BigInteger, "工单内部编号"),
        _key("entry", sa.BigInteger, "查阅记录编号"),
        sa.PrimaryKeyConstraint("bureau_id", "ticket_id", "entry", name=op.f("pk_audit_tickets")),
        comment="按工单查找查阅记录（入链时写）",
    )
    op.create_table(
        "audit_links",
        _key("bureau_id", sa.Integer, "局编号"),
        _key("seq", sa.BigInteger, "第几环，从1起"),
        _number("entry", "查阅记录编号"),
        sa.Column(
            "digest",
            sa.LargeBinary(),
            nullable=False,
            comment="SHA-256（上一环的摘要，本条记录的规范写法）",
        ),
        sa.PrimaryKeyConstraint("bureau_id", "seq", name=op.f("pk_audit_links")),
        sa.UniqueConstraint("bureau_id", "entry", name=op.f("uq_audit_links_bureau_id_entry")),
        comment="查阅记录的链（只增不改）",
    )
    op.create_table(
        "audit_heads",
        _key("bureau_id", sa.Integer, "局编号"),
        _number("seq", "已到第几环"),
        sa.Column("digest", sa.LargeBinary(), nullable=False, comment="该环的摘要"),
        sa.Column("low", Xid8(), nullable=False, comment="此前事务的记录都已入链"),
        _moment("linked_at", "最近入链的真实时间"),
        sa.PrimaryKeyConstraint("bureau_id", name=op.f("pk_audit_heads")),
        comment="链头",
    )
    for table in KEPT:
        for statement in GUARDS:
            op.execute(statement.format(table=table))


def _create_entries() -> None:
    op.create_table(
        "audit_entries",
        _key("bureau_id", sa.Integer, "局编号"),
        sa.Column(
            "entry", sa.BigInteger(), sa.Identity(always=True), nullable=False, comment="编号"
        ),
        sa.Column(
            "xid",
            Xid8(),
            server_default=sa.text("minhu_xid()"),
            nullable=False,
            comment="写入事务号，入链据此不漏",
        ),
        _moment("at", "查阅时间（业务时钟）"),
        _moment("recorded_at", "写入的真实时间", server_default=sa.text("clock_timestamp()")),
        _text("kind", "做了什么"),
        _text("role", "查阅者角色"),
        _text("actor", "查阅者"),
        _text("key", "所用密钥编号", nullable=True),
        _text("unit", "查阅者单位", nullable=True),
        sa.Column("tickets", postgresql.ARRAY(sa.BigInteger()), comment="所见工单的内部编号"),
        _text("operation", "接口的操作编号"),
        sa.Column("detail", postgresql.JSONB(), comment="字段、理由、查询条件；不含所见内容"),
        _text("trace", "追踪编号", nullable=True),
        sa.PrimaryKeyConstraint("bureau_id", "entry", name=op.f("pk_audit_entries")),
        comment="查阅记录（只增不改）",
    )
    op.create_index("ix_audit_entries_fresh", "audit_entries", ["bureau_id", "xid"])
    op.create_index(
        "ix_audit_entries_revealed",
        "audit_entries",
        ["bureau_id", "key", "at"],
        postgresql_where=sa.text("kind = 'caller.revealed'"),
    )


def downgrade() -> None:
    for table in ("audit_heads", "audit_links", "audit_tickets", "audit_entries"):
        op.drop_table(table)
