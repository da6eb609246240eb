"""Request bodies: read whole, bounded, checked; every fault named by its field, in Chinese."""

import asyncio
from collections.abc import Mapping
from types import MappingProxyType
from typing import Annotated, Any, TypeVar

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
from shared.web.texts import (
    NO_NUL,
    find_nul,
    load_json,
    refuse_nul,
    refuse_twice,
    told_name,
)

MAX_BODY = 262_144
PATIENCE_SECONDS = 30.0
UTF_8 = frozenset({"utf-8", "utf8"})
MODEL = TypeVar("MODEL", bound=BaseModel)
YEARS = range(2000, 2101)
MOST_FAULTS = 100


class TooLarge(HotlineError):
    kind = ErrorKind.TOO_LARGE
    code = "too-large"
    title = "请求过大"


class TooSlow(HotlineError):
    kind = ErrorKind.TOO_SLOW
    code = "too-slow"
    title = "请求体迟迟没有发完"


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
    if declared.isascii() and declared.isdigit() and int(declared) > limit:
        raise TooLarge(f"请求体不得超过 {limit} 字节")
    parts: list[bytes] = []
    size = 0
    try:
        async with asyncio.timeout(PATIENCE_SECONDS):
            async for part in request.stream():
                size += len(part)
                if size > limit:
                    raise TooLarge(f"请求体不得超过 {limit} 字节")
                parts.append(part)
    except TimeoutError:
        raise TooSlow(f"请求体须在 {PATIENCE_SECONDS:.0f} 秒内发完") from None
    return b"".join(parts)


def check_json_type(request: Request) -> None:
    """UTF-8 as it is. What is packed is never unpacked, so that nothing small can grow."""
    kind, *options = request.headers.get("content-type", "application/json").lower().split(";")
    charsets = [one.strip()[8:].strip('"') for one in options if one.strip().startswith("charset=")]
    if kind.strip() != "application/json" or not set(charsets) <= UTF_8:
        raise UnsupportedMediaType
    if request.headers.get("content-encoding", "identity").strip().lower() != "identity":
        raise UnsupportedMediaType("请求体不得压缩（Content-Encoding）")


def parse(model: type[MODEL], raw: bytes) -> MODEL:
    """The body as the model; an empty one stands for {}. Raises Invalid naming every field."""
    value = load_json(raw)
    refuse_nul(raw, value)
    refuse_twice(raw)
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
    """JSON pointers and Chinese messages; never the value that was sent, nor more than is read."""
    return [
        {
            "pointer": "".join(f"/{told_name(part)}" for part in (*one["loc"], *_named(one))),
            "message": _message(one["type"], one["msg"]),
        }
        for one in error.errors(include_url=False, include_input=False)[:MOST_FAULTS]
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
