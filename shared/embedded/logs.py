"""Log files that cannot fill a disk: one old copy each."""

import os
import shutil
from pathlib import Path
from typing import BinaryIO

LARGEST_LOG = 16 * 1024 * 1024


def open_log(path: Path) -> BinaryIO:
    """Open for appending, readable by its owner alone, set aside first when it has grown large."""
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    bound_log(path)
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
    return os.fdopen(descriptor, "ab", buffering=0)


def bound_log(path: Path) -> None:
    """Move a large log's content aside; its writers append, so they go on in the emptied file."""
    if path.exists() and path.stat().st_size > LARGEST_LOG:
        shutil.copy2(path, path.with_suffix(".log.1"))
        os.truncate(path, 0)
