"""The statement that writes: everything one transaction records, in one round trip."""

from collections.abc import Iterable, Mapping
from types import MappingProxyType

from sqlalchemy import Table, TextClause, text
from sqlalchemy.dialects import postgresql

from shared import models

DIALECT = postgresql.dialect()  # type: ignore[no-untyped-call]


def write_rows(
    table: Table,
    parameter: str,
    columns: Iterable[str] | None = None,
    *,
    conflict: str = "",
    derived: Mapping[str, str] = MappingProxyType({}),
) -> str:
    """INSERT of a JSON array of objects, named as the columns.

    `bureau_id` is the transaction's, and so is `xid`, which Postgres fills in. `derived`: further
    columns, by SQL over the row `r`.
    """
    names = [c.name for c in table.columns if c.name not in ("bureau_id", "xid")]
    names = list(columns) if columns is not None else names
    quoted = [f'"{name}"' for name in names]
    typed = ", ".join(
        f'"{name}" {table.columns[name].type.compile(dialect=DIALECT)}' for name in names
    )
    return (  # names of our own tables and columns only
        f"INSERT INTO {table.name} (bureau_id, {', '.join([*quoted, *derived])})"  # noqa: S608
        f" SELECT :bureau, {', '.join(['r.' + name for name in quoted] + [*derived.values()])}"
        f" FROM json_to_recordset(CAST(:{parameter} AS json)) AS r({typed}) {conflict}"
    )


def replacing(table: Table, key: Iterable[str]) -> str:
    """ON CONFLICT on the key: the new row stands."""
    kept = {"bureau_id", *key}
    changed = [f'"{c.name}" = EXCLUDED."{c.name}"' for c in table.columns if c.name not in kept]
    return f"ON CONFLICT (bureau_id, {', '.join(key)}) DO UPDATE SET {', '.join(changed)}"


# An older release beside us writes what it knows of a fold, and must not hide that it did.
KEPT_FORM = ('"form" = EXCLUDED."form"', '"form" = greatest(tickets."form", EXCLUDED."form")')
EVENT_COLUMNS = tuple(
    column.name
    for column in models.ticket_events.columns
    if column.name not in ("bureau_id", "position", "xid")
)
NOTICE_COLUMNS = tuple(
    column.name
    for column in models.notices.columns
    if column.name not in ("bureau_id", "position", "xid")
)
DELIVERY_COLUMNS = ("stream_id", "seq", "subscriber", "event_type", "payload")
NOTHING = "ON CONFLICT DO NOTHING"

# The feed goes by `xid`. A transaction that began first may record second, when it had to wait for
# the ticket: its entry takes the number of the one before it, or the feed would turn them round.
# That one is committed, so no reader who is past that number can have missed the later entry.
NOT_BEFORE_THE_LAST = {
    "xid": "greatest(minhu_xid(), (SELECT e.xid FROM ticket_events AS e"
    " WHERE e.bureau_id = :bureau AND e.ticket_id = r.ticket_id ORDER BY e.seq DESC LIMIT 1))"
}

# Order and absence of ORDER BY do not matter: every row has its own key, and `position` is only
# told apart inside one transaction, whose entries of one ticket are ordered by `seq` anyway.
PARTS = {
    "events": write_rows(
        models.ticket_events, "events", EVENT_COLUMNS, derived=NOT_BEFORE_THE_LAST
    ),
    "tickets": write_rows(
        models.tickets,
        "tickets",
        conflict=replacing(models.tickets, ("ticket_id",)).replace(*KEPT_FORM),
    ),
    "clocks": write_rows(
        models.clocks,
        "clocks",
        conflict=replacing(models.clocks, ("ticket_id", "round", "name", "ordinal")),
    ),
    "texts": write_rows(models.ticket_texts, "texts"),
    "deliveries": write_rows(models.deliveries, "deliveries", DELIVERY_COLUMNS),
    "units": write_rows(models.ticket_units, "units", conflict=NOTHING),
    "notices": write_rows(models.notices, "notices", NOTICE_COLUMNS, conflict=NOTHING),
    "numbers": write_rows(models.ticket_upstream_nos, "numbers"),
    "aliases": write_rows(models.ticket_upstream_nos, "aliases", conflict=NOTHING),
}


def _all_of(names: Iterable[str]) -> TextClause:
    written = ", ".join(f"written_{name} AS ({PARTS[name]})" for name in names)
    return text(f"WITH {written} SELECT 1")


# An action on a known ticket never brings numbers, most bring no notices; a part that is written
# costs its share even without rows.
OPTIONAL = {"numbers": ("numbers", "aliases"), "notices": ("notices",)}


def parts_of(*, numbers: bool, notices: bool) -> tuple[str, ...]:
    left_out = (() if numbers else OPTIONAL["numbers"]) + (() if notices else OPTIONAL["notices"])
    return tuple(name for name in PARTS if name not in left_out)


WRITE = {
    parts: _all_of(parts)
    for parts in (
        parts_of(numbers=numbers, notices=notices)
        for numbers in (False, True)
        for notices in (False, True)
    )
}
