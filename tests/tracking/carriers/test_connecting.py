"""Where a carrier may be called: public HTTPS, or loopback for the practice carrier, whatever a name resolves to."""

import asyncio
import functools
import socket
import ssl
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime, timedelta
from ipaddress import ip_address
from pathlib import Path
from typing import Any

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from shipments.errors import CarrierUnavailable, Invalid
from shipments.tracking.carriers import CARRIERS
from shipments.tracking.carriers.answers import Answer
from shipments.tracking.carriers.asking import ask
from shipments.tracking.carriers.connecting import check_base_url, check_new_url, may_be_called, open_client
from tests.tracking.carriers.telling import HEARD, a_leg, an_account


@pytest.mark.parametrize(
    "address",
    [
        "127.0.0.1",
        "10.0.0.8",
        "172.16.3.4",
        "192.168.1.1",
        "100.64.0.1",
        "169.254.169.254",
        "0.0.0.0",
        "224.0.0.1",
        "240.0.0.1",
        "::1",
        "::",
        "fe80::1%eth0",
        "fc00::1",
        "::ffff:127.0.0.1",
        "::ffff:10.0.0.1",
        "::ffff:169.254.169.254",
        "64:ff9b::7f00:1",
        "2002:7f00:1::",
        "ff02::1",
    ],
)
def test_an_address_that_is_not_public_is_refused(address: str) -> None:
    assert not may_be_called(address, allow_private=False)


@pytest.mark.parametrize("inside", ["7f00:1", "a9fe:a9fe", "5db8:d70e"])
@pytest.mark.parametrize("around", ["64:ff9b:1::{}", "64:ff9b:1:a9fe:a9:fe00::", "::{}", "::ffff:0:{}", "fec0::{}"])
@pytest.mark.parametrize("allow_private", [False, True])
def test_an_ipv4_address_that_only_some_gateway_would_find_is_refused(
    inside: str, around: str, allow_private: bool
) -> None:
    assert not may_be_called(around.format(inside), allow_private=allow_private)


def test_loopback_stays_loopback_in_every_spelling() -> None:
    for address in ("::1", "::ffff:127.0.0.1", "127.0.0.1"):
        assert may_be_called(address, allow_private=True)


@pytest.mark.parametrize("address", ["93.184.215.14", "2606:2800:21f:cb07:6820:80da:af6b:8b2c", "::ffff:93.184.215.14"])
def test_a_public_address_may_be_called(address: str) -> None:
    assert may_be_called(address, allow_private=False)


def test_the_practice_account_reaches_loopback_and_still_no_link_local_address() -> None:
    assert may_be_called("127.0.0.1", allow_private=True)
    assert not may_be_called("169.254.169.254", allow_private=True)
    assert not may_be_called("::ffff:169.254.169.254", allow_private=True)


@pytest.mark.parametrize(
    "base_url",
    [
        "http://carrier.example",
        "ftp://carrier.example",
        "https://",
        "https://person:word@carrier.example",
        "https://carrier.example?x=1",
        "https://carrier.example#x",
        "https://carrier.example:99999",
        "https://[::1",
        "",
    ],
)
def test_a_base_url_is_https_and_nothing_beside_host_port_and_path(base_url: str) -> None:
    with pytest.raises(Invalid):
        check_base_url(an_account(base_url, allow_private=True))


def test_plain_http_is_for_loopback_and_only_where_the_account_allows_it() -> None:
    check_base_url(an_account("http://127.0.0.1:8000"))
    check_base_url(an_account("https://carrier.example/tnt", allow_private=False))
    with pytest.raises(Invalid):
        check_base_url(an_account("http://127.0.0.1:8000", allow_private=False))


@pytest.mark.parametrize(
    "host",
    [
        *("localhost", "localhost.", "LocalHost", "boxes.localhost", "a.boxes.localhost."),
        *("127.0.0.1", "127.0.0.1.", "127.1", "0x7f000001", "2130706433", "0177.0.0.1"),
        "\N{FULLWIDTH DIGIT ONE}27.0.0.1",
        *("[::1]", "[::ffff:127.0.0.1]", "10.0.0.8", "10.8", "192.168.1.1", "[fc00::1]", "[64:ff9b::7f00:1]"),
    ],
)
@pytest.mark.parametrize("scheme", ["https", "http"])
def test_a_new_address_on_a_private_network_is_refused_in_every_spelling_with_what_to_do(
    host: str, scheme: str
) -> None:
    with pytest.raises(Invalid, match=r"^token_url: a public host; for one .* say --private$"):
        check_new_url("token_url", f"{scheme}://{host}:8443/path", allow_private=False)
    check_new_url("token_url", f"https://{host}:8443/path", allow_private=True)


@pytest.mark.parametrize(
    "host",
    ["169.254.169.254", "169.254.43518", "[::ffff:169.254.169.254]", "[fe80::1%25eth0]", "0", "[::]", "224.0.0.1"],
)
@pytest.mark.parametrize("allow_private", [False, True])
def test_a_new_address_that_is_never_called_is_refused_whatever_is_allowed(host: str, allow_private: bool) -> None:
    with pytest.raises(Invalid, match="never are"):
        check_new_url("base_url", f"https://{host}/latest", allow_private=allow_private)


