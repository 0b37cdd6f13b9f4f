"""Nadia as an editor who signed in with her own passkey, on a whole node.

Three spellings, a trap, a way, a citation, files taken away, a hostile PDF.
The seconds that each step took are printed, for `docs/run/bench.md`; none is held to a limit here: others share the machine.
"""

import csv
import json
import re
from functools import partial
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from tests.evidence.papers import pdf
from tests.web.conftest import DESK, OpenPage
from tests.web.test_accessible import findings
from tests.web.test_registry_journeys import Timed, federal, rows, timed
from tests.web.test_staff import SLOW, invited, join_by_passkey, running, with_authenticator
from tocsin.node import Node
from tocsin.registry import queries, usaspending
from tocsin.registry.importing import import_file
from tocsin.registry.model import Claim, Draft, Row, Source
from tocsin.registry.record import record
from tocsin.registry.room import Registry

__all__ = ["running", "timed"]

HOSTILE = pdf(
    ["Marche de cameras", "Plate readers for the city"],
    script="app.launchURL(1)",
    attached="malware.exe",
    under="hidden words",
)
LATER = Row(
    1,
    [Draft("p-c1", "Contract", [Claim("status", "terminated")])],
    Source("https://marches.example/fin", "public register"),
)


@pytest.fixture(scope="module")
def filled(running: tuple[Node, str], tmp_path_factory: pytest.TempPathFactory) -> tuple[Node, str]:
    """The node with acts of a town, spellings of one firm, and six years of federal rows."""
    node, _ = running
    registry = Registry(node.database, node.clock)
    node.database.write_now(lambda c: record(c, rows(), "town", registry.today))
    import_file(registry, federal(tmp_path_factory.mktemp("us") / "us.csv"), usaspending.read, "us")
    return running


def judged(page: Page, url: str, one: str, other: str, verdict: str, reason: str, *, is_proposed: bool) -> None:
    """From the proposal on an institution's page to the form, or to the form with two ids, and back."""
    if is_proposed:
        page.goto(f"{url}/en/registry/entity/{one}")
        page.get_by_role("link", name="May be the same").click()
        row = page.locator("#maybe li").filter(has=page.locator(f'a[href$="/entity/{other}"]'))
        row.get_by_text("Say").click()
    else:
        page.goto(f"{url}/en/staff/registry")
        page.locator("#one").fill(one)
        page.locator("#other").fill(other)
    page.get_by_label(verdict, exact=True).check()
    page.locator("#reason").fill(reason)
    page.locator('form[action$="/judge"] button').click()
    page.wait_for_url("**/en/staff/registry")
    expect(page.locator("h1")).to_be_visible()
    assert page.get_by_role("alert").count() == 0


def test_nadia_joins_what_is_one_keeps_apart_what_is_not_cites_takes_away_and_opens_what_bites(
    opened: OpenPage, filled: tuple[Node, str], timed: Timed, tmp_path: Path
) -> None:
    node, url = filled
    page = opened("about:blank", viewport=DESK, real=True, accept_downloads=True)
    with_authenticator(page)
    page.goto(invited(filled, "Wren", "editor"))
    join_by_passkey(page)
    expect(page.locator("h1")).to_have_text("Your work here")
    timed("joined")

    judged(page, url, "p-pl1", "p-pl2", "the same", "one number in both registers", is_proposed=True)
    assert not findings(page)
    page.goto(f"{url}/en/registry/entity/p-pl2")
    expect(page.locator("#who ~ p").first).to_contain_text("p-pl1, p-pl2")
    expect(page.locator("#judged ~ ul")).to_contain_text("one number in both registers")
    timed("P7.3")
    judged(page, url, "p-solutions", "p-micro", "not the same", "a reseller of computers", is_proposed=False)
    page.goto(f"{url}/en/registry/entity/p-solutions/same")
    expect(page.locator("h1")).to_contain_text("May be the same")
    assert page.locator('#maybe a[href$="/entity/p-micro"]').count() == 0, "it does not come back"
    page.goto(f"{url}/en/registry/entity/p-solutions")
    expect(page.locator('#who ~ p a[href$="/entity/p-micro"]')).to_be_visible()
    timed("P7.4")

    page.goto(f"{url}/en/registry/way?from=WAVELENGTH+PLATES+LLC&to=Immigration+Office")
    expect(page.locator("main ol li").first).to_be_visible()
    assert page.locator('main ol a[rel*="external"]').count() >= 1, "every step has its source"
    timed("P7.5")

    page.goto(f"{url}/en/registry/entity/p-c1")
    cited = page.locator("a.hash").get_attribute("href") or ""
    hash_ = page.locator("#cite ~ p .hash").last.inner_text()
    styles = page.locator("q.cited").all_inner_texts()
    assert len(styles) == 3
    assert all(cited in one and hash_[:16] in one for one in styles)
    node.database.write_now(lambda c: record(c, [LATER], "town", Registry(node.database, node.clock).today))
    page.goto(f"{url}{cited}")
    expect(page.locator(".notice.warn")).to_contain_text("terminated")
    assert page.locator("#claims ~ dl").get_by_text("terminated").count() == 0, "the page as it was"
    assert page.locator("#cite ~ p .hash").last.inner_text() == hash_
    timed("P7.6")

    took_away(page, url, node, tmp_path)
    timed("P7.7")
    opened_safely(page, url, tmp_path)
    timed("P7.9")


