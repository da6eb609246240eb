"""Every table has its policies or stands in a list with a reason; the services' role is bound."""

import asyncpg
import pytest

from shared.db.grants import GUARDED
from shared.db.migrate import migrate
from shared.db.policies import (
    NO_BUREAU,
    READERS,
    SHARED_BY_UNITS,
    UNIT_WALLS,
    policies_of,
)
from shared.settings import Settings
from tests.conftest import Stack

TABLES = (
    "SELECT c.relname AS name, c.relrowsecurity AS enabled, c.relforcerowsecurity AS forced,"
    " EXISTS (SELECT FROM pg_attribute AS a WHERE a.attrelid = c.oid AND a.attname = 'bureau_id')"
    " AS has_bureau, pg_get_userbyid(c.relowner) AS owner FROM pg_class AS c"
    " WHERE c.relnamespace = 'public'::regnamespace AND c.relkind IN ('r', 'p') ORDER BY 1"
)
POLICIES = (
    "SELECT policyname AS name, permissive, roles::text[] AS roles, cmd, qual, with_check"
    " FROM pg_policies WHERE schemaname = 'public' AND tablename = $1 ORDER BY 1"
)
PAST_POLICIES = (
    "SELECT proname AS name, array_to_string(proconfig, ';') AS config,"
    " EXISTS (SELECT FROM aclexplode(coalesce(proacl, acldefault('f', proowner))) AS a"
    "  WHERE a.grantee = 0) AS is_public"
    " FROM pg_proc WHERE prosecdef AND pronamespace IN ('public'::regnamespace,"
    " 'bi_v1'::regnamespace)"
)
IN_FORCE = "((bureau_id = ( SELECT minhu_bureau() AS minhu_bureau)))"


async def find_faults(connection: asyncpg.Connection) -> list[str]:
    """What is wrong with the tables, one line each."""
    faults = []
    for table in await connection.fetch(TABLES):
        name = table["name"]
        if not table["has_bureau"]:
            faults += [] if name in NO_BUREAU else [f"{name}: no bureau and no reason"]
            continue
        if not (table["enabled"] and table["forced"]):
            faults.append(f"{name}: row-level security is not enabled and forced")
        if (name in UNIT_WALLS) == (name in SHARED_BY_UNITS):
            faults.append(f"{name}: neither a wall between units nor a reason for none")
        rows = {row["name"]: row for row in await connection.fetch(POLICIES, name)}
        for policy in policies_of(name, table["owner"]):
            row = rows.pop(policy.name, None)
            kind = "RESTRICTIVE" if policy.is_restrictive else "PERMISSIVE"
            wanted = (kind, [policy.role], policy.command)
            if row is None or (row["permissive"], row["roles"], row["cmd"]) != wanted:
                faults.append(f"{name}: policy {policy.name} is not as it should be")
            elif policy.name == "bureau" and (row["qual"], row["with_check"]) != (
                IN_FORCE[1:-1],
                None,
            ):
                faults.append(f"{name}: policy bureau says {row['qual']}")
        faults += [f"{name}: policy {one} nobody knows of" for one in rows]
    return faults


async def test_every_table_has_its_policies_or_a_reason_for_none(
    owner: asyncpg.Connection,
) -> None:
    found = {row["name"] for row in await owner.fetch(TABLES)}

    assert await find_faults(owner) == []
    assert {*NO_BUREAU, *UNIT_WALLS, *SHARED_BY_UNITS, *READERS} <= found
    assert all([*NO_BUREAU.values(), *SHARED_BY_UNITS.values()])