@pytest.mark.parametrize(
    "host",
    [
        "carrier.example",
        "carrier.example.",
        "notlocalhost",
        "localhost.example",
        "93.184.215.14",
        "[2606:2800:21f:cb07:6820:80da:af6b:8b2c]",
        "a" * 300,
    ],
)
def test_a_new_address_that_is_public_or_a_name_is_taken_without_a_look_up(
    host: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: list[int] = []
    known = socket.getaddrinfo

    def look_up(host: str, port: None, *, flags: int = 0) -> Any:  # Any: as the library's
        asked.append(flags)
        return known(host, port, flags=flags)

    monkeypatch.setattr(socket, "getaddrinfo", look_up)
    check_new_url("base_url", f"https://{host}/tnt", allow_private=False)
    assert set(asked) == {socket.AI_NUMERICHOST}


async def _connections(host: str, *, allow_private: bool) -> tuple[int, str]:
    """How often a listener on loopback was connected to by one call, and how the call ended."""
    heard: list[asyncio.StreamWriter] = []

    async def hang_up(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        heard.append(writer)
        writer.close()

    server = await asyncio.start_server(hang_up, "127.0.0.1", 0)
    account = an_account(f"https://{host}:{server.sockets[0].getsockname()[1]}", allow_private=allow_private)
    async with server, open_client(account) as client:
        with pytest.raises(CarrierUnavailable) as raised:
            await ask(client, CARRIERS["dcsa"], account, a_leg(), since=None, heard_at=HEARD, deadline_s=5)
    return len(heard), str(raised.value)


@pytest.mark.parametrize("host", ["127.0.0.1", "localhost", "[::ffff:127.0.0.1]"])
def test_no_spelling_of_loopback_is_connected_to_unless_the_account_allows_it(host: str) -> None:
    connected, ended = asyncio.run(_connections(host, allow_private=False))
    assert connected == 0
    assert "AddressRefused" in ended
    assert asyncio.run(_connections(host, allow_private=True))[0] == 1


@pytest.mark.parametrize("host", ["127.1", "2130706433", "0x7f.1"])
def test_a_short_form_of_loopback_is_no_host(host: str) -> None:
    assert asyncio.run(_connections(host, allow_private=False))[0] == 0


def test_a_name_that_turns_inward_is_not_followed(monkeypatch: pytest.MonkeyPatch) -> None:
    async def inward(self: object, host: str, port: int = 0, family: int = 0) -> list[dict[str, object]]:
        return [{"hostname": host, "host": "127.0.0.1", "port": port, "family": 2, "proto": 0, "flags": 0}]

    monkeypatch.setattr("aiohttp.resolver.ThreadedResolver.resolve", inward)
    connected, ended = asyncio.run(_connections("carrier.example", allow_private=False))
    assert connected == 0
    assert "AddressRefused" in ended
    assert asyncio.run(_connections("carrier.example", allow_private=True))[0] == 1


def _certificate(folder: Path) -> tuple[Path, Path]:
    """A certificate for 127.0.0.1 that only itself vouches for, and its key."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "practice")])
    now = datetime.now(UTC)
    made = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(1)
        .not_valid_before(now - timedelta(days=1))
        .not_valid_after(now + timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName([x509.IPAddress(ip_address("127.0.0.1"))]), critical=False)
        .sign(key, hashes.SHA256())
    )
    certificate, secret = folder / "certificate.pem", folder / "key.pem"
    certificate.write_bytes(made.public_bytes(serialization.Encoding.PEM))
    secret.write_bytes(
        key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    )
    return certificate, secret


Handler = Callable[[asyncio.StreamReader, asyncio.StreamWriter], Awaitable[None]]


async def _nothing_new(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    await reader.readuntil(b"\r\n\r\n")
    writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\nConnection: close\r\n\r\n[]")
    await writer.drain()
    writer.close()


async def _asked_over_tls(folder: Path, *, trusted: bool) -> Answer:
    certificate, key = _certificate(folder)
    serving = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    serving.load_cert_chain(certificate, key)
    server = await asyncio.start_server(_nothing_new, "127.0.0.1", 0, ssl=serving)
    account = an_account(f"https://127.0.0.1:{server.sockets[0].getsockname()[1]}")
    trust = ssl.create_default_context(cafile=certificate) if trusted else None
    async with server, open_client(account, trust=trust) as client:
        said = await ask(client, CARRIERS["dcsa"], account, a_leg(), since=HEARD, heard_at=HEARD, deadline_s=5)
        assert said.answer is not None
        return said.answer


def test_a_certificate_that_nobody_vouches_for_is_not_believed(tmp_path: Path) -> None:
    assert asyncio.run(_asked_over_tls(tmp_path, trusted=True)).found
    with pytest.raises(CarrierUnavailable, match="SSLCertVerificationError"):
        asyncio.run(_asked_over_tls(tmp_path, trusted=False))


async def _breaks(reads: list[bytes], reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    """The first request is answered; the second is read, and then the line broken."""
    while True:
        try:
            reads.append(await reader.readuntil(b"\r\n\r\n"))
        except asyncio.IncompleteReadError:
            break
        if len(reads) == 2:
            break
        writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n[]")
        await writer.drain()
    writer.close()


def test_a_call_whose_kept_line_breaks_is_not_made_again_behind_our_back() -> None:
    reads: list[bytes] = []

    async def ask_twice() -> None:
        server = await asyncio.start_server(functools.partial(_breaks, reads), "127.0.0.1", 0)
        account = an_account(f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}")
        async with server, open_client(account) as client:
            await ask(client, CARRIERS["dcsa"], account, a_leg(), since=None, heard_at=HEARD, deadline_s=5)
            with pytest.raises(CarrierUnavailable):
                await ask(client, CARRIERS["dcsa"], account, a_leg(), since=None, heard_at=HEARD, deadline_s=5)

    asyncio.run(ask_twice())
    assert len(reads) == 2
