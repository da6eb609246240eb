"""One run of pytest in a folder, in a child that has other people's libraries already.

Ours it reads anew, from the folder: they are what is broken there.
"""

import importlib
import os
import signal
import subprocess
import sys
import time
import traceback
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import pytest

OURS = ("tests", "services", "shared", "migrations")
LIBRARIES = (
    *("alembic.command", "arq", "asyncpg", "cryptography.hazmat.primitives.ciphers.aead"),
    *("fastapi", "httpx", "orjson", "pydantic", "typer", "uvicorn"),
    *("sqlalchemy.dialects.postgresql.asyncpg", "sqlalchemy.ext.asyncio"),
)
# Plugins that load much and do nothing here.
IDLE = ("schemathesis", "hypothesispytest", "xdist", "xdist.looponfail")
OPTIONS = (
    *("-q", "-x", "-p", "no:cacheprovider", *(f"-pno:{name}" for name in IDLE)),
    *("-W", "ignore:Module already imported:pytest.PytestAssertRewriteWarning"),
)
LOOK_SECONDS = 0.05
UNRUN = 70
LENT = "MINHU_LENT_STACK"  # as tests/conftest.py reads it


@dataclass(frozen=True)
class Done:
    status: int
    said: str


def load_libraries() -> None:
    for name in LIBRARIES:
        importlib.import_module(name)


@contextmanager
def lending(folder: Path) -> Iterator[Path]:
    """Servers for the tests of this tree as it is; yields where their addresses are written."""
    place = folder / "lent"
    place.mkdir()
    argv = [sys.executable, "-m", "tests.hostile.lending", str(place)]
    pipes = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE}
    with subprocess.Popen(argv, cwd=folder, **pipes) as lender:  # type: ignore[call-overload]
        try:
            assert lender.stdout.readline() == b"ready\n", "the servers of the tests did not start"
            yield place / "stack.json"
        finally:
            lender.stdin.close()
            lender.wait()


def ask(
    folder: Path, tests: Sequence[str], *options: str, seconds: float, lent: Path | None = None
) -> Done:
    """Raises TimeoutError; whatever the child has started ends with it."""
    said = folder / "said.txt"
    child = os.fork()
    if child == 0:
        try:
            if lent is not None:
                os.environ[LENT] = str(lent)
            os._exit(run_here(folder, [*OPTIONS, *options, *(f"tests/{one}" for one in tests)]))
        except BaseException:  # noqa: BLE001 - nothing of the parent may go on in its child
            traceback.print_exc()
        finally:
            os._exit(UNRUN)
    deadline = time.monotonic() + seconds
    while True:
        ended, status = os.waitpid(child, os.WNOHANG)
        if ended:
            return Done(os.waitstatus_to_exitcode(status), said.read_text("utf-8", "replace"))
        if time.monotonic() > deadline:
            os.killpg(child, signal.SIGKILL)
            os.waitpid(child, 0)
            raise TimeoutError
        time.sleep(LOOK_SECONDS)


def run_here(folder: Path, argv: list[str]) -> int:
    os.setsid()
    os.chdir(folder)
    out = os.open("said.txt", os.O_WRONLY | os.O_CREAT | os.O_TRUNC)
    for stream in (1, 2):
        os.dup2(out, stream)
    for name in list(sys.modules):
        if name.partition(".")[0] in OURS:
            del sys.modules[name]
    sys.path.insert(0, str(folder))
    status = pytest.main(argv)
    sys.stdout.flush()
    return int(status)
