"""A timestamp authority for trials and the demo: its own root, its own key, `openssl ts -reply` for each request.
Nobody should trust it.

It refuses to start unless it is told that this is a trial. `certs=` is left out of its configuration on purpose:
openssl would then write an
unordered certificate set, which DER forbids and rfc3161-client refuses.
"""

import subprocess
from pathlib import Path
from threading import Lock

from tocsin.errors import TocsinError
from tocsin.tlog.asgi import NOTHING, Message, Receive, Reply, Send, serve

CONFIGURATION = """\
[tsa]
default_tsa = sample
[sample]
serial = serial
signer_cert = tsa.pem
signer_key = tsa.key
signer_digest = sha256
default_policy = 1.3.6.1.4.1.55555.1
digests = sha256
accuracy = secs:1
ordering = yes
ess_cert_id_alg = sha256
[root]
basicConstraints = critical,CA:true
keyUsage = critical,keyCertSign
subjectKeyIdentifier = hash
[leaf]
basicConstraints = critical,CA:false
keyUsage = critical,digitalSignature
extendedKeyUsage = critical,timeStamping
authorityKeyIdentifier = keyid
subjectKeyIdentifier = hash
[req]
distinguished_name = empty
[empty]
"""


class NotATrial(TocsinError):
    code = "not_a_trial"
    message = "The sample timestamp authority is for trials only. Name real authorities in the settings."


class SampleTsa:
    """An ASGI application. `root` is the PEM file a reader of its tokens has to trust."""

    def __init__(self, place: Path, *, is_trial: bool) -> None:
        """Make keys and certificates in `place`, or use those there. Raises `NotATrial`."""
        if not is_trial:
            raise NotATrial
        place.mkdir(parents=True, exist_ok=True)
        self.root = place / "root.pem"
        self._place = place
        self._one_at_a_time = Lock()  # openssl keeps its serial number in a file
        (place / "tsa.cnf").write_text(CONFIGURATION)
        if not self.root.exists():
            self._make_certificates()

    async def __call__(self, scope: Message, receive: Receive, send: Send) -> None:
        await serve(self.answer, scope, receive, send)

    def answer(self, method: str, _path: str, body: bytes) -> Reply:
        """The answer to one request, on whatever path."""
        if method != "POST" or not body:
            return NOTHING
        return Reply(200, "application/timestamp-reply", self.reply(body))

    def reply(self, request: bytes) -> bytes:
        """The TimeStampResp for a TimeStampReq, both DER."""
        with self._one_at_a_time:
            (self._place / "asked.tsq").write_bytes(request)
            self._openssl("ts -reply -config tsa.cnf -queryfile asked.tsq -out answer.tsr")
            return (self._place / "answer.tsr").read_bytes()

    def _make_certificates(self) -> None:
        (self._place / "serial").write_text("01\n")
        self._openssl("ecparam -name prime256v1 -genkey -noout -out root.key")
        self._openssl("ecparam -name prime256v1 -genkey -noout -out tsa.key")
        root = "req -x509 -new -config tsa.cnf -extensions root -key root.key -days 30 -out root-new.pem"
        self._openssl(root, "-subj", "/CN=Tocsin sample root: trust nothing under it")
        request = "req -new -config tsa.cnf -key tsa.key -out tsa.csr"
        self._openssl(request, "-subj", "/CN=Tocsin sample timestamps")
        self._openssl(
            "x509 -req -in tsa.csr -CA root-new.pem -CAkey root.key -set_serial 2 -days 30 -extfile tsa.cnf "
            "-extensions leaf -out tsa.pem"
        )
        (self._place / "root-new.pem").rename(self.root)

    def _openssl(self, words: str, *more: str) -> None:
        subprocess.run(["openssl", *words.split(), *more], cwd=self._place, check=True, capture_output=True, timeout=30)
