"""A process that is started again whenever it ends, as a supervisor would."""

import asyncio
import signal
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from tests.storm.nursery import Born, Nursery

LOOK_SECONDS = 0.05
AGAIN_SECONDS = 0.3  # where it ended by itself
STOP_SECONDS = 10.0


@dataclass
class Program:
    """`argv` is what the nursery's module is called with. `fell` counts ends nobody caused."""

    name: str
    nursery: Nursery
    argv: Sequence[str]
    env: Mapping[str, str]
    log: Path
    starts: int = 0
    fell: int = 0
    _process: Born | None = None
    _watch: asyncio.Task[None] | None = None
    _wanted: bool = False

    @property
    def pid(self) -> int:
        assert self._process is not None
        return self._process.pid

    @property
    def is_running(self) -> bool:
        return self._process is not None and not self._process.has_ended()

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
            assert self._process.has_ended(seconds=STOP_SECONDS)
        if self._wanted:
            self._spawn()

    async def stop(self) -> None:
        self._wanted = False
        if self._watch is not None:
            self._watch.cancel()
        if self._process is not None:
            self._send(signal.SIGTERM)
            if not await asyncio.to_thread(self._process.has_ended, seconds=STOP_SECONDS):
                self._send(signal.SIGKILL)
            self._process.close()
            self._process = None

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
        if self._process is not None:
            self._process.close()
        self._process = self.nursery.bear(self.argv, self.env, self.log)

    def _send(self, number: signal.Signals) -> None:
        if self._process is not None:
            self._process.send(number)
