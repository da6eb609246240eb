"""The feed of facts: a page of it, or all of it as one stream."""

from collections.abc import AsyncIterator

from services.scoring.actions.recompute import is_readable
from services.scoring.exports.forms import BOM, HEADER
from services.scoring.queries.feed import (
    Horizon,
    Page,
    Place,
    Wish,
    get_horizon,
    read_rows,
    stream_rows,
)
from services.scoring.queries.folding import find_progress
from shared.db import Tx
from shared.errors import Unavailable


async def look_ahead(tx: Tx) -> Horizon:
    """How far can be read now. Raises Unavailable while everything is being folded again."""
    progress = await find_progress(tx)
    if not is_readable(progress):
        raise Unavailable
    return await get_horizon(tx, progress.known_at if progress is not None else None)


async def read_page(tx: Tx, wish: Wish, place: Place, *, limit: int) -> Page:
    return await read_rows(tx, wish, place, horizon=await look_ahead(tx), limit=limit)


async def stream_file(tx: Tx, wish: Wish, place: Place, *, horizon: Horizon) -> AsyncIterator[str]:
    """A whole file up to a horizon that was told to its reader before."""
    await look_ahead(tx)
    yield BOM + HEADER
    async for rows in stream_rows(tx, wish, place, horizon=horizon):
        yield "".join(rows)
