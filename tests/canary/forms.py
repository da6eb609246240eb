"""Every form in which a text may lie about: as it is, or as some layer has written it."""

import base64
import json
from collections.abc import Iterator
from dataclasses import dataclass
from urllib.parse import quote, quote_plus

from tests.canary.people import MARKS, WIDE

URL_SAFE = bytes.maketrans(b"+/", b"-_")


@dataclass(frozen=True, slots=True)
class Needle:
    mark: str
    form: str
    raw: bytes

    @property
    def is_short(self) -> bool:
        """So few digits that chance may bring them together."""
        return self.raw.isdigit() and len(self.raw) <= 8


def spelled(mark: str) -> Iterator[tuple[str, str]]:
    """As a person writes it."""
    yield "plain", mark
    if mark.isdigit() and len(mark) == 7:
        head, tail = mark[:3], mark[3:]
        yield "grouped by blanks", f"{head} {tail}"
        yield "grouped by dashes", f"{head}-{tail}"
        yield "wide digits", mark.translate(WIDE)
    elif not mark.isascii():
        yield "set apart", " ".join(mark)
    if mark[0] == "沪":
        yield "with a dot", f"{mark[:2]}·{mark[2:]}"


def written(text: str) -> Iterator[tuple[str, bytes]]:
    """As a layer writes it."""
    raw = text.encode()
    yield "utf-8", raw
    yield "hexadecimal", raw.hex().encode()
    yield "utf-16-le", text.encode("utf-16-le")
    yield "utf-16-be", text.encode("utf-16-be")
    for shift in range(3):
        letters = shifted(raw, shift)
        yield f"base64 shifted by {shift}", letters
        yield f"base64 of addresses shifted by {shift}", letters.translate(URL_SAFE)
    escapes = "".join(f"\\u{ord(one):04x}" for one in text).encode()
    yield "all escaped", escapes
    if not text.isascii():
        yield "gb18030", text.encode("gb18030")
        yield "escaped", json.dumps(text)[1:-1].encode()
        yield "escaped, capitals", b"".join(escaped(one) for one in text)
        yield "entities", "".join(f"&#{ord(one)};" for one in text).encode()
    if quote(text) != text:
        yield "percent", quote(text).encode()
        yield "percent, small letters", lowered(quote(text)).encode()
        yield "of a form", quote_plus(text).encode()
        yield "percent of gb18030", quote(text.encode("gb18030")).encode()


def escaped(char: str) -> bytes:
    return char.encode() if char.isascii() else f"\\u{ord(char):04X}".encode()


def lowered(percent: str) -> str:
    parts = percent.split("%")
    return "%".join([parts[0], *(one[:2].lower() + one[2:] for one in parts[1:])])


def shifted(raw: bytes, shift: int) -> bytes:
    """The letters of base64 that stand for `raw` alone, where it begins at that byte of three."""
    letters = base64.b64encode(bytes(shift) + raw)
    first = -(-shift * 8 // 6)
    last = (shift + len(raw)) * 8 // 6
    return letters[first:last]


def make_needles() -> tuple[Needle, ...]:
    """Of every mark, each form once."""
    found: dict[bytes, Needle] = {}
    for mark in MARKS:
        for how, text in spelled(mark):
            for layer, raw in written(text):
                found.setdefault(raw, Needle(mark, f"{how}, {layer}", raw))
    return tuple(found.values())
