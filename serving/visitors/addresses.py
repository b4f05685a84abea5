"""Whom an address stands for when visits are counted."""

import ipaddress


def counted_as(host: str) -> str:
    """The key under which visits from a host are counted: of IPv6 its /64, since a connection has all of that.

    Args:
        host: The peer's address; what is no address is taken as it is.
    """
    try:
        address = ipaddress.ip_address(host)
    except ValueError:
        return host[:60]
    if address.version == 4:
        return str(address)
    if address.ipv4_mapped is not None:
        return str(address.ipv4_mapped)
    return str(ipaddress.ip_network((address, 64), strict=False))
