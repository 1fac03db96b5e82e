"""The line to a carrier: one long-lived client for each account, that connects nowhere it should not.

The address is checked where the socket is made, after every look-up: a name that resolves to another address
a moment later (rebinding), a short form such as 127.1 or an IPv4 address inside an IPv6 one changes nothing.
"""

import logging
import socket
import ssl
from functools import lru_cache
from ipaddress import IPv4Address, IPv6Address, IPv6Network, ip_address
from urllib.parse import urlsplit

import aiohttp
import httpx
from httpx_aiohttp import AiohttpTransport

from shipments.errors import Invalid
from shipments.tracking.carriers.answers import Account

Client = httpx.AsyncClient
CONNECTIONS = 50
KEPT_OPEN_S = 30.0
_NAT64 = IPv6Network("64:ff9b::/96")
_NEVER = (
    IPv6Network("64:ff9b:1::/48"),  # NAT64 of a network's own, where the IPv4 address may stand in several places
    IPv6Network("::/96"),  # IPv4-compatible, long forsaken
    IPv6Network("::ffff:0:0:0/96"),  # IPv4-translated (SIIT)
    IPv6Network("fec0::/10"),  # site-local, long forsaken, and global to Python
)


class AddressRefused(OSError):
    """The host's address is not one that this account may be called at."""


def open_client(
    account: Account, *, connections: int = CONNECTIONS, trust: ssl.SSLContext | None = None
) -> httpx.AsyncClient:
    """A client to keep for the life of the process, and to close with `aclose()`; inside a running loop.

    `trust`: the certificates believed, by default those that httpx brings. Raises Invalid for a `base_url`
    that is not HTTPS (or, where the account allows private addresses, HTTP on loopback) or holds more than a
    host, a port and a path.
    """
    check_base_url(account)
    # At INFO httpx writes every URL it asks for, and with it the reference.
    logging.getLogger("httpx").setLevel(logging.WARNING)
    context = trust or _usual_trust()

    def session() -> aiohttp.ClientSession:
        connector = aiohttp.TCPConnector(
            limit=connections,
            ssl=context,
            keepalive_timeout=KEPT_OPEN_S,
            socket_factory=lambda address: _socket_for(account, address),
        )
        made = aiohttp.ClientSession(connector=connector, cookie_jar=aiohttp.DummyCookieJar())
        # Else it sends a GET, PUT or DELETE again where a kept line breaks: a call without a place in the budget.
        made._retry_connection = False
        return made

    client = httpx.AsyncClient(
        transport=AiohttpTransport(verify=context, trust_env=False, client=session),
        headers={"User-Agent": "shipments", "Accept-Encoding": "gzip"},
        follow_redirects=False,
        trust_env=False,
        timeout=None,  # `ask` holds one deadline over everything; several small ones add up
    )
    client._cookies = _NoCookies()
    return client


class _NoCookies(httpx.Cookies):
    """No carrier's cookie is kept. To look for them costs a tenth of a call."""

    def extract_cookies(self, response: httpx.Response) -> None:
        """Leaves them."""


@lru_cache(maxsize=1)
def _usual_trust() -> ssl.SSLContext:
    return httpx.create_ssl_context(trust_env=False)


def check_base_url(account: Account) -> None:
    """Raises Invalid where the account's address is not a plain HTTPS address."""
    check_url("base_url", account.base_url, allow_private=account.allow_private)


def check_new_url(field: str, address: str, *, allow_private: bool) -> None:
    """As `check_url`, and raises Invalid where the host is spelt as an address that may not be called.

    A name is looked up only where the socket is made: what it resolves to may change.
    """
    spelt = _spelt(_host_of(address))
    if spelt is not None and not may_be_called(spelt, allow_private=allow_private):
        if may_be_called(spelt, allow_private=True):
            raise Invalid([(field, "a public host; for one on loopback or in your own network say --private")])
        raise Invalid([(field, "a host that may be called: link-local and reserved addresses never are")])
    check_url(field, address, allow_private=allow_private)


def check_url(field: str, address: str, *, allow_private: bool) -> None:
    """Raises Invalid for `field` unless it is a plain HTTPS address (HTTP on loopback, where that is allowed)."""
    host = _host_of(address)
    if not host:
        raise Invalid([(field, "https://, a host, perhaps a port and a path, and nothing else")])
    url = urlsplit(address)
    if url.scheme == "https" or (url.scheme == "http" and allow_private and _is_loopback(host)):
        return
    raise Invalid([(field, "https:// (http:// only on loopback, for the practice carrier)")])


def _host_of(address: str) -> str:
    """Empty where it is no address of a host, perhaps a port and a path, and nothing else."""
    try:
        url = urlsplit(address)
        host, _ = url.hostname, url.port
    except ValueError:
        return ""
    return "" if url.username or url.password or url.query or url.fragment else host or ""


def _spelt(host: str) -> str | None:
    """The address that a host stands for without being looked up, as 127.1 and 0x7f000001 do; None for other names."""
    name = host.partition("%")[0].rstrip(".")
    if name == "localhost" or name.endswith(".localhost"):  # RFC 6761, section 6.3
        return "127.0.0.1"
    try:
        return str(socket.getaddrinfo(name, None, flags=socket.AI_NUMERICHOST)[0][4][0])
    except (OSError, UnicodeError):
        return None


def _is_loopback(host: str) -> bool:
    spelt = _spelt(host)
    return spelt is not None and ip_address(spelt).is_loopback


def _socket_for(account: Account, address: aiohttp.AddrInfoType) -> socket.socket:
    family, kind, protocol, _, where = address
    if not may_be_called(str(where[0]), allow_private=account.allow_private):
        raise AddressRefused(f"{account.carrier}'s host has an address that is not public")
    return socket.socket(family=family, type=kind, proto=protocol)


def may_be_called(address: str, *, allow_private: bool) -> bool:
    """True for a public address; with `allow_private` for loopback and private networks too.

    Link-local addresses (where clouds keep their credentials), multicast and unspecified ones never, nor those that
    hide an IPv4 address where a gateway may find it.
    """
    ip = _unwrapped(ip_address(address.partition("%")[0]))
    if ip.is_link_local or ip.is_multicast or ip.is_unspecified:
        return False
    if not ip.is_loopback and any(ip in network for network in _NEVER):
        return False
    return ip.is_global or (allow_private and (ip.is_loopback or ip.is_private))


def _unwrapped(ip: IPv4Address | IPv6Address) -> IPv4Address | IPv6Address:
    """The IPv4 address inside an IPv6 one (mapped, 6to4, Teredo, NAT64), which is where the packets end."""
    if isinstance(ip, IPv4Address):
        return ip
    if ip in _NAT64:
        return IPv4Address(int(ip) & 0xFFFFFFFF)
    return ip.ipv4_mapped or ip.sixtofour or (ip.teredo[1] if ip.teredo else ip)
