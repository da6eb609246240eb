"""Who was told of which tickets behind a figure, and who took figures away."""

from collections.abc import Iterable
from datetime import datetime

from fastapi import Request

from shared.audit.entries import record_named, record_reading
from shared.domain.readings import ReadingKind
from shared.identity import Identity
from shared.tickets import Hotline
from shared.web.readings import reading_page


async def note_figures(
    request: Request, caller: Identity, *, hotline: Hotline, nos: Iterable[str | None]
) -> None:
    """Figures are read from a snapshot, which cannot write: recorded right after it, and before
    the answer leaves."""
    named = {no for no in nos if no is not None}
    if named:
        async with hotline.database.transaction(caller.scope, writing=False) as tx:
            reading = reading_page(request, caller.actor, ReadingKind.FIGURES)
            await record_named(tx, reading, named)


async def note_export(request: Request, caller: Identity, *, hotline: Hotline) -> datetime:
    """Rows without words or callers: who took them, by which bounds, and when."""
    async with hotline.database.transaction(caller.scope, writing=False) as tx:
        await record_reading(tx, reading_page(request, caller.actor, ReadingKind.EXPORT))
        return tx.now
