"""The database itself: version, schema, the services' role, the log that only grows."""

from collections.abc import Iterator
from typing import Any

from alembic.script import ScriptDirectory
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection

from services.cli.checks.finding import Finding, Grade, bad, good, watch
from shared.db.migrate import config
from shared.db.policies import APP_ROLE
from shared.embedded.binaries import OLDEST_MAJOR

MIGRATE = "请运行 minhu migrate"

SERVER = text(
    "SELECT current_setting('server_version') AS version,"
    " current_setting('server_version_num')::integer / 10000 AS major,"
    " pg_encoding_to_char(encoding) AS encoding, to_regclass('alembic_version') IS NOT NULL"
    " AS is_migrated FROM pg_database WHERE datname = current_database()"
)
REVISION = text("SELECT version_num FROM alembic_version")
ROLE = text(
    "SELECT rolname, rolsuper OR rolbypassrls AS is_unbound,"
    " (SELECT count(*) FROM pg_class WHERE relkind IN ('r', 'p', 'v', 'S')"
    "  AND relnamespace = 'public'::regnamespace AND pg_has_role(relowner, 'USAGE')) AS owned"
    " FROM pg_roles WHERE rolname = current_user"
)
LOG = text(
    "SELECT (SELECT count(*) FROM pg_trigger WHERE tgrelid = 'ticket_events'::regclass"
    " AND NOT tgisinternal AND tgenabled = 'A' AND tgname IN"
    " ('tr_ticket_events_append_only', 'tr_ticket_events_no_truncate')) AS guards,"
    " has_table_privilege('ticket_events', 'UPDATE, DELETE, TRUNCATE') AS may_change"
)
GUARDS = 2
# What keeps the server's own log from repeating rows and parameters.
QUIET = (
    ("log_error_verbosity", "terse"),
    ("log_min_error_statement", "panic"),
    ("log_parameter_max_length", "0"),
    ("log_parameter_max_length_on_error", "0"),
)
SETTING = text("SELECT current_setting(:name)")
WALLS = text(
    "SELECT count(*) AS tables, array_agg(c.relname ORDER BY c.relname) FILTER (WHERE NOT"
    " (c.relrowsecurity AND c.relforcerowsecurity) OR NOT EXISTS (SELECT FROM pg_policy AS p"
    "  WHERE p.polrelid = c.oid AND p.polname = 'bureau' AND p.polpermissive)) AS open"
    " FROM pg_class AS c WHERE c.relnamespace = 'public'::regnamespace AND c.relkind IN ('r', 'p')"
    " AND EXISTS (SELECT FROM pg_attribute AS a WHERE a.attrelid = c.oid"
    "  AND a.attname = 'bureau_id' AND NOT a.attisdropped)"
)


async def check_server(connection: AsyncConnection) -> tuple[bool, list[Finding]]:
    """Whether there is a schema to look into, and what was found."""
    server = (await connection.execute(SERVER)).one()
    findings = [*judge_server(server)]
    if not server.is_migrated:
        findings.append(bad("表结构", "尚未建立", MIGRATE))
        return False, findings
    revision = (await connection.execute(REVISION)).scalar()
    head = ScriptDirectory.from_config(config()).get_current_head()
    if revision == head:
        findings.append(good("表结构", f"已是最新（{revision}）"))
    else:
        findings.append(bad("表结构", f"在版本 {revision}，程序要求 {head}", MIGRATE))
    return True, findings


def judge_server(server: Any) -> Iterator[Finding]:
    if server.major < OLDEST_MAJOR:
        yield bad("数据库", f"PostgreSQL {server.version}", f"请升级到 {OLDEST_MAJOR} 或更高版本")
    else:
        yield good("数据库", f"PostgreSQL {server.version}，可以连接")
    if server.encoding != "UTF8":
        yield bad("数据库编码", server.encoding, "请用 UTF8 编码重新建库并迁入数据")
    else:
        yield good("数据库编码", "UTF8")


async def check_rights(connection: AsyncConnection) -> list[Finding]:
    """The services' role, and the log: under a wrong role it says nothing of the right one's."""
    role = await check_role(connection)
    if role.grade is Grade.BAD:
        return [role]
    found = [await check_walls(connection), await check_log(connection)]
    return [role, *found, await check_quiet(connection)]


async def check_role(connection: AsyncConnection) -> Finding:
    role = (await connection.execute(ROLE)).one()
    if role.is_unbound or role.owned:
        return bad(
            "服务的数据库角色",
            f"{role.rolname} 是表的所有者，或能绕过行级安全",
            f"请在 MINHU_DATABASE_URL 中改用 {APP_ROLE}",
        )
    return good("服务的数据库角色", f"{role.rolname}，不拥有任何表，不能绕过行级安全")


async def check_walls(connection: AsyncConnection) -> Finding:
    walls = (await connection.execute(WALLS)).one()
    if walls.open:
        return bad("行级隔离", f"{'、'.join(walls.open)} 没有强制隔离", MIGRATE)
    return good("行级隔离", f"{walls.tables} 张表强制按局隔离")


async def check_quiet(connection: AsyncConnection) -> Finding:
    values = {
        name: (await connection.execute(SETTING, {"name": name})).scalar() for name, _ in QUIET
    }
    loud = [f"{name}={value}" for name, value in QUIET if values[name] != value]
    if loud:
        mend = f"请由数据库管理员设 {'、'.join(loud)}，见 docs/deploy.md"
        return watch("数据库的日志", "出错时可能复述写入的内容", mend)
    return good("数据库的日志", "不复述写入的内容")


async def check_log(connection: AsyncConnection) -> Finding:
    log = (await connection.execute(LOG)).one()
    if log.guards < GUARDS:
        return bad(
            "事件日志",
            "只增不改的触发器缺失或被停用",
            "请查明是谁改动的；恢复备份，或由所有者重建触发器后运行 minhu recompute --verify",
        )
    if log.may_change:
        revoke = f"REVOKE UPDATE, DELETE, TRUNCATE ON ticket_events FROM {APP_ROLE}"
        return bad("事件日志", "服务的角色可以改动日志", f"请由库的所有者执行 {revoke}")
    return good("事件日志", "只增不改，触发器有效")
