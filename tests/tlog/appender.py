"""A process that appends beats until it is killed, and prints each entry once it is acknowledged. Run by test_kill.py."""

import os
import sys
from hashlib import sha256
from itertools import count
from pathlib import Path

from tocsin.clock import SystemClock
from tocsin.crypto.keys import SigningKey
from tocsin.store import fail_points
from tocsin.store.blobs import DiskBlobs
from tocsin.tlog import entry
from tocsin.tlog.log import Log


def main() -> None:
    log = Log.open(DiskBlobs(Path(sys.argv[1])), sys.argv[2], SigningKey(b"l" * 32), SystemClock())
    fail_points.arm(os.environ, trials=True)
    for beat in count(log.newest_beat + 1):
        given = [entry.beat_entry(sha256(f"{beat} {number}".encode()).digest()) for number in range(3)]
        made = log.append_beat(beat, given)
        for index, raw in zip(made.indices, given, strict=True):
            print(index, raw.hex())
        print("beat", made.tree_size, made.root.hex(), flush=True)


if __name__ == "__main__":
    main()
