"""A second server, and the drill: dump from the one, restore into the other."""

import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from urllib.parse import urlsplit

from shared.embedded import start_postgres
from shared.embedded.binaries import find_postgres
from shared.embedded.postgres import Postgres
from tests.conftest import TEST_SETTINGS

DUMP = ("--format=custom", "--no-owner", "--no-privileges", "--enable-row-security")
# Policies name them; the password of the one is set when it is migrated.
ROLES = "CREATE ROLE minhu_app NOLOGIN; CREATE ROLE minhu_bi NOLOGIN"
RESTORE = ("--no-owner", "--no-privileges", "--exit-on-error", "--single-transaction")


@contextmanager
def another_server(folder: Path) -> Iterator[Postgres]:
    server = start_postgres(folder, settings=TEST_SETTINGS)
    try:
        yield server
    finally:
        server.stop()


def start_dump(url: str, file: Path) -> subprocess.Popen[str]:
    return _start("pg_dump", *DUMP, "--file", str(file), url=url)


def restore(url: str, file: Path) -> None:
    """Into the empty database of that address."""
    finish(_start("psql", "--no-psqlrc", "--command", ROLES, url=url))
    finish(_start("pg_restore", *RESTORE, "--dbname", urlsplit(url).path[1:], str(file), url=url))


def finish(process: subprocess.Popen[str]) -> None:
    _, said = process.communicate(timeout=60)
    assert process.returncode == 0, said


def _start(program: str, *words: str, url: str) -> subprocess.Popen[str]:
    """The password goes by the environment: what is among the words, everybody sees."""
    parts = urlsplit(url)
    env = {
        "PGHOST": str(parts.hostname),
        "PGPORT": str(parts.port),
        "PGUSER": str(parts.username),
        "PGPASSWORD": str(parts.password),
        "PGDATABASE": parts.path[1:],
    }
    return subprocess.Popen(
        [find_postgres().path(program), *words],
        env=env,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        text=True,
    )
