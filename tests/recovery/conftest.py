"""One stand a run: every scenario leaves it whole and with nothing owed."""

from collections.abc import AsyncIterator, Iterator

import asyncpg
import pytest
from httpx import AsyncClient, Limits

from tests.platform import Platform
from tests.recovery.stand import Stand, connect, open_stand


@pytest.fixture(scope="session")
def stand(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stand]:
    with open_stand(tmp_path_factory.mktemp("recovery")) as opened:
        yield opened


@pytest.fixture
async def inside(stand: Stand) -> AsyncIterator[asyncpg.Connection]:
    """A connection of the test's own, as the superuser."""
    connection = await connect(stand)
    yield connection
    if not connection.is_closed():
        await connection.close()


@pytest.fixture
async def city(stand: Stand) -> AsyncIterator[Platform]:
    limits = Limits(max_connections=None, max_keepalive_connections=200)
    async with AsyncClient(
        base_url=stand.addresses["intake"], trust_env=False, timeout=60, limits=limits
    ) as client:
        yield Platform(client, "city-12345", stand.secrets.sources["city-12345"])


@pytest.fixture
def workers(stand: Stand) -> Iterator[Stand]:
    """Whatever workers a test starts on the stand are gone after it."""
    yield stand
    for name in [name for name in stand.processes if name.startswith("worker")]:
        stand.kill(name)
