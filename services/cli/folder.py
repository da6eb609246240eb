"""The data folder of `minhu up`: what lies where in it, and whether a stack runs on it."""

import json
import os
import shutil
from collections.abc import Mapping
from contextlib import AbstractContextManager
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit

from shared.embedded.folder import hold, try_lock

DEFAULT = Path(".minhu")


@dataclass(frozen=True, slots=True)
class DataFolder:
    """`running` holds the environment of the stack's services, for as long as the stack runs."""

    path: Path

    @property
    def keyring(self) -> Path:
        return self.path / "keyring.json"

    @property
    def audit(self) -> Path:
        return self.path / "audit"

    @property
    def logs(self) -> Path:
        return self.path / "logs"

    @property
    def running(self) -> Path:
        return self.path / "running.json"

    def secrets_of(self, database_url: str | None) -> Path:
        """Where the sample's keys are kept: those of the folder's own database, or of another."""
        if database_url is None:
            return self.path / "sample-secrets.json"
        parts = urlsplit(database_url)
        name = f"{parts.hostname}-{parts.port or 5432}-{parts.path.strip('/')}"
        return self.path / f"sample-secrets-{name}.json"

    @property
    def has_database(self) -> bool:
        """A whole one: while it is being made it has another name."""
        return bool(self._databases())

    def hold(self) -> AbstractContextManager[int]:
        """One stack, or one command that starts Postgres itself, at a time: EmbeddedInUse."""
        return hold(self.path / "up")

    def clear(self) -> None:
        """Away with everything but the lock, which the caller holds, and the marks (dot files).

        A server that outlived its stack is ended first.
        """
        for server in (*self._databases(), self.path / "redis"):
            with hold(server):
                pass
        for entry in self.path.iterdir():
            if entry.is_dir():
                shutil.rmtree(entry)
            elif entry.name != self._lock.name and not entry.name.startswith("."):
                entry.unlink()

    def find_running(self) -> Mapping[str, str] | None:
        """The environment of the stack that runs here. A file left by a killed one counts not."""
        if not self.running.exists():
            return None
        descriptor = os.open(self._lock, os.O_RDWR | os.O_CREAT, 0o600)
        try:
            if try_lock(descriptor):
                return None
        finally:
            os.close(descriptor)
        return dict(json.loads(self.running.read_text()))

    @property
    def _lock(self) -> Path:
        return self.path / "up.lock"

    def _databases(self) -> list[Path]:
        return [path for path in self.path.glob("pg*") if path.name[2:].isdecimal()]


def open_folder(path: Path) -> DataFolder:
    return DataFolder(path.expanduser().resolve())


def write_private(path: Path, text: str) -> None:
    """Readable by its owner alone, whole or not at all."""
    draft = path.with_name(f".{path.name}.new")
    draft.unlink(missing_ok=True)
    handle = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(handle, "w", encoding="utf-8") as file:
        file.write(text)
        file.flush()
        os.fsync(file.fileno())
    draft.replace(path)
