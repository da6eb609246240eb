"""Opaque signed cursors and the envelope of every list."""

import base64
import binascii
from collections.abc import Collection, Mapping, Sequence
from typing import Any
from urllib.parse import urlencode

import orjson
from fastapi import Request
from fastapi.responses import Response

from shared.errors import Invalid
from shared.vault.keyring import Keyring
from shared.web.texts import told_name

DEFAULT_LIMIT = 50
MAX_LIMIT = 500
TAG_BYTES = 16


def encode_cursor(keyring: Keyring, purpose: str, value: Any) -> str:
    """`purpose` ties a cursor to one list and its filters: elsewhere it does not open."""
    data = orjson.dumps(value)
    tag = keyring.sign(purpose.encode() + b"\0" + data)
    return _spelled(tag + data)


def decode_cursor(keyring: Keyring, purpose: str, cursor: str, *, parameter: str = "cursor") -> Any:
    """Raises Invalid for all but the very text that was given out."""
    try:
        raw = base64.urlsafe_b64decode(cursor + "=" * (-len(cursor) % 4))
    except (binascii.Error, ValueError) as error:
        raise Invalid.field(f"/{parameter}", "游标无效") from error
    tag, data = raw[:TAG_BYTES], raw[TAG_BYTES:]
    is_ours = keyring.has_signed(purpose.encode() + b"\0" + data, tag)
    if not is_ours or _spelled(raw) != cursor:
        raise Invalid.field(f"/{parameter}", "游标无效")
    return orjson.loads(data)


def _spelled(raw: bytes) -> str:
    return base64.urlsafe_b64encode(raw).decode().rstrip("=")


def refuse_unknown(request: Request, known: Collection[str]) -> None:
    """A mistyped parameter must not quietly answer another question, nor one given twice."""
    seen: set[str] = set()
    for name, _ in request.query_params.multi_items():
        if name not in known:
            raise Invalid.field(f"/{told_name(name)}", "不认识的查询参数")
        if name in seen:
            raise Invalid.field(f"/{name}", "只能给一次")
        seen.add(name)


def read_limit(request: Request) -> int:
    given = request.query_params.get("limit")
    if given is None:
        return DEFAULT_LIMIT
    if not given.isascii() or not given.isdigit() or not 1 <= int(given[:9]) <= MAX_LIMIT:
        raise Invalid.field("/limit", f"须为 1 至 {MAX_LIMIT} 的整数")
    return int(given)


def list_answer(
    request: Request,
    items: Sequence[Any],
    next_cursor: str | None,
    *,
    parameter: str = "cursor",
    extra: Mapping[str, Any] | None = None,
) -> Response:
    """`{"items", "next_cursor"}` and the same as a Link header."""
    headers = {}
    if next_cursor is not None:
        headers["Link"] = link_to(request, next_cursor, parameter=parameter)
    body = {"items": items, "next_cursor": next_cursor, **(extra or {})}
    return Response(orjson.dumps(body), 200, headers, "application/json")


def link_to(request: Request, cursor: str, *, parameter: str = "cursor") -> str:
    """The `Link` header to the page that the cursor opens."""
    query = [(k, v) for k, v in request.query_params.multi_items() if k != parameter]
    link = f"{request.url.path}?{urlencode([*query, (parameter, cursor)])}"
    return f'<{link}>; rel="next"'
