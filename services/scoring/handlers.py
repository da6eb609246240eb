"""Which events scoring hears: whatever counts, as "fold this ticket again"."""

from collections.abc import Mapping, Sequence
from types import MappingProxyType

from services.scoring.actions.facts import fold_again
from shared.events.subscriptions import SCORING
from shared.tickets import Ledger
from shared.worker.deliveries import Delivery, Handler


async def fold_facts_again(ledger: Ledger, deliveries: Sequence[Delivery]) -> None:
    """Several events of one ticket are one fold: the log says it all."""
    await fold_again(ledger.tx, {delivery.stream_id for delivery in deliveries})


HANDLERS: Mapping[str, Handler] = MappingProxyType({SCORING: fold_facts_again})
