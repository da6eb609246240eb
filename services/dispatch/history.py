"""Log entries as CloudEvents 1.0: with texts for a ticket's readers, thin in the feed."""

import re
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

import orjson

from services.dispatch.answers import INSIDERS
from services.dispatch.case import Texts
from services.dispatch.times import city_time
from shared.domain.actor import Actor
from shared.domain.ticket import Ticket
from shared.domain.upstream import STANDING_TEXTS
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
    names = [*orjson.loads(row.texts)] if row.texts else []
    is_inside = reader.role in INSIDERS
    if not is_inside:
        aside = frozenset(data.pop("differs", ())) - {*data.get("text_fields", ())}
        names = [name for name in names if name != "raw" and name not in aside]
        data = _without(data, HIDDEN_FROM_UNITS)
        if "changes" in data:
            data["changes"] = _without(data["changes"], HIDDEN_FROM_UNITS)
    written = {name: texts.get((row.seq, name)) for name in names}
    differences = _differences(data, written, texts)
    if differences:
        data["differences"] = differences
    if data.get("differs") and not data.get("link"):
        data["late"] = True  # a newer word stood already
    data.pop("before", None)
    return data | {
        "texts": written,
        "actor": {"role": row.actor_role, "name": row.actor_name, "unit": row.actor_unit},
    }


def _differences(
    data: Mapping[str, Any], written: Mapping[str, str | None], texts: Texts
) -> list[dict[str, Any]]:
    """Field by field what stood and what was said; `stands`: whether it does now.

    `before` has the codes, and of a text the entry that held it. What does not stand is among the
    entry's own texts.
    """
    before = data.get("before", {})
    told = {**written, **data.get("changes", {})}
    stands = (*data.get("changes", {}), *data.get("text_fields", ()))
    return [
        {
            "field": name,
            "from": texts.get((before[name], name))
            if name in STANDING_TEXTS and name in before
            else before.get(name),
            "to": told.get(name),
            "stands": name in stands,
        }
        for name in dict.fromkeys((*stands, *data.get("differs", ())))
    ]


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
