"""Media as a real browser's recorder gives it, from the fake camera, and a sealed recording that is made of it."""

from base64 import b64decode
from pathlib import Path
from typing import Any, NamedTuple

from playwright.sync_api import Page

from tests.evidence.scene import Scene

RECORD = """async ([mimes, slices]) => {
  const stream = await navigator.mediaDevices.getUserMedia({audio: true, video: {width: 320, height: 240, frameRate: 15}});
  const told = [];
  for (const mime of mimes) {
    const source = mime.startsWith("audio") ? new MediaStream(stream.getAudioTracks()) : stream;
    const recorder = new MediaRecorder(source, {mimeType: mime, videoBitsPerSecond: 200000, videoKeyFrameIntervalDuration: 1000});
    const parts = [];
    recorder.ondataavailable = event => parts.push(event.data);
    recorder.start(1000);
    await new Promise(done => { const look = () => parts.length >= slices ? done() : setTimeout(look, 50); look(); });
    await new Promise(done => { recorder.onstop = done; recorder.stop(); });
    const text = async part => Array.from(new Uint8Array(await part.arrayBuffer()), one => String.fromCharCode(one)).join("");
    told.push(await Promise.all(parts.map(async part => btoa(await text(part)))));
  }
  stream.getTracks().forEach(track => track.stop());
  return told;
}"""
"""Slices of about a second, base64, one list for each MIME type."""

CLUSTER, TIMECODE, VOID, SIMPLE_BLOCK = bytes.fromhex("1f43b675"), b"\xe7", b"\xec", b"\xa3"
UNKNOWN = bytes.fromhex("01ffffffffffffff")
SECOND_BYTES = 64 * 1024
LAST_MS = 980
SHORTEST = 5_000

PICTURE, SOUND = "video/webm;codecs=vp8,opus", "audio/webm;codecs=opus"


def recorded(page: Page, slices: int = 6, mimes: tuple[str, ...] = (PICTURE, SOUND)) -> list[list[bytes]]:
    """Slices of each file. `page` may ask for the camera."""
    told = page.evaluate(RECORD, [list(mimes), slices])
    return [[b64decode(one) for one in parts] for parts in told]


def sealed_film(place: Path, files: list[list[bytes]], **more: Any) -> Scene:
    """A recording: its first file, then its second after a restart. A pause at 0:02, a talk where `more` says."""
    picture, sound = files
    restart = len(picture) + 3 + sum(bool(more.get(name)) for name in ("call_at", "call_ends_at"))
    waiting = iter([*picture, *sound])
    told: dict[int, bytes] = {}

    def body(seq: int) -> bytes:
        if seq not in told:
            told[seq] = next(waiting, b"")
        return told[seq]

    count = restart + len(sound) + 2
    options = {"step_ms": 250, "restart_at": restart, "restart_mime": SOUND, "gap_ms": (2000, 3000), **more}
    return Scene(place, b"film", chunks=count, body=body, **options)


class Film(NamedTuple):
    """What comes before the clusters, and each cluster's blocks."""

    head: bytes
    clusters: list[bytes]

    def second(self, number: int) -> bytes:
        """A second of the long film, filled up."""
        blocks = self.clusters[number % len(self.clusters)]
        time_ms = (number * 1000).to_bytes(4)
        cluster = CLUSTER + UNKNOWN + TIMECODE + b"\x84" + time_ms + blocks
        rest = SECOND_BYTES - len(cluster) - 9
        return cluster + VOID + (1 << 56 | rest).to_bytes(8) + bytes(rest)


def taken_apart(webm: bytes) -> Film:
    """Splits at the clusters. Each begins with its time."""
    head, *found = webm.split(CLUSTER)
    long = [one for one in found if len(one) > SHORTEST]  # the browser begins a cluster of sound between two of both
    return Film(head, [blocks_of(one) for one in long])


def blocks_of(cluster: bytes) -> bytes:
    """A cluster's blocks of its first second: what runs into the next would go back in time there."""
    size = 9 - cluster[0].bit_length()
    assert cluster[size : size + 1] == TIMECODE, "a cluster of the browser begins with its time"
    at, kept = size + 2 + (cluster[size + 1] & 0x7F), b""
    while at < len(cluster) and cluster[at : at + 1] == SIMPLE_BLOCK:
        wide = 9 - cluster[at + 1].bit_length()
        length = int.from_bytes(cluster[at + 1 : at + 1 + wide]) & ((1 << 7 * wide) - 1)
        end = at + 1 + wide + length
        if int.from_bytes(cluster[at + 2 + wide : at + 4 + wide]) < LAST_MS:
            kept += cluster[at:end]
        at = end
    return kept
