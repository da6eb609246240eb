"""The list of tickets: filters, order and pages, as one statement."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import lru_cache
from types import MappingProxyType
from typing import Any

from sqlalchemy import TextClause, text

from shared.db import Tx
from shared.domain.ticket import Ticket
from shared.domain.words import TERMINAL_STATES, TicketState, Trade, Urgency
from shared.errors import Invalid
from shared.tickets import FOLD, read_folds

LIGHTS = ("green", "yellow", "red")
TERMINAL = ", ".join(f"'{state}'" for state in sorted(TERMINAL_STATES))
# The light of `complete` as it was when it stopped, else as it is now (ruling 8).
LOOKED_AT = "coalesce(t.stopped_at, :now)"
YEARS = range(2000, 2101)
SORTS: Mapping[str, tuple[str, str]] = MappingProxyType(
    {
        "due": ("t.due_at", "ASC"),
        "-due": ("t.due_at", "DESC"),
        "received": ("t.received_at", "ASC"),
        "-received": ("t.received_at", "DESC"),
    }
)
CONDITIONS: Mapping[str, str] = MappingProxyType(
    {
        "state": "t.state = ANY(CAST(:state AS text[]))",
        "trade": "t.trade = ANY(CAST(:trade AS text[]))",
        "urgency": "t.urgency = ANY(CAST(:urgency AS text[]))",
        "category": "t.category = :category",
        "street": "t.street = :street",
        "matter": "t.matter = :matter",
        "unit": "(t.lead_unit = :unit OR EXISTS (SELECT FROM json_to_recordset("
        "(t.fold->'assists')::json) AS a(unit text) WHERE a.unit = :unit))",
        "light": f"t.state NOT IN ({TERMINAL}) AND t.due_at IS NOT NULL AND :light = CASE"
        f" WHEN {LOOKED_AT} >= t.due_at THEN 'red'"
        f" WHEN {LOOKED_AT} >= t.warn_at THEN 'yellow' ELSE 'green' END",
        "due_before": "t.due_at < :due_before",
        "received_from": "t.received_at >= :received_from",
        "received_to": "t.received_at < :received_to",
        "q": "t.ticket_id IN (SELECT minhu_tickets_with(:q))",
        "reader": "EXISTS (SELECT FROM ticket_units AS u WHERE u.bureau_id = :bureau"
        " AND u.unit_id = :reader AND u.ticket_id = t.ticket_id)"
        " AND t.object_unit IS DISTINCT FROM :reader",
    }
)
ORDERED = f"SELECT {FOLD}, {{key}} AS key FROM tickets AS t WHERE {{where}}"  # noqa: S608


def _moment(name: str, value: str) -> datetime:
    try:
        at = datetime.fromisoformat(value.replace(" ", "+"))
    except ValueError:
        at = None
    if at is None or at.tzinfo is None:
        raise Invalid.field(f"/{name}", "应为带时区的时间（RFC 3339）")
    if at.year not in YEARS:  # the edges of the calendar have no other zone
        raise Invalid.field(f"/{name}", "时间超出可用范围（2000–2100 年）")
    return at


def _words(words: type[TicketState | Trade | Urgency]) -> Callable[[str, str], list[str]]:
    def read(name: str, value: str) -> list[str]:
        given = value.split(",")
        if not set(given) <= {word.value for word in words}:
            raise Invalid.field(f"/{name}", "不在允许的取值之内")
        return given

    return read


def _light(name: str, value: str) -> str:
    if value not in LIGHTS:
        raise Invalid.field(f"/{name}", "不在允许的取值之内")
    return value


def _text(name: str, value: str) -> str:
    if not 1 <= len(value) <= 100 or "\0" in value:
        raise Invalid.field(f"/{name}", "须为 1–100 个字符")
    return value


READERS: Mapping[str, Callable[[str, str], Any]] = MappingProxyType(
    {
        "state": _words(TicketState),
        "trade": _words(Trade),
        "urgency": _words(Urgency),
        "light": _light,
        "due_before": _moment,
        "received_from": _moment,
        "received_to": _moment,
        **dict.fromkeys(("category", "street", "matter", "unit", "q"), _text),
    }
)
PAGING = frozenset({"sort", "limit", "cursor"})


@dataclass(frozen=True, slots=True)
class Listing:
    """A checked question: filters by name, the order, and where the last page ended."""

    filters: Mapping[str, Any]
    sort: str
    limit: int
    after: tuple[str, int] | None = None


def read_filters(query: Mapping[str, str]) -> dict[str, Any]:
    """Raises Invalid for one that makes no sense."""
    return {name: READERS[name](name, value) for name, value in query.items() if name in READERS}


def read_sort(query: Mapping[str, str]) -> str:
    sort = query.get("sort", "due")
    if sort not in SORTS:
        raise Invalid.field("/sort", "可选 due、received，前加 - 为倒序")
    return sort


async def list_page(
    tx: Tx, listing: Listing, *, reader: str | None
) -> tuple[list[Ticket], tuple[str, int] | None]:
    """One page of folds without clocks, and where the next one begins."""
    values = dict(listing.filters)
    names = sorted(values)
    if reader is not None:
        names.append("reader")
        values["reader"] = reader
    statement = _statement(tuple(names), listing.sort, listing.after is not None)
    if listing.after is not None:
        key, ticket_id = listing.after
        values |= {"after_key": datetime.fromisoformat(key), "after_id": ticket_id}
    if "light" in names:
        values["now"] = tx.now
    rows = await tx.rows(statement, bureau=tx.bureau, limit=listing.limit + 1, **values)
    tickets = await read_folds(tx, rows[: listing.limit])
    return tickets, _next(rows, tickets, listing.limit)


def _next(rows: Sequence[Any], tickets: Sequence[Ticket], limit: int) -> tuple[str, int] | None:
    if len(rows) <= limit:
        return None
    return rows[limit - 1].key.isoformat(), tickets[-1].ticket_id


@lru_cache(maxsize=256)
def _statement(names: tuple[str, ...], sort: str, continued: bool) -> TextClause:  # noqa: FBT001
    key, direction = SORTS[sort]
    where = ["t.bureau_id = :bureau", *(CONDITIONS[name] for name in names)]
    if continued:
        beyond = ">" if direction == "ASC" else "<"
        where.append(f"({key}, t.ticket_id) {beyond} (:after_key, :after_id)")
    selected = ORDERED.format(key=key, where=" AND ".join(where))
    return text(f"{selected} ORDER BY {key} {direction}, t.ticket_id {direction} LIMIT :limit")
