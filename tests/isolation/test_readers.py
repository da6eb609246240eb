"""Who reads reports sees the bureau or subtree granted to the role, whatever the session sets."""

import asyncio
from functools import partial

import asyncpg
import pytest
from httpx import AsyncClient

from services.cli.worker import all_handlers
from shared.db.readers import revoke_reader
from shared.errors import HotlineError
from shared.settings import Settings
from shared.tickets import Hotline
from shared.worker.deliveries import drain as drain_bureau
from tests.cli.console import run
from tests.conftest import BUREAU, Stack
from tests.factories import Desk, make_ticket
from tests.isolation.conftest import SLUG, Bureau
from tests.isolation.reading import as_owner, connected, grant, login, reader

OURS, THEIRS = "sanitation-section", "greening-section"
GREENING = {"triage": {"trade": "greening", "category": "G-01"}, "dispatch": {"lead": THEIRS}}
VIEWS = ("facts", "facts_plain", "scores", "units", "city_ranks")
SAMPLE = "jingan-lvrong"


@pytest.fixture
def database(settings: Settings) -> str:
    return settings.database_url.rsplit("/", 1)[1]


@pytest.fixture
async def counted(
    hotline: Hotline, putuo: Bureau, dispatch: AsyncClient, keys: dict[str, str]
) -> dict[str, str]:
    """Three tickets, told to scoring: two of the sample's units, one of another bureau's."""
    nos = {}
    for name, bureau, held, changed in (
        ("own", BUREAU, keys, {}),
        ("beside", BUREAU, keys, GREENING),
        ("elsewhere", putuo.number, putuo.keys, {}),
    ):
        nos[name] = await make_ticket(hotline, bureau=bureau)
        await Desk(dispatch, held).walk(nos[name], until="dispatch", **changed)
    for bureau in (BUREAU, putuo.number):
        await drain_bureau(hotline, bureau, all_handlers())
    return nos


async def seen(connection: asyncpg.Connection) -> set[str]:
    return {row["no"] for row in await connection.fetch("SELECT no FROM bi_v1.facts")}


@pytest.mark.parametrize("setting", ["1", "2", "", "99"])
async def test_a_reader_who_sets_another_bureau_sees_nothing_more(
    counted: dict[str, str], stack: Stack, database: str, setting: str
) -> None:
    async with reader(stack, database, bureau=SAMPLE) as connection:
        before = {view: await connection.fetch(f"SELECT * FROM bi_v1.{view}") for view in VIEWS}
        await connection.execute(
            f"SET minhu.bureau_id = '{setting}'; SET minhu.unit_id = '{THEIRS}'"
        )
        after = {view: await connection.fetch(f"SELECT * FROM bi_v1.{view}") for view in VIEWS}
        beneath = await connection.fetch("SELECT DISTINCT bureau_id FROM facts")
        found = await seen(connection)

    assert after == before
    assert found == {counted["own"], counted["beside"]}
    assert [row["bureau_id"] for row in beneath] == [BUREAU]


async def test_a_reader_of_one_unit_sees_its_subtree_alone(
    counted: dict[str, str], stack: Stack, database: str
) -> None:
    async with reader(stack, database, bureau=SAMPLE, unit=OURS) as connection:
        units = await connection.fetch("SELECT DISTINCT key FROM bi_v1.scores WHERE by = 'unit'")
        assert await seen(connection) == {counted["own"]}
        assert [row["key"] for row in units] == [OURS]
        assert await connection.fetchval("SELECT count(*) FROM facts") == 1
    async with reader(stack, database, bureau=SAMPLE, unit=SAMPLE) as connection:
        assert await seen(connection) == {counted["own"], counted["beside"]}


async def test_each_bureaus_reader_sees_its_own(
    counted: dict[str, str], stack: Stack, database: str
) -> None:
    async with reader(stack, database, bureau=SLUG) as connection:
        assert await seen(connection) == {counted["elsewhere"]}


async def test_who_is_not_granted_sees_nothing_and_cannot_grant_itself(
    counted: dict[str, str], stack: Stack, database: str
) -> None:
    async with login(stack) as role:
        await grant(stack, database, role, bureau=SAMPLE)
        async with connected(stack, database, role) as connection:
            assert await seen(connection)
            for statement in (
                "SET ROLE minhu_app",
                "SELECT * FROM bi_readers",
                "SELECT * FROM tickets",
                "SELECT * FROM minhu_key('abcdefgh')",
                "SELECT * FROM minhu_bureaus()",
                "SELECT * FROM minhu_versions_known('{202611}', now())",
            ):
                with pytest.raises(asyncpg.InsufficientPrivilegeError):
                    await connection.execute(statement)
            await connection.execute("SET ROLE minhu_bi")
            assert await seen(connection)
            await as_owner(stack, database, partial(revoke_reader, role=role))
            assert await connection.fetchval("SELECT count(*) FROM facts") == 0


async def test_readers_are_granted_and_listed_by_the_command(stack: Stack, database: str) -> None:
    given = {"MINHU_OWNER_DATABASE_URL": stack.owner_url_of(database)}
    async with login(stack) as role:
        granted = await asyncio.to_thread(run, "bi", "grant", role, "--unit", OURS, given=given)
        listed = await asyncio.to_thread(run, "bi", "list", given=given)

    assert (granted.code, OURS in granted.out) == (0, True), granted
    assert (listed.code, role in listed.out, SAMPLE in listed.out) == (0, True, True), listed


async def test_who_is_too_strong_or_unknown_is_made_no_reader(stack: Stack, database: str) -> None:
    async with login(stack) as role:
        for named, unit, bureau, reason in (
            ("nobody_there", None, None, "没有用户"),
            ("minhu_app", None, None, "不能作报表用户"),
            ("minhu_owner", None, None, "不能作报表用户"),
            ("postgres", None, None, "不能作报表用户"),
            (role, "no-such", None, "没有代号"),
            (role, None, "no-such", "现有"),
        ):
            with pytest.raises(HotlineError) as refused:
                await grant(stack, database, named, bureau=bureau, unit=unit)
            assert reason in refused.value.detail
        with pytest.raises(HotlineError, match="不是报表用户"):
            await as_owner(stack, database, partial(revoke_reader, role=role))
