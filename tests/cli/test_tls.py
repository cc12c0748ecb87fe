"""https against a server with a certificate of the test's own authority."""

import ssl
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.cli import documents as d
from tests.cli.certificates import write_certificate
from tests.cli.program import Moby
from tests.cli.stubs import StubServer

READ, WRITE = ("balance", "--json"), ("topup", "20", "--json")


@pytest.fixture
def certificate(tmp_path: Path) -> Path:
    return write_certificate(tmp_path)


@pytest.fixture
def server(certificate: Path) -> Iterator[StubServer]:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate)
    running = StubServer(tls=context)
    yield running
    running.close()


@pytest.mark.parametrize("variable", ["REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE", "SSL_CERT_FILE"])
def test_named_authority_is_trusted_for_reads_and_writes(
    moby: Moby, server: StubServer, certificate: Path, variable: str
) -> None:
    server.on("GET", "balance", d.BALANCE)
    server.on("POST", "topups", d.TOPUP, status=201)
    env = {variable: str(certificate), "MOBY_TOKEN": d.TOKEN}
    assert moby.run(*READ, **env).code == 0
    assert moby.run(*WRITE, **env).code == 0


@pytest.mark.parametrize("words", [READ, WRITE])
def test_unknown_authority_gets_no_token(
    moby: Moby, server: StubServer, words: tuple[str, ...]
) -> None:
    ran = moby.run(*words, MOBY_TOKEN=d.TOKEN)
    assert (ran.code, ran.error["code"]) == (3, "tls_error")
    assert "REQUESTS_CA_BUNDLE" in ran.error["hint"]
    assert server.received == []


def test_certificate_of_another_name_gets_no_token(
    moby: Moby, server: StubServer, certificate: Path
) -> None:
    env = {"SSL_CERT_FILE": str(certificate), "MOBY_TOKEN": d.TOKEN}
    other = server.url.replace("127.0.0.1", "localhost")
    assert moby.run(*READ, MOBY_HOST=other, **env).error["code"] == "tls_error"
    assert server.received == []


def test_doctor_names_the_encryption(moby: Moby, server: StubServer, certificate: Path) -> None:
    client = d.offered("0.1.0", "0.1.0")
    server.on("GET", "client", client)
    server.on("GET", "client", client)
    findings = moby.run("doctor", "--json", SSL_CERT_FILE=str(certificate)).json["findings"]
    found = {finding["subject"]: finding["detail"] for finding in findings}
    assert found["encryption"] == "TLSv1.3"
    assert found["certificates"].endswith("certificate.pem")
