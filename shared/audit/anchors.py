"""Heads of the chains, kept in files outside the database: what was there then cannot be denied.

One file for each bureau, one line of JSON for each anchor, in the order in which they were written.
"""

import os
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

import orjson

from shared.audit.chain import Head
from shared.errors import HotlineError


class BadAnchors(HotlineError):
    """The file of anchors is damaged."""

    title = "锚点文件有误"


@dataclass(frozen=True, slots=True)
class Anchor:
    seq: int
    digest: bytes
    at: str


def file_of(folder: Path, bureau: int) -> Path:
    return folder / f"audit-{bureau}.jsonl"


def write_anchor(folder: Path, bureau: int, head: Head, *, at: datetime) -> None:
    """On the disk when this returns, readable by its owner alone."""
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    line = {"bureau": bureau, "seq": head.seq, "digest": head.digest.hex(), "at": at.isoformat()}
    path = file_of(folder, bureau)
    is_new = not path.exists()
    handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
    try:
        os.write(handle, orjson.dumps(line) + b"\n")
        os.fsync(handle)
    finally:
        os.close(handle)
    if is_new:
        sync_folder(folder)


def sync_folder(folder: Path) -> None:
    """So that the file itself outlives a power cut, and not its lines alone."""
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def read_anchors(folder: Path, bureau: int) -> list[Anchor]:
    """In the order of their links. A last line cut short by a crash is none."""
    path = file_of(folder, bureau)
    if not path.exists():
        return []
    return sorted(_lines(path), key=lambda anchor: anchor.seq)


def _lines(path: Path) -> Iterator[Anchor]:
    *whole, _ = path.read_bytes().split(b"\n")
    for number, line in enumerate(whole, 1):
        try:
            told = orjson.loads(line)
            yield Anchor(int(told["seq"]), bytes.fromhex(told["digest"]), str(told["at"]))
        except (ValueError, KeyError, TypeError) as error:
            raise BadAnchors(f"{path.name} 第 {number} 行残缺") from error
