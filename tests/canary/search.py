"""Looking for every needle in what was collected."""

import re
from collections.abc import Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from multiprocessing import get_context
from pathlib import Path

from tests.canary.forms import Needle

HEXADECIMALS = re.compile(rb"\\\\x([0-9a-f]{8,})")  # a bytea in a dump
DIGEST = 32  # as many hexadecimals in a row are a digest, in which any digits may stand
BESIDE = 60
HEX = frozenset(b"0123456789abcdef")
STAMP = re.compile(rb"^\d{4}-\d\d-\d\d \S+ \S+ \[\d+\] ")  # of a line in Postgres' log
PIECE, OVERLAP = 32 * 1024**2, 4096
MOST_HITS = 20  # of one needle in one file


@dataclass(frozen=True, slots=True)
class Hit:
    place: str
    needle: Needle
    context: str

    @property
    def line(self) -> str:
        return f"{self.place}：{self.needle.mark}（{self.needle.form}）…{self.context}…"


def search_files(files: Sequence[tuple[str, Path]], needles: tuple[Needle, ...]) -> list[Hit]:
    """By place and file, in pieces, on as many cores as there are."""
    pieces = [
        (f"{place}/{path.name}", path, start, needles)
        for place, path in files
        for start in range(0, path.stat().st_size, PIECE)
    ]
    if len(pieces) <= 2 * len(files):
        return [hit for one in pieces for hit in search_piece(one)]
    with ProcessPoolExecutor(mp_context=get_context("spawn")) as pool:
        return [hit for hits in pool.map(search_piece, pieces) for hit in hits]


def search_piece(piece: tuple[str, Path, int, tuple[Needle, ...]]) -> list[Hit]:
    """Pieces overlap, so that nothing hides on a border."""
    place, path, start, needles = piece
    with path.open("rb") as file:
        file.seek(start)
        raw = file.read(PIECE + OVERLAP)
    return search(place, distinct(raw) if path.suffix == ".log" else raw, needles)


def distinct(raw: bytes) -> bytes:
    """Each line of a log once, whenever and by whichever process it was written."""
    return b"\n".join({STAMP.sub(b"", line): None for line in raw.split(b"\n")})


def search(place: str, raw: bytes, needles: tuple[Needle, ...]) -> list[Hit]:
    return [hit for one in needles for hit in find(place, raw, one)]


def find(place: str, raw: bytes, needle: Needle) -> Iterator[Hit]:
    at, found = raw.find(needle.raw), 0
    while at >= 0 and found < MOST_HITS:
        if not (needle.is_short and is_in_digest(raw, at, needle.raw)):
            found += 1
            beside = raw[max(0, at - BESIDE) : at + len(needle.raw) + BESIDE]
            yield Hit(place, needle, beside.decode("utf-8", "replace"))
        at = raw.find(needle.raw, at + 1)


def is_in_digest(raw: bytes, at: int, needle: bytes) -> bool:
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
