"""`tocsin registry` with what asks a running node; the rest works on a stopped one and stands in the room."""

import json
from pathlib import Path

import click

from tocsin.asking import asked
from tocsin.registry.commands import registry
from tocsin.registry.formats import FORMATS
from tocsin.settings import settings_of

KIND = "registry-import"


@registry.command("hand-in")
@click.argument("files", nargs=-1, required=True, type=click.Path(exists=True, dir_okay=False, path_type=Path))
@click.option("--format", "form", type=click.Choice(sorted(FORMATS)), required=True, help="What kind of file it is.")
@click.option("--dataset", required=True, help="What its claims are to be known by.")
@click.option("--source", "url", default="", help="Address the file was got from, for claims that name none.")
@click.option(
    "--mapping", type=click.Path(exists=True, dir_okay=False, path_type=Path), help="For csv: which column is what."
)
@click.option("--only", "words", multiple=True, help="Take only rows with this word or phrase; may be repeated.")
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
