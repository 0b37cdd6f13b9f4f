"""What the owner of a recording types on a computer of their own: fetch it by its recovery words."""

from pathlib import Path

import click
import httpx

from tocsin.crypto import envelope, words
from tocsin.crypto.stream import Reader, parse_header
from tocsin.errors import TocsinError
from tocsin.ids import b64, unb64

PATIENCE = 60.0


class NodeRefused(TocsinError):
    """What the node said, passed on in its own words."""

    code = "node_refused"

    def __init__(self, answer: httpx.Response) -> None:
        super().__init__()
        try:
            said = answer.json()
            self.code, self.message = str(said["code"]), str(said["message"])
        except (ValueError, KeyError):
            self.message = f"The node answered {answer.status_code} and no reason."


@click.command()
@click.argument("url")
@click.option("-o", "--output", type=click.Path(dir_okay=False, path_type=Path), required=True, help="File to make.")
def fetch(url: str, output: Path) -> None:
    """Fetch a recording from the node at URL by its seven recovery words, sealed as it lies there."""
    recovered = words.derive(str(click.prompt("Recovery words, with spaces", hide_input=True)))
    with httpx.Client(base_url=url, timeout=PATIENCE, trust_env=False) as node, output.open("xb") as file:
        found = _checked(node.post("/recover", headers=_may(recovered.locator))).json()
        recording_key = envelope.open_wraps(recovered.identity, unb64(found["wraps"]))
        owner = Reader(recording_key, parse_header(unb64(found["header"]))).owner_secret
        with node.stream("GET", f"/encounters/{found['recording']}/sealed", headers=_may(owner)) as answer:
            if answer.is_error:
                answer.read()
            for part in _checked(answer).iter_bytes():
                file.write(part)
    click.echo(f"{output}  {output.stat().st_size} bytes, sealed. Open it: tocsin open {output} --words -o FOLDER")


def _may(secret: bytes) -> dict[str, str]:
    return {"authorization": f"Tocsin {b64(secret)}"}


def _checked(answer: httpx.Response) -> httpx.Response:
    if answer.is_error:
        raise NodeRefused(answer)
    return answer
