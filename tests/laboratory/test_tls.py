"""TLS both ways, with certificates made here: whom we trust, and who we show ourselves to be."""

import ssl
from collections.abc import Iterator
from pathlib import Path

import pytest

from activities.adapters.fhir_access import Access, WrongSetting
from activities.adapters.fhir_server import FhirServer
from activities.ports import LaboratoryAway, LaboratoryUnfit
from tests.laboratory.certificates import Authority
from tests.laboratory.hostile import Hostile, observation, searchset, serving

OLD, NEW = ssl.TLSVersion.TLSv1_2, ssl.TLSVersion.MAXIMUM_SUPPORTED
ASKS, ASKED_BEFORE, ASKS_NOTHING = (ssl.CERT_REQUIRED, NEW), (ssl.CERT_REQUIRED, OLD), (ssl.CERT_NONE, NEW)
"""Whether a server wants a certificate, and when it says so: in TLS 1.3 after the client thinks all is well."""


@pytest.fixture
def hospital(tmp_path: Path) -> Authority:
    """The hospital's own authority."""
    return Authority(tmp_path, "hospital")


@pytest.fixture
def secure(hospital: Authority, request: pytest.FixtureRequest) -> Iterator[Hostile]:
    """A server with the hospital's certificate, which asks for one of the hospital's."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(*hospital.sign("server"))
    context.load_verify_locations(hospital.file)
    context.verify_mode, context.maximum_version = getattr(request, "param", ASKS)
    with serving(context) as server:
        server.answer = lambda question: question.say(searchset(observation()))
        yield server


def test_a_client_certificate_opens_the_laboratory(secure: Hostile, hospital: Authority, tmp_path: Path) -> None:
    """Beside a token, which goes over TLS alone; the key may lie in the certificate's file."""
    certificate, key = hospital.sign("worker")
    (tmp_path / "token").write_text("t")
    access = Access(secure.url, tmp_path / "token", certificate, key, hospital.file)
    assert len(FhirServer(access).results("S001")) == 1
    assert secure.asked[0].headers["Authorization"] == "Bearer t"

    certificate.write_text(certificate.read_text() + key.read_text())
    assert len(FhirServer(Access(secure.url, None, certificate, None, hospital.file)).results("S001")) == 1


@pytest.mark.parametrize("secure", [ASKS, ASKED_BEFORE], indirect=True, ids=["TLS 1.3", "TLS 1.2"])
def test_without_a_certificate_it_stays_shut(secure: Hostile, hospital: Authority, tmp_path: Path) -> None:
    """Nor with one of somebody else: the sentence names the setting."""
    (tmp_path / "else").mkdir()
    stranger = Authority(tmp_path / "else", "stranger").sign("worker")
    for certificate, key in ((None, None), stranger):
        with pytest.raises(LaboratoryUnfit, match="look at TRIALPATH_LAB_CLIENT_CERTIFICATE"):
            FhirServer(Access(secure.url, None, certificate, key, hospital.file)).results("S001")
    assert secure.asked == []


def test_a_renewed_certificate_counts_without_a_restart(secure: Hostile, hospital: Authority, tmp_path: Path) -> None:
    """The files are looked at when results are asked for; when they are gone that is told."""
    (tmp_path / "else").mkdir()
    certificate, key = Authority(tmp_path / "else", "stranger").sign("worker")
    laboratory = FhirServer(Access(secure.url, None, certificate, key, hospital.file))
    with pytest.raises(LaboratoryUnfit):
        laboratory.results("S001")

    for old, new in zip((certificate, key), hospital.sign("worker"), strict=True):
        old.write_bytes(new.read_bytes() + b"\n")
    assert len(laboratory.results("S001")) == 1

    key.unlink()
    with pytest.raises(LaboratoryUnfit, match="cannot be read"):
        laboratory.results("S001")


@pytest.mark.parametrize("secure", [ASKS_NOTHING], indirect=True)
def test_a_server_nobody_vouches_for_is_not_asked(secure: Hostile, hospital: Authority, tmp_path: Path) -> None:
    """By another authority, by the system's alone, or under another name: no token is sent."""
    (tmp_path / "else").mkdir()
    other = Authority(tmp_path / "else", "other").file
    (tmp_path / "token").write_text("t")
    named = secure.url.replace("127.0.0.1", "localhost")
    for url, trusted in ((secure.url, other), (secure.url, None), (named, hospital.file)):
        with pytest.raises(LaboratoryUnfit, match="is not trusted; set TRIALPATH_LAB_CA_FILE"):
            FhirServer(Access(url, tmp_path / "token", None, None, trusted)).results("S001")
    assert secure.asked == []


def test_a_certificate_that_ran_out_is_not_trusted(hospital: Authority) -> None:
    """However well it was signed."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(*hospital.sign("old", expired=True))
    with serving(context) as server, pytest.raises(LaboratoryUnfit, match="is not trusted"):
        FhirServer(Access(server.url, ca_file=hospital.file)).results("S001")


def test_a_server_without_tls_is_told(hospital: Authority) -> None:
    """An https address of a plain server."""
    with serving() as plain:
        found = FhirServer(Access(plain.url.replace("http:", "https:"), ca_file=hospital.file, read_seconds=1)).check()
    assert "no secure connection" in found


def test_a_secure_server_asked_plainly_is_told(secure: Hostile) -> None:
    """An http address of a server that speaks TLS only."""
    laboratory = FhirServer(Access(secure.url.replace("https:", "http:"), read_seconds=1))
    with pytest.raises(LaboratoryAway):
        laboratory.results("S001")


def test_keys_and_certificates_must_fit(hospital: Authority, tmp_path: Path) -> None:
    """Each is refused at start, with the setting's name and what would be accepted; no passphrase is asked for."""
    url = "https://lab.example.org/fhir"
    certificate, key = hospital.sign("worker")
    _, other = hospital.sign("another")
    locked = hospital.sign("locked", passphrase=b"x")
    (tmp_path / "odd.pem").write_text("odd")
    odd = tmp_path / "odd.pem"
    pairs: tuple[tuple[Path, Path | None], ...] = (
        (certificate, other),
        (certificate, None),
        locked,
        (odd, key),
        (certificate, odd),
    )
    for ours, its_key in pairs:
        with pytest.raises(
            WrongSetting, match="must be a certificate and its own key in PEM, the key without a passphrase"
        ):
            FhirServer(Access(url, None, ours, its_key, hospital.file))
    with pytest.raises(WrongSetting, match="must hold certificates in PEM"):
        FhirServer(Access(url, ca_file=odd))
