"""What scoring does from time to time: goes on folding everything again where that was begun."""

from collections.abc import Sequence

from services.scoring.actions.recompute import rebuild_some
from shared.tickets import Hotline
from shared.worker.process import Sweep


async def go_on_rebuilding(hotline: Hotline, bureau: int) -> None:
    """After a migration, a new layout, or a rebuilding that was killed."""
    while await rebuild_some(hotline, bureau):
        pass


SWEEPS: Sequence[Sweep] = (go_on_rebuilding,)
