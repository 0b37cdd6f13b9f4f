"""`tocsin cards`: which cards of a pack somebody recorded, and what a recording has to be called."""

import click

from tocsin.jurisdictions.load import folder_of, load
from tocsin.jurisdictions.recorded import find, stem, without_text


@click.command()
@click.argument("pack")
def cards(pack: str) -> None:
    """List the rights cards of PACK, and the name that the recording of each must have. Exit status 1 when one is missing."""
    folder, said = folder_of(pack), load(pack).calls
    texts = {} if said is None else said.cards
    missing = 0
    for code, shown in texts.items():
        for text in shown:
            found = find(folder, code, text)
            missing += found is None
            there = "no recording" if found is None else str(found.relative_to(folder))
            click.echo(f"cards/{stem(code, text)}.webm  {there}\n    {text}")
    for path in without_text(folder, texts):
        click.echo(
            f"{path.relative_to(folder)}  belongs to no card of this pack: its text was changed, and nobody hears it"
        )
    raise SystemExit(1 if missing else 0)
