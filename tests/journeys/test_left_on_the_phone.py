"""What a visit leaves in the browser: only what docs/inventory.md names, and no word, key or name in any of it."""

import fnmatch

from playwright.sync_api import Page, expect

from tests.journeys.conftest import Running
from tests.journeys.test_owner_page import recorded
from tests.rules.test_inventory import INVENTORY, rows

LEFT = """async () => ({
  stores: (await indexedDB.databases()).map(one => one.name),
  words: Object.keys(localStorage),
  session: Object.keys(sessionStorage),
  caches: await caches.keys(),
  cookies: document.cookie,
  values: JSON.stringify({...localStorage}),
})"""


def test_only_what_the_inventory_names_is_left(town: Running, phone: Page) -> None:
    phone.goto(f"{town.url}/en/rehearsal")
    phone.evaluate("document.getElementById('step-choose').hidden = false")
    for choice in ("They are dropped from this phone", "A short sound", "Kitchen measures, a cup"):
        phone.click(f"text={choice}")
    words = recorded(phone, town)
    expect(phone.locator("#after")).to_be_visible()
    left = phone.evaluate(LEFT)
    named = [name.removeprefix("phone/") for name in rows(INVENTORY.read_text()) if name.startswith("phone/")]
    found = [*left["stores"], *left["words"], *left["caches"]]
    assert len(found) >= 5
    assert not [one for one in found if not any(fnmatch.fnmatch(one, name) for name in named)]
    assert (left["session"], left["cookies"]) == ([], "")
    assert not [word for word in words.split() if f'"{word}"' in left["values"] or f" {word} " in left["values"]]
