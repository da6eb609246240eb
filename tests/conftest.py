"""Real servers once per session; every test a database of its own, as the migrated one."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from datetime import datetime

import pytest
from fastapi import FastAPI
from httpx import ASGITransport, AsyncClient
from sqlalchemy import text
from sqlalchemy.ext.asyncio import create_async_engine

from services.cli.sample import SampleSecrets, load_sample
from services.cli.worker import all_handlers
from services.dispatch.app import create_app as create_dispatch
from services.intake.app import create_app as create_intake
from services.scoring.app import create_app as create_scoring
from shared.db.migrate import migrate
from shared.embedded import start_postgres, start_redis
from shared.settings import Settings
from shared.tickets import Hotline
from shared.tickets.clock import set_clock as move_clock
from shared.tickets.clock import start_clock
from shared.vault.keyring import create_keyring
from shared.worker.deliveries import drain as drain_bureau
from tests.databases import Databases
from tests.faults.faulty import exposing, faults, faulty, go_on, repeating

BUREAU = 1
TEST_SETTINGS = {
    "fsync": "off",
    "synchronous_commit": "off",
    "full_page_writes": "off",
    "scram_iterations": "1",
}
Tell = Callable[[str], None]
TOLD = "told"
CUTS = "cuts"
UNDISTURBED = "undisturbed"


@dataclass(frozen=True)
class Stack:
    """The servers of this session and the database every test's own is cloned from."""

    settings: Settings
    owner_url: str
    superuser_url: str
    secrets: SampleSecrets
    databases: Databases

    def url_of(self, database: str) -> str:
        return self.settings.database_url.rsplit("/", 1)[0] + f"/{database}"

    def owner_url_of(self, database: str) -> str:
        return self.owner_url.rsplit("/", 1)[0] + f"/{database}"


@pytest.fixture(scope="session")
def stack(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stack]:
    folder = tmp_path_factory.mktemp("stack")
    postgres = start_postgres(folder, settings=TEST_SETTINGS)
    redis = start_redis(folder)
    keyring = folder / "keyring.json"
    create_keyring(keyring)
    settings = Settings(
        database_url=postgres.app_url, redis_url=redis.url, keyring_file=keyring, sandbox=True
    )
    try:
        asyncio.run(migrate(postgres.owner_url, postgres.app_url))
        secrets = asyncio.run(_load(settings))
        databases = Databases(postgres.superuser_url, settings.database_url.rsplit("/", 1)[1])
        yield Stack(settings, postgres.owner_url, postgres.superuser_url, secrets, databases)
    finally:
        redis.stop()
        postgres.stop()


@pytest.fixture(scope="session", autouse=True)
def faults_where_wanted() -> Iterator[None]:
    with faulty():
        yield


@pytest.fixture(autouse=True)
def faults_of_this_test(
    request: pytest.FixtureRequest, record_property: Callable[[str, object], None]
) -> Iterator[None]:
    """How many there were, for the end of the run; none where the test says why not."""
    mode = faults()
    if mode is None:
        yield
        return
    marker = request.node.get_closest_marker(UNDISTURBED)
    mode.is_paused = marker is not None
    before = mode.total
    yield
    record_property(CUTS, mode.total - before)
    if marker is not None:
        record_property(UNDISTURBED, marker.args[0])


async def _load(settings: Settings) -> SampleSecrets:
    hotline = Hotline.open(settings)
    try:
        return await load_sample(hotline)
    finally:
        await hotline.close()


async def run_as_superuser(stack: Stack, statement: str) -> None:
    url = stack.superuser_url.replace("postgresql://", "postgresql+asyncpg://", 1)
    engine = create_async_engine(url, isolation_level="AUTOCOMMIT")
    async with engine.connect() as connection:
        await connection.execute(text(statement))
    await engine.dispose()


@asynccontextmanager
async def cloned_database(stack: Stack) -> AsyncIterator[str]:
    """The name of one of one's own, as the migrated one with the sample organisation.

    Where commits fail all over the suite, nothing is put back: each is a new copy.
    """
    async with stack.databases.lend(again=faults() is None) as name:
        yield name


