"""Loading a bureau's rulebook, kept in the process until the bureau's configuration changes."""

from collections.abc import Iterable, Sequence
from datetime import UTC, datetime
from typing import Any

from sqlalchemy import text

from shared.db import Tx, Wider
from shared.domain.calendar import WorkCalendar
from shared.domain.limits import Limits
from shared.domain.rulebook import Rulebook, Subscription, Unit, Valid
from shared.domain.words import Trade, UnitKind
from shared.errors import Unavailable
from shared.tickets.emergency import list_plans, read_plan

CALENDARS = text(
    "SELECT c.version, c.provisional_years, c.valid_from, c.valid_to, d.day, d.is_workday, d.name"
    " FROM calendars c LEFT JOIN calendar_days d USING (bureau_id, version)"
    " WHERE c.bureau_id = :bureau ORDER BY c.valid_from, c.version"
)
LIMITS = text(
    "SELECT version, name, value, valid_from, valid_to FROM limits"
    " WHERE bureau_id = :bureau ORDER BY valid_from, version"
)
UNITS = text(
    "SELECT unit_id, parent_id, kind, name, trades FROM units"
    " WHERE bureau_id = :bureau AND valid_to IS NULL"
)
CALLBACKS = text(
    "SELECT source, callback_url FROM sources"
    " WHERE bureau_id = :bureau AND callback_url IS NOT NULL"
)

SUBSCRIPTIONS = text(
    "SELECT subscription_id, unit_id, types FROM subscriptions"
    " WHERE bureau_id = :bureau AND ended_at IS NULL ORDER BY created_at, subscription_id"
)


class Rulebooks:
    """One per process. A transaction tells which version of the configuration it sees."""

    def __init__(self) -> None:
        self._kept: dict[int, Rulebook] = {}

    async def of(self, tx: Tx) -> Rulebook:
        kept = self._kept.get(tx.bureau)
        if kept is None or kept.version != tx.config_version:
            async with tx.widened(Wider.RULEBOOK) as wide:
                kept = await load_rulebook(wide)
            self._kept[tx.bureau] = kept
        return kept


async def load_rulebook(tx: Tx) -> Rulebook:
    calendars = _calendars(await tx.rows(CALENDARS, bureau=tx.bureau))
    limits = _limits(await tx.rows(LIMITS, bureau=tx.bureau))
    if not calendars or not limits:
        raise Unavailable(
            "本局尚未载入工作日历或时限，请先运行 minhu org load 与 minhu calendar load"
        )
    units = {
        row.unit_id: Unit(
            unit_id=row.unit_id,
            parent=row.parent_id,
            kind=UnitKind(row.kind),
            name=row.name,
            trades=frozenset(Trade(trade) for trade in row.trades),
        )
        for row in await tx.rows(UNITS, bureau=tx.bureau)
    }
    callbacks = {row.source: row.callback_url for row in await tx.rows(CALLBACKS, bureau=tx.bureau)}
    plans = tuple(read_plan(row) for row in await list_plans(tx))
    subscriptions = tuple(
        Subscription(row.subscription_id, row.unit_id, frozenset(row.types))
        for row in await tx.rows(SUBSCRIPTIONS, bureau=tx.bureau)
    )
    return Rulebook(tx.config_version, calendars, limits, units, callbacks, plans, subscriptions)


def _calendars(rows: Sequence[Any]) -> tuple[Valid[WorkCalendar], ...]:
    by_version: dict[str, list[Any]] = {}
    for row in rows:
        by_version.setdefault(row.version, []).append(row)
    return tuple(
        Valid(
            WorkCalendar(
                version=version,
                exceptions={row.day: row.is_workday for row in days if row.day is not None},
                provisional_years=frozenset(days[0].provisional_years),
                names={row.day: row.name for row in days if row.day is not None},
            ),
            *_validity(days),
        )
        for version, days in by_version.items()
    )


def _limits(rows: Sequence[Any]) -> tuple[Valid[Limits], ...]:
    by_version: dict[str, list[Any]] = {}
    for row in rows:
        by_version.setdefault(row.version, []).append(row)
    return tuple(
        Valid(Limits(version, {row.name: row.value for row in values}), *_validity(values))
        for version, values in by_version.items()
    )


def _validity(rows: Iterable[Any]) -> tuple[datetime, datetime | None]:
    first = next(iter(rows))
    return first.valid_from.astimezone(UTC), first.valid_to
