"""A person of the sample bureau: an account, an authenticator app, a drawer of recovery codes."""

import base64
import itertools
import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import parse_qs, urlsplit

from httpx import AsyncClient, Response

from shared.domain.words import Role
from shared.identity.accounts import add_account, enrol, set_password
from shared.identity.codes import STEP_SECONDS, code_at
from shared.tickets import Hotline
from tests.conftest import BUREAU

PASSWORD = "correct-horse-battery"
keys = itertools.count(1)


@dataclass
class Person:
    """`used`: the half minute of the last code: an app shows the same one until the next."""

    account: str
    seed: bytes | None = None
    recovery_codes: Sequence[str] = ()
    password: str = PASSWORD
    used: int = field(default=0)

    def next_code(self) -> str:
        """One that was not used yet: the next half minute's, which is taken for a fast clock."""
        if self.seed is None:
            return ""
        present = int(time.time() // STEP_SECONDS)
        self.used = max(self.used + 1, present - 1)
        assert self.used <= present + 1, "three codes in half a minute are too many"
        return code_at(self.seed, self.used)

    async def sign_in(self, client: AsyncClient, **changed: Any) -> Response:
        body = {"account": self.account, "password": self.password, **changed}
        if "code" not in body:
            body["code"] = self.next_code()
        return await client.post("/v1/session", json=body, headers=fresh())


def fresh() -> dict[str, str]:
    return {"Idempotency-Key": f"sign-{next(keys)}"}


async def make_person(
    hotline: Hotline,
    account: str = "wangfang",
    *,
    actor: str = "王芳",
    role: Role = Role.DESK,
    with_code: bool = False,
    **values: Any,
) -> Person:
    async with hotline.database.transaction(BUREAU) as tx:
        await add_account(tx, account, actor=actor, role=role, **values)
        await set_password(tx, account, PASSWORD)
        if not with_code:
            return Person(account)
        made = await enrol(tx, account, keyring=hotline.keyring)
    secret = parse_qs(urlsplit(made.uri).query)["secret"][0]
    seed = base64.b32decode(secret + "=" * (-len(secret) % 8))
    return Person(account, seed, made.recovery_codes)
