"""The command as a user runs it: processes of its own, nothing inherited but where programs are."""

import json
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import psutil

COMMAND = [sys.executable, "-m", "services.cli"]
SERVICES = ("intake", "dispatch", "scoring")
ROOT = Path(__file__).parents[2]
READY_SECONDS = 40.0
GONE_SECONDS = 10.0
ANSWER_SECONDS = 60.0
PAUSE_SECONDS = 0.01


@dataclass(frozen=True, slots=True)
class Said:
    """What a command that ended has said."""

    code: int
    out: str
    err: str

    @property
    def last_line(self) -> str:
        return self.out.splitlines()[-1]


def environment(given: Mapping[str, str]) -> dict[str, str]:
    bare = {name: value for name, value in os.environ.items() if not name.startswith("MINHU_")}
    return {**bare, "PYTHONPATH": str(ROOT), **given}


def start(
    *words: str, given: Mapping[str, str] = {}, cwd: Path | None = None
) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [*COMMAND, *words],
        env=environment(given),
        cwd=cwd,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        encoding="utf-8",
    )


def finish(process: subprocess.Popen[str], *, seconds: float = ANSWER_SECONDS) -> Said:
    out, err = process.communicate(timeout=seconds)
    return Said(process.returncode, out, err)


def run(*words: str, given: Mapping[str, str] = {}, cwd: Path | None = None) -> Said:
    return finish(start(*words, given=given, cwd=cwd))


@dataclass(frozen=True, slots=True)
class Stack:
    """A running `minhu up`. `family` is everything it had started when it was ready."""

    process: subprocess.Popen[str]
    ready_file: Path
    port_base: int
    facts: Mapping[str, Any]
    family: list[psutil.Process]
    commands: list[list[str]]

    def end(self, number: signal.Signals) -> Said:
        """Signals the parent alone, which is given ten seconds."""
        self.process.send_signal(number)
        return finish(self.process, seconds=GONE_SECONDS)

    def list_left(self) -> list[psutil.Process]:
        return [process for process in self.family if lives(process)]


@contextmanager
def up(
    data_dir: Path,
    *words: str,
    given: Mapping[str, str] = {},
    cwd: Path | None = None,
    port_base: int | None = None,
) -> Iterator[Stack]:
    """A stack, ready. Killed at the end if the test has not ended it."""
    base = port_base or free_base()
    ready_file = data_dir.with_name(f"{data_dir.name}-ready.json")
    options = ["--data-dir", str(data_dir), "--port-base", str(base), "--ready-file"]
    began = time.time()
    process = start("up", *options, str(ready_file), *words, given=given, cwd=cwd)
    try:
        wait_until(lambda: is_newer(ready_file, began), process)
        facts = json.loads(ready_file.read_text())
        family = psutil.Process(process.pid).children(recursive=True)
        commands = [[Path(word).name for word in one.cmdline()] for one in family]
        yield Stack(process, ready_file, base, facts, family, commands)
    finally:
        if process.poll() is None:
            process.terminate()
        process.communicate(timeout=GONE_SECONDS)


def is_newer(path: Path, began: float) -> bool:
    """A killed stack leaves its ready file behind, until the next one removes it."""
    try:
        return path.stat().st_mtime > began
    except FileNotFoundError:
        return False


def wait_until(
    met: Callable[[], object], process: subprocess.Popen[str], *, seconds: float = READY_SECONDS
) -> None:
    """Asks again and again; fails with what the process said if it ends first."""
    deadline = time.monotonic() + seconds
    while not met():
        assert time.monotonic() < deadline, "not in time"
        with suppress(subprocess.TimeoutExpired):
            process.wait(PAUSE_SECONDS)
            raise AssertionError(f"ended with {process.returncode}: {process.communicate()}")


def list_servers(data_dir: Path) -> list[psutil.Process]:
    """Postgres and Redis at work in a folder."""
    found = []
    for process in psutil.process_iter(["name", "cwd"]):
        cwd = process.info["cwd"]
        if cwd and Path(cwd).is_relative_to(data_dir) and lives(process):
            found.append(process)
    return found


def lives(process: psutil.Process) -> bool:
    try:
        return bool(process.status() != psutil.STATUS_ZOMBIE)
    except psutil.NoSuchProcess:
        return False


def free_base() -> int:
    """Three neighbouring ports that are free, below those which the kernel hands out."""
    for base in range(21_000 + os.getpid() % 500 * 20, 32_000, 10):
        if all(is_free(base + offset) for offset in (1, 2, 3)):
            return base
    raise AssertionError("no free ports")


def is_free(port: int) -> bool:
    with socket.socket() as probe:
        return probe.connect_ex(("127.0.0.1", port)) != 0
