"""The commands as a person types them, and a witness as its own process."""

import asyncio
import json
import signal
import subprocess
import sys
from base64 import b64encode
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import click
import httpx
import pytest
from click.testing import CliRunner, Result

from tests.serving import free_ports
from tests.tlog.conftest import BEAT
from tests.tlog.test_audit import RECEIPTS, covered, liar, over_http, receipt
from tests.tlog.town import Town
from tests.waiting import wait_until
from tocsin.store.disk import StoreInUse
from tocsin.tlog import commands, entry, proof, witness_settings
from tocsin.tlog.ask import Outcome, WitnessAddress, Witnesses
from tocsin.tlog.witness_commands import witness


@pytest.fixture
def town(tmp_path: Path) -> Town:
    return Town(tmp_path, witnesses=1)


def write_settings(place: Path, town: Town, port: int = 1) -> Path:
    place.mkdir(exist_ok=True)
    path = place / "witness.toml"
    path.write_text(f'name = "w.example"\nlisten = "127.0.0.1:{port}"\nlogs = ["{town.log.vkey}"]\n')
    return path


def run(*words: str | Path) -> Result:
    first, *rest = map(str, words)
    return CliRunner().invoke({"log": commands.log, "witness": witness}[first], rest, catch_exceptions=False)


@contextmanager
def serving(settings: Path, url: str) -> Iterator[subprocess.Popen[bytes]]:
    words = "from tocsin.tlog.witness_commands import witness; witness()"
    child = subprocess.Popen([sys.executable, "-c", words, "serve", "--config", str(settings)])
    try:
        wait_until(lambda: answers(url))
        yield child
    finally:
        child.kill()
        child.wait()


def answers(url: str) -> bool:
    try:
        return httpx.get(url, trust_env=False).status_code == httpx.codes.OK
    except httpx.HTTPError:
        return False


def ask(town: Town, url: str, vkeys: list[str]) -> Outcome:
    async def story() -> Outcome:
        async with httpx.AsyncClient(trust_env=False) as client:
            (answer,) = await Witnesses([WitnessAddress.parse(url, vkeys)], client).ask(town.log)
            return answer.outcome

    return asyncio.run(story())


def test_a_witness_process_cosigns_is_killed_and_goes_on(town: Town, tmp_path: Path) -> None:
    (port,) = free_ports(1)
    url = f"http://127.0.0.1:{port}"
    settings = write_settings(tmp_path / "w", town, port)
    vkeys = run("witness", "new-key", "--config", settings).output.split()
    town.beat(number=1)
    with serving(settings, url) as child:
        assert ask(town, url, vkeys) is Outcome.COSIGNED
        with pytest.raises(StoreInUse):
            run("witness", "serve", "--config", settings)
        child.send_signal(signal.SIGKILL)
    with serving(settings, url):
        town.beat(number=2)
        assert ask(town, url, vkeys) is Outcome.COSIGNED
    shown = run("witness", "show", "--config", settings).output
    assert shown.split("\n")[:4] == [*vkeys, f"{town.log.origin}: 128 entries cosigned", "forks kept: 0"]


def test_a_key_is_never_replaced_and_never_shared(town: Town, tmp_path: Path) -> None:
    settings = write_settings(tmp_path / "w", town)
    run("witness", "new-key", "--config", settings)
    key = tmp_path / "w" / "witness.key"
    assert key.stat().st_mode & 0o777 == 0o600
    with pytest.raises(witness_settings.WitnessSettingsWrong):
        run("witness", "new-key", "--config", settings)
    key.chmod(0o644)
    with pytest.raises(witness_settings.WitnessSettingsWrong):
        run("witness", "show", "--config", settings)


@pytest.mark.parametrize("extra", ['nane = "x"', 'logs = ["x"]', "name = 1", "listen = 'x'"])
def test_settings_with_a_flaw_are_refused(town: Town, tmp_path: Path, extra: str) -> None:
    path = write_settings(tmp_path / "w", town)
    lines = [line for line in path.read_text().split("\n") if line.split(" ")[0] != extra.split(" ", maxsplit=1)[0]]
    path.write_text("\n".join([*lines, extra]))
    with pytest.raises(witness_settings.WitnessSettingsWrong):
        settings = witness_settings.load(path)
        _ = settings.log_keys, settings.address


@pytest.fixture
def told(town: Town, monkeypatch: pytest.MonkeyPatch) -> Town:
    """The commands reach the town's log instead of a network."""
    monkeypatch.setattr(commands, "HttpSource", lambda *_: over_http(town.log))
    return town


def addressed(town: Town) -> list[str]:
    return ["--url", "http://node.example/log", "--key", str(town.log.vkey)]


def test_printing_shows_the_newest_head_and_entries(told: Town) -> None:
    told.log.append_beat(BEAT, [entry.RELEASE + b'{"client":"00","version":"1"}'])
    told.log.publish()
    output = run("log", "print", *addressed(told), "--entries", "64").output
    assert output.startswith(told.log.published_note())
    assert 'tocsin.leaf/v1 release {"client":"00","version":"1"}' in output
    assert f'0 tocsin.leaf/v1 time {{"beat":{BEAT},"first":0}}' in output


def test_a_printed_proof_verifies(told: Town) -> None:
    told.log.append_beat(BEAT, [])
    told.log.publish()
    result = run("log", "prove", *addressed(told), "7")
    found = proof.parse(result.stdout)
    proof.verify(found, told.log.entry(7), told.log.vkey, (), quorum=0)


def test_an_audit_of_an_honest_log_ends_well_and_remembers(told: Town, tmp_path: Path) -> None:
    told.beat()
    told.log.publish()
    words = [*addressed(told), "--state", str(tmp_path / "seen.json")]
    first = run("log", "audit", *words)
    assert (first.exit_code, first.output.split("\n")[-2]) == (0, "The log kept its word.")
    told.beat(number=2)
    told.log.publish()
    assert "64 of them read now" in run("log", "audit", *words).output


def test_an_audit_of_a_log_that_lied_writes_the_proof_and_fails(told: Town, tmp_path: Path) -> None:
    told.beat()
    told.log.publish()
    other = tmp_path / "other.txt"
    other.write_text(liar(told, 1).checkpoint_note())
    result = run("log", "audit", *addressed(told), "--against", other, "--proofs", tmp_path / "proofs")
    assert result.exit_code == 1
    (written,) = (tmp_path / "proofs").iterdir()
    assert json.loads(written.read_text())["kind"] == "split-view"


@pytest.mark.parametrize(("beat", "status"), [(BEAT + 60, 0), (BEAT, 1)])
def test_an_audit_holds_a_receipt_to_its_promise(told: Town, tmp_path: Path, beat: int, status: int) -> None:
    known = covered(told, 1)
    (tmp_path / "receipt.txt").write_bytes(receipt(beat))
    parts = {"salt": known.salt, "link": known.link, "custody_head": known.custody_head}
    opening = {name: b64encode(raw).decode() for name, raw in parts.items()} | {"seq": known.seq, "leaf": known.leaf}
    (tmp_path / "opening.json").write_text(json.dumps(opening))
    words: list[str | Path] = ["--receipt", tmp_path / "receipt.txt", "--receipt-key", str(RECEIPTS)]
    assert run("log", "audit", *addressed(told), *words).exit_code == 0
    assert run("log", "audit", *addressed(told), *words, "--opening", tmp_path / "opening.json").exit_code == status


def test_every_command_says_what_it_does() -> None:
    for group in (witness, commands.log):
        for command in (group, *group.commands.values()):
            assert command.help
            assert all(option.help for option in command.params if isinstance(option, click.Option))
