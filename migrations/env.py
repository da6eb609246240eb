"""Runs migrations on a connection given by `shared.db.migrate`, with a short lock timeout.

A migration that cannot get its lock gives up in seconds instead of holding everyone up.
"""

from alembic import context
from sqlalchemy import text

from shared.models import metadata

connection = context.config.attributes["connection"]
connection.execute(text("SET lock_timeout = '4s'"))
context.configure(
    connection=connection,
    target_metadata=metadata,
    compare_type=True,
    compare_server_default=False,
    transaction_per_migration=True,
)
context.run_migrations()
