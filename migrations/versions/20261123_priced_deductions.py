"""Deductions cost what the version in force says: some nothing, and its activation has a place."""

from collections.abc import Sequence

import sqlalchemy as sa
from alembic import op

revision = "d3a86e5c17f2"
down_revision = "a7d25e90c4f1"
branch_labels: Sequence[str] | None = None
depends_on: Sequence[str] | None = None

NAME = "ck_deductions_points"
PRICED = "CASE WHEN reverses IS NULL THEN points <= 0 ELSE points >= 0 END"
CHARGED = "(reverses IS NULL) = (points <= 0)"


def _check(condition: str) -> None:
    op.execute(f"ALTER TABLE deductions DROP CONSTRAINT {NAME}")
    op.execute(f"ALTER TABLE deductions ADD CONSTRAINT {NAME} CHECK ({condition}) NOT VALID")


def upgrade() -> None:
    op.add_column(
        "schemes",
        sa.Column("position", sa.BigInteger(), comment="启用在事件日志中的全局位置"),
    )
    _check(PRICED)
    op.execute(f"ALTER TABLE deductions VALIDATE CONSTRAINT {NAME}")


def downgrade() -> None:
    """Going back must not fail over rows that cost nothing: they are not looked at."""
    _check(CHARGED)
    op.drop_column("schemes", "position")
