"""Timestamps by `openssl ts`, with RSA keys and an authority in between: the verifier reads what others write."""

import subprocess
from hashlib import sha256
from pathlib import Path

import pytest
from cryptography import x509

from tocsin.evidence.verify import Token, Wrong

TEXT = b"a checkpoint\n"
CONFIGURATION = """\
[tsa]
default_tsa = one
[one]
serial = serial
signer_cert = leaf.pem
signer_key = leaf.key
signer_digest = sha512
default_policy = 1.2.3.4
digests = sha256, sha384
ess_cert_id_alg = {ess}
{certs}
[ca]
basicConstraints = critical,CA:true
[leaf]
extendedKeyUsage = critical,timeStamping
[plain]
basicConstraints = CA:false
[req]
distinguished_name = empty
[empty]
"""


def openssl(place: Path, words: str) -> None:
    subprocess.run(["openssl", *words.split()], cwd=place, check=True, capture_output=True, timeout=60)


def issue(place: Path, name: str, by: str, extensions: str) -> None:
    openssl(place, f"genrsa -out {name}.key 2048")
    openssl(place, f"req -new -config tsa.cnf -key {name}.key -subj /CN={name} -out {name}.csr")
    signer = f"-CA {by}.pem -CAkey {by}.key" if by != name else f"-key {name}.key"
    openssl(
        place, f"x509 -req -in {name}.csr {signer} -days 3 -extfile tsa.cnf -extensions {extensions} -out {name}.pem"
    )


@pytest.fixture(scope="module", params=["sha1", "sha256"])
def authority(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Root, intermediate and leaf, and `answer.tsr` over TEXT."""
    place = tmp_path_factory.mktemp("rsa")
    (place / "tsa.cnf").write_text(CONFIGURATION.format(ess=request.param, certs="certs = middle.pem"))
    (place / "serial").write_text("01\n")
    (place / "text").write_bytes(TEXT)
    for name, by, extensions in (("root", "root", "ca"), ("middle", "root", "ca"), ("leaf", "middle", "leaf")):
        issue(place, name, by, extensions)
    openssl(place, "ts -query -data text -sha384 -cert -out asked.tsq")
    openssl(place, "ts -reply -config tsa.cnf -queryfile asked.tsq -out answer.tsr")
    return place


def root(place: Path, name: str = "root") -> x509.Certificate:
    return x509.load_pem_x509_certificate((place / f"{name}.pem").read_bytes())


def test_a_token_by_rsa_over_an_intermediate_is_trusted_under_its_root_only(authority: Path) -> None:
    token = Token((authority / "answer.tsr").read_bytes())
    signer = token.signer()
    assert signer is not None
    assert token.imprint != sha256(TEXT).digest()
    assert token.imprint_digest.name == "sha384"
    assert token.trusted(signer, [root(authority)])
    assert not token.trusted(signer, [])
    issue(authority, "other", "other", "ca")
    assert not token.trusted(signer, [root(authority, "other")])


def test_a_bare_token_is_read_like_a_response(authority: Path) -> None:
    openssl(authority, "ts -reply -in answer.tsr -token_out -out bare.tst")
    assert Token((authority / "bare.tst").read_bytes()).signer() is not None


def test_no_changed_byte_of_what_was_signed_is_accepted(authority: Path) -> None:
    raw = (authority / "answer.tsr").read_bytes()
    honest = Token(raw)
    start = raw.index(honest._content)
    for at in range(start, start + len(honest._content), 5):
        changed = raw[:at] + bytes([raw[at] ^ 1]) + raw[at + 1 :]
        try:
            assert Token(changed).signer() is None
        except (Wrong, ValueError, KeyError, IndexError, StopIteration):
            continue


def test_a_certificate_that_may_not_stamp_is_not_trusted(authority: Path) -> None:
    openssl(
        authority,
        "x509 -req -in leaf.csr -CA middle.pem -CAkey middle.key -days 3 -extfile tsa.cnf -extensions plain -out plain.pem",
    )
    token = Token((authority / "answer.tsr").read_bytes())
    assert not token.trusted(root(authority, "plain"), [root(authority)])
