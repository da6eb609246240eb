"""A whole stack as its own processes, as a user starts it."""

import json
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

READY_SECONDS = 60.0
GONE_SECONDS = 10.0


@contextmanager
def sandbox(folder: Path) -> Iterator[tuple[Path, dict[str, Any], subprocess.Popen[bytes]]]:
    """The ready file, what it says, and the supervising process."""
    ready = folder / "ready.json"
    env = {name: value for name, value in os.environ.items() if not name.startswith("MINHU_")}
    argv = [sys.executable, "-m", "services.cli", "up", "--sandbox", "--data-dir"]
    argv += [str(folder / "data"), "--port-base", str(free_base()), "--ready-file", str(ready)]
    process = subprocess.Popen(argv, env=env, stdout=subprocess.DEVNULL)
    try:
        wait_for(ready, process)
        yield ready, json.loads(ready.read_text()), process
    finally:
        if process.poll() is None:
            process.send_signal(signal.SIGTERM)
            process.wait(timeout=GONE_SECONDS)


def wait_for(ready: Path, process: subprocess.Popen[bytes]) -> None:
    deadline = time.monotonic() + READY_SECONDS
    while not ready.exists():
        assert process.poll() is None, "the stack ended before it was ready"
        assert time.monotonic() < deadline, "the stack was not ready in time"


def free_base() -> int:
    """Three neighbouring free ports, some way above one the kernel gave."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = int(probe.getsockname()[1])
    return port if port < 65_000 else port - 1000


def answers(url: str) -> bool:
    host, port = url.removeprefix("http://").split(":")
    with socket.socket() as probe:
        probe.settimeout(1)
        return probe.connect_ex((host, int(port))) == 0
