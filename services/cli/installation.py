"""Which installation a command works on: the environment's, or the one of a data folder."""

import asyncio
import contextlib
import os
from collections.abc import Awaitable, Callable, Iterator
from pathlib import Path
from typing import TypeVar

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection

from services.cli.addresses import DATABASE, REDIS, read_settings
from services.cli.folder import open_folder
from services.cli.trouble import explain_trouble
from shared.embedded import start_postgres
from shared.errors import Invalid, NotFound
from shared.settings import PREFIX, MissingSetting, Settings
from shared.tickets import Hotline

T = TypeVar("T")

KEYRING = "MINHU_KEYRING_FILE"
AUDIT = "MINHU_AUDIT_FOLDER"
SANDBOX = "MINHU_SANDBOX"
NO_REDIS = "redis://127.0.0.1:1/0"  # such a command rings nobody; the sweep finds what is owed

BUREAUS = text("SELECT bureau_id, slug FROM minhu_bureaus()")
SET_BUREAU = text("SELECT set_config('minhu.bureau_id', :bureau, true)")


@contextlib.contextmanager
def find_settings(data_dir: Path) -> Iterator[Settings]:
    """The environment's database; else that of the stack running on the folder; else the folder's
    own Postgres, started for the time."""
    folder = open_folder(data_dir)
    given = read_given()
    running = folder.find_running()
    if running is not None and given.get(DATABASE) in (None, running[DATABASE]):
        yield read_settings({**given, **running})
    elif DATABASE in given:
        keyring = {KEYRING: str(folder.keyring)} if folder.keyring.exists() else {}
        yield read_settings({REDIS: NO_REDIS, **keyring, **given})
    elif folder.has_database:
        with folder.hold():
            folder.running.unlink(missing_ok=True)  # of a stack that was killed
            postgres = start_postgres(folder.path, log_dir=folder.logs)
            try:
                own = {
                    DATABASE: postgres.app_url,
                    KEYRING: str(folder.keyring),
                    AUDIT: str(folder.audit),
                }
                yield read_settings({REDIS: NO_REDIS, **own, **given})
            finally:
                postgres.stop()
    else:
        raise MissingSetting(
            f"{folder.path} 中没有数据。请先运行 minhu up，或用 --data-dir 指明数据目录，"
            "或设置环境变量 MINHU_DATABASE_URL"
        )


def read_given() -> dict[str, str]:
    """The MINHU_* variables. An empty one counts as unset."""
    return {name: value for name, value in os.environ.items() if name.startswith(PREFIX) and value}


def run_on(data_dir: Path, work: Callable[[Hotline], Awaitable[T]]) -> T:
    """Runs `work` on the installation; its troubles are told in words an operator can use."""

    async def opened(settings: Settings) -> T:
        hotline = Hotline.open(settings)
        try:
            return await work(hotline)
        finally:
            await hotline.close()

    with find_settings(data_dir) as settings, explain_trouble(settings.database_url):
        return asyncio.run(opened(settings))


async def enter_bureau(connection: AsyncConnection, slug: str | None) -> int:
    """The bureau's id, named to the transaction. Without a slug: the only one there is."""
    known = {row.slug: int(row.bureau_id) for row in await connection.execute(BUREAUS)}
    if not known:
        raise NotFound("还没有任何局，请先运行 minhu org load")
    if slug is None and len(known) > 1:
        raise Invalid(f"本系统有多个局，请用 --bureau 指明：{'、'.join(known)}")
    bureau = known.get(slug) if slug is not None else next(iter(known.values()))
    if bureau is None:
        raise NotFound(f"没有代号为 {slug} 的局；现有：{'、'.join(known)}")
    await connection.execute(SET_BUREAU, {"bureau": str(bureau)})
    return bureau
