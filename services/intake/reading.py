"""What a message says, read from its raw bytes."""

import json
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import orjson
from pydantic import ValidationError

from services.intake.rules.payload import CLEARABLE, CODE_FIELDS, TEXT_FIELDS, Word
from services.intake.schemas.messages import (
    MESSAGES,
    CallerData,
    CreatedData,
    Message,
    TicketMessage,
    UpdatedData,
)
from shared.domain.events import FieldRank
from shared.errors import FieldError, Invalid
from shared.vault.callers import Caller
from shared.web.bodies import field_errors
from shared.web.texts import NO_NUL, NUL, find_nul, told_name

ENVELOPE = frozenset({"type", "timestamp", "data"})
FUTURE_SECONDS = 300


class NotAMessage(Invalid):
    """Kept in quarantine: nothing a platform sent is ever lost."""


@dataclass(frozen=True, slots=True)
class Reading:
    """`message` is None for a type we do not know, which is understood and ignored."""

    type: str
    message: Message | None

    @property
    def upstream_no(self) -> str | None:
        return self.message.about if isinstance(self.message, TicketMessage) else None


def read_message(raw: bytes, *, now: datetime | None = None) -> Reading:
    """Raises NotAMessage naming every fault. With `now`, a receipt in the future is one."""
    try:
        envelope = orjson.loads(raw)
    except orjson.JSONDecodeError:
        raise NotAMessage(errors=[fault("", "不是有效的 JSON")]) from None
    if not isinstance(envelope, dict):
        raise NotAMessage(errors=[fault("", "应为对象")])
    pointer = find_nul(envelope) if NUL in raw else None
    if pointer is not None:
        raise NotAMessage(errors=[fault(pointer, NO_NUL)])
    kind = envelope.get("type")
    if not isinstance(kind, str) or not 1 <= len(kind) <= 100:
        raise NotAMessage(errors=[fault("/type", "此项必填，应为文本")])
    model = MESSAGES.get(kind)
    if model is None:
        unknown = [
            fault(f"/{told_name(name)}", "不认识的字段")
            for name in envelope
            if name not in ENVELOPE
        ]
        if unknown:
            raise NotAMessage(errors=unknown)
        return Reading(kind, None)
    try:
        message = model.model_validate_json(raw)
    except ValidationError as error:
        raise NotAMessage(errors=field_errors(error)) from None
    data = getattr(message, "data", None)
    if (
        now is not None
        and isinstance(data, CreatedData)
        and (data.received_at - now).total_seconds() > FUTURE_SECONDS
    ):
        raise NotAMessage(errors=[fault("/data/received_at", "来件时间晚于当前时间")])
    return Reading(kind, message)


def fault(pointer: str, message: str) -> FieldError:
    return {"pointer": pointer, "message": message}


def word_of(message: Message, data: UpdatedData) -> Word:
    """The fields the message carries, in our names. Null clears only what may be empty."""
    given = data.model_fields_set
    codes = {
        ours: value
        for theirs, ours in CODE_FIELDS.items()
        if theirs in given and ((value := getattr(data, theirs)) is not None or ours in CLEARABLE)
    }
    texts = {name: value for name in TEXT_FIELDS if (value := getattr(data, name)) is not None}
    caller = caller_of(data.caller)
    return Word(
        rank=FieldRank(at=message.at, revision=data.revision),
        codes=codes,
        texts=texts,
        has_phone=None if caller is None else caller.number is not None,
    )


def caller_of(data: CallerData | None, *, known: Caller | None = None) -> Caller | None:
    """What the message does not say of the caller stays as known; a new name is a new person's."""
    if data is None:
        return None
    given = set(data.model_fields_set if known is not None else CallerData.model_fields)
    if known is not None and "name" in given and data.name != known.name:
        given.add("gender")
    return Caller(
        **{
            name: getattr(data if name in given else known, name)
            for name in CallerData.model_fields
        }
    )


def unknown_fields(data: UpdatedData) -> str | None:
    """Upstream fields we do not know, verbatim as JSON; those of the caller stay out."""
    extra: dict[str, Any] = dict(data.model_extra or {})
    # Not orjson: a platform's own number may have more than 64 bits.
    return json.dumps(extra, ensure_ascii=False, separators=(",", ":")) if extra else None
