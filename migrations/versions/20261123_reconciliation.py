"""Reconciliation with platforms: lists, cases, pulls, requests; where a platform has its list."""

from collections.abc import Sequence

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "f4c20b9e7d31"
down_revision = "f4a91c7e2d50"
branch_labels: Sequence[str] | None = None
depends_on: Sequence[str] | None = None

TABLES = (
    "reconciliation_requests",
    "reconciliation_pulls",
    "reconciliation_case_events",
    "reconciliation_cases",
    "reconciliation_entries",
    "reconciliations",
    "number_receipts",
)
APPEND_ONLY = (
    "CREATE TRIGGER tr_reconciliation_case_events_append_only BEFORE UPDATE OR DELETE"
    " ON reconciliation_case_events FOR EACH ROW EXECUTE FUNCTION minhu_refuse_change()",
    "CREATE TRIGGER tr_reconciliation_case_events_no_truncate BEFORE TRUNCATE"
    " ON reconciliation_case_events FOR EACH STATEMENT EXECUTE FUNCTION minhu_refuse_change()",
    "ALTER TABLE reconciliation_case_events"
    " ENABLE ALWAYS TRIGGER tr_reconciliation_case_events_append_only",
    "ALTER TABLE reconciliation_case_events"
    " ENABLE ALWAYS TRIGGER tr_reconciliation_case_events_no_truncate",
)
COMPLETE_REGISTERS = """
INSERT INTO limits (bureau_id, version, name, value, valid_from, valid_to)
SELECT bureau_id, version, added.name, added.value, valid_from, valid_to
FROM limits, (VALUES ('reconcile.at', '02:30'), ('reconcile.days', '3')) AS added (name, value)
WHERE limits.name = 'unit_return.window' ON CONFLICT DO NOTHING
"""
NEW_CONFIG = "UPDATE bureaus SET config_version = config_version + 1"


def upgrade() -> None:
    # Nullable and without default: no rewrite, so a running system is not held up.
    op.add_column("sources", sa.Column("list_url", sa.Text(), comment="对账名单的地址（每日去取）"))
    op.add_column(
        "sources", sa.Column("request_url", sa.Text(), comment="请平台重推一条消息的地址")
    )
    _create_number_receipts()
    _create_reconciliations()
    _create_reconciliation_entries()
    _create_reconciliation_cases()
    _create_reconciliation_case_events()
    _create_reconciliation_pulls()
    _create_reconciliation_requests()
    for statement in (*APPEND_ONLY, COMPLETE_REGISTERS, NEW_CONFIG):
        op.execute(statement)


def downgrade() -> None:
    for table in TABLES:
        op.drop_table(table)
    op.drop_column("sources", "request_url")
    op.drop_column("sources", "list_url")
    op.execute("DELETE FROM limits WHERE name IN ('reconcile.at', 'reconcile.days')")
    op.execute(NEW_CONFIG)


def _create_number_receipts() -> None:
    op.create_table(
        "number_receipts",
        sa.Column("bureau_id", sa.Integer(), autoincrement=False, nullable=False, comment="局编号"),
        sa.Column("source", sa.Text(), nullable=False, comment="上级平台"),
        sa.Column("upstream_no", sa.Text(), nullable=False, comment="上级平台工单号"),
        sa.Column(
            "received_at",
            sa.DateTime(timezone=True),
            nullable=True,
            comment="平台为此编号写的来件时间；复核单没有，为空",
        ),
        sa.Column(
            "day", sa.Date(), nullable=False, comment="来件日（上海）；复核单取消息所写的时间"
        ),
        sa.Column("recorded_at", sa.DateTime(timezone=True), nullable=False, comment="记录时间"),
        sa.PrimaryKeyConstraint(
            "bureau_id", "source", "upstream_no", name=op.f("pk_number_receipts")
        ),
        comment="并入已有工单的编号（第二个平台的、复核单的）各自的来件时间",
    )
    op.create_index(
        "ix_number_receipts_day", "number_receipts", ["bureau_id", "source", "day"], unique=False
    )


