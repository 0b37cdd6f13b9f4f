"""From nothing to two stewards' links, as somebody types it."""

import re
from pathlib import Path
from urllib.parse import urlsplit

import pytest
from click.testing import CliRunner, Result

from tocsin.cli import main
from tocsin.people import invitation
from tocsin.people.staff import Role
from tocsin.settings import settings_of
from tocsin.store.db import Database

LINK = re.compile(r"(\w+): (http://localhost:8000/en/staff/join#([\w-]{43}))")


def init(file: Path, *more: str) -> Result:
    return CliRunner().invoke(main, ["--settings", str(file), "init", *more])


def fresh(file: Path, *more: str) -> Result:
    return init(
        file, "--public-url", "http://localhost:8000/", "--pack", "minneapolis-sample", "--unattended-keys", *more
    )


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / "node.toml"


def opened(file: Path) -> dict[str, invitation.Invitation]:
    database = Database.open(settings_of(file).database_url)
    found = {one.pseudonym: one for one in database.read_now(invitation.waiting)}
    database.close()
    return found


def test_it_ends_with_links_for_two_stewards_and_keeps_no_secret(file: Path) -> None:
    result = fresh(file)
    assert result.exit_code == 0, result.output
    links = LINK.findall(result.output)
    assert [name for name, _, _ in links] == ["Kestrel", "Heron"]
    assert urlsplit(links[0][1]).fragment == links[0][2]
    waiting = opened(file)
    assert all(one.is_founding and one.roles == frozenset({Role.STEWARD}) for one in waiting.values())
    for path in (path for path in file.parent.rglob("*") if path.is_file()):
        assert not [name for name, _, secret in links if secret.encode() in path.read_bytes()], path
    settings = settings_of(file)
    assert (settings.log_origin, settings.hosts, settings.keys) == ("localhost/tocsin", ("localhost",), "unattended")


def test_run_again_it_gives_new_links_and_the_old_ones_open_nothing(file: Path) -> None:
    first = {secret for _, _, secret in LINK.findall(fresh(file).output)}
    before = opened(file)
    second = LINK.findall(init(file, "--steward", "Wren", "--steward", "Plover").output)
    assert [name for name, _, _ in second] == ["Wren", "Plover"]
    assert not first & {secret for _, _, secret in second}
    assert not {one.digest for one in before.values()} & {one.digest for one in opened(file).values()}


def test_without_an_address_it_says_what_is_missing(file: Path) -> None:
    for wrong in ((), ("--public-url", "city.example")):
        result = init(file, *wrong)
        assert result.exit_code == 1
        assert "(address_wanted)" in result.output
        assert not file.exists()
