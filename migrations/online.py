"""Index changes on tables that are being written to: outside of a transaction, waiting patiently.

CREATE INDEX CONCURRENTLY waits for older transactions while it holds up no reader or writer, so
its wait may be longer than `lock_timeout`. What gives up leaves an invalid index behind, which the
next try takes away first.
"""

import sqlalchemy as sa
from alembic import op

PATIENCE = "60s"
INVALID = sa.text(
    "SELECT EXISTS (SELECT FROM pg_index WHERE indexrelid = to_regclass(:name) AND NOT indisvalid)"
)


def create_index(
    name: str, table: str, columns: list[str], *, where: str | None = None, unique: bool = False
) -> None:
    with op.get_context().autocommit_block():
        op.execute(f"SET lock_timeout = '{PATIENCE}'")
        if op.get_bind().execute(INVALID, {"name": name}).scalar_one():
            op.drop_index(name, table, postgresql_concurrently=True)
        op.create_index(
            name,
            table,
            columns,
            unique=unique,
            if_not_exists=True,
            postgresql_where=None if where is None else sa.text(where),
            postgresql_concurrently=True,
        )
        op.execute("SET lock_timeout = '4s'")
