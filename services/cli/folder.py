"""The data folder of `minhu up`: what lies where in it, and whether a stack runs on it."""

import json
import os
from collections.abc import Mapping
from contextlib import AbstractContextManager
from dataclasses import dataclass
from pathlib import Path

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
    def logs(self) -> Path:
        return self.path / "logs"

    @property
    def running(self) -> Path:
        return self.path / "running.json"

    @property
    def has_database(self) -> bool:
        return any(self.path.glob("pg[0-9]*"))

    def hold(self) -> AbstractContextManager[int]:
        """One stack, or one command that starts Postgres itself, at a time: EmbeddedInUse."""
        return hold(self.path / "up")

    def find_running(self) -> Mapping[str, str] | None:
        """The environment of the stack that runs here. A file left by a killed one counts not."""
        if not self.running.exists():
            return None
        descriptor = os.open(self.path / "up.lock", os.O_RDWR | os.O_CREAT, 0o600)
        try:
            if try_lock(descriptor):
                return None
        finally:
            os.close(descriptor)
        return dict(json.loads(self.running.read_text()))


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
