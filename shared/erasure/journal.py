"""What was erased, kept outside the database too: a restored backup brings it back, and whoever
restores it must know what to erase once more.

One file for each bureau beside the anchors of the audit chain, one line of JSON for each tombstone:
number of the ticket, part, time. Nothing of a person is in it.
"""

import os
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

import orjson
from sqlalchemy import text

from shared.audit.anchors import sync_folder
from shared.db import Tx
from shared.domain.words import ErasurePart
from shared.errors import HotlineError

ALL = text(
    "SELECT t.no, x.part, x.erased_at FROM erasures AS x JOIN tickets AS t"
    " ON t.bureau_id = x.bureau_id AND t.ticket_id = x.ticket_id"
    " WHERE x.bureau_id = :bureau ORDER BY x.erased_at, x.ticket_id, x.part"
)


class BadJournal(HotlineError):
    """The file of erasures is damaged."""

    title = "清除清单有误"


class Line(NamedTuple):
    no: str
    part: ErasurePart
    at: str

    @property
    def key(self) -> tuple[str, ErasurePart]:
        return self.no, self.part


def file_of(folder: Path, bureau: int) -> Path:
    return folder / f"erasures-{bureau}.jsonl"


async def list_tombstones(tx: Tx) -> list[Line]:
    rows = await tx.rows(ALL, bureau=tx.bureau)
    return [Line(row.no, ErasurePart(row.part), row.erased_at.isoformat()) for row in rows]


def write_journal(folder: Path, bureau: int, lines: list[Line]) -> int:
    """Adds what the file lacks; answers how many lines. On the disk when this returns."""
    path = file_of(folder, bureau)
    known = {line.key for line in read_journal(path)}
    missing = [line for line in lines if line.key not in known]
    if not missing:
        return 0
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    is_new = not path.exists()
    written = b"".join(orjson.dumps(line._asdict()) + b"\n" for line in missing)
    if not is_new and not path.read_bytes().endswith(b"\n"):
        written = b"\n" + written  # a line that a kill has cut short
    handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
    try:
        os.write(handle, written)
        os.fsync(handle)
    finally:
        os.close(handle)
    if is_new:
        sync_folder(folder)
    return len(missing)


def read_journal(path: Path) -> list[Line]:
    """Raises BadJournal. A line cut short by a kill is none; it was written again after it."""
    return list(_lines(path)) if path.exists() else []


def _lines(path: Path) -> Iterator[Line]:
    raw = path.read_bytes()
    for number, line in enumerate(raw.split(b"\n"), 1):
        if not line.endswith(b"}"):
            continue
        try:
            told = orjson.loads(line)
            yield Line(str(told["no"]), ErasurePart(told["part"]), str(told["at"]))
        except (ValueError, KeyError, TypeError) as error:
            raise BadJournal(f"{path.name} 第 {number} 行残缺") from error
