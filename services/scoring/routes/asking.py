"""Who asks, of which rows (ruling 30), and of which instant."""

from datetime import datetime

from services.scoring.actions.scores import wait_for
from services.scoring.queries.counting import Scope
from services.scoring.queries.waiting import get_transaction
from shared.domain.actor import Actor
from shared.domain.rulebook import Rulebook
from shared.domain.words import Role
from shared.errors import Invalid
from shared.tickets import Hotline

BOUND = frozenset({Role.UNIT, Role.BI})


def scope_of(actor: Actor, rulebook: Rulebook) -> Scope:
    """A unit's or bi's key sees its subtree; one bound to the whole bureau sees all."""
    if actor.role not in BOUND or (actor.role is Role.BI and actor.unit is None):
        return None
    unit = rulebook.units.get(actor.unit or "")
    if unit is not None and unit.parent is None:
        return None
    return rulebook.subtree(actor.unit) if actor.unit is not None else frozenset()


async def wait_until_known(hotline: Hotline, bureau: int, known_at: datetime | None) -> None:
    """Until nothing more can be recorded at or before `known_at`, which may not lie ahead."""
    if known_at is None:
        return
    async with hotline.database.transaction(bureau) as tx:
        if known_at > tx.now:
            raise Invalid.field("/known_at", "不能是将来的时间")
        xid = await get_transaction(tx)
    async with hotline.database.transaction(bureau, writing=False) as tx:
        await wait_for(tx, xid)
