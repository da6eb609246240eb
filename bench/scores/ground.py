"""A stack on a database that holds a crowd: its log is loaded first, the services start after."""

import asyncio
import os
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from bench.scores.crowd import NOW
from bench.scores.loading import Loaded, check_sample, load_crowd
from bench.scores.organisation import load_bureau
from services.cli.addresses import DATABASE, OWNER, REDIS
from services.cli.demo import free_base
from services.cli.folder import DataFolder, open_folder
from services.cli.groundwork import make_keyring
from services.cli.installation import KEYRING, NO_REDIS
from services.cli.sample import keep_secrets
from services.cli.stack import Wish, running_stack
from shared.db.migrate import migrate
from shared.embedded import Postgres, start_postgres
from shared.settings import Settings
from shared.tickets import Hotline


@dataclass(frozen=True, slots=True)
class Ground:
    """A database with a log and nothing folded from it, and the environment to open it with."""

    folder: DataFolder
    postgres: Postgres
    loaded: Loaded

    @property
    def environment(self) -> dict[str, str]:
        return {
            DATABASE: self.postgres.app_url,
            OWNER: self.postgres.owner_url,
            KEYRING: str(self.folder.keyring),
        }

    @property
    def superuser_url(self) -> str:
        return superuser_url(self.postgres)

    def open(self) -> Hotline:
        return Hotline.open(Settings.from_env({REDIS: NO_REDIS, **self.environment}))


@contextmanager
def loaded_ground(tickets: int) -> Iterator[Ground]:
    with tempfile.TemporaryDirectory(prefix="minhu-bench-") as name:
        folder = open_folder(Path(name))
        make_keyring(folder)
        postgres = start_postgres(folder.path / "crowd")
        try:
            yield asyncio.run(_load(folder, postgres, tickets))
        finally:
            postgres.stop()


async def _load(folder: DataFolder, postgres: Postgres, tickets: int) -> Ground:
    await migrate(postgres.owner_url, postgres.app_url)
    bare = Ground(folder, postgres, Loaded(0, 0, 0, 0.0, 0.0))
    hotline = bare.open()
    try:
        secrets = await load_bureau(hotline, NOW)
        keep_secrets(secrets, folder.secrets_of(postgres.app_url))
        loaded = await load_crowd(superuser_url(postgres), tickets)
        await check_sample(hotline, tickets)
    finally:
        await hotline.close()
    return Ground(folder, postgres, loaded)


def superuser_url(postgres: Postgres) -> str:
    return postgres.superuser_url.rpartition("/")[0] + "/minhu"


@contextmanager
def running(ground: Ground) -> Iterator[Mapping[str, Any]]:
    """Services and worker on it; what their ready file says."""
    with ExitStack() as stack:
        os.environ.update(ground.environment)
        stack.callback(lambda: [os.environ.pop(one) for one in ground.environment])
        wish = Wish(ground.folder, free_base(), sandbox=True)
        _, ready = stack.enter_context(running_stack(wish))
        yield ready
