"""A person signs in: password, one-time code, locks; one answer for whatever is wrong."""

from dataclasses import dataclass
from typing import Any

from sqlalchemy import text

from shared.db import Database, Tx
from shared.errors import Unauthenticated
from shared.identity.accounts import (
    find_account,
    seal_context,
    set_password,
    use_recovery_code,
    use_step,
)
from shared.identity.codes import DIGITS, find_step
from shared.identity.lockouts import count_failure, forget_failures, take_locks
from shared.identity.passwords import CURRENT, Doorman
from shared.identity.sources import Sealing

CLOCK = text("SELECT extract(epoch FROM clock_timestamp()) AS seconds")


class NotSignedIn(Unauthenticated):
    """Unknown, wrong, locked, disabled: nobody is told which."""

    def __init__(self) -> None:
        super().__init__("登录名、口令或动态码不对，或失败过多已暂时锁定")


@dataclass(frozen=True, slots=True, repr=False)
class Attempt:
    """`account` without its bureau; `address` as it is counted."""

    account: str
    password: str
    code: str
    address: str


async def try_password(
    database: Database, bureau: int, attempt: Attempt, *, doorman: Doorman
) -> str | None:
    """The hash that the password fits, tried outside of any transaction: it takes its time."""
    async with database.transaction(bureau, writing=False) as tx:
        row = await find_account(tx, attempt.account)
    known = None if row is None or row.disabled_at is not None else row.password_hash
    return known if await doorman.is_password(attempt.password, known) else None


async def admit(tx: Tx, attempt: Attempt, fitting: str | None, *, keyring: Sealing) -> Any | None:
    """The account, where all is right; otherwise None, and the failure is counted.

    The caller commits in either case. `fitting` is what `try_password` found.
    """
    locks = await take_locks(tx, account=attempt.account, address=attempt.address)
    row = await find_account(tx, attempt.account, lock=True)
    known = None if row is None or row.disabled_at is not None else row.password_hash
    is_right = fitting is not None and known == fitting
    if locks.is_locked or not is_right or not await _check_code(tx, row, attempt, keyring):
        await count_failure(tx, locks)
        return None
    await forget_failures(tx, attempt.account)
    if fitting is not None and not fitting.startswith(CURRENT):
        await set_password(tx, attempt.account, attempt.password)
    return row


async def _check_code(tx: Tx, row: Any, attempt: Attempt, keyring: Sealing) -> bool:
    if row.totp_sealed is None:
        return True
    if len(attempt.code) != DIGITS:
        return await use_recovery_code(tx, attempt.account, attempt.code)
    context = seal_context(tx.bureau, attempt.account)
    seed = keyring.unseal(bytes(row.totp_sealed), row.totp_seal_key_id, context)
    clock = await tx.row(CLOCK)
    assert clock is not None
    step = find_step(seed, attempt.code, seconds=float(clock.seconds), after=row.totp_step)
    return step is not None and await use_step(tx, attempt.account, step)
