"""What free text tells of people: telephones, identity numbers, plates, the room they live in.

Hidden wherever somebody wrote it, whoever it belongs to. The building stays, so that whoever is
sent there finds it; an address, the place complained of, is not looked at.
"""

import re
from collections.abc import Callable, Iterator
from typing import NamedTuple

DIGIT = re.compile(r"[0-9０-９]")
WIDE = str.maketrans(
    "０１２３４５６７８９ＡＢＣＤＥＦＧＨＪＫＬＭＮＰＱＲＳＴＵＶＷＸＹＺ－",
    "0123456789ABCDEFGHJKLMNPQRSTUVWXYZ-",
)
PROVINCES = "京津沪渝冀豫云辽黑湘皖鲁新苏浙赣鄂桂甘晋蒙陕吉闽贵粤青藏川宁琼"
HIDDEN = "****"
WEIGHTS = (7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2)
CHECKS = "10X98765432"

IDENTITY = re.compile(
    r"(?<![0-9A-Za-z])[1-9]\d{5}(?:18|19|20)\d\d(?:0[1-9]|1[0-2])(?:0[1-9]|[12]\d|3[01])\d{3}[\dXx]"
    r"(?![0-9A-Za-z])"
)
MOBILE = re.compile(r"(?<!\d)(1[3-9]\d)[- ]?(\d{4})[- ]?(\d{4})(?!\d)")
ABROAD = re.compile(r"(?<!\d)(?:86|0086)[- ]?(1[3-9]\d)[- ]?(\d{4})[- ]?(\d{4})(?!\d)")
LANDLINE = re.compile(r"(?<!\d)(0(?:10|2\d|[3-9]\d{2}))[- ]?([2-8]\d{4,5})(\d{2})(?!\d)")
PLATE = re.compile(
    rf"([{PROVINCES}][A-HJ-NP-Z])[·•. -]?(?=[A-HJ-NP-Z]*\d)[A-HJ-NP-Z0-9]{{4,5}}"
    r"[A-HJ-NP-Z0-9挂学警港澳](?![0-9A-Za-z])"
)
NUMBER = r"(?<![\d.])[A-Za-z]?\d{2,5}[A-Za-z]?"
# A room is hidden where somebody is said to live there; one complained of must stay to be read.
HOME = re.compile(
    r"((?:住(?![改宅建房院保])|我家|本人家|家在|我是|本人是|本人系)[^，。；！？,;!?\n室]{0,24}?)"
    rf"{NUMBER}(?= ?室(?![内外温]))"
)
NEIGHBOUR = re.compile(rf"(){NUMBER}(?= ?室的?(?:住户|居民(?!楼)|租户|老人))")


class Span(NamedTuple):
    start: int
    end: int
    shown: str


def hide_people(text: str) -> str:
    """The text without them; what is left stays as it was written."""
    if DIGIT.search(text) is None:
        return text
    plain = text.translate(WIDE)
    parts, done = [], 0
    for span in sorted({*_spans(plain)}):
        if span.start >= done:
            parts += [text[done : span.start], span.shown]
            done = span.end
    return "".join([*parts, text[done:]])


def _spans(plain: str) -> Iterator[Span]:
    for pattern, shown in RULES:
        for found in pattern.finditer(plain):
            told = shown(found)
            if told is not None:
                yield Span(found.start(), found.end(), told)


def _identity(found: re.Match[str]) -> str | None:
    return HIDDEN if is_identity(found[0]) else None


def is_identity(number: str) -> bool:
    """By its check digit (GB 11643)."""
    total = sum(int(one) * weight for one, weight in zip(number, WEIGHTS, strict=False))
    return CHECKS[total % 11] == number[-1].upper()


def _telephone(found: re.Match[str]) -> str:
    return f"{found[1]}{HIDDEN}{found[3]}"


def _plate(found: re.Match[str]) -> str:
    return f"{found[1]}{HIDDEN}"


def _room(found: re.Match[str]) -> str:
    return f"{found[1]}{HIDDEN}"


RULES: tuple[tuple[re.Pattern[str], Callable[[re.Match[str]], str | None]], ...] = (
    (IDENTITY, _identity),
    (ABROAD, _telephone),
    (MOBILE, _telephone),
    (LANDLINE, _telephone),
    (PLATE, _plate),
    (HOME, _room),
    (NEIGHBOUR, _room),
)
