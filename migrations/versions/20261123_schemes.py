"""Assessment schemes drafted here, version by version."""

from collections.abc import Sequence

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "b7e41f0c92da"
down_revision = "b6c9d1e40a57"
branch_labels: Sequence[str] | None = None
depends_on: Sequence[str] | None = None

# What figures were made by must be there to read for ever: a version is never reworded, and what
# has been put in force is never moved.
GUARDS = (
    "CREATE TRIGGER tr_schemes_fixed BEFORE DELETE OR UPDATE OF bureau_id, scheme, version, body,"
    " title, author, author_key, created_at ON schemes"
    " FOR EACH ROW EXECUTE FUNCTION minhu_refuse_change()",
    "CREATE TRIGGER tr_schemes_activated_once BEFORE UPDATE ON schemes"
    " FOR EACH ROW WHEN (OLD.effective_from IS NOT NULL) EXECUTE FUNCTION minhu_refuse_change()",
    "CREATE TRIGGER tr_schemes_no_truncate BEFORE TRUNCATE ON schemes"
    " FOR EACH STATEMENT EXECUTE FUNCTION minhu_refuse_change()",
)


def _moment(name: str, comment: str, *, nullable: bool = True) -> sa.Column[object]:
    return sa.Column(name, sa.DateTime(timezone=True), nullable=nullable, comment=comment)


def upgrade() -> None:
    op.create_table(
        "schemes",
        sa.Column("bureau_id", sa.Integer(), autoincrement=False, nullable=False, comment="局编号"),
        sa.Column("scheme", sa.Text(), nullable=False, comment="考核方案编号"),
        sa.Column(
            "version", sa.Integer(), autoincrement=False, nullable=False, comment="版本，从1起"
        ),
        sa.Column(
            "body", postgresql.JSONB(), nullable=False, comment="权重、加减分、曲线、分档、分支"
        ),
        sa.Column("title", sa.Text(), nullable=False, comment="名称"),
        sa.Column("author", sa.Text(), nullable=False, comment="起草人"),
        sa.Column("author_key", sa.Text(), nullable=True, comment="起草所用的密钥编号"),
        _moment("created_at", "起草时间", nullable=False),
        _moment("effective_from", "自何时起施行；空为草案"),
        sa.Column("approved_by", sa.Text(), nullable=True, comment="启用人，与起草人不是同一人"),
        sa.Column("approved_key", sa.Text(), nullable=True, comment="启用所用的密钥编号"),
        _moment("activated_at", "启用时间"),
        sa.CheckConstraint("version >= 1", name=op.f("ck_schemes_version")),
        sa.CheckConstraint(
            "(effective_from IS NULL) = (activated_at IS NULL)"
            " AND (effective_from IS NULL) = (approved_by IS NULL)",
            name=op.f("ck_schemes_activated_whole"),
        ),
        sa.CheckConstraint(
            "approved_by IS DISTINCT FROM author AND (approved_key IS NULL OR"
            " approved_key IS DISTINCT FROM author_key)",
            name=op.f("ck_schemes_two_persons"),
        ),
        sa.PrimaryKeyConstraint("bureau_id", "scheme", "version", name=op.f("pk_schemes")),
        comment="考核方案的各个版本（草案与已启用的；随系统自带的不在此表）",
    )
    for guard in GUARDS:
        op.execute(guard)


def downgrade() -> None:
    op.drop_table("schemes")
