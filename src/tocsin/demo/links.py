"""What the demo prints: one link for each thing to try, and a code for a phone."""

import io
from collections.abc import Iterator, Mapping
from pathlib import Path

import segno

from tocsin.demo import staff
from tocsin.demo.town import Town

PAGES = (
    ("Record", "en/"),
    ("Grabar, in Spanish", "es/"),
    ("Enregistrer, in French", "fr/"),
    ("Rehearse calmly first", "en/rehearsal"),
    ("I already filmed it", "en/import"),
    ("Fetch with recovery words", "en/recover"),
    ("Check a package, offline", "en/verify"),
    ("Say what you see", "en/report"),
    ("Alerts that stand", "en/alerts"),
    ("Messages on this phone", "en/notify"),
    ("Who surveils: the registry", "en/registry"),
    ("What this is", "en/about"),
    ("The log's newest checkpoint", "log/checkpoint"),
    ("Whether it runs", "health"),
)


def lines(town: Town, door_url: str, confirmers: Mapping[int, str]) -> Iterator[str]:
    """The text, line by line. `door_url` is where a phone on the network gets the certificate; empty without `--lan`. `confirmers`:
    links that make a phone a confirmer, by group.
    """
    yield ""
    yield f"  Tocsin demo: {town.pack.name}. A trial: node, witnesses and legal desk stand on one machine here,"
    yield "  and in earnest they must not. Do not record anything that matters."
    yield ""
    for label, path in PAGES:
        yield f"  {label:<28} {town.url}/{path}"
    yield ""
    yield from desk(town)
    yield ""
    yield from members(town, confirmers)
    yield ""
    yield from phone(town, door_url)
    yield ""
    yield "  Ctrl-C stops everything. What was recorded stays in the folder; ./run demo --erase erases all of it in one act."


def desk(town: Town) -> Iterator[str]:
    """How to be the sample lawyer."""
    wait = town.pack.desk_key_wait_s
    yield f"  The sample legal desk's key goes through the log. Phones take it {wait} s after a witness saw it (a real city: 24 h);"
    yield "  until then they seal to the person alone, and say so."
    yield f"  {'The desk, as that lawyer':<28} {town.url}/en/desk"
    yield f"  {'The alert desk, dispatching':<28} {town.url}/en/alert-desk"
    yield f"  {'As one of two stewards':<28} {town.url}/en/staff/"
    if town.lan is None:
        yield "  Two people who do not exist have recorded a drawn street: they wait at the desk."
    yield "  The staff sign in with passphrases. In earnest each has their own, made in their own browser, and nobody prints it:"
    for person in reversed(staff.known(town)):
        yield f"    {person.pseudonym:<20} {person.passphrase}"
    yield from commands(town)


def commands(town: Town) -> Iterator[str]:
    """To be typed on this computer, which knows neither the phone's name for it nor its certificate authority."""
    folder = town.folder
    folder = folder.relative_to(Path.cwd()) if folder.is_relative_to(Path.cwd()) else folder
    trusting = f"SSL_CERT_FILE={folder}/lan/root.pem " if town.lan else ""
    yield "  Or by command, with a sealed export (recording.tocsin):"
    yield f"    ./run tocsin open recording.tocsin --identity {folder}/desk/identity.txt -o opened"
    yield f"    {trusting}./run tocsin package recording.tocsin --identity {folder}/desk/identity.txt \\"
    yield f"        --log {town.here} --custodian {folder}/desk/custodian.pem -o package.zip"
    yield f"    ./run tocsin verify package.zip --trust {folder}/trust.json"


def members(town: Town, confirmers: Mapping[int, str]) -> Iterator[str]:
    """How to be a confirmer."""
    yield "  A phone becomes a confirmer by one of these links, once (in earnest: two members and a trainer, face to face)."
    yield "  Groups count from one person on here; in a city from 20."
    for cohort, path in confirmers.items():
        yield f"  {f'A confirmer of group {cohort}':<28} {town.url}/{path}"
    if not confirmers:
        yield "  None this time: the sample stewards have vouched so often this week as stewards may."
    yield f"  {'Its passport, afterwards':<28} {town.url}/en/passport"
    yield f"  {'The training':<28} {town.url}/en/passport/train"


def phone(town: Town, door_url: str) -> Iterator[str]:
    """The code, and what has to be true for it to work."""
    if town.lan:
        yield f"  With a phone on this network: scan, follow the page, then open {town.url}/"
        yield from code(door_url)
        yield f"  {door_url}"
        yield f"  Fingerprint to compare: {town.lan.fingerprint}"
        yield f"  If the phone does not find the name: https://{town.lan.address}:{town.ports.node}/"
        yield f"  On this computer: {town.here}/ (the browser will warn)"
    else:
        port = f"tcp:{town.ports.node}"
        yield f"  With a phone: ./run demo --lan. Or Android on a cable: adb reverse {port} {port}, then scan."
        yield from code(f"{town.url}/")


def code(url: str) -> Iterator[str]:
    """A QR code in half blocks."""
    drawn = io.StringIO()
    segno.make(url, error="m").terminal(out=drawn, border=2, compact=True)
    yield from ("  " + line for line in drawn.getvalue().splitlines())
