"""How keys are used: the international algorithms, and the Chinese ones where a bureau wants them.

A key's algorithm stands beside it in the file; without one it is the first of its purpose.
"""

import hmac
import secrets
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from types import MappingProxyType

from cryptography.exceptions import InvalidTag, UnsupportedAlgorithm
from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SM3
from cryptography.hazmat.primitives.hmac import HMAC

NONCE_BYTES = 12
TAG_BYTES = 16
AES_256_GCM, SM4_GCM = "aes-256-gcm", "sm4-gcm"
HMAC_SHA256, HMAC_SM3 = "hmac-sha256", "hmac-sm3"
# By purpose, the usual one first.
ALGORITHMS: Mapping[str, tuple[str, ...]] = MappingProxyType(
    {
        "hash": (HMAC_SHA256, HMAC_SM3),
        "seal": (AES_256_GCM, SM4_GCM),
        "cursor": (HMAC_SHA256, HMAC_SM3),
    }
)
KEY_BYTES: Mapping[str, int] = MappingProxyType(
    {AES_256_GCM: 32, SM4_GCM: 16, HMAC_SHA256: 32, HMAC_SM3: 32}
)


class WrongSeal(Exception):
    """Another key, another context, or a changed ciphertext."""


@dataclass(frozen=True, slots=True, repr=False)
class Key:
    id: str
    secret: bytes
    algorithm: str


def digest(key: Key, data: bytes) -> bytes:
    """A keyed hash of 32 bytes."""
    if key.algorithm == HMAC_SM3:
        mac = HMAC(key.secret, SM3())
        mac.update(data)
        return mac.finalize()
    return hmac.digest(key.secret, data, "sha256")


def seal(key: Key, plain: bytes, context: str) -> bytes:
    """Nonce, ciphertext and tag; `context` is bound to them."""
    nonce = secrets.token_bytes(NONCE_BYTES)
    return nonce + SEALING[key.algorithm][0](key.secret, nonce, plain, context.encode())


def unseal(key: Key, sealed: bytes, context: str) -> bytes:
    nonce, rest = sealed[:NONCE_BYTES], sealed[NONCE_BYTES:]
    try:
        return SEALING[key.algorithm][1](key.secret, nonce, rest, context.encode())
    except (InvalidTag, ValueError) as error:
        raise WrongSeal from error


def is_offered(algorithm: str) -> bool:
    """Whether the library at hand has it: some builds of OpenSSL leave SM3 and SM4 out."""
    try:
        if algorithm in SEALING:
            unseal(
                probe := Key("", bytes(KEY_BYTES[algorithm]), algorithm), seal(probe, b"", ""), ""
            )
        else:
            digest(Key("", bytes(KEY_BYTES[algorithm]), algorithm), b"")
    except (UnsupportedAlgorithm, KeyError):
        return False
    return True


Crypt = Callable[[bytes, bytes, bytes, bytes], bytes]


def _seal_aes(secret: bytes, nonce: bytes, plain: bytes, context: bytes) -> bytes:
    return AESGCM(secret).encrypt(nonce, plain, context)


def _open_aes(secret: bytes, nonce: bytes, rest: bytes, context: bytes) -> bytes:
    return AESGCM(secret).decrypt(nonce, rest, context)


def _seal_sm4(secret: bytes, nonce: bytes, plain: bytes, context: bytes) -> bytes:
    crypt = Cipher(algorithms.SM4(secret), modes.GCM(nonce)).encryptor()
    crypt.authenticate_additional_data(context)
    return crypt.update(plain) + crypt.finalize() + crypt.tag


def _open_sm4(secret: bytes, nonce: bytes, rest: bytes, context: bytes) -> bytes:
    told, tag = rest[:-TAG_BYTES], rest[-TAG_BYTES:]
    crypt = Cipher(algorithms.SM4(secret), modes.GCM(nonce, tag)).decryptor()
    crypt.authenticate_additional_data(context)
    return crypt.update(told) + crypt.finalize()


SEALING: Mapping[str, tuple[Crypt, Crypt]] = MappingProxyType(
    {AES_256_GCM: (_seal_aes, _open_aes), SM4_GCM: (_seal_sm4, _open_sm4)}
)
