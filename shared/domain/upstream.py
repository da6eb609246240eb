"""The fields a platform may change after the first message, and how the log spells them."""

from collections.abc import Callable, Mapping
from datetime import datetime
from types import MappingProxyType
from typing import Any

from shared.domain.words import AppealType, TicketKind, Trade, Urgency

STANDING_TEXTS = ("title", "content", "address")


def _moment(value: Any) -> datetime | None:
    return None if value is None else datetime.fromisoformat(value)


def _trade(value: Any) -> Trade | None:
    return None if value is None else Trade(value)


def _plain(value: Any) -> Any:
    return value


# How a changed upstream field is read back from the log.
FIELD_TYPES: Mapping[str, Callable[[Any], Any]] = MappingProxyType(
    {
        "appeal_type": AppealType,
        "urgency": Urgency,
        "ticket_kind": TicketKind,
        "trade": _trade,
        "upstream_due": _moment,
        "dispatched_at": _moment,
        **dict.fromkeys(
            (
                "is_anonymous",
                "is_confidential",
                "need_reply",
                "has_phone",
                "complex_approved",
                "category",
                "std_kind",
                "std_code",
                "street",
                "lng",
                "lat",
                "object_unit",
            ),
            _plain,
        ),
    }
)
