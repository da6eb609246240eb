"""The sanitation assessment: inspections, media items, and deductions row by row."""

from collections.abc import Sequence
from typing import Any

import sqlalchemy as sa
from alembic import op

revision = "b6c9d1e40a57"
down_revision = "b92d6e0f4a17"
branch_labels: Sequence[str] | None = None
depends_on: Sequence[str] | None = None

TABLES = ("inspections", "media_items", "deductions")
# Deductions follow from these and the log: an owner may empty them to have them made again.
INPUTS = ("inspections", "media_items")
APPEND_ONLY = (
    "CREATE TRIGGER tr_{table}_append_only BEFORE UPDATE OR DELETE ON {table}"
    " FOR EACH ROW EXECUTE FUNCTION minhu_refuse_change()",
    "CREATE TRIGGER tr_{table}_no_truncate BEFORE TRUNCATE ON {table}"
    " FOR EACH STATEMENT EXECUTE FUNCTION minhu_refuse_change()",
    "ALTER TABLE {table} ENABLE ALWAYS TRIGGER tr_{table}_append_only",
    "ALTER TABLE {table} ENABLE ALWAYS TRIGGER tr_{table}_no_truncate",
)
WRITERS = "actor_role IN ('desk', 'leader', 'admin')"


def _text(name: str, comment: str, *, nullable: bool = False) -> sa.Column[str]:
    return sa.Column(name, sa.Text(), nullable=nullable, comment=comment)


def _moment(name: str, comment: str) -> sa.Column[object]:
    return sa.Column(name, sa.DateTime(timezone=True), nullable=False, comment=comment)


def _key(name: str, kind: type[sa.types.TypeEngine[int]], comment: str) -> sa.Column[int]:
    return sa.Column(name, kind(), autoincrement=False, nullable=False, comment=comment)


def _revised() -> tuple[sa.Column[Any], ...]:
    return (
        _key("revision", sa.SmallInteger, "第几版，从1起"),
        sa.Column(
            "position",
            sa.BigInteger(),
            server_default=sa.text("nextval('ticket_events_position')"),
            nullable=False,
            comment="全局位置（与事件日志同一序列）",
        ),
        sa.Column("month", sa.Integer(), nullable=False, comment="考核月份（年月六位数）"),
        _text("contractor", "作业单位"),
    )


def _author() -> tuple[sa.Column[Any], ...]:
    return (
        _text("withdrawn_for", "撤回的理由；空为有效", nullable=True),
        _moment("recorded_at", "记录时间"),
        _text("actor_role", "操作者角色"),
        _text("actor_name", "操作者"),
        _text("actor_key", "操作者密钥编号", nullable=True),
    )


def upgrade() -> None:
    op.create_table(
        "inspections",
        _key("bureau_id", sa.Integer, "局编号"),
        _text("inspection_id", "检查编号（由月份、单位、路段、日期推得）"),
        *_revised(),
        _text("road", "道路"),
        _text("street", "街镇", nullable=True),
        sa.Column("from_no", sa.Integer(), comment="路段起始门牌号"),
        sa.Column("to_no", sa.Integer(), comment="路段终止门牌号"),
        sa.Column("score", sa.Numeric(5, 2), nullable=False, comment="道路保洁得分，0 至 100"),
        sa.Column("inspected_on", sa.Date(), comment="检查日期"),
        _text("note", "备注", nullable=True),
        *_author(),
        sa.CheckConstraint(WRITERS, name=op.f("ck_inspections_actor_role")),
        sa.CheckConstraint("score BETWEEN 0 AND 100", name=op.f("ck_inspections_score")),
        sa.CheckConstraint("revision > 0", name=op.f("ck_inspections_revision")),
        sa.CheckConstraint(
            "(from_no IS NULL) = (to_no IS NULL) AND from_no <= to_no",
            name=op.f("ck_inspections_segment"),
        ),
        sa.PrimaryKeyConstraint(
            "bureau_id", "inspection_id", "revision", name=op.f("pk_inspections")
        ),
        comment="道路保洁检查（按版本，只增不改）",
    )
    op.create_table(
        "media_items",
        _key("bureau_id", sa.Integer, "局编号"),
        _text("media_id", "舆论监督编号（由月份、单位、标题、日期、媒体推得）"),
        *_revised(),
        _text("title", "标题"),
        sa.Column("published_on", sa.Date(), nullable=False, comment="刊播日期"),
        _text("outlet", "媒体"),
        _text("url", "链接", nullable=True),
        _text("ticket", "相关工单号", nullable=True),
        *_author(),
        sa.CheckConstraint(WRITERS, name=op.f("ck_media_items_actor_role")),
        sa.CheckConstraint("revision > 0", name=op.f("ck_media_items_revision")),
        sa.PrimaryKeyConstraint("bureau_id", "media_id", "revision", name=op.f("pk_media_items")),
        comment="舆论监督（按版本，只增不改）",
    )
    _create_deductions()
    op.create_index("ix_inspections_month", "inspections", ["bureau_id", "month", "contractor"])
    op.create_index("ix_media_items_month", "media_items", ["bureau_id", "month", "contractor"])
    for table in INPUTS:
        for statement in APPEND_ONLY:
            op.execute(statement.format(table=table))


def _create_deductions() -> None:
    op.create_table(
        "deductions",
        _key("bureau_id", sa.Integer, "局编号"),
        _text("subject", "工单号，或舆论监督编号"),
        _key("round", sa.SmallInteger, "轮次；舆论监督为0"),
        _text("rule", "扣分规则"),
        _key("ordinal", sa.SmallInteger, "该轮该规则的第几行，从1起"),
        sa.Column("ticket_id", sa.BigInteger(), comment="工单内部编号；舆论监督为空"),
        sa.Column("month", sa.Integer(), nullable=False, comment="考核月份（年月六位数）"),
        _text("contractor", "作业单位"),
        sa.Column("points", sa.Numeric(6, 2), nullable=False, comment="分值：扣分为负，冲回为正"),
        _text("cause", "事由代码"),
        _text("road", "所在道路", nullable=True),
        sa.Column("reverses", sa.SmallInteger(), comment="所冲回的行的序号"),
        sa.Column(
            "seq", sa.Integer(), nullable=False, comment="所由来的事件序号（舆论监督为版本）"
        ),
        sa.Column("position", sa.BigInteger(), nullable=False, comment="所由来的全局位置"),
        _moment("recorded_at", "所由来的记录时间"),
        sa.CheckConstraint(
            "rule IN ('fact', 'overdue', 'repeat', 'media')", name=op.f("ck_deductions_rule")
        ),
        sa.CheckConstraint("ordinal > 0", name=op.f("ck_deductions_ordinal")),
        sa.CheckConstraint("reverses < ordinal", name=op.f("ck_deductions_reverses")),
        sa.CheckConstraint("(reverses IS NULL) = (points <= 0)", name=op.f("ck_deductions_points")),
        sa.PrimaryKeyConstraint(
            "bureau_id", "subject", "round", "rule", "ordinal", name=op.f("pk_deductions")
        ),
        comment="环卫考核扣分（只增不改，撤销另记一行冲回）",
    )
    op.create_index(
        "ix_deductions_month", "deductions", ["bureau_id", "month", "contractor", "position"]
    )
    op.create_index(
        "ix_deductions_ticket",
        "deductions",
        ["bureau_id", "ticket_id"],
        postgresql_where=sa.text("ticket_id IS NOT NULL"),
    )


def downgrade() -> None:
    for table in reversed(TABLES):
        op.drop_table(table)
