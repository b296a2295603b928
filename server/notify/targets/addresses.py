"""Which addresses a message may go to. Pure."""

import ipaddress


def is_public(host: str) -> bool:
    """Whether a numeric address is one of the Internet's: not this machine's, its network's or a carrier's.

    Anything that is no address is not public.
    """
    try:
        address = ipaddress.ip_address(host.partition("%")[0])
    except ValueError:
        return False
    if isinstance(address, ipaddress.IPv6Address):
        # 64:ff9b::/96 leads to IPv4 addresses through a translator (RFC 6052).
        inside = address.ipv4_mapped or address.sixtofour or _translated(address)
        return is_public(str(inside)) if inside else address.is_global and not address.is_multicast
    return address.is_global and not address.is_multicast


def names_private(host: str) -> bool:
    """Whether a host says by itself, without being looked up, that it is not one of the Internet's."""
    try:
        ipaddress.ip_address(host)
    except ValueError:
        return host.lower().rstrip(".") == "localhost"
    return not is_public(host)


def _translated(address: ipaddress.IPv6Address) -> ipaddress.IPv4Address | None:
    within = address in ipaddress.IPv6Network("64:ff9b::/96")
    return ipaddress.IPv4Address(int(address) & 0xFFFF_FFFF) if within else None
