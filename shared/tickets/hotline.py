"""What every process holds: the database, the bureaus' rulebooks, the keyring."""

from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field

from sqlalchemy import text

from shared.db import Database, Scope
from shared.settings import Settings
from shared.tickets.ledger import Ledger
from shared.tickets.rulebooks import Rulebooks
from shared.vault.keyring import Keyring

BUREAUS = text("SELECT bureau_id FROM minhu_bureaus()")
SLUGS = text("SELECT slug, bureau_id FROM minhu_bureaus()")


def no_bell() -> None:
    """Nobody listens: the sweep will find what is owed."""


@dataclass(slots=True)
class Hotline:
    """`ring` tells the workers that deliveries are owed; losing a ring loses nothing."""

    settings: Settings
    database: Database
    keyring: Keyring
    ring: Callable[[], None] = no_bell
    rulebooks: Rulebooks = field(default_factory=Rulebooks)

    @classmethod
    def open(cls, settings: Settings) -> "Hotline":
        return cls(
            settings,
            Database(settings.database_url, pool_size=settings.pool_size),
            Keyring.load(settings.keyring_file),
        )

    @asynccontextmanager
    async def ledger(
        self,
        whose: Scope | int,
        *,
        writing: bool = True,
        snapshot: bool = False,
        lock: int = 0,
        trace: str | None = None,
    ) -> AsyncIterator[Ledger]:
        """One transaction: what was recorded is written before it commits, the ring goes after.

        `whose`: of a request always the scope of who asks; a number is a whole bureau.
        """
        async with self.database.transaction(
            whose, writing=writing, snapshot=snapshot, lock=lock
        ) as tx:
            ledger = Ledger(tx, await self.rulebooks.of(tx), self.keyring, trace)
            yield ledger
            await ledger.close()
        if ledger.owes:
            self.ring()

    async def bureaus(self) -> list[int]:
        """Sweeps run bureau by bureau; the list itself belongs to none."""
        async with self.database.unscoped() as connection:
            return list((await connection.execute(BUREAUS)).scalars())

    async def slugs(self) -> dict[str, int]:
        """The bureaus' ids by slug, in their order."""
        async with self.database.unscoped() as connection:
            return {row.slug: int(row.bureau_id) for row in await connection.execute(SLUGS)}

    async def close(self) -> None:
        await self.database.close()
