"""The sample timestamp authority as a process: `python -m tocsin.demo.authority FOLDER PORT`, on loopback.

It proves nothing to anybody, because who runs the node runs it too. The demo starts one so that the path of a timestamp can be seen; a
real node lists authorities that others run (docs/run/serve.md).
"""

import sys
from pathlib import Path

import uvicorn

from tocsin.tlog.sample_tsa import SampleTsa


def main(folder: Path, port: int) -> None:
    """Serve until stopped."""
    uvicorn.run(SampleTsa(folder, is_trial=True), host="127.0.0.1", port=port, log_level="warning", access_log=False)


if __name__ == "__main__":
    main(Path(sys.argv[1]), int(sys.argv[2]))
