"""Which events scoring hears: whatever counts, as "fold this ticket again", and frozen months."""

from collections.abc import Mapping, Sequence
from types import MappingProxyType

from services.scoring.actions.facts import fold_again
from services.scoring.actions.freezing import fill_freeze
from shared.events.subscriptions import FREEZING, SCORING
from shared.tickets import Ledger
from shared.worker.deliveries import Delivery, Handler, Later


async def fold_facts_again(ledger: Ledger, deliveries: Sequence[Delivery]) -> None:
    """Several events of one ticket are one fold: the log says it all."""
    await fold_again(ledger.tx, {delivery.stream_id for delivery in deliveries})


async def fill_freezes(ledger: Ledger, deliveries: Sequence[Delivery]) -> None:
    """The stream is the month, as 202611, and the sequence its revision.

    Each month in a transaction of its own: none folds meanwhile.
    """
    if len({delivery.stream_id for delivery in deliveries}) > 1:
        raise Later
    for delivery in deliveries:
        if not await fill_freeze(ledger, delivery.stream_id, delivery.seq):
            raise Later


HANDLERS: Mapping[str, Handler] = MappingProxyType(
    {SCORING: fold_facts_again, FREEZING: fill_freezes}
)
