"""Transaction ids that go on rising when the database is restored into another server.

Also which release wrote a fold: an older one beside a newer one writes less than it has read.
"""

from collections.abc import Sequence

import sqlalchemy as sa
from alembic import op
from sqlalchemy.types import UserDefinedType

revision = "f4b07c2e9d51"
down_revision = "d3a86e5c17f2"
branch_labels: Sequence[str] | None = None
depends_on: Sequence[str] | None = None

FED = ("ticket_events", "notices", "facts", "fact_versions", "freezes")
REGISTERED = ("inspections", "media_items", "deductions")
FORM = "写过折叠结果的最新格式；高于其中的 form 时由日志重折"
FUNCTIONS = (
    "CREATE FUNCTION minhu_xid() RETURNS xid8 LANGUAGE sql STABLE AS 'SELECT pg_current_xact_id()'",
    "CREATE FUNCTION minhu_horizon() RETURNS xid8 LANGUAGE sql STABLE"
    " AS 'SELECT pg_snapshot_xmin(pg_current_snapshot())'",
    "COMMENT ON FUNCTION minhu_xid() IS '本事务的号：数据库的事务号加基数，换服务器也只增不减'",
    "COMMENT ON FUNCTION minhu_horizon() IS '最老未结束事务的号：比它小的行都已看得见'",
)


class Xid8(UserDefinedType[int]):
    cache_ok = True

    def get_col_spec(self, **_: object) -> str:
        return "xid8"


def upgrade() -> None:
    """A column and its default come apart: rows that were there before stay without."""
    op.create_table(
        "transaction_bases",
        sa.Column("base", sa.BigInteger(), autoincrement=False, comment="加在数据库事务号上的数"),
        sa.Column("system", sa.Text(), nullable=False, comment="服务器的系统标识"),
        sa.Column("timeline", sa.Integer(), nullable=False, comment="当时的时间线"),
        sa.Column(
            "set_at",
            sa.DateTime(timezone=True),
            server_default=sa.text("clock_timestamp()"),
            nullable=False,
            comment="设定时间",
        ),
        sa.PrimaryKeyConstraint("base", "system", "timeline", name=op.f("pk_transaction_bases")),
        comment="事务号的基数：每到一台服务器或每次恢复记一行",
    )
    for statement in FUNCTIONS:
        op.execute(statement)
    for table in FED:
        op.alter_column(table, "xid", server_default=sa.text("minhu_xid()"))
    for table in REGISTERED:
        op.add_column(table, sa.Column("xid", Xid8(), comment="写入的事务号"))
        op.alter_column(table, "xid", server_default=sa.text("minhu_xid()"))
    op.add_column(
        "tickets",
        sa.Column(
            "form",
            sa.SmallInteger(),
            comment=FORM,
        ),
    )


def downgrade() -> None:
    op.drop_column("tickets", "form")
    for table in REGISTERED:
        op.drop_column(table, "xid")
    for table in FED:
        op.alter_column(table, "xid", server_default=sa.text("pg_current_xact_id()"))
    op.execute("DROP FUNCTION minhu_horizon()")
    op.execute("DROP FUNCTION minhu_xid()")
    op.drop_table("transaction_bases")
