"""The next release's migration: expand only. It follows whatever this tree's newest is."""

from collections.abc import Sequence
from pathlib import Path

import sqlalchemy as sa
from alembic import op
from alembic.script import ScriptDirectory

import migrations
from migrations.online import create_index

revision = "0e9f6c1d27ab"
down_revision = ScriptDirectory(str(Path(migrations.__file__).parent)).get_current_head()
branch_labels: Sequence[str] | None = None
depends_on: Sequence[str] | None = None


def upgrade() -> None:
    op.add_column("tickets", sa.Column("label", sa.Text(), comment="标签"))
    create_index("ix_tickets_label", "tickets", ["bureau_id", "label"], where="label IS NOT NULL")


def downgrade() -> None:
    op.drop_index("ix_tickets_label", "tickets")
    op.drop_column("tickets", "label")
