"""A whole stack as its own processes, as a user starts it."""

import json
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager, suppress
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parents[2]
READY_SECONDS = 120.0
GONE_SECONDS = 10.0
SERVICES = 3
# Below the range from which kernels choose ports, so that nobody takes one in between.
FIRST_PORT, LAST_PORT = 21_000, 32_000


@contextmanager
def sandbox(folder: Path) -> Iterator[tuple[Path, dict[str, Any], subprocess.Popen[bytes]]]:
    """The ready file, what it says, and the supervising process."""
    ready, log = folder / "ready.json", folder / "up.log"
    env = {name: value for name, value in os.environ.items() if not name.startswith("MINHU_")}
    argv = [sys.executable, "-m", "services.cli", "up", "--sandbox", "--data-dir"]
    argv += [str(folder / "data"), "--port-base", str(find_ports()), "--ready-file", str(ready)]
    with log.open("wb") as out:
        process = subprocess.Popen(argv, cwd=ROOT, env=env, stdout=out, stderr=out)
    try:
        wait_for(ready, process, log)
        yield ready, json.loads(ready.read_text()), process
    finally:
        if process.poll() is None:
            process.send_signal(signal.SIGTERM)
            process.wait(timeout=GONE_SECONDS)


def wait_for(ready: Path, process: subprocess.Popen[bytes], log: Path) -> None:
    deadline = time.monotonic() + READY_SECONDS
    while not ready.exists():
        assert process.poll() is None, log.read_text()
        assert time.monotonic() < deadline, log.read_text()
        with suppress(subprocess.TimeoutExpired):
            process.wait(0.05)


def find_ports() -> int:
    """A base with as many free ports after it as there are services."""
    for base in range(FIRST_PORT + os.getpid() % 500 * 20, LAST_PORT, 20):
        with ExitStack() as held, suppress(OSError):
            for offset in range(1, SERVICES + 1):
                held.enter_context(socket.socket()).bind(("127.0.0.1", base + offset))
            return base
    raise AssertionError("no free ports")


def answers(url: str) -> bool:
    host, port = url.removeprefix("http://").split(":")
    with socket.socket() as probe:
        probe.settimeout(1)
        return probe.connect_ex((host, int(port))) == 0
