"""`tocsin init`: from nothing to a node that two stewards can open, without e-mail, without a password that anybody could guess."""

from pathlib import Path
from urllib.parse import urlsplit

import click

from tocsin import new_keys
from tocsin.clock import SystemClock
from tocsin.encounters.model import DAY_SECONDS
from tocsin.errors import TocsinError
from tocsin.jurisdictions import load
from tocsin.own_keys import PUBLISHED
from tocsin.people import invitation
from tocsin.settings import HERE, Settings, settings_of, toml_of
from tocsin.store.db import Database

SUGGESTED = ("Kestrel", "Heron")
"""Pseudonyms that are nobody's name."""


class AddressWanted(TocsinError):
    code = "address_wanted"
    message = "Say where the node will be: --public-url https://city.example. Passkeys are made for that name, so it is for good."


@click.command()
@click.option(
    "--public-url", help="Scheme and name under which people reach the node. For good: passkeys are made for it."
)
@click.option("--pack", help="Jurisdiction pack: a name or a folder.", default="")
@click.option("--folder", type=click.Path(file_okay=False, path_type=Path), help="Where the node keeps what it keeps.")
@click.option("--port", type=int, default=8000, help="Where it listens.")
@click.option("--unattended-keys", is_flag=True, help="The node's own keys without a pass phrase: for trials.")
@click.option("--steward", "names", multiple=True, help="Pseudonym of a first steward; give two. Not a name.")
@click.pass_obj
def init(
    path: Path | None,
    public_url: str | None,
    pack: str,
    folder: Path | None,
    port: int,
    names: tuple[str, ...],
    *,
    unattended_keys: bool,
) -> None:
    """Make settings and keys where they are missing, and print one-time links for the first two stewards."""
    place = path or HERE
    if not place.exists():
        if not public_url:
            raise AddressWanted
        _write(place, public_url, pack, folder or place.resolve().parent / "node", port, unattended_keys)
        click.echo(f"Settings: {place}")
    settings = settings_of(place)
    _make_keys(settings)
    links = _links(settings, names or SUGGESTED)
    click.echo(f"\nStart the node now:\n\n    tocsin --settings {place} serve\n")
    click.echo("Then each of the first stewards opens a link, on a device of their own. It works once, for 7 days:\n")
    for name, link in links:
        click.echo(f"    {name}: {link}")
    click.echo(
        "\nHand them over in person or in an end-to-end encrypted message. They are kept nowhere: run this again for new ones."
    )


def _write(place: Path, public_url: str, pack: str, folder: Path, port: int, unattended: bool) -> None:
    host = urlsplit(public_url).hostname
    if not host or urlsplit(public_url).scheme not in ("http", "https"):
        raise AddressWanted
    told = {
        "folder": str(folder),
        "log_origin": f"{host}/tocsin",
        "public_url": public_url.rstrip("/"),
        "hosts": [host],
        "port": port,
        "pack": pack,
        "keys": "unattended" if unattended else "passphrase",
    }
    place.write_text(toml_of(told))


def _make_keys(settings: Settings) -> None:
    if (Path(settings.folder) / PUBLISHED).exists():
        return
    said = None
    if settings.keys != "unattended":
        said = str(click.prompt("Pass phrase of the node's own keys", hide_input=True, confirmation_prompt=True))
    new_keys.make(settings, said, SystemClock())
    click.echo("The node's own keys are made. Give the log's key to your witnesses: tocsin keys show")


def _links(settings: Settings, names: tuple[str, ...]) -> list[tuple[str, str]]:
    """Pseudonyms and links. Raises `StewardsThere`, and what a database raises that a running node has open."""
    clock, language = SystemClock(), load.load(settings.pack).languages[0]
    today = clock.now_ms() // 1000 // DAY_SECONDS
    database = Database.open(settings.database_url)
    try:
        database.migrate()
        secrets = database.write_now(lambda c: invitation.found(c, names, clock, today))
    finally:
        database.close()
    where = f"{settings.public_url}/{language}/staff/join#"
    return [(name, where + secret) for name, secret in zip(names, secrets, strict=True)]
