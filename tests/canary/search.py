"""Looking for every needle in what was collected."""

import mmap
import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from tests.canary.forms import Needle

HEXADECIMALS = re.compile(rb"\\\\x([0-9a-f]{8,})")  # a bytea in a dump
DIGEST = 32  # as many hexadecimals in a row are a digest, in which any digits may stand
BESIDE = 60
HEX = frozenset(b"0123456789abcdef")
MOST_HITS = 20  # of one needle in one file


@dataclass(frozen=True, slots=True)
class Hit:
    place: str
    needle: Needle
    context: str

    @property
    def line(self) -> str:
        return f"{self.place}：{self.needle.mark}（{self.needle.form}）…{self.context}…"


def search_file(place: str, path: Path, needles: tuple[Needle, ...]) -> list[Hit]:
    if not path.stat().st_size:
        return []
    with path.open("rb") as file, mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ) as raw:
        return [hit for one in needles for hit in find(f"{place}/{path.name}", raw, one)]


def search(place: str, raw: bytes, needles: tuple[Needle, ...]) -> list[Hit]:
    return [hit for one in needles for hit in find(place, raw, one)]


def find(place: str, raw: bytes | mmap.mmap, needle: Needle) -> Iterator[Hit]:
    at, found = raw.find(needle.raw), 0
    while at >= 0 and found < MOST_HITS:
        if not (needle.is_short and is_in_digest(raw, at, needle.raw)):
            found += 1
            beside = raw[max(0, at - BESIDE) : at + len(needle.raw) + BESIDE]
            yield Hit(place, needle, beside.decode("utf-8", "replace"))
        at = raw.find(needle.raw, at + 1)


def is_in_digest(raw: bytes | mmap.mmap, at: int, needle: bytes) -> bool:
    """Where a few digits stand by chance."""
    first, last = at, at + len(needle)
    while first > 0 and last - first <= 2 * DIGEST and raw[first - 1] in HEX:
        first -= 1
    while last < len(raw) and last - first <= 2 * DIGEST and raw[last] in HEX:
        last += 1
    run = raw[first:last]
    return len(run) >= DIGEST and not run.isdigit()


def unpack(dump: Path, into: Path) -> None:
    """What a dump spells in hexadecimals, as the bytes that it is."""
    with dump.open("rb") as lines, into.open("wb") as out:
        for line in lines:
            for found in HEXADECIMALS.findall(line):
                even = found[: len(found) // 2 * 2]
                out.write(bytes.fromhex(even.decode()) + b"\n")