@pytest.fixture
async def settings(stack: Stack) -> AsyncIterator[Settings]:
    async with cloned_database(stack) as name:
        yield stack.settings.model_copy(update={"database_url": stack.url_of(name)})


@pytest.fixture
async def hotline(settings: Settings) -> AsyncIterator[Hotline]:
    opened = Hotline.open(settings)
    yield opened
    await opened.close()


@pytest.fixture
def keys(stack: Stack) -> dict[str, str]:
    """Plain API keys by role ("desk", "leader", "admin", "bi") and by unit id."""
    return {**stack.secrets.keys, **stack.secrets.unit_keys}


@pytest.fixture
def secrets(stack: Stack) -> dict[str, str]:
    """Webhook secrets by source."""
    return dict(stack.secrets.sources)


@asynccontextmanager
async def running(app: FastAPI) -> AsyncIterator[None]:
    """What the service does beside its answers is its own as well."""
    async with AsyncExitStack() as open_things:
        with exposing():
            await open_things.enter_async_context(app.router.lifespan_context(app))
        yield


@asynccontextmanager
async def served(app: FastAPI) -> AsyncIterator[AsyncClient]:
    transport = repeating(ASGITransport(app, raise_app_exceptions=False))
    async with (
        running(app),
        AsyncClient(transport=transport, base_url="http://minhu.test") as client,
    ):
        yield client


@pytest.fixture
async def intake(settings: Settings) -> AsyncIterator[AsyncClient]:
    async with served(create_intake(settings)) as client:
        yield client


@pytest.fixture
async def dispatch(settings: Settings) -> AsyncIterator[AsyncClient]:
    async with served(create_dispatch(settings)) as client:
        yield client


@pytest.fixture
async def scoring(settings: Settings) -> AsyncIterator[AsyncClient]:
    async with served(create_scoring(settings)) as client:
        yield client


@pytest.fixture
async def set_clock(hotline: Hotline) -> Callable[[str | datetime], Awaitable[datetime]]:
    """Starts or moves the virtual clock of this test's database."""

    async def move(when: str | datetime) -> datetime:
        at = datetime.fromisoformat(when) if isinstance(when, str) else when
        await start_clock(hotline, at)
        return await move_clock(hotline, at)

    return move


@pytest.fixture
def drain(hotline: Hotline) -> Callable[[], Awaitable[int]]:
    """Runs every service's handlers until nothing is owed."""

    async def run() -> int:
        return await go_on(lambda: drain_bureau(hotline, BUREAU, all_handlers()))

    return run


@pytest.fixture
def production(settings: Settings) -> Settings:
    """The same database without the sandbox's addresses."""
    return settings.model_copy(update={"sandbox": False})


@pytest.fixture
def tell(record_property: Callable[[str, object], None]) -> Tell:
    """What a suite counted, for the end of the run, whichever process it ran in."""

    def run(line: str) -> None:
        record_property(TOLD, line)

    return run


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    reports = [
        report
        for outcome in ("passed", "failed", "")  # the last: what came before and after a test
        for report in terminalreporter.getreports(outcome)
    ]
    cuts, undisturbed = [], []
    for report in reports:
        for name, value in report.user_properties:
            if name == TOLD and report.when == "call":
                terminalreporter.write_line(f"{report.nodeid.rpartition('::')[2]}: {value}")
            elif name == CUTS and report.when == "teardown":
                cuts.append(value)
            elif name == UNDISTURBED and report.when == "teardown":
                undisturbed.append(f"{report.nodeid}：{value}")
    if cuts:
        hit = sum(1 for one in cuts if one)
        terminalreporter.write_line(
            f"{len(cuts)} 项测试中 {hit} 项遇到故障，共 {sum(cuts)} 次；"
            f"不受故障的 {len(undisturbed)} 项："
        )
        for line in undisturbed:
            terminalreporter.write_line(f"  {line}")
