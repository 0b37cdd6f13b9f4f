"""A phone that trusts the demo's root gets a certificate for the name, and is told what trusting means."""

import datetime
import ipaddress
import ssl
import stat
from pathlib import Path

import httpx
import pytest
from cryptography import x509
from cryptography.x509.verification import PolicyBuilder, Store

from tests.serving import serving
from tocsin.clock import SystemClock
from tocsin.demo import certificates, lan
from tocsin.demo.town import HOST, Lan


@pytest.fixture
def prepared(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Lan:
    monkeypatch.setattr(lan, "own_address", lambda: "192.0.2.7")
    return lan.prepare(tmp_path, SystemClock())


def test_the_certificate_holds_for_the_name_and_the_address(prepared: Lan) -> None:
    root = x509.load_pem_x509_certificate(prepared.root.read_bytes())
    leaf = x509.load_pem_x509_certificate(prepared.certificate.read_bytes())
    policy = PolicyBuilder().store(Store([root]))
    for subject in (x509.DNSName(HOST), x509.IPAddress(ipaddress.ip_address("192.0.2.7"))):
        assert policy.build_server_verifier(subject).verify(leaf, [])
    assert leaf.not_valid_after_utc - leaf.not_valid_before_utc < datetime.timedelta(days=398)


def test_a_server_can_use_it(prepared: Lan) -> None:
    ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER).load_cert_chain(prepared.certificate, prepared.key)


def test_the_keys_are_readable_by_their_owner_only(prepared: Lan) -> None:
    for key in (prepared.key, prepared.root.with_suffix(".key")):
        assert stat.S_IMODE(key.stat().st_mode) == 0o600


def test_the_same_root_the_second_time(prepared: Lan, tmp_path: Path) -> None:
    assert lan.prepare(tmp_path, SystemClock()) == prepared


def test_an_old_leaf_is_made_anew(prepared: Lan, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    before = prepared.certificate.read_bytes()

    class Later(SystemClock):
        def now_ms(self) -> int:
            return super().now_ms() + certificates.LEAF_DAYS * 86_400_000

    assert lan.prepare(tmp_path, Later()).root.read_bytes() == prepared.root.read_bytes()
    assert prepared.certificate.read_bytes() != before


def test_a_root_that_would_end_before_its_leaves_is_made_anew_with_them(prepared: Lan, tmp_path: Path) -> None:
    before = prepared.root.read_bytes()

    class NextYear(SystemClock):
        def now_ms(self) -> int:
            return super().now_ms() + (certificates.ROOT_DAYS - 1) * 86_400_000

    again = lan.prepare(tmp_path, NextYear())
    assert again.root.read_bytes() != before
    root = x509.load_pem_x509_certificate(again.root.read_bytes())
    x509.load_pem_x509_certificate(again.certificate.read_bytes()).verify_directly_issued_by(root)


def test_a_leaf_of_another_root_is_made_anew(prepared: Lan, tmp_path: Path) -> None:
    prepared.root.unlink()
    again = lan.prepare(tmp_path, SystemClock())
    root = x509.load_pem_x509_certificate(again.root.read_bytes())
    x509.load_pem_x509_certificate(again.certificate.read_bytes()).verify_directly_issued_by(root)


def test_the_door_hands_out_the_root_and_says_what_it_means(prepared: Lan) -> None:
    with serving(lan.door(prepared, "https://tocsin-demo.local:8443/")) as url:
        page = httpx.get(url + "/").text
        given = x509.load_der_x509_certificate(httpx.get(url + "/tocsin-demo.crt").content)
        assert httpx.get(url + "/root.key").status_code == 404
    assert "trusts that computer for every site" in page
    assert "https://tocsin-demo.local:8443/" in page
    assert prepared.fingerprint in page
    assert given == x509.load_pem_x509_certificate(prepared.root.read_bytes())
