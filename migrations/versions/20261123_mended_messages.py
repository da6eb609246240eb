"""A mended message beside the one that was sent, which stays as it came."""

from collections.abc import Sequence

import sqlalchemy as sa
from alembic import op

revision = "c7d2e90f4b18"
down_revision = "a41d0c6b72ef"
branch_labels: Sequence[str] | None = None
depends_on: Sequence[str] | None = None


def upgrade() -> None:
    # Nullable and without default: no rewrite, so a running system is not held up.
    op.add_column(
        "raw_messages",
        sa.Column("mended", sa.LargeBinary(), nullable=True, comment="修正后的正文；原文不动"),
    )
    op.add_column(
        "raw_messages", sa.Column("mended_by", sa.Text(), nullable=True, comment="修正人")
    )
    op.add_column(
        "raw_messages",
        sa.Column("mended_at", sa.DateTime(timezone=True), nullable=True, comment="修正时间"),
    )


def downgrade() -> None:
    for name in ("mended_at", "mended_by", "mended"):
        op.drop_column("raw_messages", name)
