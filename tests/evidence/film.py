"""Media as a real browser's recorder gives it, from the fake camera, and a sealed recording that is made of it."""

from base64 import b64decode
from pathlib import Path
from typing import Any

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