async def test_a_new_table_is_missed_and_gets_its_policies_with_the_next_migration(
    owner: asyncpg.Connection, app: asyncpg.Connection, stack: Stack, settings: Settings
) -> None:
    await owner.execute("CREATE TABLE novelties (bureau_id integer, words text)")
    await owner.execute("CREATE TABLE oddities (words text)")
    await owner.execute("GRANT SELECT, INSERT ON novelties TO minhu_app")
    await owner.execute("INSERT INTO novelties VALUES (1, 'ours'), (2, 'theirs')")
    before = await find_faults(owner)

    await migrate(stack.owner_url_of(settings.database_url.rsplit("/", 1)[1]))

    assert "novelties: row-level security is not enabled and forced" in before
    assert "novelties: policy bureau is not as it should be" in before
    assert await find_faults(owner) == [
        "novelties: neither a wall between units nor a reason for none",
        "oddities: no bureau and no reason",
    ]
    assert await app.fetch("SELECT * FROM novelties") == []
    async with app.transaction():
        await app.execute("SELECT set_config('minhu.bureau_id', '2', true)")
        assert [row["words"] for row in await app.fetch("SELECT * FROM novelties")] == ["theirs"]
        with pytest.raises(asyncpg.InsufficientPrivilegeError):
            async with app.transaction():
                await app.execute("INSERT INTO novelties VALUES (1, 'smuggled')")


async def test_a_policy_taken_away_is_laid_again(
    owner: asyncpg.Connection, stack: Stack, settings: Settings
) -> None:
    await owner.execute("DROP POLICY unit ON tickets")
    await owner.execute("ALTER TABLE callers NO FORCE ROW LEVEL SECURITY")
    await owner.execute("CREATE POLICY wide ON clocks TO minhu_app USING (true)")
    assert len(await find_faults(owner)) == 3

    await migrate(stack.owner_url_of(settings.database_url.rsplit("/", 1)[1]))

    assert await find_faults(owner) == []


async def test_only_whom_it_is_granted_may_call_what_looks_past_the_policies(
    owner: asyncpg.Connection, stack: Stack, settings: Settings
) -> None:
    for signature, _ in GUARDED.values():
        await owner.execute(f"GRANT EXECUTE ON FUNCTION {signature} TO PUBLIC")

    await migrate(stack.owner_url_of(settings.database_url.rsplit("/", 1)[1]))

    past = await owner.fetch(PAST_POLICIES)
    assert {row["name"] for row in past} == set(GUARDED)
    assert {row["config"] for row in past} == {"search_path=pg_catalog, pg_temp"}
    assert [row["name"] for row in past if row["is_public"]] == []


async def test_the_role_of_the_services_owns_nothing_and_is_nobody_else(
    inside: asyncpg.Connection,
) -> None:
    role = await inside.fetchrow("SELECT * FROM pg_roles WHERE rolname = 'minhu_app'")
    owned = await inside.fetchval(
        "SELECT count(*) FROM pg_shdepend WHERE refobjid = 'minhu_app'::regrole AND deptype = 'o'"
    )
    of = await inside.fetchval(
        "SELECT count(*) FROM pg_auth_members WHERE member = 'minhu_app'::regrole"
    )

    powers = ("rolsuper", "rolbypassrls", "rolcreaterole", "rolcreatedb", "rolreplication")
    assert [role[power] for power in powers] == [False] * len(powers)
    assert (owned, of) == (0, 0)


@pytest.mark.parametrize(
    "statement",
    [
        "SET ROLE minhu_owner",
        "SET ROLE minhu_bi",
        "SET SESSION AUTHORIZATION minhu_owner",
        "SET session_replication_role = replica",
        "ALTER TABLE tickets DISABLE ROW LEVEL SECURITY",
        "ALTER TABLE tickets NO FORCE ROW LEVEL SECURITY",
        "ALTER TABLE ticket_events DISABLE TRIGGER ALL",
        "CREATE POLICY mine ON tickets USING (true)",
        "ALTER POLICY bureau ON tickets USING (true)",
        "DROP POLICY unit ON tickets",
        "TRUNCATE notices",
        "CREATE FUNCTION public.minhu_unit() RETURNS text LANGUAGE sql AS 'SELECT NULL'",
        "CREATE OR REPLACE FUNCTION minhu_bureau() RETURNS integer LANGUAGE sql AS 'SELECT 2'",
        "SET row_security = off; SELECT count(*) FROM tickets",
        "SELECT minhu_reader_units()",
        "INSERT INTO bi_readers (bureau_id, role_name) VALUES (1, 'minhu_app')",
    ],
)
async def test_the_role_of_the_services_cannot_take_a_wall_down(
    app: asyncpg.Connection, statement: str
) -> None:
    with pytest.raises((asyncpg.InsufficientPrivilegeError, asyncpg.DuplicateFunctionError)):
        await app.execute(statement)
