"""By which keys the originals of messages are sealed; those of before have none and stay readable.

The worker seals them when keys are next changed, `minhu keyring reseal` at once.
"""

from collections.abc import Sequence

import sqlalchemy as sa
from alembic import op

revision = "3e81c5d7a09f"
down_revision = "a3d94c61b7f0"
branch_labels: Sequence[str] | None = None
depends_on: Sequence[str] | None = None


def upgrade() -> None:
    # Nullable and without default: no rewrite, so a running system is not held up.
    op.add_column(
        "raw_messages",
        sa.Column(
            "seal_key_id",
            sa.Text(),
            nullable=True,
            comment="密封原文的密钥编号，空为升级前未密封",
        ),
    )
    op.add_column(
        "raw_messages",
        sa.Column("mended_key_id", sa.Text(), nullable=True, comment="密封修正后正文的密钥编号"),
    )
    op.alter_column("raw_messages", "body", comment="密封的原文，可按期清除")
    op.alter_column("raw_messages", "mended", comment="密封的修正后正文；原文不动")
    op.alter_column("idempotency_keys", "idempotency_key", comment="幂等键的摘要（SHA-256）")


def downgrade() -> None:
    op.alter_column("idempotency_keys", "idempotency_key", comment="幂等键")
    op.alter_column("raw_messages", "mended", comment="修正后的正文；原文不动")
    op.alter_column("raw_messages", "body", comment="原文，可按期清除")
    for name in ("mended_key_id", "seal_key_id"):
        op.drop_column("raw_messages", name)
