"""Who asks, and of which rows (ruling 30)."""

from datetime import datetime

from services.scoring.actions.scores import Scope
from shared.domain.actor import Actor
from shared.domain.rulebook import Rulebook
from shared.domain.words import Role
from shared.errors import Invalid

BOUND = frozenset({Role.UNIT, Role.BI})


def scope_of(actor: Actor, rulebook: Rulebook) -> Scope:
    """A unit's or bi's key sees its subtree; one bound to the whole bureau sees all."""
    if actor.role not in BOUND or (actor.role is Role.BI and actor.unit is None):
        return None
    unit = rulebook.units.get(actor.unit or "")
    if unit is not None and unit.parent is None:
        return None
    return rulebook.subtree(actor.unit) if actor.unit is not None else frozenset()


def check_known_at(known_at: datetime | None, now: datetime) -> None:
    if known_at is not None and known_at > now:
        raise Invalid.field("/known_at", "不能是将来的时间")
