"""Persons' accounts: made by an administrator, with a password and one-time codes or a subject
of the bureau's own sign-in provider."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import text

from shared.db import Tx
from shared.domain.words import Role
from shared.errors import Conflict, Invalid, NotFound
from shared.identity.codes import new_recovery_codes, new_seed, otpauth_uri, recovery_hash
from shared.identity.passwords import hash_password
from shared.identity.sources import Sealing

NAME = re.compile(r"[a-z0-9][a-z0-9._-]{1,63}", re.ASCII)
LONGEST_SUBJECT = 255

INSERT = text(
    "INSERT INTO accounts (bureau_id, account, actor, role, unit_id, oidc_issuer, oidc_subject)"
    " VALUES (:bureau, :account, :actor, :role, :unit, :issuer, :subject) ON CONFLICT DO NOTHING"
)
FIND = text("SELECT * FROM accounts WHERE bureau_id = :bureau AND account = :account")
LOCK = text(f"{FIND.text} FOR UPDATE")
FIND_SUBJECT = text(
    "SELECT * FROM accounts WHERE bureau_id = :bureau AND oidc_issuer = :issuer"
    " AND oidc_subject = :subject AND disabled_at IS NULL"
)
LIST = text(
    "SELECT a.*, f.locked_until, (SELECT count(*) FROM sessions AS s"
    " WHERE s.bureau_id = a.bureau_id AND s.account = a.account AND s.ended_at IS NULL"
    " AND s.expires_at > clock_timestamp()"
    " AND s.last_used_at + s.idle_seconds * interval '1 second' > clock_timestamp()) AS live,"
    " (SELECT count(*) FROM recovery_codes AS c WHERE c.bureau_id = a.bureau_id"
    " AND c.account = a.account AND c.used_at IS NULL) AS recovery_codes"
    " FROM accounts AS a LEFT JOIN sign_in_failures AS f ON f.bureau_id = a.bureau_id"
    " AND f.kind = 'account' AND f.locked_until > clock_timestamp()"
    " AND f.subject = encode(sha256(a.account::bytea), 'hex')"
    " WHERE a.bureau_id = :bureau ORDER BY a.account"
)
SET_PASSWORD = text(
    "UPDATE accounts SET password_hash = :hash WHERE bureau_id = :bureau AND account = :account"
)
SET_SEED = text(
    "UPDATE accounts SET totp_sealed = :sealed, totp_seal_key_id = :seal_key, totp_step = 0"
    " WHERE bureau_id = :bureau AND account = :account"
)
DISABLE = text(
    "UPDATE accounts SET disabled_at = CASE WHEN :disabled THEN"
    " coalesce(disabled_at, clock_timestamp()) END"
    " WHERE bureau_id = :bureau AND account = :account"
)
USE_STEP = text(
    "UPDATE accounts SET totp_step = :step"
    " WHERE bureau_id = :bureau AND account = :account AND totp_step < :step"
)
DROP_CODES = text("DELETE FROM recovery_codes WHERE bureau_id = :bureau AND account = :account")
INSERT_CODES = text(
    "INSERT INTO recovery_codes (bureau_id, account, code_hash)"
    " SELECT :bureau, :account, unnest(CAST(:hashes AS bytea[]))"
)
USE_CODE = text(
    "UPDATE recovery_codes SET used_at = clock_timestamp() WHERE bureau_id = :bureau"
    " AND account = :account AND code_hash = :hash AND used_at IS NULL"
)


@dataclass(frozen=True, slots=True, repr=False)
class Enrolment:
    """Shown once, to be put into the person's authenticator app and drawer."""

    uri: str
    recovery_codes: Sequence[str]


async def add_account(
    tx: Tx,
    account: str,
    *,
    actor: str,
    role: Role,
    unit: str | None = None,
    issuer: str | None = None,
    subject: str | None = None,
) -> None:
    if not NAME.fullmatch(account):
        raise Invalid("登录名用小写字母、数字、点、横线，2 至 64 个字符")
    if subject is not None and not 1 <= len(subject) <= LONGEST_SUBJECT:
        raise Invalid(f"统一认证的用户标识须为 1–{LONGEST_SUBJECT} 个字符")
    values = {"actor": actor, "role": role.value, "unit": unit}
    found = {"issuer": issuer if subject else None, "subject": subject}
    made = await tx.run(INSERT, bureau=tx.bureau, account=account, **values, **found)
    if not made.rowcount:
        raise Conflict("此登录名或统一认证的用户标识已有账号")


async def find_account(tx: Tx, account: str, *, lock: bool = False) -> Any | None:
    return await tx.row(LOCK if lock else FIND, bureau=tx.bureau, account=account)


async def get_account(tx: Tx, account: str) -> Any:
    row = await find_account(tx, account, lock=True)
    if row is None:
        raise NotFound(f"没有登录名为 {account} 的账号")
    return row


async def find_subject(tx: Tx, *, issuer: str, subject: str) -> Any | None:
    """Whom the provider's subject stands for; one that is disabled stands for nobody."""
    return await tx.row(FIND_SUBJECT, bureau=tx.bureau, issuer=issuer, subject=subject)


async def list_accounts(tx: Tx) -> Sequence[Any]:
    return await tx.rows(LIST, bureau=tx.bureau)


async def set_password(tx: Tx, account: str, password: str) -> None:
    hashed = hash_password(password)
    await tx.run(SET_PASSWORD, bureau=tx.bureau, account=account, hash=hashed)


async def enrol(tx: Tx, account: str, *, keyring: Sealing) -> Enrolment:
    """A new seed and new recovery codes; the ones before open nothing any more."""
    seed, codes = new_seed(), new_recovery_codes()
    sealed, seal_key = keyring.seal(seed, seal_context(tx.bureau, account))
    owner = {"bureau": tx.bureau, "account": account}
    await tx.run(SET_SEED, **owner, sealed=sealed, seal_key=seal_key)
    await tx.run(DROP_CODES, **owner)
    await tx.run(INSERT_CODES, **owner, hashes=[recovery_hash(one) for one in codes])
    return Enrolment(otpauth_uri(seed, account), codes)


async def drop_codes(tx: Tx, account: str) -> None:
    owner = {"bureau": tx.bureau, "account": account}
    await tx.run(SET_SEED, **owner, sealed=None, seal_key=None)
    await tx.run(DROP_CODES, **owner)


async def set_disabled(tx: Tx, account: str, *, disabled: bool) -> None:
    await tx.run(DISABLE, bureau=tx.bureau, account=account, disabled=disabled)


async def use_step(tx: Tx, account: str, step: int) -> bool:
    """Whether this code is used for the first time."""
    used = await tx.run(USE_STEP, bureau=tx.bureau, account=account, step=step)
    return used.rowcount > 0


async def use_recovery_code(tx: Tx, account: str, code: str) -> bool:
    values = {"bureau": tx.bureau, "account": account, "hash": recovery_hash(code)}
    return (await tx.run(USE_CODE, **values)).rowcount > 0


def seal_context(bureau: int, account: str) -> str:
    return f"totp:{bureau}:{account}"
