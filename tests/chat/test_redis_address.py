"""What REDIS_URL may say, and TLS with a real server."""

import datetime
import ipaddress
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from chat.redis_address import parse
from tests.clients import new_token, v1
from tests.servers import Stack, free_port, running_redis


@pytest.mark.parametrize("url", ["redis://localhost", "rediss://user:secret@host:1/2", "unix:///path/of.sock"])
def test_one_server(url: str) -> None:
    assert (parse(url).kind, parse(url).url) == ("server", url)


def test_sentinels() -> None:
    address = parse("redis+sentinel://ann:p%40ss@one:1,[::1]:2,three/chat/3?sentinel_password=other")
    assert address.kind == "sentinel"
    assert address.hosts == (("one", 1), ("::1", 2), ("three", 26379))
    assert (address.service, address.uses_tls) == ("chat", False)
    assert address.options == {"username": "ann", "password": "p@ss", "db": 3}
    assert address.sentinel_options == {"password": "other"}


def test_cluster_with_tls() -> None:
    address = parse("rediss+cluster://:secret@one:7000,two?ssl_ca_certs=/ca.pem")
    assert (address.kind, address.uses_tls) == ("cluster", True)
    assert address.hosts == (("one", 7000), ("two", 6379))
    assert address.options == {"password": "secret", "ssl_ca_certs": "/ca.pem"}


def test_options_of_tls_are_meant_for_sentinels_too() -> None:
    address = parse("rediss+sentinel://:secret@one/chat?ssl_ca_certs=/ca.pem")
    assert address.sentinel_options == {"ssl_ca_certs": "/ca.pem"}


@pytest.mark.parametrize(
    ("url", "why"),
    [
        ("localhost:6379", "must start with"),
        ("http://secret@host", "must start with"),
        ("redis+cluster://one,,two", "no host"),
        ("redis+cluster://:secret@", "no host"),
        ("redis+cluster://secret@one/1", "only 0"),
        ("redis+sentinel://one,two", "no service"),
        ("redis+sentinel://one/chat/first", "no number"),
        ("redis+sentinel://one:port/chat", "ort"),
    ],
)
def test_what_cannot_be_an_address_is_refused_without_its_secrets(url: str, why: str) -> None:
    with pytest.raises(ValueError, match=why) as refused:
        parse(url)
    assert "secret" not in str(refused.value)


def make_certificate(folder: Path) -> Path:
    """A certificate of 127.0.0.1 that is its own authority, and its key, in one file."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "redis for tests")])
    now = datetime.datetime.now(datetime.UTC)
    addresses = [x509.IPAddress(ipaddress.ip_address("127.0.0.1"))]
    certificate = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - datetime.timedelta(hours=1))
        .not_valid_after(now + datetime.timedelta(hours=1))
        .add_extension(x509.SubjectAlternativeName(addresses), critical=False)
        .sign(key, hashes.SHA256())
    )
    path = folder / "redis.pem"
    path.write_bytes(
        certificate.public_bytes(serialization.Encoding.PEM)
        + key.private_bytes(
            serialization.Encoding.PEM,
            serialization.PrivateFormat.PKCS8,
            serialization.NoEncryption(),
        )
    )
    return path


async def test_chat_over_tls(tmp_path: Path) -> None:
    pem = make_certificate(tmp_path)
    port = free_port()
    options = ("--tls-port", str(port), "--tls-auth-clients", "no")
    files = ("--tls-cert-file", str(pem), "--tls-key-file", str(pem), "--tls-ca-cert-file", str(pem))
    with running_redis(tmp_path / "redis", "json", *options, *files):
        stack = Stack(tmp_path / "stack", f"rediss://127.0.0.1:{port}?ssl_ca_certs={pem}")
        try:
            web = stack.web()
            stack.worker()
            async with v1(web, new_token(web)) as client:
                assert await client.ask("in secret") == "in secret"
        finally:
            stack.close()
