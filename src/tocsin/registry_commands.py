"""`tocsin registry` with what asks a running node; the rest works on a stopped one and stands in the room."""

import json
from pathlib import Path

import click

from tocsin.asking import asked
from tocsin.registry.commands import files_asked, registry
from tocsin.settings import settings_of

KIND = "registry-import"


@registry.command("hand-in")
@files_asked
@click.pass_obj
def hand_in_command(
    path: Path | None,
    files: tuple[Path, ...],
    form: str,
    dataset: str,
    url: str,
    mapping: Path | None,
    words: tuple[str, ...],
) -> None:
    """Have the running node take files in, and print what became of every row. The node reads them where they are."""
    wish: dict[str, object] = {
        "kind": KIND,
        "files": [str(one.resolve()) for one in files],
        "form": form,
        "dataset": dataset,
        "url": url,
    }
    wish |= {"mapping": str(mapping.resolve()) if mapping else "", "words": list(words)}
    answer = asked(settings_of(path), wish)
    told = [json.loads(line) for line in answer.read_text().splitlines()]
    answer.unlink()
    for one in told:
        if "file" in one or "refused" in one:
            click.echo(json.dumps(one))
    if any("message" in one for one in told):
        raise click.ClickException("Something was refused, as said above.")
