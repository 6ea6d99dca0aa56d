"""Fetching a picture by the link a provider gave: without the token, and never from inside our own network."""

from __future__ import annotations

import ipaddress

from workers.providers.answer import joined, plain, split
from workers.providers.base import Deadline, ProviderError
from workers.providers.connection import Resolve, Session, addresses_of
from workers.providers.errors import failure, from_answer
from workers.providers.http import Http

Address = ipaddress.IPv4Address | ipaddress.IPv6Address
REDIRECTS = 3
NAT64 = ipaddress.ip_network("64:ff9b::/96")
# What Python calls global differs between its releases. These are: site-local, local NAT64, IPv4-compatible, translated
INSIDE = [
    ipaddress.ip_network(name) for name in ("fec0::/10", "64:ff9b:1::/48", "::/96", "::ffff:0:0:0/96", "192.0.0.0/24")
]


class ResultLinks:
    """`base_url` is the configured service: only if that is this very machine may its links be, too."""

    def __init__(self, base_url: str, resolve: Resolve = addresses_of) -> None:
        self._local = is_loopback(split(base_url).hostname or "")
        self._resolve = resolve
        session = Session(trust_env=False)  # a proxy would look up the name again, by itself
        self._http = Http(session, resolve=self._checked_addresses)

    def fetch(self, url: str, deadline: Deadline) -> bytes:
        """The bytes behind a link; every failure counts as billed, for the picture was drawn."""
        try:
            return self._fetch(url, deadline)
        except ProviderError as error:
            if error.code == "wrong_address":
                raise failure("unsafe_link", error.detail, billed=True) from None
            error.billed = True
            raise

    def _fetch(self, url: str, deadline: Deadline) -> bytes:
        for _ in range(REDIRECTS + 1):
            self._check(url)
            answer = self._http.send("GET", url, deadline, {"Accept": "image/*"})
            if answer.status == 200:
                return answer.body
            if not 300 <= answer.status < 400 or "Location" not in answer.headers:
                raise from_answer(answer, "result_missing")
            url = joined(url, answer.headers["Location"])
        raise failure("unsafe_link", "too many redirects")

    def _check(self, url: str) -> None:
        parts = split(url)
        if parts.scheme not in (("http", "https") if self._local else ("https",)) or "@" in parts.netloc:
            raise failure(
                "unsafe_link", plain(f"a link of the kind {parts.scheme[:20]}: to {parts.hostname} is not opened")
            )

    def _checked_addresses(self, host: str, port: int) -> list[str]:
        """The connection is made to one of these, so that the name is not looked up a second time."""
        addresses = self._resolve(host, port)
        bad = [address for address in addresses if not is_allowed(address, self._local)]
        if bad:
            raise failure("unsafe_link", plain(f"{host} is at {bad[0]}, which is not a public address"))
        return addresses


def is_allowed(address: str, local: bool) -> bool:
    """Public addresses, and this machine's own if `local`."""
    try:
        ip = _inner(ipaddress.ip_address(address))
    except ValueError:
        return False
    public = ip.is_global and not ip.is_multicast and not any(ip in network for network in INSIDE)
    return public or (local and ip.is_loopback)


def _inner(ip: Address) -> Address:
    """The IPv4 address that an IPv6 one stands for, if any."""
    if ip in NAT64:
        return ipaddress.IPv4Address(int(ip) & 0xFFFFFFFF)
    return ip if isinstance(ip, ipaddress.IPv4Address) else ip.ipv4_mapped or ip.sixtofour or ip


def is_loopback(host: str) -> bool:
    """Whether a host's name itself says that it is this machine."""
    try:
        return host == "localhost" or ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False
