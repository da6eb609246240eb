"""Linking what was read into its chain, and its head kept outside of the database."""

import asyncio
import contextlib
import logging
import time
from dataclasses import dataclass, field

from shared.audit.anchors import write_anchor
from shared.audit.chain import BATCH, Head, find_head, has_unlinked, link_entries, lock_of
from shared.errors import Unavailable
from shared.tickets import Hotline

log = logging.getLogger(__name__)

ANCHOR_SECONDS = 3600.0
CLOSING_SECONDS = 1.5


@dataclass(slots=True)
class Chainer:
    """`anchored`: by bureau, the last head written to the file, and when."""

    hotline: Hotline
    anchored: dict[int, tuple[float, Head]] = field(default_factory=dict)

    async def look(self) -> None:
        for bureau in await self.hotline.bureaus():
            await self._link(bureau)
            written, _ = self.anchored.get(bureau, (None, None))
            if written is None or time.monotonic() - written >= ANCHOR_SECONDS:
                await self._anchor(bureau)

    async def close(self) -> None:
        """Once more at the end, as far as the time allows."""
        with contextlib.suppress(Unavailable, TimeoutError):
            async with asyncio.timeout(CLOSING_SECONDS):
                for bureau in await self.hotline.bureaus():
                    await self._link(bureau)
                    await self._anchor(bureau)

    async def _link(self, bureau: int) -> None:
        """One at a time; who finds another at it leaves it to that one."""
        database = self.hotline.database
        more = True
        while more:
            async with database.transaction(bureau, writing=False) as tx:
                if not await has_unlinked(tx):
                    return
            async with database.transaction(bureau, lock=lock_of(bureau)) as tx:
                if not tx.locked:
                    return
                more = await link_entries(tx) == BATCH

    async def _anchor(self, bureau: int) -> None:
        folder = self.hotline.settings.audit_folder
        if folder is None:
            return
        async with self.hotline.database.transaction(bureau, writing=False) as tx:
            head, now = await find_head(tx), tx.now
        known = self.anchored.get(bureau)
        if head.seq and (known is None or known[1] != head):
            await asyncio.to_thread(write_anchor, folder, bureau, head, at=now)
            log.info("audit chain anchored", extra={"bureau": bureau, "link": head.seq})
        self.anchored[bureau] = (time.monotonic(), head)
