"""Who asks, of which rows (ruling 30), and of which instant."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from services.scoring.actions.freezing import find_freeze
from services.scoring.actions.schemes import choose_scheme
from services.scoring.queries.counting import Scope
from services.scoring.queries.waiting import get_transaction, wait_for
from services.scoring.rules.freezing import Freeze
from services.scoring.rules.periods import Period
from services.scoring.rules.schemes import DEFAULT, Scheme
from shared.db import Scope as Whose
from shared.db import Tx
from shared.domain.actor import Actor
from shared.domain.rulebook import Rulebook, Unit
from shared.domain.words import Role
from shared.errors import Invalid
from shared.identity import Identity
from shared.tickets import Hotline, Ledger

BOUND = frozenset({Role.UNIT, Role.BI})


def scope_of(actor: Actor, rulebook: Rulebook) -> Scope:
    """A unit's or bi's key sees its subtree; one bound to the whole bureau sees all."""
    if actor.role not in BOUND or (actor.role is Role.BI and actor.unit is None):
        return None
    unit = rulebook.units.get(actor.unit or "")
    if unit is not None and unit.parent is None:
        return None
    return rulebook.subtree(actor.unit) if actor.unit is not None else frozenset()


def reader_of(identity: Identity, scope: Scope) -> str | None:
    """A unit, and whoever reads for it alone: it is told of no ticket in which it is the object."""
    return identity.actor.unit if identity.actor.role is Role.UNIT or scope is not None else None


@dataclass(frozen=True, slots=True)
class Terms:
    """By what figures are weighed and named: today's, or those that were frozen with them."""

    scheme: Scheme
    calendar_version: str
    units: Mapping[str, Unit]


async def find_asked_freeze(
    tx: Tx, period: Period, *, revision: int | None, known_at: datetime | None
) -> Freeze | None:
    """A frozen month answers its latest revision; what was known then is never frozen."""
    return await find_freeze(tx, period, revision) if known_at is None else None


async def terms_of(
    ledger: Ledger, period: Period, freeze: Freeze | None, *, scheme: str | None
) -> Terms:
    """Of a frozen month another scheme than the frozen one may be asked."""
    rulebook = ledger.rulebook
    if freeze is not None and freeze.manifest is not None:
        kept = freeze.manifest
        is_kept = scheme in (None, kept.scheme.id)
        chosen = kept.scheme if is_kept else await choose_scheme(ledger.tx, scheme or "", period)
        return Terms(chosen, kept.calendar_version, kept.units)
    at = ledger.now if freeze is None else freeze.frozen_at
    chosen = await choose_scheme(ledger.tx, scheme or DEFAULT, period)
    return Terms(chosen, rulebook.calendar_at(at).version, rulebook.units)


async def wait_until_quiet(hotline: Hotline, whose: Whose) -> None:
    """Until all that had begun to write has written."""
    async with hotline.database.transaction(whose) as tx:
        xid = await get_transaction(tx)
    async with hotline.database.transaction(whose, writing=False) as tx:
        await wait_for(tx, xid)


async def wait_until_known(hotline: Hotline, whose: Whose, known_at: datetime | None) -> None:
    """Until nothing more can be recorded at or before `known_at`, which may not lie ahead."""
    if known_at is None:
        return
    async with hotline.database.transaction(whose) as tx:
        if known_at > tx.now:
            raise Invalid.field("/known_at", "不能是将来的时间")
        xid = await get_transaction(tx)
    async with hotline.database.transaction(whose, writing=False) as tx:
        await wait_for(tx, xid)
