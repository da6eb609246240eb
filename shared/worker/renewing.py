"""What older keys have sealed and hashed, done anew by the current ones, bureau by bureau."""

from dataclasses import dataclass, field

from shared.tickets import Hotline
from shared.vault.originals import FIRST, renew_originals
from shared.vault.rotation import renew_callers, renew_secrets


@dataclass(slots=True)
class Renewer:
    """`passed`: the sealing keys by which this process has been through all originals already.

    There are many of them. What another process still seals by an older key is left to
    `minhu keyring reseal`, without which that key cannot be retired.
    """

    hotline: Hotline
    passed: set[tuple[int, str]] = field(default_factory=set)

    async def look(self) -> None:
        """Nothing is asked of Postgres where there are no older keys."""
        keyring = self.hotline.keyring
        if keyring.before("hash") or keyring.before("seal"):
            await self.renew()

    async def renew(self) -> int:
        """How many were done."""
        done = 0
        for bureau in await self.hotline.bureaus():
            done += await self._renew(bureau)
        return done

    async def _renew(self, bureau: int) -> int:
        """A transaction for each batch: no number's tickets go over half."""
        database, keyring = self.hotline.database, self.hotline.keyring
        async with database.transaction(bureau) as tx:
            done = await renew_secrets(tx, keyring)
        more = True
        while more:
            async with database.transaction(bureau) as tx:
                renewed = await renew_callers(tx, keyring)
            done += renewed
            more = renewed > 0
        return done + await self._renew_originals(bureau)

    async def _renew_originals(self, bureau: int) -> int:
        keyring, done, after = self.hotline.keyring, 0, FIRST
        once = (bureau, keyring.current["seal"].id)
        while once not in self.passed:
            async with self.hotline.database.transaction(bureau) as tx:
                ids = await renew_originals(tx, keyring, after=after)
            if not ids:
                self.passed.add(once)
            done, after = done + len(ids), ids[-1] if ids else after
        return done
