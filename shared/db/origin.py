"""The server that hands out transaction ids, and the base that is added to them.

Feeds and cursors are ordered by `minhu_xid()`: the server's own transaction id and a base. A dump
restored into another server meets ids that begin anew, a physical restore ids that were handed out
before; either way the base is raised far above all that anybody may have read. It stands in the
bodies of two SQL functions, which Postgres writes into the statements that call them.
"""

from typing import Any

from sqlalchemy import Connection, text

from shared.errors import Conflict, Unavailable

# More transactions than a server hands out between a backup and its loss.
LEAP = 2**32
# Numbers given out in that time and forgotten with it: none is given to another ticket.
SKIPPED_NUMBERS = 100_000
# Tables with rows ordered by `minhu_xid()`.
ORDERED = (
    *("ticket_events", "notices", "facts", "fact_versions", "freezes"),
    *("inspections", "media_items", "deductions"),
)

IS_NOTED = "SELECT to_regclass('transaction_bases') IS NOT NULL"
SERVER = (
    "SELECT (SELECT system_identifier::text FROM pg_control_system()) AS system,"
    " (SELECT timeline_id FROM pg_control_checkpoint()) AS timeline"
)
NOTED = (
    "SELECT base, system, timeline FROM transaction_bases ORDER BY base DESC, set_at DESC LIMIT 1"
)
# For every new connection of a service: a server that has been put in another's place means that
# all connections are new.
IS_FOREIGN = """
SELECT system <> (SELECT system_identifier::text FROM pg_control_system()) FROM (
    SELECT system FROM transaction_bases ORDER BY base DESC, set_at DESC LIMIT 1
) AS noted
"""
NOTE = text(
    "INSERT INTO transaction_bases (base, system, timeline) VALUES (:base, :system, :timeline)"
    " ON CONFLICT DO NOTHING"
)
OTHERS = text(
    "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database()"
    " AND application_name = 'minhu' AND pid <> pg_backend_pid()"
)
LOCK = text(f"LOCK TABLE {', '.join(ORDERED)} IN SHARE ROW EXCLUSIVE MODE")
OWN_ID = text("SELECT pg_current_xact_id()::text::bigint")
BUREAUS = text("SELECT bureau_id FROM bureaus")
HIGHEST = {
    table: text(f"SELECT max(xid)::text::bigint FROM {table} WHERE bureau_id = :bureau")  # noqa: S608
    for table in ORDERED
}
SKIP = text(
    "SELECT setval(format('%I.%I', schemaname, sequencename),"
    " coalesce(last_value, start_value) + :skipped)"
    " FROM pg_sequences WHERE schemaname = 'public'"
)
FUNCTION = (
    "CREATE OR REPLACE FUNCTION {name}() RETURNS xid8 LANGUAGE sql STABLE"
    " AS 'SELECT (({value})::text::bigint + {base})::text::xid8'"
)
VALUES = {
    "minhu_xid": "pg_current_xact_id()",
    "minhu_horizon": "pg_snapshot_xmin(pg_current_snapshot())",
}


class RestoredElsewhere(Unavailable):
    """The database has come to another server and was not migrated since."""

    title = "数据库是恢复到这台服务器的，请先停下全部进程，运行 minhu migrate"


class StillInUse(Conflict):
    title = "恢复之后须先停下全部 minhu 进程，再运行 minhu migrate"


def note_server(connection: Connection, *, restored: bool) -> int | None:
    """As the owner, after the migrations: the new base where one had to be set.

    `restored`: an earlier state of this very server was put back. Raises StillInUse while services
    are connected.
    """
    if not connection.execute(text(IS_NOTED)).scalar_one():
        return None
    server = connection.execute(text(SERVER)).one()
    noted = connection.execute(text(NOTED)).one_or_none()
    if noted is None:
        _note(connection, 0, server)
        return None
    is_same = (noted.system, noted.timeline) == (server.system, server.timeline)
    if is_same and not restored:
        return None
    if connection.execute(OTHERS).scalar_one():
        if noted.system == server.system and not restored:
            return None  # a standby that took over: raised at the next restart, doctor tells
        raise StillInUse
    base = _find_base(connection, noted.base)
    for name, value in VALUES.items():
        connection.exec_driver_sql(FUNCTION.format(name=name, value=value, base=base))
    connection.execute(SKIP, {"skipped": SKIPPED_NUMBERS})
    _note(connection, base, server)
    return base


def _find_base(connection: Connection, before: int) -> int:
    """Above all that is stored, all that this server has handed out, and what was lost."""
    connection.execute(LOCK)
    highest = before + int(connection.execute(OWN_ID).scalar_one())
    for bureau in connection.execute(BUREAUS).scalars().all():
        for statement in HIGHEST.values():
            found = connection.execute(statement, {"bureau": bureau}).scalar_one()
            highest = max(highest, found or 0)
    return highest + LEAP


def _note(connection: Connection, base: int, server: Any) -> None:
    values = {"base": base, "system": server.system, "timeline": server.timeline}
    connection.execute(NOTE, values)
