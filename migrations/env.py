"""Runs migrations on a connection given by `shared.db.migrate`, with a short lock timeout.

A migration that cannot get its lock gives up in seconds instead of holding everyone up. Each is a
transaction of its own: one that gives up leaves nothing behind, those before it stay.
"""

from alembic import context
from sqlalchemy import text

from shared.models import metadata

connection = context.config.attributes["connection"]
connection.execute(text("SET lock_timeout = '4s'"))
connection.commit()  # else all that follows would be one transaction
context.configure(
    connection=connection,
    target_metadata=metadata,
    compare_type=True,
    compare_server_default=False,
    transaction_per_migration=True,
)
with context.begin_transaction():
    context.run_migrations()
