"""A phone that is taken while it records: its browser profile and the keys that live in the page open nothing sealed before."""

import base64
import json
import os
import signal
from collections.abc import Iterator
from pathlib import Path
from typing import Any, NamedTuple

import pytest
from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from playwright.sync_api import Browser, BrowserContext, Request

from tests.chromium import CHROMIUM, FLAGS
from tests.journeys.conftest import Running
from tests.journeys.test_recording import safe_seconds, tap
from tests.waiting import wait_until
from tocsin.crypto.hkdf import ratchet
from tocsin.crypto.profiles import RECORDING_LABEL
from tocsin.crypto.stream import Chunk, Header, derive, nonce_of, parse_chunk, parse_header
from tocsin.ids import unb64

PKCS8_BYTES = 48
"""A private key of 32 bytes behind 16 that say what it is (RFC 8410 section 7)."""

TELL_KEYS = """
  const hex = bytes => Array.from(new Uint8Array(bytes), byte => byte.toString(16).padStart(2, "0")).join("");
  const { importKey, deriveBits } = SubtleCrypto.prototype;
  SubtleCrypto.prototype.importKey = function (format, key, ...rest) {
    if (format === "raw" || format === "pkcs8") tellKey("import " + (rest[0].name ?? rest[0]), hex(key.buffer ? key.slice() : key));
    return importKey.call(this, format, key, ...rest);
  };
  SubtleCrypto.prototype.deriveBits = async function (...how) {
    const bits = await deriveBits.apply(this, how);
    tellKey("derive " + (how[0].name ?? how[0]), hex(bits));
    return bits;
  };
"""
"""Tells the trial every key that the page's cryptography is given or makes. It tells it past the page: nothing is written by it."""


class Seized(NamedTuple):
    """What is in the hands of whoever took the phone, and what the trial knows beside."""

    profile: Path
    keys: list[tuple[str, bytes]]
    header: Header
    upload: str
    chunks: list[Chunk]

    @property
    def secrets(self) -> set[bytes]:
        """Every secret that the page's cryptography was given or made. Raw Ed25519 and X25519 keys are public ones."""
        private = {key for use, key in self.keys if use.endswith("25519") and len(key) == PKCS8_BYTES}
        return private | {key for use, key in self.keys if not use.endswith("25519")}

    @property
    def recording_key(self) -> bytes:
        """The one of all keys that the header commits to."""
        given = [key for use, key in self.keys if use == "import HKDF"]
        return next(key for key in given if self._secrets(key)[2] == self.header.commitment)

    def _secrets(self, key: bytes) -> tuple[bytes, ...]:
        return derive(key, self.header.salt, self.header.recording_id, self.header.public_key)

    def opens(self, key: bytes, chunk: Chunk) -> bool:
        """Whether `key` is the key of this second."""
        nonce = nonce_of(self._secrets(self.recording_key)[1], chunk.seq)
        try:
            AESGCM(key).decrypt(nonce, chunk.ciphertext, chunk.raw[:41])
        except InvalidTag:
            return False
        return True


@pytest.fixture(scope="module")
def seized(town: Running, chromium: Browser, tmp_path_factory: pytest.TempPathFactory, is_long: bool) -> Seized:
    """A phone that recorded with a profile on disk, had no network for its last seconds, and was taken by the battery.

    At its fifth second; at its thirtieth with `--long`.
    """
    profile = tmp_path_factory.mktemp("profile")
    context = chromium.browser_type.launch_persistent_context(
        str(profile),
        executable_path=CHROMIUM,
        args=[*FLAGS, f"--crash-dumps-dir={profile}"],
        permissions=["camera", "microphone"],
        viewport={"width": 360, "height": 640},
    )
    return seize(context, town, profile, seconds=30 if is_long else 4)


