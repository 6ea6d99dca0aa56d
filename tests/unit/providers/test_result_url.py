"""Which links are opened. Only 127.0.0.1 and 127.0.0.2 are ever really connected to."""

from __future__ import annotations

import socket

import pytest

from workers.providers.base import Deadline, ProviderError
from workers.providers.result_url import ResultLinks, is_allowed, is_loopback

REFUSED = [
    "127.0.0.1",
    "127.8.9.1",
    "0.0.0.0",
    "10.0.0.1",
    "172.16.0.1",
    "192.168.1.1",
    "169.254.169.254",
    "100.64.0.1",
    "192.0.2.1",
    "198.18.0.1",
    "224.0.0.1",
    "240.0.0.1",
    "255.255.255.255",
    "::1",
    "::",
    "fe80::1",
    "fe80::1%eth0",
    "fc00::1",
    "fd00:ec2::254",
    "ff02::1",
    "2001:db8::1",
    "::ffff:127.0.0.1",
    "::ffff:169.254.169.254",
    "64:ff9b::7f00:1",
    "64:ff9b::a9fe:a9fe",
    "2002:7f00:1::",
    "fec0::1",
    "64:ff9b:1::7f00:1",
    "::169.254.169.254",
    "::ffff:0:127.0.0.1",
    "192.0.0.192",
    "::ffff:192.0.0.192",
    "nonsense",
    "",
]


@pytest.mark.parametrize("address", REFUSED)
def test_an_inside_address_is_refused(address):
    assert not is_allowed(address, local=False)


@pytest.mark.parametrize("address", ["8.8.8.8", "2606:4700::1111", "::ffff:8.8.8.8", "64:ff9b::808:808"])
def test_a_public_address_is_allowed(address):
    assert is_allowed(address, local=False)


@pytest.mark.parametrize("address", ["127.0.0.1", "::1"])
def test_this_machine_is_allowed_only_for_a_local_service(address):
    assert is_allowed(address, local=True)


@pytest.mark.parametrize("address", ["10.0.0.1", "169.254.169.254", "fe80::1", "0.0.0.0"])
def test_a_local_service_opens_nothing_else(address):
    assert not is_allowed(address, local=True)


@pytest.mark.parametrize(
    ("host", "local"),
    [("localhost", True), ("127.0.0.1", True), ("::1", True), ("router.huggingface.co", False), ("", False)],
)
def test_a_local_service_is_known_by_its_name(host, local):
    assert is_loopback(host) is local


def links(base="https://router.huggingface.co", addresses=("93.184.215.14",), seen=None):
    def resolve(host, port):
        if seen is not None:
            seen.append(host)
        return list(addresses)

    return ResultLinks(base, resolve)


@pytest.fixture
def no_packets(monkeypatch):
    """Fails the test when anything connects."""
    monkeypatch.setattr(socket.socket, "connect", lambda *_: pytest.fail("a packet was sent"))


@pytest.mark.parametrize(
    "url",
    [
        "http://pictures.example/1.png",
        "ftp://pictures.example/1.png",
        "file:///etc/passwd",
        "gopher://pictures.example/",
        "https://",
        "https:///path",
        "https://me:secret@pictures.example/1.png",
        "//pictures.example/1.png",
        "https://[nonsense/1.png",
        "https://*.example/1.png",
        "https://pictures.example:99999/1.png",
        "",
    ],
)
@pytest.mark.usefixtures("no_packets")
def test_a_link_of_another_kind_is_refused_before_its_name_is_looked_up(url):
    seen: list[str] = []
    with pytest.raises(ProviderError) as caught:
        links(seen=seen).fetch(url, Deadline(5))
    assert (caught.value.code, caught.value.billed, seen) == ("unsafe_link", True, [])
    assert "secret" not in caught.value.detail


@pytest.mark.parametrize("host", ["a\0b", "a\0b.hf_looksLikeASecret", "a" * 50_000 + ".b"])
@pytest.mark.parametrize("scheme", ["http", "https"])
@pytest.mark.usefixtures("no_packets")
def test_what_a_refused_link_says_can_be_stored(scheme, host):
    with pytest.raises(ProviderError) as caught:
        links(addresses=["10.0.0.1"]).fetch(f"{scheme}://{host}/", Deadline(5))
    assert caught.value.detail.isprintable()
    assert len(caught.value.detail) <= 500
    assert "hf_" not in caught.value.detail


@pytest.mark.parametrize("address", ["127.0.0.1", "10.0.0.1", "169.254.169.254", "::1", "fd00::1"])
@pytest.mark.usefixtures("no_packets")
def test_a_name_that_leads_inside_is_refused(address):
    for addresses in ([address], ["93.184.215.14", address]):
        with pytest.raises(ProviderError) as caught:
            links(addresses=addresses).fetch("https://pictures.example/1.png", Deadline(5))
        assert caught.value.code == "unsafe_link"


def test_the_address_that_was_checked_is_the_one_connected_to(monkeypatch):
    connected: list[tuple[str, int]] = []

    def connect(self, address):
        connected.append(address)
        raise ConnectionRefusedError

    monkeypatch.setattr(socket.socket, "connect", connect)
    answers = iter([["93.184.215.14"], ["127.0.0.1"]])  # a name that changes between two questions
    with pytest.raises(ProviderError) as caught:
        ResultLinks("https://x.example", lambda *_: next(answers)).fetch("https://p.example/1", Deadline(5))
    assert caught.value.code == "unreachable"
    assert connected == [("93.184.215.14", 443)]


@pytest.mark.parametrize("host", ["2130706433", "0x7f000001", "127.1", "0177.0.0.1"])
@pytest.mark.usefixtures("no_packets")
def test_numbers_that_mean_this_machine_are_refused(host):
    fetcher = ResultLinks("https://x.example", lambda name, _: [socket.inet_ntoa(socket.inet_aton(name))])
    with pytest.raises(ProviderError) as caught:
        fetcher.fetch(f"https://{host}/", Deadline(5))
    assert caught.value.code == "unsafe_link"


def test_a_name_that_is_not_found_is_told():
    def resolve(host, port):
        raise socket.gaierror("no such name")

    with pytest.raises(ProviderError) as caught:
        ResultLinks("https://x.example", resolve).fetch("https://p.example/1", Deadline(5))
    assert (caught.value.code, caught.value.billed) == ("unreachable", True)


def test_the_signature_of_a_link_is_in_no_text(stub):
    no_tls_there = stub.url.replace("http:", "https:")
    with pytest.raises(ProviderError) as caught:
        ResultLinks(stub.url).fetch(f"{no_tls_there}/1.png?X-Amz-Signature=north'south)east&x=west", Deadline(5))
    assert "with url: /1.png (Caused by SSLError" in caught.value.detail
    assert not any(part in caught.value.detail for part in ("Amz", "north", "south", "east", "west"))


def test_a_few_redirects_are_followed_and_checked(stub):
    found = ResultLinks(stub.url).fetch(f"{stub.url}/redirect?to=/results/512/512/1.png", Deadline(5))
    assert found.startswith(b"\x89PNG")


def test_a_local_services_own_name_is_checked_too(stub):
    port = stub.url.rsplit(":", 1)[1]
    fetcher = ResultLinks(stub.url, lambda *_: ["127.0.0.1"])
    assert fetcher.fetch(f"http://anything.example:{port}/results/512/512/1.png", Deadline(5))
