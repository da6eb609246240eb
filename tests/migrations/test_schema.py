"""Migrations go up, down and up; what they make is what the models say; the log stays as it is."""

import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from sqlalchemy import Connection, text
from sqlalchemy.dialects.postgresql.base import ischema_names
from sqlalchemy.exc import DBAPIError
from sqlalchemy.ext.asyncio import create_async_engine

from shared.db.migrate import migrate
from shared.models import metadata
from shared.models.tickets import Xid8
from shared.tickets import Hotline
from tests.conftest import Stack, run_as_superuser
from tests.factories import make_ticket

DATABASE = "migrated_by_test"
# An index on a function's value, which the models cannot express.
BEYOND_MODELS = {"ix_ticket_texts_search"}


def differences(connection: Connection) -> list[object]:
    ischema_names["xid8"] = Xid8  # known to Postgres, unknown to the reflection
    found = compare_metadata(MigrationContext.configure(connection), metadata)
    return [one for one in found if getattr(one[1], "name", None) not in BEYOND_MODELS]


async def test_migrations_go_up_down_and_up_and_agree_with_the_models(stack: Stack) -> None:
    await run_as_superuser(stack, f'CREATE DATABASE "{DATABASE}" OWNER minhu_owner')
    owner = stack.owner_url_of(DATABASE)
    engine = create_async_engine(owner.replace("postgresql://", "postgresql+asyncpg://", 1))
    try:
        for revision in ("head", "base", "head"):
            await migrate(owner, revision=revision)
        async with engine.connect() as connection:
            found = await connection.run_sync(differences)
    finally:
        await engine.dispose()
        await run_as_superuser(stack, f'DROP DATABASE "{DATABASE}" WITH (FORCE)')

    assert found == []


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE ticket_events SET type = 'x'",
        "DELETE FROM ticket_events",
        "TRUNCATE ticket_events",
    ],
)
async def test_the_log_refuses_change_even_from_its_owner(
    hotline: Hotline, stack: Stack, statement: str
) -> None:
    await make_ticket(hotline)
    owner = stack.owner_url_of(hotline.settings.database_url.rsplit("/", 1)[1])
    for url in (owner, hotline.settings.database_url):
        engine = create_async_engine(url.replace("postgresql://", "postgresql+asyncpg://", 1))
        async with engine.connect() as connection:
            with pytest.raises(DBAPIError):
                await connection.execute(text(statement))
        await engine.dispose()
