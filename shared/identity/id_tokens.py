"""What the bureau's sign-in provider says of a person (OpenID Connect Core §3.1.3.7)."""

import hmac
from collections.abc import Mapping, Sequence
from types import MappingProxyType
from typing import Any

import jwt

from shared.errors import Unauthenticated

# Signatures with a public key alone, each bound to its kind of key: `none` and the HMACs, whose
# secret would be a key that everybody may read, cannot be asked for.
KINDS: Mapping[str, str] = MappingProxyType(
    {
        **dict.fromkeys(("RS256", "RS384", "RS512", "PS256", "PS384", "PS512"), "RSA"),
        **dict.fromkeys(("ES256", "ES384", "ES512"), "EC"),
        "EdDSA": "OKP",
    }
)
NEEDED = ("iss", "aud", "exp", "iat", "sub")
LEEWAY_SECONDS = 60
LONGEST_TOKEN = 16_384
LONGEST_SUBJECT = 255


class NotVouchedFor(Unauthenticated):
    """The provider has not said it, not to us, not now, or not of this sign-in: all the same."""

    def __init__(self) -> None:
        super().__init__("统一认证没有通过，请重新登录")


class UnknownKey(NotVouchedFor):
    """Signed with a key that we have not seen: the provider may have changed it."""


def read_subject(
    token: str, keys: Sequence[Any], *, issuer: str, client_id: str, nonce: str
) -> str:
    """`sub` of an ID token that `issuer` made for us and this sign-in. Raises NotVouchedFor.

    `keys`: the provider's JWKs.
    """
    if len(token) > LONGEST_TOKEN:
        raise NotVouchedFor
    try:
        header = jwt.get_unverified_header(token)
        found = choose_keys(header, keys)
        claims = decode(token, header["alg"], found, issuer=issuer, client_id=client_id)
    except (jwt.PyJWTError, ValueError, TypeError, KeyError, RecursionError) as error:
        raise NotVouchedFor from error
    return check_claims(claims, client_id=client_id, nonce=nonce)


def choose_keys(header: Mapping[str, Any], keys: Sequence[Any]) -> list[jwt.PyJWK]:
    """Those that may have signed it: of the right kind, for signing, of that id if one is named."""
    algorithm, key_id = header.get("alg"), header.get("kid")
    kind = KINDS.get(algorithm) if isinstance(algorithm, str) else None
    if kind is None or "crit" in header:
        raise NotVouchedFor
    fitting = [
        key
        for key in keys
        if isinstance(key, dict)
        and key.get("kty") == kind
        and key.get("use", "sig") == "sig"
        and key.get("alg", algorithm) == algorithm
        and (key_id is None or key.get("kid") == key_id)
    ]
    if not fitting:
        raise UnknownKey
    return [jwt.PyJWK(key, algorithm=algorithm) for key in fitting]


def decode(
    token: str, algorithm: str, keys: Sequence[jwt.PyJWK], *, issuer: str, client_id: str
) -> dict[str, Any]:
    failed: jwt.PyJWTError = jwt.InvalidSignatureError("no key")
    for key in keys:
        try:
            return jwt.decode(
                token,
                key,
                algorithms=[algorithm],
                audience=client_id,
                issuer=issuer,
                leeway=LEEWAY_SECONDS,
                options={"require": list(NEEDED)},
            )
        except jwt.InvalidSignatureError as error:
            failed = error
    raise failed


def check_claims(claims: Mapping[str, Any], *, client_id: str, nonce: str) -> str:
    """What the library leaves to us: the nonce, whom it was made for among several, the subject."""
    given, subject, audience = claims.get("nonce"), claims["sub"], claims["aud"]
    if not isinstance(given, str) or not hmac.compare_digest(given.encode(), nonce.encode()):
        raise NotVouchedFor
    is_ours = audience in (client_id, [client_id]) or claims.get("azp") == client_id
    if not is_ours or claims.get("azp", client_id) != client_id:
        raise NotVouchedFor
    if not isinstance(subject, str) or not 1 <= len(subject) <= LONGEST_SUBJECT:
        raise NotVouchedFor
    return subject
