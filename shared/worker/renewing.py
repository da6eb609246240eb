"""What older keys have sealed and hashed, done anew by the current ones, bureau by bureau."""

from dataclasses import dataclass

from shared.tickets import Hotline
from shared.vault.rotation import renew_callers, renew_secrets


@dataclass(frozen=True, slots=True)
class Renewer:
    hotline: Hotline

    async def look(self) -> None:
        await self.renew()

    async def renew(self) -> int:
        """How many were done. Nothing is asked of Postgres where there are no older keys."""
        keyring = self.hotline.keyring
        if not keyring.before("hash") and not keyring.before("seal"):
            return 0
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
        return done
