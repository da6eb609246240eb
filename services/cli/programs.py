"""The services and the worker as supervised processes, and whether they are ready."""

import os
import sys
from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Any

import httpx

from services.cli.folder import DataFolder
from services.cli.serve import PORT_OFFSETS
from services.cli.supervisor import Child, Program, Supervisor
from shared.errors import Unavailable

MOST_STARTS = 3
INHERITED = ("PATH", "HOME", "LANG", "LC_ALL", "TZ", "TMPDIR", "VIRTUAL_ENV")


class ProgramFailing(Unavailable):
    code = "program-failing"
    title = "有进程起不来"


def start_programs(
    supervisor: Supervisor, environment: Mapping[str, str], port_base: int
) -> list[Child]:
    inherited = {name: os.environ[name] for name in INHERITED if name in os.environ}
    env = {**inherited, **environment}
    command = [sys.executable, "-m", "services.cli"]
    wanted = {
        service.value: ["serve", service.value, "--port", str(port_base + offset)]
        for service, offset in PORT_OFFSETS.items()
    }
    wanted["worker"] = ["worker"]
    return [
        supervisor.start(Program(name, [*command, *argv], env)) for name, argv in wanted.items()
    ]


class Readiness:
    """Asked again and again: does every service answer /readyz, and does the worker live?"""

    def __init__(
        self, facts: Mapping[str, Any], children: Sequence[Child], folder: DataFolder
    ) -> None:
        self._waiting = [facts[service.value] for service in PORT_OFFSETS]
        self._children = children
        self._seen: set[tuple[str, int]] = set()
        self._folder = folder
        self._client = httpx.Client(timeout=2, trust_env=False)

    def __call__(self) -> bool:
        """Raises ProgramFailing when one had to be started too often."""
        self._seen |= {(child.name, child.pid) for child in self._children}
        starts = Counter(name for name, _ in self._seen)
        name, most = starts.most_common(1)[0]
        if most > MOST_STARTS:
            raise ProgramFailing(f"{name} 反复退出，原因见日志 {self._folder.logs / name}.log")
        while self._waiting and self._answers(self._waiting[0]):
            self._waiting.pop(0)
        return not self._waiting and all(child.poll() is None for child in self._children)

    def _answers(self, address: str) -> bool:
        try:
            return self._client.get(f"{address}/readyz").status_code == 200
        except httpx.TransportError:
            return False
