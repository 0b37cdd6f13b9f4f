"""docs/design.html shows every component, in all states, both ways, light and dark; and it shows them as they are."""

import re

from playwright.sync_api import Browser

from tests.web.design import CSS, PAGE, SHEETS, page

PLACES = {"reading", "scripted", "unseen", "unprinted", "alone", "foot", "live", "blanked"}
"""Classes that place or hide a thing and are no component."""


def test_the_page_is_made_from_what_is_shipped() -> None:
    assert PAGE.read_text() == page(), "python -m tests.web.design"


def test_every_class_of_the_sheets_is_shown() -> None:
    sheets = "".join(re.sub(r"/\*.*?\*/", "", (CSS / name).read_text(), flags=re.DOTALL) for name in SHEETS)
    classes = set(re.findall(r"\.([a-z]+)\b(?![^{]*;)", sheets))
    body = PAGE.read_text().partition("</style>")[2]
    shown = {one for names in re.findall(r'class="?([a-z ]+)', body) for one in names.split()}
    assert not classes - shown - PLACES


def test_each_component_stands_both_ways_light_and_dark(chromium: Browser) -> None:
    with chromium.new_context(viewport={"width": 1600, "height": 900}) as context:
        drawn = context.new_page()
        drawn.goto(PAGE.as_uri())
        sheets = drawn.locator(".sheet")
        for number in range(sheets.count()):
            sides = sheets.nth(number).locator(".side")
            found = {(side.get_attribute("dir"), side.get_attribute("data-scheme")) for side in sides.all()}
            assert len(found) == 4
        backgrounds = drawn.evaluate(
            "[...document.querySelectorAll('.side')].map(one => getComputedStyle(one).backgroundColor)"
        )
        assert set(backgrounds) == {"rgb(255, 255, 255)", "rgb(16, 18, 22)"}
