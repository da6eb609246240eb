"""One-time codes as RFC 6238 has them, passwords as RFC 9106 does."""

import time
from urllib.parse import parse_qs, urlsplit

import pytest

from shared.errors import Invalid
from shared.identity.codes import code_at, find_step, new_recovery_codes, otpauth_uri, recovery_hash
from shared.identity.passwords import (
    CURRENT,
    NOBODY,
    check_password,
    hash_password,
    is_password,
    new_password,
)

RFC_SEED = b"12345678901234567890"


@pytest.mark.parametrize(
    ("seconds", "code"),
    [
        (59, "287082"),
        (1111111109, "081804"),
        (1111111111, "050471"),
        (1234567890, "005924"),
        (2000000000, "279037"),
        (20000000000, "353130"),
    ],
)
def test_codes_are_those_of_the_standard(seconds: int, code: str) -> None:
    assert code_at(RFC_SEED, seconds // 30) == code
    assert find_step(RFC_SEED, code, seconds=seconds, after=0) == seconds // 30


def test_a_code_is_good_half_a_minute_either_way_and_never_twice() -> None:
    code, step = code_at(RFC_SEED, 1000), 1000
    good = [find_step(RFC_SEED, code, seconds=one * 30.0, after=0) for one in range(997, 1004)]
    assert good == [None, None, step, step, step, None, None]
    assert find_step(RFC_SEED, code, seconds=30_000.0, after=step) is None
    assert find_step(RFC_SEED, code_at(RFC_SEED, 999), seconds=30_000.0, after=step) is None


def test_an_app_can_read_the_address() -> None:
    uri = urlsplit(otpauth_uri(RFC_SEED, "wangfang"))
    told = {name: one for name, (one,) in parse_qs(uri.query).items()}

    assert (uri.scheme, uri.netloc) == ("otpauth", "totp")
    assert told == {
        "secret": "GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ",
        "issuer": "民呼",
        "algorithm": "SHA1",
        "digits": "6",
        "period": "30",
    }


def test_recovery_codes_are_read_however_they_are_typed() -> None:
    codes = new_recovery_codes()
    assert len(set(codes)) == 10
    assert recovery_hash(codes[0]) == recovery_hash(f" {codes[0].upper().replace('-', ' ')}")
    assert len({recovery_hash(one) for one in codes}) == 10


def test_passwords_are_kept_as_argon2id_and_nobody_has_the_password_of_nobody() -> None:
    kept = hash_password("correct-horse-battery")

    assert kept.startswith("$argon2id$v=19$m=47104,t=1,p=1$")
    assert is_password("correct-horse-battery", kept)
    assert not is_password("correct-horse-batterz", kept)
    assert hash_password("correct-horse-battery") != kept
    assert NOBODY.startswith(CURRENT)
    assert [is_password(one, NOBODY) for one in ("", "\0", "password")] == [False] * 3


def test_asking_for_nobody_takes_as_long_as_asking_for_somebody() -> None:
    kept = hash_password("correct-horse-battery")
    took: dict[bool, list[float]] = {}
    for encoded in (kept, NOBODY, kept, NOBODY, kept, NOBODY):
        began = time.process_time()
        is_password("wrong", encoded)
        took.setdefault(encoded == NOBODY, []).append(time.process_time() - began)

    assert 0.5 < min(took[True]) / min(took[False]) < 2


@pytest.mark.parametrize(
    "weak", ["short", "x" * 200, "aaaaaaaaaaaa", "wangfang-2026-x", "121212121212"]
)
def test_a_password_that_could_be_guessed_is_refused(weak: str) -> None:
    with pytest.raises(Invalid):
        check_password(weak, "wangfang")


def test_a_generated_password_is_good_enough() -> None:
    for _ in range(50):
        check_password(new_password(), "wangfang")
