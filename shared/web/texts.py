"""JSON as it comes from outside: read once, and refused where two readers could differ over it."""

import json
import re
from typing import Any

import orjson

from shared.errors import Invalid
from shared.vault.free_text import hide_people

MAX_DEPTH = 64
LONGEST_NAME = 100
NAME = re.compile(r"[A-Za-z_-][A-Za-z0-9_.:-]*|[0-9]{1,6}")
UNTOLD = "****"
NUL = rb"\u0000"  # the only way to write one in JSON
NO_NUL = "文本中不能有空字符（U+0000）"


def load_json(raw: bytes) -> Any:
    """An empty text stands for {}. Raises Invalid for what is none, or nested beyond sense."""
    try:
        value = orjson.loads(raw or b"{}")
    except orjson.JSONDecodeError as error:
        raise Invalid.field("", "不是有效的 JSON") from error
    if raw.count(b"[") + raw.count(b"{") > MAX_DEPTH and is_deeper(value, MAX_DEPTH):
        raise Invalid.field("", f"嵌套不得超过 {MAX_DEPTH} 层")
    return value


def is_deeper(value: Any, most: int) -> bool:
    """Level by level: nesting may be deeper than calls can be."""
    level = [value]
    for _ in range(most + 1):
        level = [part for one in level for part in parts_of(one)]
        if not level:
            return False
    return True


def parts_of(value: Any) -> list[Any]:
    if isinstance(value, dict):
        return list(value.values())
    return value if isinstance(value, list) else []


def told_name(name: object) -> str:
    """A field's name as errors may repeat it: what is no name may be a citizen's."""
    text = str(name)
    is_plain = NAME.fullmatch(text) is not None and hide_people(text) == text
    return text[:LONGEST_NAME] if is_plain else UNTOLD


def find_nul(value: Any) -> str | None:
    """Pointer to a text, or to an object with a name, that holds U+0000.

    Postgres keeps no such text.
    """
    waiting = [("", value)]
    while waiting:
        pointer, one = waiting.pop()
        if isinstance(one, str) and "\0" in one:
            return pointer
        if isinstance(one, dict):
            if any("\0" in name for name in one):
                return pointer
            waiting += [(f"{pointer}/{told_name(name)}", part) for name, part in one.items()]
        elif isinstance(one, list):
            waiting += [(f"{pointer}/{index}", part) for index, part in enumerate(one)]
    return None


def refuse_nul(raw: bytes, value: Any) -> None:
    pointer = find_nul(value) if NUL in raw else None
    if pointer is not None:
        raise Invalid.field(pointer, NO_NUL)


def refuse_twice(raw: bytes) -> None:
    """Of two equal names one reader takes the first, another the last. `raw` is JSON already."""

    def read(pairs: list[tuple[str, Any]]) -> None:
        names = [name for name, _ in pairs]
        if len(set(names)) < len(names):
            name = next(name for name in names if names.count(name) > 1)
            raise Invalid.field(f"/{told_name(name)}", "同一字段写了两次")

    json.loads(raw or b"{}", object_pairs_hook=read, parse_int=str, parse_float=str)
