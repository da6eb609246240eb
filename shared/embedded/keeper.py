"""Children that never outlive us, however we end."""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from enum import IntEnum
from pathlib import Path
from types import TracebackType
from typing import Self

from shared.embedded import processes
from shared.embedded.logs import open_log

CLOSING_SECONDS = processes.RANK_DEADLINES[-1] + 2


class Rank(IntEnum):
    """Who is ended first."""

    SERVICE = 0
    SERVER = 1


@dataclass(frozen=True, slots=True)
class Command:
    """One child to start. `env` is its whole environment."""

    argv: Sequence[str | Path]
    env: Mapping[str, str]
    log: Path
    rank: Rank = Rank.SERVICE
    polite: signal.Signals = signal.SIGTERM
    cwd: Path = Path("/")
    uid: int | None = None
    pass_fds: Sequence[int] = field(default=())


class Keeper:
    """Starts children, each in a session of its own, and ends them all when we end.

    A small process holds the read end of a pipe whose only write end is ours. Each child writes
    its own id there before it becomes its program, so there is no moment at which a child lives
    and is not looked after, even if we are killed in the middle of starting it.
    """

    def __init__(self) -> None:
        self._children: list[tuple[subprocess.Popen[bytes], Command]] = []
        self._open()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self.end()

    @property
    def pid(self) -> int:
        return self._process.pid

    def spawn(self, command: Command) -> subprocess.Popen[bytes]:
        self.check()
        pipe = self._pipe
        note = f" {command.rank:d} {command.polite:d}\n".encode()

        def register() -> None:
            os.write(pipe, str(os.getpid()).encode() + note)

        with open_log(command.log) as log:
            child = subprocess.Popen(
                command.argv,
                env=dict(command.env),
                cwd=command.cwd,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                start_new_session=True,
                preexec_fn=register,  # noqa: PLW1509 - one write, no lock
                pass_fds=command.pass_fds,
                user=command.uid,
                group=command.uid,
                extra_groups=None if command.uid is None else [],
            )
        self._children.append((child, command))
        return child

    def check(self) -> None:
        """Start the keeping process again should somebody have killed it."""
        self._children = [(child, told) for child, told in self._children if child.poll() is None]
        if self._process.poll() is None:
            return
        os.close(self._pipe)
        self._open()
        for child, told in self._children:
            os.write(self._pipe, f"{child.pid} {told.rank:d} {told.polite:d}\n".encode())

    def end(self) -> None:
        """End every child, services first and servers last, within ten seconds."""
        self.check()
        os.close(self._pipe)
        deadline = time.monotonic() + CLOSING_SECONDS
        while self._process.poll() is None and time.monotonic() < deadline:
            for child, _ in self._children:
                child.poll()  # without /proc a child not waited for looks alive
            time.sleep(processes.PAUSE_SECONDS)
        for child, _ in self._children:
            if child.poll() is None:  # the keeping process was itself killed meanwhile
                child.kill()
            child.wait()

    def _open(self) -> None:
        read_end, self._pipe = os.pipe()
        self._process = subprocess.Popen(
            [sys.executable, "-I", "-S", str(processes.__file__)],
            cwd="/",
            stdin=read_end,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            start_new_session=True,
        )
        os.close(read_end)
