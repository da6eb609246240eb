"""Which road an address lies on, and at which number. Data fictitious in every example."""

import re
import unicodedata
from collections.abc import Iterable
from dataclasses import dataclass

# The office of a street (街道) bears a road's name without lying on it; and a place near a road,
# or across from it, is told by the road it lies on first.
NOT_A_ROAD = "街道"
NEAR = "近"
NUMBER = re.compile(r"\d{1,5}", re.ASCII)


@dataclass(frozen=True, slots=True)
class Spot:
    """A place on a road of the register; `number`: the house or lane, where the address has one."""

    road: str
    number: int | None


def plain(text: str) -> str:
    """Widths, cases and blanks make no difference."""
    return "".join(unicodedata.normalize("NFKC", text).casefold().split())


def find_spot(address: str | None, roads: Iterable[str]) -> Spot | None:
    """The first of `roads` the address speaks of; where names overlap, the longest stands.

    `roads` are plain. A crossing is told by the road named first.
    """
    text = plain(address or "")
    named = sorted(
        (place for road in set(roads) if road for place in _places(road, text)),
        key=lambda place: (place[0] - place[1], place[0]),
    )
    standing: list[tuple[int, int]] = []
    for start, end in named:
        if all(end <= other or start >= last for other, last in standing):
            standing.append((start, end))
    lying = [place for place in sorted(standing) if not _is_aside(text, *place)]
    if not lying:
        return None
    start, end = lying[0]
    number = NUMBER.match(text, end)
    return Spot(text[start:end], int(number.group()) if number is not None else None)


def _places(road: str, text: str) -> Iterable[tuple[int, int]]:
    start = text.find(road)
    while start >= 0:
        yield start, start + len(road)
        start = text.find(road, start + 1)


def _is_aside(text: str, start: int, end: int) -> bool:
    return text.startswith(NOT_A_ROAD, end) or text.endswith(NEAR, 0, start)
