"""`tocsin verify`, in a file of its own: whoever only checks a package waits for nothing else to load."""

import sys
from pathlib import Path

import click

from tocsin.evidence import verify as verifier

FILE = click.Path(exists=True, dir_okay=False, path_type=Path)


@click.command("verify")
@click.argument("file", type=click.Path(path_type=Path))
@click.option("--trust", type=FILE, help="Keys of the log, witnesses and timestamp roots, from outside the package.")
@click.option("--signer", metavar="KEY", help="The custodian's Ed25519 public key, base64.")
@click.option("--json", "as_json", is_flag=True, help="One JSON object.")
def verify_command(file: Path, trust: Path | None, signer: str | None, *, as_json: bool) -> None:
    """Check an evidence package, offline. Exit 0 all proven, 1 something is wrong, 2 no package, 3 something is missing."""
    asked = [str(file), *(["--trust", str(trust)] if trust else []), *(["--signer", signer] if signer else [])]
    sys.exit(verifier.main([*asked, *(["--json"] if as_json else [])]))
