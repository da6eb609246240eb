"""Gives birth to processes that have loaded everything already, so that one killed is soon back.

`python -m tests.storm.nursery MODULE…` loads the modules, then forks a process for every line it
is sent: what it runs, with which arguments, environment and log. It answers with its number.
"""

import json
import os
import runpy
import signal
import subprocess
import sys
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from importlib import import_module
from pathlib import Path
from select import select
from types import FrameType
from typing import Any, NoReturn

ROOT = Path(__file__).parents[2]
INHERITED = ("PATH", "HOME", "LANG", "LC_ALL", "TZ", "TMPDIR")


@dataclass(frozen=True, slots=True)
class Born:
    """A process, by its number and by a descriptor that tells when it has ended."""

    pid: int
    descriptor: int

    def has_ended(self, *, seconds: float = 0.0) -> bool:
        """Now, or within so many seconds."""
        return bool(select([self.descriptor], [], [], seconds)[0])

    def send(self, number: signal.Signals) -> None:
        with suppress(ProcessLookupError):
            signal.pidfd_send_signal(self.descriptor, number)

    def close(self) -> None:
        os.close(self.descriptor)


class Nursery:
    """Of processes that run `module`; `loaded` are the modules that each will need."""

    def __init__(self, module: str, loaded: Sequence[str], env: Mapping[str, str]) -> None:
        inherited = {name: os.environ[name] for name in INHERITED if name in os.environ}
        self._module = module
        self._mother = subprocess.Popen(
            [sys.executable, "-m", "tests.storm.nursery", *loaded],
            cwd=ROOT,
            env={**inherited, **env},
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
        )

    def bear(self, argv: Sequence[str], env: Mapping[str, str], log: Path) -> Born:
        assert self._mother.stdin is not None
        assert self._mother.stdout is not None
        wanted = {"module": self._module, "argv": argv, "env": dict(env), "log": str(log)}
        self._mother.stdin.write(json.dumps(wanted).encode() + b"\n")
        self._mother.stdin.flush()
        pid = int(self._mother.stdout.readline())
        return Born(pid, os.pidfd_open(pid))

    def close(self) -> None:
        self._mother.communicate()


def attend() -> None:
    """Until nobody asks any more."""
    signal.signal(signal.SIGCHLD, bury)
    while line := sys.stdin.buffer.readline():
        wanted = json.loads(line)
        # Not buried before its number is known: whoever asked opens it by that.
        signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGCHLD})
        pid = os.fork()
        if pid == 0:
            live(wanted)
        sys.stdout.write(f"{pid}\n")
        sys.stdout.flush()
        signal.pthread_sigmask(signal.SIG_UNBLOCK, {signal.SIGCHLD})


def bury(_: int, __: FrameType | None) -> None:
    """What the dead have used is added to what this process tells of its children."""
    with suppress(ChildProcessError):
        while os.waitpid(-1, os.WNOHANG)[0]:
            pass


def live(wanted: Mapping[str, Any]) -> NoReturn:
    """As if started anew with `python -m`."""
    signal.signal(signal.SIGCHLD, signal.SIG_DFL)
    signal.pthread_sigmask(signal.SIG_UNBLOCK, {signal.SIGCHLD})
    log = os.open(wanted["log"], os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o644)
    nothing = os.open(os.devnull, os.O_RDONLY)
    for source, target in ((nothing, 0), (log, 1), (log, 2)):
        os.dup2(source, target)
    os.environ.update(wanted["env"])
    sys.argv = [wanted["module"], *wanted["argv"]]
    status = 1
    try:
        runpy.run_module(wanted["module"], run_name="__main__", alter_sys=True)
        status = 0
    except SystemExit as ended:
        status = ended.code if isinstance(ended.code, int) else 0
    finally:
        os._exit(status)


if __name__ == "__main__":
    for name in sys.argv[1:]:
        import_module(name)
    attend()
