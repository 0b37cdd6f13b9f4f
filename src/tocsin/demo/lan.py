"""A phone on the same network: a name, a certificate it can trust, and a page that says how to make it do so.

A service worker and the camera need https under a name, and refuse a certificate the phone does not trust. So the demo makes a
certificate authority of its own, for this one checkout, and hands its certificate out over plain http. Whoever installs it trusts this
machine for every site: the page says so and asks for it to be taken out again afterwards.
"""

import datetime
import ipaddress
import socket
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler
from pathlib import Path
from typing import TYPE_CHECKING

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization

from tocsin.clock import Clock
from tocsin.demo import certificates
from tocsin.demo.town import HOST, Lan

if TYPE_CHECKING:
    from zeroconf import Zeroconf

ROOT_NAME = "Tocsin demo (remove after trying)"

PAGE = Path(__file__).with_name("door.html").read_text(encoding="utf-8")


def prepare(folder: Path, clock: Clock) -> Lan:
    """Certificates for this machine's address of today. Raises `OSError` when there is no network."""
    now = datetime.datetime.fromtimestamp(clock.now_ms() / 1000, datetime.UTC)
    address = own_address()
    root = certificates.kept(folder / "root", lambda: certificates.new_root(ROOT_NAME, now))
    if root[1].not_valid_after_utc < now + datetime.timedelta(days=certificates.LEAF_DAYS):
        (folder / "root.key").unlink()
        root = certificates.kept(folder / "root", lambda: certificates.new_root(ROOT_NAME, now))
    names = [x509.DNSName(HOST), x509.DNSName("localhost"), x509.IPAddress(ipaddress.ip_address(address))]
    leaf = folder / f"node-{address.replace('.', '-')}"
    _, certificate = certificates.kept(leaf, lambda: certificates.new_leaf(root, names, now))
    ends = certificate.not_valid_after_utc < now + datetime.timedelta(days=1)
    if ends or not certificates.is_by(root, certificate):
        leaf.with_suffix(".key").unlink()
        certificates.kept(leaf, lambda: certificates.new_leaf(root, names, now))
    return Lan(
        address=address,
        certificate=leaf.with_suffix(".pem"),
        key=leaf.with_suffix(".key"),
        root=folder / "root.pem",
        fingerprint=root[1].fingerprint(hashes.SHA256()).hex(":").upper(),
    )


def own_address() -> str:
    """The machine's address on the network it would use; nothing is sent. Raises `OSError` when there is none."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
        probe.connect(("192.0.2.1", 9))
        return str(probe.getsockname()[0])


def announce(address: str, port: int) -> "Zeroconf":
    """Answers for `tocsin-demo.local` on the local network until the returned object is closed."""
    from zeroconf import IPVersion, ServiceInfo, Zeroconf

    kind = "_https._tcp.local."
    service = ServiceInfo(
        kind, f"Tocsin demo.{kind}", addresses=[socket.inet_aton(address)], port=port, server=f"{HOST}."
    )
    zeroconf = Zeroconf(interfaces=[address], ip_version=IPVersion.V4Only)
    zeroconf.register_service(service, allow_name_change=True)
    return zeroconf


def door(lan: Lan, url: str) -> type[BaseHTTPRequestHandler]:
    """A request class that shows the instructions and hands out the root certificate, and logs nothing."""
    page = PAGE.format(url=url, root=ROOT_NAME, fingerprint=lan.fingerprint).encode()
    root = x509.load_pem_x509_certificate(lan.root.read_bytes()).public_bytes(serialization.Encoding.DER)
    answers = {"/": ("text/html; charset=utf-8", page), "/tocsin-demo.crt": ("application/x-x509-ca-cert", root)}

    class Door(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            kind, body = answers.get(self.path, ("text/plain", b""))
            self.send_response(HTTPStatus.OK if body else HTTPStatus.NOT_FOUND)
            self.send_header("Content-Type", kind)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *arguments: object) -> None:
            """Nothing is kept."""

    return Door
