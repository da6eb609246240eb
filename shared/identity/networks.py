"""Addresses and networks, read in one way only: IPv4 in IPv6's clothes is IPv4."""

import ipaddress
from collections.abc import Iterable, Sequence

from shared.errors import Invalid

Address = ipaddress.IPv4Address | ipaddress.IPv6Address
Network = ipaddress.IPv4Network | ipaddress.IPv6Network

MAPPED_BITS = 96
LONGEST = 64


def read_address(text: str) -> Address | None:
    """None for anything that is no plain address: names, zones, leading zeros, blanks inside."""
    if len(text) > LONGEST or "%" in text:
        return None
    try:
        address = ipaddress.ip_address(text)
    except ValueError:
        return None
    mapped = getattr(address, "ipv4_mapped", None)
    return address if mapped is None else mapped


def read_hop(text: str) -> Address | None:
    """One value of `X-Forwarded-For`: an address, with a port or in brackets where they say so."""
    text = text.strip()
    if text.startswith("["):
        inner, closed, rest = text[1:].partition("]")
        is_whole = closed and (not rest or is_port(rest))
        return read_address(inner) if is_whole and ":" in inner else None
    host, colon, _ = text.partition(":")
    if colon and "." in host and is_port(text[len(host) :]):
        return read_address(host)
    return read_address(text)


def is_port(text: str) -> bool:
    return text[:1] == ":" and text[1:].isascii() and text[1:].isdigit() and len(text) <= 6


def read_network(text: str) -> Network:
    """Raises Invalid. `10.0.0.1/8` is refused: its writer may have meant something else."""
    try:
        network = ipaddress.ip_network(text.strip())
    except ValueError:
        raise Invalid(f"网段 {text} 写法有误，例如 10.20.0.0/16；主机位须为零") from None
    if isinstance(network, ipaddress.IPv6Network) and network.prefixlen >= MAPPED_BITS:
        mapped = network.network_address.ipv4_mapped
        if mapped is not None:
            return ipaddress.IPv4Network((mapped, network.prefixlen - MAPPED_BITS))
    return network


def holds(networks: Iterable[Network], address: Address | None) -> bool:
    """An address that is not known lies in no network."""
    return address is not None and any(address in network for network in networks)


def find_client(
    peer: str | None, forwarded: Sequence[str], trusted: Sequence[Network]
) -> Address | None:
    """Where a call comes from: the peer, or what trusted proxies alone have said of it.

    `forwarded`: the `X-Forwarded-For` headers in their order. Each proxy adds at the end whom it
    heard, so they are read from there, for as long as a trusted one is speaking. Junk in that part
    leaves the caller unknown: he gets no way in that an address would open.
    """
    address = read_address(peer) if peer else None
    hops = [one for header in forwarded for one in header.split(",")]
    while hops and holds(trusted, address):
        address = read_hop(hops.pop())
    return address
