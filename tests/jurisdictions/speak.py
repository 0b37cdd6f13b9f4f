"""Makes a machine's recordings of a pack's rights cards: `./run cards PACK`, with Debian's espeak-ng.

Each card that has no recording of that text yet gets one in `cards/machine/` of the pack's folder: Opus in WebM, mono, small enough
for prepaid data. What belongs to no text any more is removed there. A person's voice in `cards/` is left alone and comes first.
"""

import subprocess
import sys
from array import array
from pathlib import Path

import av

from tocsin.jurisdictions.load import folder_of, load
from tocsin.jurisdictions.recorded import stem

VOICES = {"en": "en-us", "es": "es-419", "fr": "fr-fr"}
"""Voices of espeak-ng, by our language. A language without one needs a person."""
WORDS_A_MINUTE = 140
"""Slower than its own 175: whoever is afraid hears it once."""
PAUSE_S = 0.4
SPOKEN_RATE, RATE, BIT_RATE = 22_050, 48_000, 16_000
PEAK = 0.8
"""Of what a sample can hold."""


def speak(text: str, voice: str) -> "array[int]":
    """The samples of `text`, as loud as all others, and a pause."""
    command = ["espeak-ng", "-v", voice, "-s", str(WORDS_A_MINUTE), "--stdout", text]
    said = subprocess.run(command, check=True, capture_output=True).stdout
    samples = array("h", said[44 : len(said) // 2 * 2])  # a WAV file of mono 16 bit, without its header
    louder = PEAK * 32_767 / max(1, *map(abs, samples))
    return array("h", [round(one * louder) for one in samples]) + array("h", bytes(int(SPOKEN_RATE * PAUSE_S) * 2))


def encode(samples: "array[int]", path: Path) -> None:
    """As Opus in WebM."""
    frame = av.AudioFrame(format="s16", layout="mono", samples=len(samples))
    frame.planes[0].update(samples.tobytes())
    frame.sample_rate = SPOKEN_RATE
    with av.open(str(path), "w", format="webm", options={"fflags": "+bitexact"}) as film:
        track = film.add_stream("libopus", rate=RATE, options={"application": "voip", "frame_duration": "60"})
        track.layout, track.bit_rate = "mono", BIT_RATE
        shaped = av.AudioResampler(format="s16", layout="mono", rate=RATE, frame_size=RATE * 60 // 1000)
        for one in [*shaped.resample(frame), *shaped.resample(None)]:
            film.mux(track.encode(one))
        film.mux(track.encode(None))


def main(name: str) -> None:
    folder, said = folder_of(name) / "cards" / "machine", load(name).calls
    folder.mkdir(parents=True, exist_ok=True)
    wanted: set[Path] = set()
    for code, texts in said.cards.items() if said is not None else ():
        for text in texts:
            path = folder / f"{stem(code, text)}.webm"
            wanted.add(path)
            if not path.exists():
                encode(speak(text, VOICES[code]), path)
                print(f"{path.name}  {path.stat().st_size} bytes  {text}")
    for path in set(folder.glob("*.webm")) - wanted:
        path.unlink()
        print(f"{path.name}  belonged to no card any more, and was removed")


if __name__ == "__main__":
    main(sys.argv[1])
