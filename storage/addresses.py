"""Which network addresses may be connected to: public ones only, and private ones of hosts that the operator names."""

import ipaddress
import re

import httpx2

_LONGEST_URL = 2000
_PORTS = {"http": 80, "https": 443}
_HOST = re.compile(r"(?=.{1,253}\Z)[a-z0-9_]([a-z0-9_-]{0,62}\.?)+", re.IGNORECASE)
_DOTTED = re.compile(r"(0|[1-9]\d{0,2})(\.(0|[1-9]\d{0,2})){3}")
_NUMERIC_END = re.compile(r"(^|\.)(0x[0-9a-f]*|\d+)\.?$", re.IGNORECASE)
FORBIDDEN_CHARACTERS = re.compile(r"[\x00-\x20\x7f-\xa0\\\u2028\u2029]")

_REFUSED_V4 = tuple(
    map(
        ipaddress.IPv4Network,
        (
            "0.0.0.0/8", "10.0.0.0/8", "100.64.0.0/10", "127.0.0.0/8", "169.254.0.0/16", "172.16.0.0/12",
            "192.0.0.0/24", "192.0.2.0/24", "192.31.196.0/24", "192.52.193.0/24", "192.88.99.0/24", "192.168.0.0/16",
            "192.175.48.0/24", "198.18.0.0/15", "198.51.100.0/24", "203.0.113.0/24", "224.0.0.0/4", "240.0.0.0/4",
        ),
    )
)  # fmt: skip
# Of IPv6 only global unicast is public; inside it these carry another address or belong to nobody.
_GLOBAL_V6 = ipaddress.IPv6Network("2000::/3")
_REFUSED_V6 = tuple(
    map(ipaddress.IPv6Network, ("2001::/23", "2001:db8::/32", "2002::/16", "3ffe::/16", "3fff::/20", "2620:4f:8000::/48"))
)  # fmt: skip
# What the operator may allow by naming a host: networks of a company, and this machine. Link-local addresses stay
# refused, because there the credentials of cloud machines are served.
_PRIVATE = tuple(
    map(
        ipaddress.ip_network,
        ("10.0.0.0/8", "100.64.0.0/10", "127.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16", "::1/128", "fc00::/7"),
    )
)
_ISATAP = (0x00005EFE, 0x02005EFE)


class AddressError(ValueError):
    """A text that is no address of the web, or one that must not be followed."""


def parsed_url(url: str) -> httpx2.URL:
    """An http or https address, parsed by the one parser that also connects.

    Raises:
        AddressError: It is none, holds a name or password, or names its host in a way that two parsers could read
            differently.
    """
    shown = url[:200]
    if not url or len(url) > _LONGEST_URL or FORBIDDEN_CHARACTERS.search(url):
        raise AddressError(f"`{shown!r}` is no address: it is empty, too long, or has blanks or backslashes in it.")
    try:
        parsed = httpx2.URL(url)
        host = parsed.raw_host.decode("ascii")
    except (httpx2.InvalidURL, UnicodeError, ValueError) as error:
        raise AddressError(f"`{shown}` is no address of the web.") from error
    if parsed.scheme not in _PORTS:
        raise AddressError(f"`{shown}` is not fetched: only http and https addresses are.")
    if parsed.userinfo or "@" in url.split("?")[0].split("#")[0].removeprefix(f"{parsed.scheme}://").split("/")[0]:
        raise AddressError(f"The address of `{host}` holds a name or password. Give it without.")
    is_v6 = ":" in host
    is_name = _HOST.fullmatch(host) is not None and not _NUMERIC_END.search(host)
    if not (is_v6 and "%" not in host) and not is_name and not _DOTTED.fullmatch(host):
        raise AddressError(f"`{shown}` names no host that can be fetched from.")
    return parsed


def port_of(url: httpx2.URL) -> int:
    """The port that an address means."""
    return url.port or _PORTS[url.scheme]


def is_allowed(address: str, *, may_be_private: bool = False) -> bool:
    """Whether an address may be connected to.

    Args:
        address: An address as a name server gives it; anything else is refused.
        may_be_private: Whether the operator named the host.
    """
    try:
        found = ipaddress.ip_address(address)
    except ValueError:
        return False
    if may_be_private and any(found.version == network.version and found in network for network in _PRIVATE):
        return True
    if isinstance(found, ipaddress.IPv4Address):
        return not any(found in network for network in _REFUSED_V4)
    if found.scope_id is not None or found not in _GLOBAL_V6 or (int(found) >> 32) & 0xFFFFFFFF in _ISATAP:
        return False
    return not any(found in network for network in _REFUSED_V6)
