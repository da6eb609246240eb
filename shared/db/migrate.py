"""Migrations, roles, policies and grants. Only this module connects as the owner."""

from functools import partial
from pathlib import Path
from urllib.parse import unquote, urlsplit

from alembic import command
from alembic.config import Config
from sqlalchemy import Connection, text
from sqlalchemy.ext.asyncio import create_async_engine

import migrations
from shared.db.grants import grant_statements
from shared.db.origin import note_server
from shared.db.policies import APP_ROLE, BI_ROLE, lay_policies

MAINTAIN_SINCE = 170000
FUNCTIONS = "SELECT proname FROM pg_proc WHERE pronamespace = 'public'::regnamespace"


async def migrate(
    owner_url: str,
    app_url: str | None = None,
    *,
    revision: str = "head",
    restored: bool = False,
) -> int | None:
    """Brings the schema to `revision`, creates missing roles, lays the row policies, grants.

    Answers the new base of transaction ids where one was set: the server is not the one noted, or
    (`restored`) an earlier state of it was put back.

    A role is created with the password of `app_url` where that names it, else without a log-in;
    one that is there without a log-in is given it.
    """
    engine = create_async_engine(owner_url.replace("postgresql://", "postgresql+asyncpg://", 1))
    try:
        async with engine.connect() as connection:
            await connection.run_sync(_upgrade, revision)
            await connection.commit()
        async with engine.begin() as connection:
            await connection.run_sync(_create_roles, app_url)
        async with engine.connect() as connection:
            await connection.run_sync(lay_policies)
        async with engine.begin() as connection:
            await connection.run_sync(_grant)
            return await connection.run_sync(partial(note_server, restored=restored))
    finally:
        await engine.dispose()


def config() -> Config:
    made = Config()
    made.set_main_option("script_location", str(Path(migrations.__file__).parent))
    return made


def _upgrade(connection: Connection, revision: str) -> None:
    made = config()
    made.attributes["connection"] = connection
    if revision == "base" or revision.startswith("-"):
        command.downgrade(made, revision)
    else:
        command.upgrade(made, revision)


def _create_roles(connection: Connection, app_url: str | None) -> None:
    parts = urlsplit(app_url or "")
    password = unquote(parts.password) if parts.username == APP_ROLE and parts.password else None
    known = set(connection.execute(text("SELECT rolname FROM pg_roles")).scalars())
    if APP_ROLE not in known:
        _create_role(connection, APP_ROLE, password)
    elif password is not None:
        _let_in(connection, password)
    if BI_ROLE not in known:
        _create_role(connection, BI_ROLE, None)


def _create_role(connection: Connection, role: str, password: str | None) -> None:
    """Utility statements take no parameters: `format(%L)` quotes the password on the server."""
    if password is None:
        connection.execute(text(f"CREATE ROLE {role} NOLOGIN NOBYPASSRLS"))
        return
    template = f"CREATE ROLE {role} LOGIN NOBYPASSRLS PASSWORD %L"
    statement = connection.execute(
        text("SELECT format(:template, CAST(:password AS text))"),
        {"template": template, "password": password},
    ).scalar_one()
    connection.exec_driver_sql(statement)


def _let_in(connection: Connection, password: str) -> None:
    """A role that was made for a restore, which cannot log in yet."""
    template = (
        "SELECT format('ALTER ROLE %I LOGIN PASSWORD %L', rolname, CAST(:password AS text))"
        " FROM pg_roles WHERE rolname = :role AND NOT rolcanlogin"
    )
    values = {"role": APP_ROLE, "password": password}
    statement = connection.execute(text(template), values).scalar_one_or_none()
    if statement is not None:
        connection.exec_driver_sql(statement)


def _grant(connection: Connection) -> None:
    database = connection.execute(text("SELECT current_database()")).scalar_one()
    present = set(
        connection.execute(
            text("SELECT tablename FROM pg_tables WHERE schemaname = 'public'")
        ).scalars()
    )
    functions = set(connection.execute(text(FUNCTIONS)).scalars())
    schemas = set(connection.execute(text("SELECT nspname FROM pg_namespace")).scalars())
    version = connection.execute(text("SHOW server_version_num")).scalar_one()
    can_maintain = int(version) >= MAINTAIN_SINCE
    for statement in grant_statements(
        database, present, schemas, functions=functions, can_maintain=can_maintain
    ):
        connection.exec_driver_sql(statement)