def _create_reconciliations() -> None:
    op.create_table(
        "reconciliations",
        sa.Column("bureau_id", sa.Integer(), autoincrement=False, nullable=False, comment="局编号"),
        sa.Column("reconciliation_id", sa.Uuid(), nullable=False, comment="对账编号"),
        sa.Column("source", sa.Text(), nullable=False, comment="上级平台"),
        sa.Column("day", sa.Date(), nullable=False, comment="所对的来件日（上海）"),
        sa.Column("origin", sa.Text(), nullable=False, comment="平台送来，或每日去取"),
        sa.Column("digest", sa.LargeBinary(), nullable=False, comment="名单摘要（SHA-256）"),
        sa.Column(
            "as_of", sa.DateTime(timezone=True), nullable=False, comment="名单说的是何时的情况"
        ),
        sa.Column("taken_at", sa.DateTime(timezone=True), nullable=False, comment="比对时间"),
        sa.Column("counts", postgresql.JSONB(), nullable=False, comment="各类件数"),
        sa.CheckConstraint(
            "origin IN ('posted', 'pulled')", name=op.f("ck_reconciliations_origin")
        ),
        sa.PrimaryKeyConstraint("bureau_id", "reconciliation_id", name=op.f("pk_reconciliations")),
        comment="每一次对账",
    )
    op.create_index(
        "ix_reconciliations_day",
        "reconciliations",
        ["bureau_id", "source", "day", "as_of"],
        unique=False,
    )


def _create_reconciliation_entries() -> None:
    op.create_table(
        "reconciliation_entries",
        sa.Column("bureau_id", sa.Integer(), autoincrement=False, nullable=False, comment="局编号"),
        sa.Column("source", sa.Text(), nullable=False, comment="上级平台"),
        sa.Column("upstream_no", sa.Text(), nullable=False, comment="上级平台工单号"),
        sa.Column("day", sa.Date(), nullable=False, comment="最近列有此编号的名单是哪一日的"),
        sa.Column(
            "as_of", sa.DateTime(timezone=True), nullable=False, comment="该名单说的是何时的情况"
        ),
        sa.PrimaryKeyConstraint(
            "bureau_id", "source", "upstream_no", name=op.f("pk_reconciliation_entries")
        ),
        comment="平台的名单把各编号列在哪一日",
    )
    op.create_index(
        "ix_reconciliation_entries_day",
        "reconciliation_entries",
        ["bureau_id", "source", "day"],
        unique=False,
    )