def seize(context: BrowserContext, town: Running, profile: Path, seconds: int) -> Seized:
    page = context.pages[0]
    keys: list[tuple[str, bytes]] = []
    bodies: dict[str, bytes] = {}
    starts: list[dict[str, Any]] = []

    def listen(request: Request) -> None:
        if "/chunks/" in request.url:
            bodies[request.url.rpartition("/")[2]] = request.post_data_buffer or b""
        elif request.url.endswith("/encounters"):
            starts.append(json.loads(request.post_data or "{}"))

    page.expose_function("tellKey", lambda use, key: keys.append((use, bytes.fromhex(key))))
    page.add_init_script(TELL_KEYS)
    page.on("request", listen)
    tap(page, town)
    wait_until(lambda: safe_seconds(page) >= seconds, 90)
    context.set_offline(True)
    page.wait_for_function("() => /[3-9]/.test(document.querySelector('#here').textContent)", timeout=60_000)
    upload = str(page.evaluate(STORED_CAPABILITY))
    kill(profile)
    chunks = [parse_chunk(bodies[str(seq)]) for seq in range(len(bodies))]
    return Seized(profile, keys, parse_header(unb64(starts[0]["header"])), upload, chunks)


STORED_CAPABILITY = """() => new Promise(resolve => {
  const opening = indexedDB.open("tocsin-unsent");
  opening.onsuccess = () => {
    const found = opening.result.transaction("recordings").objectStore("recordings").getAll();
    found.onsuccess = () => resolve(found.result[0].upload);
  };
})"""


def kill(profile: Path) -> None:
    """SIGKILL to the browser that has this profile, and to nobody else's."""
    mark = f"--user-data-dir={profile}".encode()
    for process in Path("/proc").glob("[0-9]*"):
        try:
            if mark in (process / "cmdline").read_bytes().split(b"\0"):
                os.kill(int(process.name), signal.SIGKILL)
        except (FileNotFoundError, ProcessLookupError, PermissionError):
            continue


def spellings(key: bytes) -> Iterator[bytes]:
    """A key as it might stand in a file: raw, hexadecimal, base64 at each of three alignments, one byte or two a letter."""
    yield key
    texts = [key.hex(), key.hex().upper()]
    for shift in range(3):
        whole = base64.b64encode(bytes(shift) + key).decode().rstrip("=")
        inside = whole[(4 if shift else 0) : -1]
        texts += [inside, inside.replace("+", "-").replace("/", "_")]
    for text in texts:
        yield text.encode()
        yield text.encode("utf-16-le")


def files(profile: Path) -> Iterator[bytes]:
    for path in profile.rglob("*"):
        if path.is_file() and not path.is_symlink():
            yield path.read_bytes()


def test_the_trial_finds_what_is_there(seized: Seized) -> None:
    """What finds nothing must prove that it can find: the capability is kept, on purpose; the key of each second was seen."""
    assert any(seized.upload.encode() in content for content in files(seized.profile))
    used = [key for use, key in seized.keys if use == "import AES-GCM"]
    assert len(seized.chunks) > 4
    for chunk in seized.chunks:
        assert any(seized.opens(key, chunk) for key in used)


def test_no_key_is_in_the_profile(seized: Seized) -> None:
    assert seized.recording_key in seized.secrets
    assert len(seized.secrets) > 20
    written = list(files(seized.profile))
    for key in seized.secrets:
        # Of what the recording key yields, the commitment (behind 44 bytes) is public: the header carries it.
        for secret in spellings(key[16:] if len(key) == PKCS8_BYTES else key[:32]):
            assert not any(secret in content for content in written)


def test_the_keys_that_live_in_the_page_open_nothing_that_was_sealed(seized: Seized) -> None:
    """All that a page keeps is the chain key of the next second. The ratchet has no way back."""
    given = {key for use, key in seized.keys if use.startswith("import")}
    living = [key for use, key in seized.keys[-8:] if use == "derive HKDF" and key not in given]
    assert living
    for key in living:
        forward, following = ratchet(key, RECORDING_LABEL, b" chunk")
        for chunk in seized.chunks:
            assert not any(seized.opens(candidate, chunk) for candidate in (key, forward, following))
