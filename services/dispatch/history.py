"""Log entries as CloudEvents 1.0: with texts for a ticket's readers, thin in the feed."""

import re
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

import orjson

from services.dispatch.answers import INSIDERS, city_time
from services.dispatch.case import Texts
from shared.domain.actor import Actor
from shared.domain.ticket import Ticket
from shared.identity import Identity

# What a person is called, and what a unit must not learn of: not in the feed, not for units.
TIME = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?(Z|[+-]\d\d:\d\d)")
NAMES = frozenset({"by", "executor", "section", "call_id"})
HIDDEN_FROM_UNITS = frozenset({"object_unit", "has_phone", "other_nos"})


def event_items(
    ticket: Ticket, rows: Sequence[Any], texts: Texts, reader: Identity
) -> list[dict[str, Any]]:
    """`data` shows codes, the texts and the difference list as this reader may read them."""
    return [
        _cloud_event(row, ticket.ticket_id, ticket.no, reader.bureau)
        | {"data": _data(row, texts, reader.actor)}
        for row in rows
    ]


def feed_items(rows: Sequence[Any], bureau: int) -> list[dict[str, Any]]:
    """`data` has codes and ids only."""
    return [
        _cloud_event(row, row.ticket_id, row.no, bureau)
        | {"data": _without(_read(row.data), NAMES | HIDDEN_FROM_UNITS)}
        for row in rows
    ]


def _cloud_event(row: Any, ticket_id: int, no: str, bureau: int) -> dict[str, Any]:
    return {
        "specversion": "1.0",
        "id": f"{bureau}-{ticket_id}-{row.seq}",
        "source": f"/bureaus/{bureau}/tickets",
        "type": row.type,
        "subject": no,
        "time": city_time(row.occurred_at),
        "recordedtime": city_time(row.recorded_at),
        "datacontenttype": "application/json",
    }


def _data(row: Any, texts: Texts, reader: Actor) -> dict[str, Any]:
    data = _read(row.data)
    if reader.role not in INSIDERS:
        data = _without(data, HIDDEN_FROM_UNITS)
    written = {
        name: texts.get((row.seq, name))
        for name in (orjson.loads(row.texts) if row.texts else {})
        if name != "raw" or reader.role in INSIDERS
    }
    differences = _differences(data, written)
    if differences:
        data["differences"] = differences
    data.pop("before", None)
    return data | {
        "texts": written,
        "actor": {"role": row.actor_role, "name": row.actor_name, "unit": row.actor_unit},
    }


def _differences(
    data: Mapping[str, Any], written: Mapping[str, str | None]
) -> list[dict[str, Any]]:
    """What an update changed, field by field: codes from and to, texts as they now read."""
    if "changes" not in data and "text_fields" not in data:
        return []
    before = data.get("before", {})
    codes = [
        {"field": name, "from": before.get(name), "to": value}
        for name, value in data.get("changes", {}).items()
        if name not in HIDDEN_FROM_UNITS
    ]
    worded = [{"field": name, "to": written.get(name)} for name in data.get("text_fields", ())]
    return codes + worded


def _read(data: str) -> dict[str, Any]:
    """The log keeps times as they came; answers use the city's."""
    read: dict[str, Any] = _in_city_time(orjson.loads(data))
    return read


def _in_city_time(value: Any) -> Any:
    if isinstance(value, dict):
        return {name: _in_city_time(one) for name, one in value.items()}
    if isinstance(value, list):
        return [_in_city_time(one) for one in value]
    if isinstance(value, str) and TIME.fullmatch(value):
        return city_time(datetime.fromisoformat(value))
    return value


def _without(data: Mapping[str, Any], names: frozenset[str]) -> dict[str, Any]:
    return {name: value for name, value in data.items() if name not in names}