def took_away(page: Page, url: str, node: Node, folder: Path) -> None:
    """CSV, JSON and FollowTheMoney say what the screen says."""
    name = "us-ueiwave"
    page.goto(f"{url}/en/registry/entity/{name}")
    shown = page.locator("#claims ~ dl dd").count()
    saved = {}
    for label in ("CSV", "FollowTheMoney"):
        with page.expect_download() as waiting:
            page.get_by_role("link", name=label, exact=True).click()
        saved[label] = folder / label
        waiting.value.save_as(saved[label])
    raw = saved["CSV"].read_bytes()
    assert raw.startswith(b"\xef\xbb\xbf"), "a spreadsheet reads its accents"
    told = list(csv.DictReader(raw.decode("utf-8-sig").splitlines()))
    found = node.database.read_now(partial(queries.entity_of, name=name))
    assert len(told) == sum(len(value.claims) for one in found.properties for value in one.values)
    assert len({(one["property"], one["value"]) for one in told}) == shown
    lines = [json.loads(one) for one in saved["FollowTheMoney"].read_text().splitlines()]
    assert [one["caption"] for one in lines] == ["WAVELENGTH PLATES LLC"]
    answer = page.request.get(f"{url}/registry/entities/{name}/json").json()
    assert [one["value"] for one in answer["statements"]] == [one["value"] for one in told]


def opened_safely(page: Page, url: str, folder: Path) -> None:
    """A PDF with a script, a file in it and words that nobody sees: pixels come out, and what stayed behind is told."""
    path = folder / "bites.pdf"
    path.write_bytes(HOSTILE)
    page.goto(f"{url}/en/staff/registry/documents")
    page.set_input_files("#file", path)
    page.fill("#title", "Order for plate readers")
    page.fill("#source", "https://marches.example/order.pdf")
    page.get_by_role("button", name=re.compile("Open")).click()
    again = page.get_by_role("link", name=re.compile("again", re.IGNORECASE))
    while again.count():
        again.click()  # the page itself waits for some seconds before it answers
    expect(page.locator("img.sheet").first).to_be_visible(timeout=SLOW)
    for kind in ("programs", "attached files"):
        expect(page.locator("ul.dots").first).to_contain_text(kind)
    assert "malware" not in page.content()
    page.locator('button[value="publish"]').click()
    page.wait_for_url("**/en/registry/entity/doc-*", timeout=SLOW)
    with page.expect_download() as waiting:
        page.get_by_role("link", name="PDF", exact=True).click()
    waiting.value.save_as(folder / "safe.pdf")
    safe = (folder / "safe.pdf").read_bytes()
    assert safe.startswith(b"%PDF")
    assert not any(word in safe for word in (b"JavaScript", b"malware", b"hidden words", b"EmbeddedFile"))