def _create_reconciliation_cases() -> None:
    op.create_table(
        "reconciliation_cases",
        sa.Column("bureau_id", sa.Integer(), autoincrement=False, nullable=False, comment="局编号"),
        sa.Column(
            "case_id", sa.Uuid(), nullable=False, comment="差异编号，由来源、工单号、种类推得"
        ),
        sa.Column(
            "position",
            sa.BigInteger(),
            sa.Identity(always=False),
            nullable=False,
            comment="列出的次序",
        ),
        sa.Column("version", sa.Integer(), nullable=False, comment="版本，即最后一条经过的序号"),
        sa.Column("source", sa.Text(), nullable=False, comment="上级平台"),
        sa.Column("upstream_no", sa.Text(), nullable=False, comment="上级平台工单号"),
        sa.Column(
            "kind", sa.Text(), nullable=False, comment="种类：我方缺、平台缺、已收未入、不一致"
        ),
        sa.Column("day", sa.Date(), nullable=False, comment="名单的来件日（上海）"),
        sa.Column("state", sa.Text(), nullable=False, comment="未了、已接受、已消除"),
        sa.Column("fields", sa.ARRAY(sa.Text()), nullable=False, comment="不一致的是哪几项"),
        sa.Column(
            "ours",
            postgresql.JSONB(),
            nullable=True,
            comment="我方所记（代码、时间、编号）",
        ),
        sa.Column(
            "theirs",
            postgresql.JSONB(),
            nullable=True,
            comment="平台所列（代码、时间）",
        ),
        sa.Column("no", sa.Text(), nullable=True, comment="工单号"),
        sa.Column("first_seen_on", sa.Date(), nullable=False, comment="首次发现之日"),
        sa.Column("last_seen_on", sa.Date(), nullable=False, comment="最近一次发现之日"),
        sa.Column("owner_unit", sa.Text(), nullable=True, comment="负责单位；空为热线受理处置"),
        sa.Column("owner_person", sa.Text(), nullable=True, comment="负责人"),
        sa.Column(
            "requests",
            sa.SmallInteger(),
            server_default=sa.text("0"),
            nullable=False,
            comment="请平台重推次数",
        ),
        sa.Column(
            "opened_at",
            sa.DateTime(timezone=True),
            nullable=False,
            comment="最近一次成为未了的时间",
        ),
        sa.Column("closed_at", sa.DateTime(timezone=True), nullable=True, comment="了结时间"),
        sa.CheckConstraint(
            "(state = 'open') = (closed_at IS NULL)", name=op.f("ck_reconciliation_cases_closed")
        ),
        sa.CheckConstraint(
            "kind IN ('missing_here', 'missing_there', 'held', 'differs')",
            name=op.f("ck_reconciliation_cases_kind"),
        ),
        sa.CheckConstraint(
            "state IN ('open', 'accepted', 'resolved')", name=op.f("ck_reconciliation_cases_state")
        ),
        sa.PrimaryKeyConstraint("bureau_id", "case_id", name=op.f("pk_reconciliation_cases")),
        comment="对账差异（不含来电人信息）",
    )
    op.create_index(
        "ix_reconciliation_cases_day",
        "reconciliation_cases",
        ["bureau_id", "source", "day"],
        unique=False,
    )
    op.create_index(
        "ix_reconciliation_cases_number",
        "reconciliation_cases",
        ["bureau_id", "source", "upstream_no"],
        unique=False,
    )
    op.create_index(
        "ix_reconciliation_cases_position",
        "reconciliation_cases",
        ["bureau_id", "position"],
        unique=False,
    )


def _create_reconciliation_case_events() -> None:
    op.create_table(
        "reconciliation_case_events",
        sa.Column("bureau_id", sa.Integer(), autoincrement=False, nullable=False, comment="局编号"),
        sa.Column(
            "case_id", sa.Uuid(), nullable=False, comment="差异编号，由来源、工单号、种类推得"
        ),
        sa.Column("seq", sa.Integer(), autoincrement=False, nullable=False, comment="序号，从1起"),
        sa.Column("type", sa.Text(), nullable=False, comment="经过"),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False, comment="时间"),
        sa.Column("actor_role", sa.Text(), nullable=False, comment="操作者角色"),
        sa.Column("actor_name", sa.Text(), nullable=False, comment="操作者"),
        sa.Column("actor_key", sa.Text(), nullable=True, comment="操作者密钥编号"),
        sa.Column("data", postgresql.JSONB(), nullable=False, comment="当时的内容"),
        sa.CheckConstraint(
            "actor_role IN ('unit', 'desk', 'leader', 'bi', 'admin', 'source', 'system')",
            name=op.f("ck_reconciliation_case_events_actor_role"),
        ),
        sa.CheckConstraint(
            "type IN ('opened', 'changed', 'resolved', 'reopened', 'accepted', 'assigned',"
            " 'requested', 'asked', 'request_failed')",
            name=op.f("ck_reconciliation_case_events_type"),
        ),
        sa.PrimaryKeyConstraint(
            "bureau_id", "case_id", "seq", name=op.f("pk_reconciliation_case_events")
        ),
        comment="对账差异的经过（只增不改）",
    )


