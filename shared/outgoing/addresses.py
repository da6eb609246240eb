"""Where a call may go: https to public addresses and to the networks the house has allowed.

A receiver names its own address, so it could name one of ours (SSRF). The name is resolved once
per call, and the call goes to the very address that was checked: a second answer of the resolver
(DNS rebinding) is never asked for.
"""

import asyncio
import ipaddress
import socket
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from urllib.parse import urlsplit

from shared.errors import HotlineError, Invalid
from shared.settings import Settings

LONGEST_URL = 2000
LOOPBACK = frozenset({"127.0.0.1", "localhost", "::1"})
DEFAULT_PORTS = {"https": 443, "http": 80}
RESOLVE_SECONDS = 2.0

Address = ipaddress.IPv4Address | ipaddress.IPv6Address
Network = ipaddress.IPv4Network | ipaddress.IPv6Network
Resolver = Callable[[str, int], Awaitable[Sequence[str]]]

# Global by the letter, and yet ways to somewhere else: translation, tunnels, relays, site-local.
TRICKY: tuple[Network, ...] = tuple(
    ipaddress.ip_network(one)
    for one in (
        "192.0.0.0/24",
        "192.88.99.0/24",
        "::/96",
        "64:ff9b::/96",
        "64:ff9b:1::/48",
        "2001::/32",
        "2002::/16",
        "fec0::/10",
    )
)


class RefusedAddress(HotlineError):
    """The address, or what its name leads to, is none that we call."""

    code = "refused-address"
    title = "回调地址不可用"


@dataclass(frozen=True, slots=True)
class Reach:
    """`networks`: private ones that may be called; `local`: this machine too (sandbox)."""

    networks: tuple[Network, ...] = ()
    local: bool = False

    def allows(self, text: str) -> bool:
        """Whether a call may go to this address, as the resolver wrote it."""
        try:
            address = ipaddress.ip_address(text)
        except ValueError:
            return False
        mapped = getattr(address, "ipv4_mapped", None)
        if getattr(address, "scope_id", None) is not None:
            return False
        return self._allows(address if mapped is None else mapped)

    def _allows(self, address: Address) -> bool:
        if address.is_loopback:
            return self.local
        if address.is_link_local or address.is_multicast or address.is_unspecified:
            return False
        if any(address in network for network in self.networks):
            return True
        return address.is_global and not any(address in network for network in TRICKY)


@dataclass(frozen=True, slots=True)
class Target:
    """An address taken apart once: no second reader may understand it otherwise."""

    scheme: str
    host: str
    port: int
    path: str

    @property
    def authority(self) -> str:
        """The `Host` header."""
        host = f"[{self.host}]" if ":" in self.host else self.host
        return host if self.port == DEFAULT_PORTS[self.scheme] else f"{host}:{self.port}"


def read_target(url: str, reach: Reach) -> Target:
    """Raises RefusedAddress for what is no plain https address (this machine: http, sandbox)."""
    plain = url.isascii() and url.isprintable() and len(url) <= LONGEST_URL
    if not plain or any(sign in url for sign in ' \\#"<>^`{|}'):
        raise RefusedAddress
    try:
        parts = urlsplit(url)
        port = parts.port
    except ValueError:
        raise RefusedAddress from None
    host = (parts.hostname or "").removesuffix(".")
    is_named = parts.username is not None or parts.password is not None or "@" in parts.netloc
    if not host or is_named or port == 0 or "%" in host:
        raise RefusedAddress
    is_local = reach.local and parts.scheme == "http" and host in LOOPBACK
    if parts.scheme != "https" and not is_local:
        raise RefusedAddress
    path = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
    return Target(parts.scheme, host, port or DEFAULT_PORTS[parts.scheme], path)


def reach_of(settings: Settings) -> Reach:
    return Reach(tuple(settings.callback_networks), local=settings.sandbox)


async def resolve(host: str, port: int) -> Sequence[str]:
    """The addresses of a name, in the order in which to try them."""
    found = await asyncio.get_running_loop().getaddrinfo(host, port, type=socket.SOCK_STREAM)
    return list(dict.fromkeys(str(one[4][0]) for one in found))


async def pin(target: Target, reach: Reach, *, resolver: Resolver = resolve) -> str:
    """The address to connect to. One that is forbidden spoils all the others of the name."""
    addresses = await resolver(target.host, target.port)
    if not addresses or not all(reach.allows(one) for one in addresses):
        raise RefusedAddress
    if target.scheme == "http" and not all(ipaddress.ip_address(a).is_loopback for a in addresses):
        raise RefusedAddress
    return addresses[0]


async def check_url(url: str, reach: Reach, *, resolver: Resolver = resolve) -> None:
    """At registration. A name that leads nowhere yet is taken: every call checks it anew."""
    try:
        target = read_target(url, reach)
        async with asyncio.timeout(RESOLVE_SECONDS):
            await pin(target, reach, resolver=resolver)
    except RefusedAddress:
        raise Invalid.field("/url", "回调地址须为 https，且不得指向内部网络") from None
    except (OSError, TimeoutError, UnicodeError):
        return
