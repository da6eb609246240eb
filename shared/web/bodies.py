"""Request bodies: read whole, bounded, checked; every fault named by its field, in Chinese."""

from collections.abc import Mapping
from types import MappingProxyType
from typing import Annotated, Any, TypeVar

import orjson
from fastapi import Request
from pydantic import (
    AfterValidator,
    AllowInfNan,
    AwareDatetime,
    BaseModel,
    ConfigDict,
    Strict,
    ValidationError,
)

from shared.errors import ErrorKind, FieldError, HotlineError, Invalid

MAX_BODY = 262_144
MODEL = TypeVar("MODEL", bound=BaseModel)
YEARS = range(2000, 2101)
NUL = rb"\u0000"  # the only way to write one in JSON
NO_NUL = "文本中不能有空字符（U+0000）"


class TooLarge(HotlineError):
    kind = ErrorKind.TOO_LARGE
    code = "too-large"
    title = "请求过大"


class UnsupportedMediaType(HotlineError):
    kind = ErrorKind.UNSUPPORTED
    code = "unsupported-media-type"
    title = "请求体须为 JSON（Content-Type: application/json）"


class AtField(ValueError):
    """What a check of several fields together finds: the fault of one of them."""

    def __init__(self, name: str, message: str) -> None:
        super().__init__(message)
        self.name = name


class Body(BaseModel):
    """A request body: unknown fields are refused."""

    model_config = ConfigDict(extra="forbid", frozen=True, str_strip_whitespace=True)


# What pydantic calls a fault, as a person reads it.
MESSAGES: Mapping[str, str] = MappingProxyType(
    {
        "missing": "此项必填",
        "extra_forbidden": "不认识的字段",
        "string_type": "应为文本",
        "string_too_short": "不能为空或过短",
        "string_too_long": "文本过长",
        "string_pattern_mismatch": "格式不正确",
        "int_type": "应为整数",
        "int_parsing": "应为整数",
        "int_from_float": "应为整数",
        "float_type": "应为数字",
        "float_parsing": "应为数字",
        "finite_number": "应为有限的数字",
        "bool_type": "应为 true 或 false",
        "bool_parsing": "应为 true 或 false",
        "enum": "不在允许的取值之内",
        "literal_error": "不在允许的取值之内",
        "datetime_from_date_parsing": "应为带时区的时间（RFC 3339）",
        "datetime_parsing": "应为带时区的时间（RFC 3339）",
        "datetime_type": "应为带时区的时间（RFC 3339）",
        "timezone_aware": "时间须带时区",
        "date_from_datetime_parsing": "应为日期（YYYY-MM-DD）",
        "date_parsing": "应为日期（YYYY-MM-DD）",
        "list_type": "应为列表",
        "tuple_type": "应为列表",
        "too_long": "项数过多",
        "too_short": "项数不足",
        "dict_type": "应为对象",
        "model_type": "应为对象",
        "model_attributes_type": "应为对象",
        "greater_than_equal": "数值过小",
        "less_than_equal": "数值过大",
        "greater_than": "数值过小",
        "less_than": "数值过大",
        "json_invalid": "不是有效的 JSON",
    }
)


async def read_body(request: Request, *, limit: int = MAX_BODY) -> bytes:
    """The raw bytes, refused as soon as they are known to be too many."""
    declared = request.headers.get("content-length", "")
    if declared.isdigit() and int(declared) > limit:
        raise TooLarge(f"请求体不得超过 {limit} 字节")
    parts: list[bytes] = []
    size = 0
    async for part in request.stream():
        size += len(part)
        if size > limit:
            raise TooLarge(f"请求体不得超过 {limit} 字节")
        parts.append(part)
    return b"".join(parts)


def check_json_type(request: Request) -> None:
    content_type = request.headers.get("content-type", "application/json")
    if content_type.partition(";")[0].strip().lower() != "application/json":
        raise UnsupportedMediaType


def load_json(raw: bytes) -> Any:
    try:
        return orjson.loads(raw or b"{}")
    except orjson.JSONDecodeError as error:
        raise Invalid.field("", "不是有效的 JSON") from error


def find_nul(value: Any) -> str | None:
    """Pointer to a text, or to an object with a name, that holds U+0000.

    Postgres keeps no such text. Nesting may be deeper than calls can be.
    """
    waiting = [("", value)]
    while waiting:
        pointer, one = waiting.pop()
        if isinstance(one, str) and "\0" in one:
            return pointer
        if isinstance(one, dict):
            if any("\0" in name for name in one):
                return pointer
            waiting += [(f"{pointer}/{name}", part) for name, part in one.items()]
        elif isinstance(one, list):
            waiting += [(f"{pointer}/{index}", part) for index, part in enumerate(one)]
    return None


def parse(model: type[MODEL], raw: bytes) -> MODEL:
    """The body as the model; an empty one stands for {}. Raises Invalid naming every field."""
    value = load_json(raw)
    pointer = find_nul(value) if NUL in raw else None
    if pointer is not None:
        raise Invalid.field(pointer, NO_NUL)
    return check(model, value)


def check(model: type[MODEL], value: Any) -> MODEL:
    try:
        return model.model_validate(value)
    except ValidationError as error:
        raise Invalid(errors=field_errors(error)) from None


def check_query(model: type[MODEL], request: Request) -> MODEL:
    """The query parameters as the model. Raises Invalid naming every one at fault."""
    given = dict(request.query_params)
    pointer = find_nul(given)
    if pointer is not None:
        raise Invalid.field(pointer, NO_NUL)
    return check(model, given)


def field_errors(error: ValidationError) -> list[FieldError]:
    """JSON pointers and Chinese messages; never the value that was sent."""
    return [
        {
            "pointer": "".join(f"/{part}" for part in (*one["loc"], *_named(one))),
            "message": _message(one["type"], one["msg"]),
        }
        for one in error.errors(include_url=False, include_input=False)
    ]


def _named(fault: Any) -> tuple[str, ...]:
    found = fault.get("ctx", {}).get("error")
    return (found.name,) if isinstance(found, AtField) else ()


def _message(kind: str, english: str) -> str:
    if kind == "value_error":
        return english.removeprefix("Value error, ")
    return MESSAGES.get(kind, "内容不正确")


def _in_calendar(at: AwareDatetime) -> AwareDatetime:
    if at.year not in YEARS:
        raise ValueError("时间超出可用范围（2000–2100 年）")
    return at


Moment = Annotated[AwareDatetime, AfterValidator(_in_calendar)]
# Checked strictly: no "no" for false, no "2" for a number.
Flag = Annotated[bool, Strict()]
Whole = Annotated[int, Strict()]
Number = Annotated[float, Strict(), AllowInfNan(False)]
