"""Faulty messages: read as far as they can be, shown without their caller, mended by a patch."""

import json
import re
from collections.abc import Callable, Iterable, Mapping
from typing import Any

import orjson

from services.intake.reading import ENVELOPE
from shared.errors import Invalid
from shared.vault.callers import Caller, Mask
from shared.vault.free_text import hide_people

CALLERS = frozenset({"caller"})
LONGEST_TOLD = 256  # a name beyond that is none
DEEPEST = 200  # as deep as a message may be
Hide = Callable[[str], str]
UNTOLD = "***"
CODE = re.compile(r"[A-Za-z0-9_.:+/ -]{0,64}")
MOBILE = re.compile(r"(?<!\d)(1[3-9]\d)\d{4}(\d{4})(?!\d)")


def masked_body(raw: bytes | None, known: Iterable[Caller] = ()) -> Any:
    """As received, without callers' names and numbers; what is no JSON is not shown.

    `known`: callers of tickets that it speaks of. Where its own cannot be told by their name,
    words are not shown at all: a name among them would not be known for one.
    """
    body = read_json(raw or b"null")
    if not isinstance(body, dict):
        return orjson.Fragment(compact(cleaned(body, without_words)))
    beside = {name: value for name, value in body.items() if name != "data"}
    shown: dict[str, Any] = cleaned(beside, without_words)
    if "data" in body:
        shown["data"] = cleaned(body["data"], hiding(body["data"], known))
    return orjson.Fragment(compact(shown))


def hiding(data: Any, known: Iterable[Caller]) -> Hide:
    """How the texts of `data` are shown."""
    caller = data.get("caller") or {} if isinstance(data, dict) else data
    if not isinstance(caller, dict) or not isinstance(caller.get("name"), str | None):
        return without_words
    told = {name: str(caller[name]) for name in Caller.__slots__ if caller.get(name)}
    short = {name: value for name, value in told.items() if len(value) <= LONGEST_TOLD}
    mask = Mask(Caller(**short), *known)
    return lambda text: hide_people(hide_mobiles(mask(text)))


def without_words(text: str) -> str:
    """Codes, numbers and times alone, none of them a person's."""
    return text if CODE.fullmatch(text) and hide_people(hide_mobiles(text)) == text else UNTOLD


def upstream_of(raw: bytes | None) -> str | None:
    """The number it is sent under, however faulty the rest."""
    body = read_json(raw or b"null")
    data = body.get("data") if isinstance(body, dict) else None
    number = data.get("upstream_no") if isinstance(data, dict) else None
    return number.strip() if isinstance(number, str) else None


def hide_mobiles(text: str) -> str:
    """Whatever looks like one, in a message so faulty that its caller cannot be told."""
    return MOBILE.sub(r"\1****\2", text)


def read_json(raw: bytes) -> Any:
    """None for what is no JSON, and for what is nested so deeply that nobody meant it."""
    try:
        orjson.loads(raw)  # is stricter: no NaN, no half characters, no numbers beyond measure
        value = json.loads(raw)  # keeps numbers of more than 64 bits as they are
    except (ValueError, RecursionError):
        return None
    return None if is_deep(value) else value


def is_deep(value: Any) -> bool:
    level = [value]
    for _ in range(DEEPEST):
        level = [child for one in level for child in children(one)]
        if not level:
            return False
    return True


def children(value: Any) -> Iterable[Any]:
    if isinstance(value, dict):
        return value.values()
    return value if isinstance(value, list) else ()


def cleaned(value: Any, hide: Hide) -> Any:
    """Every text and number through `hide`, names too; what a message says of a caller is hidden
    wherever it stands."""
    if isinstance(value, dict):
        return {
            hide(name): "***" if name in CALLERS and value[name] else cleaned(value[name], hide)
            for name in value
        }
    if isinstance(value, list):
        return [cleaned(one, hide) for one in value]
    if isinstance(value, bool) or not isinstance(value, str | int | float):
        return value
    text = hide(str(value))
    return value if text == str(value) else text


def compact(value: Any) -> str:
    """Not orjson: a platform's own number may have more than 64 bits."""
    return json.dumps(value, ensure_ascii=False, separators=(",", ":"))


def mended(raw: bytes, patch: Mapping[str, Any]) -> bytes:
    """Only what belongs into an envelope goes on; a whole message in `data` is one as well."""
    body = read_json(raw)
    body = body if isinstance(body, dict) else {}
    given = dict(patch)
    if is_deep(given):
        raise Invalid.field("/data", "层次过深")
    if given.get("data") and given["data"].keys() <= ENVELOPE:
        given |= given.pop("data")
    whole = merge_patch({name: body[name] for name in body if name in ENVELOPE}, given)
    return json.dumps(whole, ensure_ascii=False).encode()


def merge_patch(target: Any, patch: Any) -> Any:
    """RFC 7396."""
    if not isinstance(patch, dict):
        return patch
    merged = dict(target) if isinstance(target, dict) else {}
    for name, value in patch.items():
        if value is None:
            merged.pop(name, None)
        else:
            merged[name] = merge_patch(merged.get(name), value)
    return merged
