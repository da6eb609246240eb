"""A data folder made once by a real `minhu up`, and the environment of an outside database."""

import shutil
import signal
import stat
from dataclasses import dataclass
from pathlib import Path

import httpx
import pytest
from httpx import AsyncClient

from shared.settings import Settings
from tests.cli.console import SERVICES, Said, up
from tests.cli.console import Stack as RunningStack
from tests.conftest import Stack
from tests.factories import Desk

UNSET = dict.fromkeys(("MINHU_DATABASE_URL", "MINHU_REDIS_URL", "MINHU_OWNER_DATABASE_URL"), "")


@dataclass(frozen=True, slots=True)
class FirstRun:
    """What was seen of a stack on a new folder, from its ready file to its end by SIGINT."""

    folder: Path
    stack: RunningStack
    ready_file_mode: int
    statuses: list[int]
    said: Said


@pytest.fixture(scope="session")
def first_run(tmp_path_factory: pytest.TempPathFactory) -> FirstRun:
    """Addresses that are set to nothing count as not set. The folder is to be copied, not used."""
    folder = tmp_path_factory.mktemp("first") / "data"
    with up(folder, given=UNSET) as stack:
        statuses = [httpx.get(f"{stack.facts[name]}/readyz").status_code for name in SERVICES]
        mode = stat.S_IMODE(stack.ready_file.stat().st_mode)
        said = stack.end(signal.SIGINT)
    return FirstRun(folder, stack, mode, statuses, said)


@pytest.fixture
def data_dir(first_run: FirstRun, tmp_path: Path) -> Path:
    """A copy of that folder for one test."""
    return Path(shutil.copytree(first_run.folder, tmp_path / "data"))


@pytest.fixture
def owner_url(stack: Stack, settings: Settings) -> str:
    """The owner's address of the test's own database."""
    return stack.owner_url_of(settings.database_url.rsplit("/", 1)[1])


@pytest.fixture
def outside(settings: Settings) -> dict[str, str]:
    """Variables naming real servers and the test's own database with the sample organisation."""
    return {
        "MINHU_DATABASE_URL": settings.database_url,
        "MINHU_REDIS_URL": settings.redis_url,
        "MINHU_KEYRING_FILE": str(settings.keyring_file),
    }


@pytest.fixture
async def desk(dispatch: AsyncClient, keys: dict[str, str]) -> Desk:
    """The dispatch API on the test's own database."""
    return Desk(dispatch, keys)
