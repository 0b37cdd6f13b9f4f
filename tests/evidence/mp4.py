"""MP4 files as phones and cameras write them, made of a film that a browser recorded."""

import math
from collections.abc import Iterator
from fractions import Fraction
from io import BytesIO

import av
from av.audio.frame import AudioFrame
from av.audio.stream import AudioStream
from av.video.frame import VideoFrame
from av.video.stream import VideoStream

MIME = "video/mp4;codecs=avc1.42E01E,mp4a.40.2"
RATE, BLOCK = 44_100, 1024
FRAGMENTS = {"movflags": "frag_keyframe+empty_moov+default_base_moof", "frag_duration": "1000000"}
"""As MediaRecorder writes them."""
TURNED_RIGHT = b"".join(n.to_bytes(4, signed=True) for n in (0, 0x10000, 0, -0x10000, 0, 0, 0, 0, 0x40000000))
UPRIGHT = b"".join(n.to_bytes(4, signed=True) for n in (0x10000, 0, 0, 0, 0x10000, 0, 0, 0, 0x40000000))


def mp4(
    webm: bytes,
    *,
    seconds: int,
    codec: str = "libx264",
    voice: str = "aac",
    fragments: bool = True,
    turned: bool = False,
) -> bytes:
    """The first `seconds` of a film with a tone. `turned`: filmed on its side, with a matrix that says so."""
    made = BytesIO()
    with av.open(made, "w", format="mp4", options=FRAGMENTS if fragments else {}) as out:
        frames = list(pictures(webm, seconds, turned=turned))
        film = out.add_stream(codec, rate=15, options={"g": "15", **({"bf": "2"} if codec == "libx264" else {})})
        assert isinstance(film, VideoStream)
        film.width, film.height, film.pix_fmt = frames[0].width, frames[0].height, "yuv420p"
        sound = out.add_stream(voice, rate=RATE if voice == "aac" else 48_000, layout="mono")
        assert isinstance(sound, AudioStream)
        for frame in frames:
            out.mux(film.encode(frame))
        for block in tone(seconds, RATE if voice == "aac" else 48_000):
            out.mux(sound.encode(block))
        out.mux(film.encode())
        out.mux(sound.encode())
    raw = made.getvalue()
    return raw.replace(UPRIGHT, TURNED_RIGHT, 2).replace(TURNED_RIGHT, UPRIGHT, 1) if turned else raw


def pictures(webm: bytes, seconds: int, *, turned: bool) -> Iterator[VideoFrame]:
    """Fifteen a second, counted anew."""
    with av.open(BytesIO(webm), "r") as container:
        frames = [frame for frame, _ in zip(container.decode(video=0), range(15 * seconds), strict=False)]
    graph = av.filter.Graph()
    source = graph.add_buffer(
        width=frames[0].width, height=frames[0].height, format=frames[0].format, time_base=Fraction(1, 15)
    )
    turn = graph.add("transpose", "cclock") if turned else graph.add("null")
    sink = graph.add("buffersink")
    source.link_to(turn)
    turn.link_to(sink)
    graph.configure()
    for i, frame in enumerate(frames):
        frame.pts, frame.time_base = i, Fraction(1, 15)
        graph.push(frame)
        shown = graph.pull()
        assert isinstance(shown, VideoFrame)
        yield shown


def tone(seconds: int, rate: int) -> Iterator[AudioFrame]:
    for first in range(0, seconds * rate, BLOCK):
        block = AudioFrame("s16", "mono", BLOCK)
        block.rate, block.pts, block.time_base = rate, first, Fraction(1, rate)
        heights = (int(8000 * math.sin(2 * math.pi * 440 * (first + i) / rate)) for i in range(BLOCK))
        block.planes[0].update(b"".join(height.to_bytes(2, "little", signed=True) for height in heights))
        yield block
