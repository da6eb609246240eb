"""One process that starts the others, starts them again, and takes them all along when it goes."""

import asyncio
import contextlib
import logging
import signal
import subprocess
import time
from collections.abc import Callable, Coroutine, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from types import FrameType, TracebackType
from typing import Any, Self, TypeVar

from shared.embedded import Keeper, Server
from shared.embedded.keeper import Command
from shared.embedded.logs import bound_log
from shared.errors import HotlineError

T = TypeVar("T")

logger = logging.getLogger(__name__)

SHORTEST_BACKOFF = 0.2
LONGEST_BACKOFF = 2.0
HEALTHY_SECONDS = 10.0  # having run this long, a program is started again at once
TICK_SECONDS = 0.1
LOG_CHECK_SECONDS = 60.0


class Stopped(KeyboardInterrupt):
    """SIGINT or SIGTERM arrived. Raised wherever the `with` block is; leaving it swallows it."""


@dataclass(frozen=True, slots=True)
class Program:
    """A child to run. `env` is its whole environment, nothing is inherited."""

    name: str
    argv: Sequence[str]
    env: Mapping[str, str]
    restart: bool = True


class Child:
    """A program that runs, or ran: it can be asked and started again, as a server can."""

    def __init__(self, program: Program, *, log: Path, keeper: Keeper) -> None:
        self.name = program.name
        self._command = Command(argv=program.argv, env=program.env, log=log)
        self._keeper = keeper
        self.respawn()

    @property
    def pid(self) -> int:
        return self._process.pid

    def poll(self) -> int | None:
        return self._process.poll()

    def respawn(self) -> None:
        self._process = self._keeper.spawn(self._command)


@dataclass(slots=True)
class Watch:
    """How a child or a server fares, and when to start it again."""

    what: Child | Server
    restart: bool
    since: float
    backoff: float = 0.0
    again_at: float | None = None
    over: bool = False


class Supervisor:
    """Use as a context manager in the main thread. On leaving, everything is ended within 10 s.

    Start the embedded servers with `keeper=supervisor.keeper`, then `adopt` them; leaving ends
    the programs first and the servers last. Killed outright, the keeper does the same.
    """

    def __init__(self, log_dir: Path) -> None:
        self.keeper = Keeper()
        self._log_dir = log_dir
        self._watches: list[Watch] = []
        self._signal: signal.Signals | None = None
        self._busy = False
        self._cancel: Callable[[], object] | None = None
        self._logs_checked_at = 0.0
        self._handlers: dict[signal.Signals, Any] = {}

    def __enter__(self) -> Self:
        for number in (signal.SIGINT, signal.SIGTERM):
            self._handlers[number] = signal.signal(number, self._interrupt)
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> bool:
        self._busy = True  # from here on a signal changes nothing
        self.keeper.end()
        for watch in self._watches:
            if isinstance(watch.what, Server):
                watch.what.stop()  # those with a keeper of their own
        for number, handler in self._handlers.items():
            signal.signal(number, handler)
        return isinstance(error, Stopped)

    @property
    def stopped_by(self) -> signal.Signals | None:
        return self._signal

    def adopt(self, server: Server) -> None:
        """Watch a running server and start it again, on its folder and port, should it die."""
        self._watches.append(Watch(server, restart=True, since=time.monotonic()))

    def start(self, program: Program) -> Child:
        """Start a program, its output going to a file of its name in the log folder."""
        log = self._log_dir / f"{program.name}.log"
        with self._undisturbed():
            child = Child(program, log=log, keeper=self.keeper)
            self._watches.append(Watch(child, program.restart, since=time.monotonic()))
        return child

    def run(self, work: Coroutine[Any, Any, T]) -> T:
        """Runs to the end, or until a signal cancels it: connections are closed in good order."""
        with self._undisturbed():
            try:
                return asyncio.run(self._cancellable(work))
            except asyncio.CancelledError:
                if self._signal is None:
                    raise
        raise Stopped

    async def _cancellable(self, work: Coroutine[Any, Any, T]) -> T:
        loop, task = asyncio.get_running_loop(), asyncio.current_task()
        assert task is not None
        self._cancel = partial(loop.call_soon_threadsafe, task.cancel)
        try:
            return await work
        finally:
            self._cancel = None

    def wait(self) -> signal.Signals:
        """Keep everything running until a signal arrives; returns it."""
        with contextlib.suppress(Stopped):
            self.wait_for(lambda: False)
        assert self._signal is not None
        return self._signal

    def wait_for(self, ready: Callable[[], bool], *, seconds: float = float("inf")) -> bool:
        """Keep everything running until `ready()`; False when it is not in time."""
        deadline = time.monotonic() + seconds
        while time.monotonic() < deadline:
            with self._undisturbed():
                self._tick()
            if ready():
                return True
            time.sleep(TICK_SECONDS)
        return False

    def _tick(self) -> None:
        now = time.monotonic()
        self.keeper.check()
        for watch in self._watches:
            if watch.again_at is not None:
                if now >= watch.again_at:
                    self._begin_again(watch, now)
            elif not watch.over and watch.what.poll() is not None:
                self._note_end(watch, now)
        if now - self._logs_checked_at > LOG_CHECK_SECONDS:
            self._logs_checked_at = now
            for log in self._log_dir.glob("*.log"):
                bound_log(log)

    def _note_end(self, watch: Watch, now: float) -> None:
        watch.over = not watch.restart
        if now - watch.since > HEALTHY_SECONDS:
            watch.backoff = 0.0
        watch.backoff = min(max(SHORTEST_BACKOFF, watch.backoff * 2), LONGEST_BACKOFF)
        watch.again_at = None if watch.over else now + watch.backoff
        message = "program ended" if watch.over else "program ended, starting it again"
        logger.warning(message, extra={"program": watch.what.name, "status": watch.what.poll()})

    def _begin_again(self, watch: Watch, now: float) -> None:
        watch.again_at, watch.since = None, now
        try:
            watch.what.respawn()
        except (HotlineError, OSError, subprocess.SubprocessError) as error:
            watch.backoff = LONGEST_BACKOFF
            watch.again_at = now + watch.backoff
            logger.warning(
                "program did not start", extra={"program": watch.what.name, "reason": str(error)}
            )

    @contextlib.contextmanager
    def _undisturbed(self) -> Iterator[None]:
        """Put a signal off until the work is done; then it interrupts as usual."""
        self._busy = True
        try:
            yield
        finally:
            self._busy = False
        if self._signal is not None:
            raise Stopped

    def _interrupt(self, number: int, frame: FrameType | None) -> None:
        self._signal = signal.Signals(number)
        if self._cancel is not None:
            self._cancel()
        elif not self._busy:
            raise Stopped
