"""A process that is started again whenever it ends, as a supervisor would."""

import asyncio
import contextlib
import os
import signal
import subprocess
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

ROOT = Path(__file__).parents[2]
LOOK_SECONDS = 0.05
AGAIN_SECONDS = 0.3  # where it ended by itself
INHERITED = ("PATH", "HOME", "LANG", "LC_ALL", "TZ", "TMPDIR")


@dataclass
class Program:
    """`module` and `argv` are what `python -m` runs. `fell` counts ends that nobody caused."""

    name: str
    module: str
    argv: Sequence[str]
    env: Mapping[str, str]
    log: Path
    starts: int = 0
    fell: int = 0
    _process: subprocess.Popen[bytes] | None = None
    _watch: asyncio.Task[None] | None = None
    _wanted: bool = field(default=False)

    @property
    def pid(self) -> int:
        assert self._process is not None
        return self._process.pid

    @property
    def is_running(self) -> bool:
        return self._process is not None and self._process.poll() is None

    def start(self) -> None:
        self._wanted = True
        self._spawn()
        self._watch = asyncio.create_task(self._look())

    def freeze(self) -> None:
        """Stands still, so that what is open stays open until it is looked at."""
        self._send(signal.SIGSTOP)

    def thaw(self) -> None:
        self._send(signal.SIGCONT)

    def kill(self) -> None:
        """`kill -9`, and started again at once."""
        self._send(signal.SIGKILL)
        if self._process is not None:
            self._process.wait()
        if self._wanted:
            self._spawn()

    async def stop(self) -> None:
        self._wanted = False
        if self._watch is not None:
            self._watch.cancel()
        if self._process is not None and self._process.poll() is None:
            self._send(signal.SIGTERM)
            try:
                await asyncio.to_thread(self._process.wait, 10)
            except subprocess.TimeoutExpired:
                self._process.kill()
                self._process.wait()

    async def _look(self) -> None:
        while True:
            await asyncio.sleep(LOOK_SECONDS)
            if self._wanted and not self.is_running:
                self.fell += 1
                await asyncio.sleep(AGAIN_SECONDS)
                if not self.is_running:
                    self._spawn()

    def _spawn(self) -> None:
        self.starts += 1
        inherited = {name: os.environ[name] for name in INHERITED if name in os.environ}
        with self.log.open("ab") as out:
            self._process = subprocess.Popen(
                [sys.executable, "-m", self.module, *self.argv],
                cwd=ROOT,
                env={**inherited, **self.env},
                stdin=subprocess.DEVNULL,
                stdout=out,
                stderr=out,
            )

    def _send(self, number: signal.Signals) -> None:
        if self._process is not None:
            with contextlib.suppress(ProcessLookupError):
                self._process.send_signal(number)