def _create_reconciliation_pulls() -> None:
    op.create_table(
        "reconciliation_pulls",
        sa.Column("bureau_id", sa.Integer(), autoincrement=False, nullable=False, comment="局编号"),
        sa.Column("source", sa.Text(), nullable=False, comment="上级平台"),
        sa.Column("swept_on", sa.Date(), nullable=False, comment="取名单之日"),
        sa.Column("day", sa.Date(), nullable=False, comment="所取的来件日"),
        sa.Column("next_try_at", sa.DateTime(timezone=True), nullable=False, comment="下次尝试"),
        sa.Column(
            "attempts",
            sa.SmallInteger(),
            server_default=sa.text("0"),
            nullable=False,
            comment="已试",
        ),
        sa.Column(
            "leased_until",
            sa.DateTime(timezone=True),
            nullable=True,
            comment="正在进行，至此时仍无结果即由别的进程再来（真实时间）",
        ),
        sa.Column("token", sa.Uuid(), nullable=True, comment="正在进行的那一次；结果只认它"),
        sa.Column("first_error", sa.Text(), nullable=True, comment="首次错误"),
        sa.Column("last_error", sa.Text(), nullable=True, comment="最近错误"),
        sa.Column("done_at", sa.DateTime(timezone=True), nullable=True, comment="完成时间"),
        sa.Column(
            "failed_at", sa.DateTime(timezone=True), nullable=True, comment="放弃时间（待人工处理）"
        ),
        sa.Column("reconciliation_id", sa.Uuid(), nullable=True, comment="所成的对账"),
        sa.ForeignKeyConstraint(
            ["bureau_id", "source"],
            ["sources.bureau_id", "sources.source"],
            name=op.f("fk_reconciliation_pulls_bureau_id_source"),
        ),
        sa.PrimaryKeyConstraint(
            "bureau_id", "source", "swept_on", "day", name=op.f("pk_reconciliation_pulls")
        ),
        comment="每日向平台取名单，每来源每日各一次",
    )
    op.create_index(
        "ix_reconciliation_pulls_owed",
        "reconciliation_pulls",
        ["bureau_id", "next_try_at"],
        unique=False,
        postgresql_where=sa.text("done_at IS NULL AND failed_at IS NULL"),
    )


def _create_reconciliation_requests() -> None:
    op.create_table(
        "reconciliation_requests",
        sa.Column("bureau_id", sa.Integer(), autoincrement=False, nullable=False, comment="局编号"),
        sa.Column(
            "case_id", sa.Uuid(), nullable=False, comment="差异编号，由来源、工单号、种类推得"
        ),
        sa.Column(
            "number", sa.SmallInteger(), autoincrement=False, nullable=False, comment="第几次"
        ),
        sa.Column("next_try_at", sa.DateTime(timezone=True), nullable=False, comment="下次尝试"),
        sa.Column(
            "attempts",
            sa.SmallInteger(),
            server_default=sa.text("0"),
            nullable=False,
            comment="已试",
        ),
        sa.Column(
            "leased_until",
            sa.DateTime(timezone=True),
            nullable=True,
            comment="正在进行，至此时仍无结果即由别的进程再来（真实时间）",
        ),
        sa.Column("token", sa.Uuid(), nullable=True, comment="正在进行的那一次；结果只认它"),
        sa.Column("first_error", sa.Text(), nullable=True, comment="首次错误"),
        sa.Column("last_error", sa.Text(), nullable=True, comment="最近错误"),
        sa.Column("done_at", sa.DateTime(timezone=True), nullable=True, comment="完成时间"),
        sa.Column(
            "failed_at", sa.DateTime(timezone=True), nullable=True, comment="放弃时间（待人工处理）"
        ),
        sa.ForeignKeyConstraint(
            ["bureau_id", "case_id"],
            ["reconciliation_cases.bureau_id", "reconciliation_cases.case_id"],
            name=op.f("fk_reconciliation_requests_bureau_id_case_id"),
        ),
        sa.PrimaryKeyConstraint(
            "bureau_id", "case_id", "number", name=op.f("pk_reconciliation_requests")
        ),
        comment="请平台重推一条消息",
    )
    op.create_index(
        "ix_reconciliation_requests_owed",
        "reconciliation_requests",
        ["bureau_id", "next_try_at"],
        unique=False,
        postgresql_where=sa.text("done_at IS NULL AND failed_at IS NULL"),
    )
