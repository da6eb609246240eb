"""One-time codes: TOTP (RFC 6238, as authenticator apps make them) and recovery codes."""

import base64
import hashlib
import hmac
import secrets
from urllib.parse import quote, urlencode

from shared.identity.keys import ID_ALPHABET

SEED_BYTES = 20
DIGITS = 6
STEP_SECONDS = 30
LEEWAY_STEPS = 1  # a clock half a minute off, or a slow hand
ISSUER = "民呼"
RECOVERY_CODES = 10
RECOVERY_LENGTH = 12


def new_seed() -> bytes:
    return secrets.token_bytes(SEED_BYTES)


def otpauth_uri(seed: bytes, account: str) -> str:
    """What an authenticator app reads, as a QR code or pasted."""
    told = {
        "secret": base64.b32encode(seed).decode().rstrip("="),
        "issuer": ISSUER,
        "algorithm": "SHA1",
        "digits": DIGITS,
        "period": STEP_SECONDS,
    }
    return f"otpauth://totp/{quote(f'{ISSUER}:{account}')}?{urlencode(told, quote_via=quote)}"


def code_at(seed: bytes, step: int) -> str:
    """RFC 4226 over the number of the half minute."""
    digest = hmac.digest(seed, step.to_bytes(8, "big"), "sha1")
    offset = digest[-1] & 0xF
    number = int.from_bytes(digest[offset : offset + 4], "big") & 0x7FFFFFFF
    return f"{number % 10**DIGITS:0{DIGITS}}"


def find_step(seed: bytes, code: str, *, seconds: float, after: int) -> int | None:
    """Which half minute's code it is, of those about now; one at or before `after` is used up."""
    present = int(seconds // STEP_SECONDS)
    found = None
    for step in range(present - LEEWAY_STEPS, present + LEEWAY_STEPS + 1):
        fits = hmac.compare_digest(code_at(seed, step).encode(), code.encode())
        if fits and step > after:
            found = step
    return found


def new_recovery_codes() -> list[str]:
    """Each may stand once for a code of the app. Shown in groups of four."""
    drawn = [
        "".join(secrets.choice(ID_ALPHABET) for _ in range(RECOVERY_LENGTH))
        for _ in range(RECOVERY_CODES)
    ]
    return ["-".join(one[at : at + 4] for at in range(0, RECOVERY_LENGTH, 4)) for one in drawn]


def recovery_hash(code: str) -> bytes:
    """Of 59 random bits, however they were typed: no slow hash is needed for so few tries."""
    typed = "".join(sign for sign in code.lower() if sign in ID_ALPHABET)
    return hashlib.sha256(typed.encode()).digest()
