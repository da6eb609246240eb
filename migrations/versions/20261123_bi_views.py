"""The views that reports read, and where a round has left a unit, for readers who see a part.

The text of the views is frozen beside: what it is made from goes on changing.
"""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import sqlalchemy as sa
from alembic import op
from sqlalchemy.types import UserDefinedType

revision = "d19b5e7c4f02"
down_revision = "b7e41f0c92da"
branch_labels: Sequence[str] | None = None
depends_on: Sequence[str] | None = None

VIEWS = Path(__file__).parents[1] / "views" / "20261123_bi_v1.sql"
BETWEEN = ";\n\n"
# Which states left a unit, by the state before each.
FILL = """
UPDATE fact_versions AS v SET moved_from = b.before
FROM (
    SELECT bureau_id, ticket_id, round, seq, unit,
        lag(unit) OVER (PARTITION BY bureau_id, ticket_id, round ORDER BY seq) AS before
    FROM fact_versions
) AS b
WHERE v.bureau_id = b.bureau_id AND v.ticket_id = b.ticket_id AND v.round = b.round
    AND v.seq = b.seq AND b.before IS DISTINCT FROM b.unit AND b.before IS NOT NULL
"""


class Xid8(UserDefinedType[int]):
    cache_ok = True

    def get_col_spec(self, **_: object) -> str:
        return "xid8"


def _columns() -> list[sa.Column[Any]]:
    """The default is the same for all rows there are, so none is written anew."""
    return [
        sa.Column(
            "moved_from", sa.Text(), nullable=True, comment="此前的主办单位；空为首个状态或单位未变"
        ),
        sa.Column(
            "xid",
            Xid8(),
            server_default=sa.text("pg_current_xact_id()"),
            nullable=False,
            comment="写入的事务号",
        ),
    ]


def upgrade() -> None:
    for column in _columns():
        op.add_column("fact_versions", column)
    op.execute(FILL)
    op.create_index(
        "ix_fact_versions_moved",
        "fact_versions",
        ["bureau_id", "xid", "ticket_id", "round"],
        postgresql_where=sa.text("moved_from IS NOT NULL"),
    )
    connection = op.get_bind()
    for statement in VIEWS.read_text(encoding="utf-8").split(BETWEEN):
        connection.exec_driver_sql(statement)


def downgrade() -> None:
    op.execute("DROP SCHEMA bi_v1 CASCADE")
    op.drop_index("ix_fact_versions_moved", table_name="fact_versions")
    for column in _columns():
        op.drop_column("fact_versions", column.name)
