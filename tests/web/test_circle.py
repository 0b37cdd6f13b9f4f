"""A circle in real browsers: one person, two they trust, a third who has the code words. Told, taken back, left, told with words.

Push is played as in `test_notify`: somebody else's receiver takes and decrypts what the node sends, CDP hands it to the real worker.
"""

from typing import Any

import pytest
from playwright.sync_api import Page, Route, expect

from tests.waiting import wait_until
from tests.web.conftest import DESK, OpenPage
from tests.web.test_accessible import SMALL, findings, findings_both_ways
from tests.web.test_notify import SHOWN, SLOW, STUB, Place, Worker, place, subscribed_at, tell
from tocsin.circle.tables import door
from tocsin.circle.tables import place as places
from tocsin.encounters.tables import recording
from tocsin.own_keys import VAPID_KEY, read_published

__all__ = ["place"]

SPIES = """window.reached = [];
const kinds = [[MediaDevices, 'getUserMedia'], [Geolocation, 'getCurrentPosition'], [Geolocation, 'watchPosition']];
for (const [{ prototype }, name] of kinds) {
  const before = prototype[name];
  prototype[name] = function (...given) { window.reached.push(name); return before.apply(this, given) };
}"""
"""Whatever reaches for a camera or a place is written down."""
WATCHED = """window.said = [];
let began = 0;
addEventListener('keydown', () => { began ||= performance.now() }, true);
new MutationObserver(() => {
  const text = document.getElementById('circle')?.innerText ?? '';
  if (text && text !== said.at(-1)?.[1]) said.push([performance.now() - began, text]);
}).observe(document, { subtree: true, childList: true, characterData: true });"""
"""What the circle's part of the page said, and when after the first key."""
STEPS = ("Your circle is told in 3 s.", "Your circle is being told.", "Your circle was told at")
LEAST_WINDOW_MS = 2_500
LEFT_BEHIND = """async () => (await caches.has('circle'))
  ? (await (await caches.open('circle')).keys()).map(one => new URL(one.url).pathname) : []"""
NEUTRAL = ["News", "There is something new. Open the page."]


class Contact:
    """Somebody who opened a link, in a browser of their own."""

    def __init__(self, opened: OpenPage, place: Place, link: str) -> None:
        key = read_published(place.node.settings)[VAPID_KEY]
        self.place, self.told = place, subscribed_at(place, key)
        self.page = opened("about:blank", real=True, service_workers="allow", permissions=["notifications"])
        self.asked: list[str] = []
        self.page.on("request", lambda request: self.asked.append(request.url))
        self.page.add_init_script(SPIES)
        self.page.goto(link)
        self.page.evaluate(STUB, {"endpoint": self.told["endpoint"], "keys": self.told["keys"]})

    def comes_in(self) -> None:
        self.page.keyboard.press("Tab")
        self.page.focus("#come-in")
        self.page.keyboard.press("Enter")
        expect(self.page.locator("#in")).to_be_visible(timeout=SLOW)
        self.worker = Worker(self.page, self.place.url)
        self.hears(1)
        expect(self.page.locator("#outcome")).to_contain_text("The trial arrived", timeout=SLOW)

    def came(self) -> list[str]:
        found: list[str] = tell(self.place.receiver, "/get-notifications", {"clientHash": self.told["clientHash"]})[
            "messages"
        ]
        return found

    def hears(self, count: int) -> None:
        """The newest of `count` messages reaches the phone."""
        wait_until(lambda: len(self.came()) == count, 60)
        self.worker.deliver(self.came()[-1])


def makes_circle(page: Page) -> list[str]:
    """By keyboard; the seven words."""
    page.focus("#make")
    page.keyboard.press("Enter")
    expect(page.locator("#words li")).to_have_count(7, timeout=SLOW)
    words = page.locator("#words li").all_inner_texts()
    assert not findings(page)
    page.focus("#words-have")
    page.keyboard.press("Enter")
    page.keyboard.press("Enter")
    expect(page.locator("#list-title")).to_be_focused()
    assert words[0] not in page.locator("main").inner_text().split()
    return words


def adds(page: Page, name: str, text: str, plan: str) -> str:
    """By keyboard; the link."""
    page.focus("#name")
    for typed in (name, text, plan):
        page.keyboard.type(typed)
        page.keyboard.press("Tab")
    page.keyboard.press("Enter")
    expect(page.locator("#link-title")).to_contain_text(name, timeout=SLOW)
    expect(page.locator("#qr svg path")).to_have_count(1)
    link = page.input_value("#link")
    page.click("#link-done")
    return link


def says(page: Page, words: list[str]) -> None:
    page.focus("#typed")
    page.keyboard.type(" ".join(words))
    page.keyboard.press("Tab")
    page.keyboard.press("Enter")


def tells(page: Page, words: list[str]) -> None:
    """With code words, on a page whose clock is held: three seconds pass."""
    says(page, words)
    expect(page.locator("#cancel")).to_be_focused(timeout=SLOW)
    page.clock.run_for(3_500)


def test_told_taken_back_left_and_told_with_words(
    opened: OpenPage, place: Place, capsys: pytest.CaptureFixture[str]
) -> None:
    allowed = {"permissions": ["camera", "microphone"], "service_workers": "allow"}
    owner = opened(f"{place.url}/en/circle", real=True, **allowed)
    words = makes_circle(owner)
    expect(owner.locator("#short")).to_contain_text("Kept until", timeout=SLOW)
    links = [
        adds(owner, "Rosa", "It is Ana, I was stopped.", "Call the school."),
        adds(owner, "Luis", "Ana. Come home.", ""),
    ]
    expect(owner.locator("#short")).to_be_hidden(timeout=SLOW)
    assert not findings(owner)
    assert owner.evaluate("() => JSON.stringify({...localStorage})").count("Rosa") == 0, "the list is sealed"
    rosa, luis = people = [Contact(opened, place, link) for link in links]
    for one, link in zip(people, links, strict=True):
        one.comes_in()
        assert "#" not in one.page.url
        assert not any(link.partition("#")[2][:20] in asked for asked in one.asked), "no request has the secret"
    assert [row[-1] for row in _rows(place)].count(_rows(place)[0][-1]) == 17

    recorder = owner.context.new_page()
    recorder.add_init_script(WATCHED)
    recorder.goto(f"{place.url}/en/")
    recorder.focus("#record")
    recorder.keyboard.press("Enter")
    expect(recorder.locator("#circle p")).to_contain_text("Your circle was told at", timeout=SLOW)
    said = recorder.evaluate("said")
    counted, telling, done = (next(at for at, text in said if begins in text) for begins in STEPS)
    assert telling - counted >= LEAST_WINDOW_MS, "anybody can cancel before anything is told"
    with capsys.disabled():
        print(f"\nfrom the tap: cancel shown {counted:.0f} ms, telling {telling:.0f} ms, told {done:.0f} ms")
    owner.reload()
    expect(owner.locator("#number")).to_contain_text("Circle")
    expect(owner.locator("#sms")).to_be_hidden()
    for one in people:
        one.hears(2)
    expect(rosa.page.locator("#messages")).to_contain_text("It is Ana, I was stopped.", timeout=SLOW)
    expect(rosa.page.locator("#messages")).to_contain_text("Call the school.")
    expect(rosa.page.locator("#messages")).to_contain_text("Sent from the phone that made this circle")
    expect(luis.page.locator("#messages")).to_contain_text("Ana. Come home.", timeout=SLOW)
    assert "stopped" not in luis.page.inner_text("main")
    assert {tuple(one[:2]) for one in rosa.page.evaluate(SHOWN)} == {tuple(NEUTRAL)}
    assert not findings_both_ways(rosa.page)

    recorder.focus("#circle button")
    recorder.keyboard.press("Enter")
    expect(recorder.locator("#circle p")).to_contain_text("They were told at", timeout=SLOW)
    for one in people:
        one.hears(3)
        expect(one.page.locator("#messages")).to_contain_text("It was a false alarm.", timeout=SLOW)
        one.worker.deliver(one.came()[1])
    assert not findings(recorder)
    recorder.focus("#stop")
    recorder.keyboard.press("Enter")
    recorder.keyboard.press("Enter")
    expect(recorder.locator("#words-part")).to_be_visible(timeout=SLOW)
    recorder.focus("#words-have")
    recorder.keyboard.press("Enter")
    recorder.keyboard.press("Enter")
    expect(recorder.locator("#after #circle")).to_be_visible()

    luis.page.get_by_role("button", name="Leave").click()
    expect(luis.page.locator("#outcome")).to_contain_text("You have left", timeout=SLOW)
    assert luis.page.evaluate(LEFT_BEHIND) == []

    recorded = len(_recordings(place))
    for page in (recorder, owner):
        page.add_init_script(SPIES)
        page.goto(f"{place.url}/en/circle" if page is owner else f"{place.url}/en/")
    third = opened("about:blank", real=True)
    third.add_init_script(SPIES)
    third.clock.install()
    third.goto(f"{place.url}/en/circle/words")
    third.clock.pause_at((place.node.clock.now_ms() + 2_000) / 1000)
    says(third, words)
    expect(third.locator("#cancel")).to_be_focused(timeout=SLOW)
    third.keyboard.press("Enter")
    expect(third.locator("#outcome")).to_have_text("Nobody was told.")
    tells(third, words[1:] + words[:1])
    expect(third.locator("#problem")).to_contain_text("These words open nothing here", timeout=SLOW)
    tells(third, words)
    expect(third.locator("#outcome")).to_contain_text("The circle was told at", timeout=SLOW)
    third.clock.resume()  # axe waits for it
    assert not findings(third)
    rosa.hears(4)
    expect(rosa.page.locator("#messages article").first).to_contain_text(
        "Whoever knows the words could have sent it", timeout=SLOW
    )
    luis.worker.deliver(rosa.came()[-1])
    assert len(luis.came()) == 3
    for page in (owner, recorder, third, rosa.page):
        assert page.evaluate("window.reached ?? []") == [], "told, and nothing was started or read"
    assert len(_recordings(place)) == recorded
    expect(recorder.locator("body.live")).to_have_count(0)

    owner.reload()
    expect(owner.locator("#uses li")).to_have_count(1, timeout=SLOW)
    expect(owner.locator("#sms")).to_be_visible()
    says(owner, words)
    expect(owner.locator("#people li")).to_have_count(2, timeout=SLOW)
    expect(owner.locator("#people")).to_contain_text("Rosa opened the link")
    expect(owner.locator("#people")).to_contain_text("Luis opened the link")
    owner.click("#new-words")
    owner.click("#new-words")
    expect(owner.locator("#words li")).to_have_count(7, timeout=SLOW)
    third.reload()
    expect(third.locator("#ask")).to_be_visible()
    says(third, words)
    expect(third.locator("#problem")).to_contain_text("These words open nothing here", timeout=SLOW)
    owner.click("#words-have")
    owner.click("#words-have")
    owner.click("#close")
    owner.click("#end")
    owner.click("#end")
    expect(owner.locator("#outcome")).to_contain_text("The circle is gone", timeout=SLOW)
    assert _rows(place) == []


def test_a_page_whose_node_has_too_many_begun_goes_on_asking(opened: OpenPage, place: Place) -> None:
    """A script is not let in more often for asking a thousand times an hour than a person's open page would be."""
    busy = "Failed to load resource: the server responded with a status of 503"
    page, asked = opened(f"{place.url}/en/circle", real=True, complains=busy), []

    def answer(route: Route) -> None:
        asked.append(route.request.post_data)
        if len(asked) > 2:
            return route.continue_()
        return route.fulfill(status=503, json={"code": "circles_full", "message": "", "id": "x"})

    page.route("**/circle/begin", answer)
    page.clock.install()
    page.click("#make")
    expect(page.locator("#working")).to_contain_text("it goes on asking", timeout=SLOW)

    def has_asked_thrice() -> bool:
        page.clock.run_for(1_000)
        return len(asked) == 3

    wait_until(has_asked_thrice, 60)
    expect(page.locator("#words li")).to_have_count(7, timeout=SLOW)
    assert len(asked) == 3
    assert len(set(asked)) == 1, "one circle, asked for again: its words are drawn once"


def _rows(place: Place) -> list[Any]:
    def both(connection: Any) -> list[Any]:
        return [*connection.execute(places.select()).all(), *connection.execute(door.select()).all()]

    return place.node.database.read_now(both)


def _recordings(place: Place) -> list[Any]:
    return list(place.node.database.read_now(lambda c: c.execute(recording.select()).all()))


@pytest.mark.parametrize("path", ["circle", "circle/join", "circle/words"])
def test_every_part_of_the_pages_is_accessible(opened: OpenPage, place: Place, path: str) -> None:
    page = opened(f"{place.url}/es/{path}", locale="es")
    expect(page.locator("h1")).to_be_visible()
    page.evaluate("() => { for (const one of document.querySelectorAll('main [hidden]')) one.hidden = false }")
    assert not page.evaluate(SMALL)
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
    assert not [one for one in findings_both_ways(page) if "empty-heading" not in one]
    page.set_viewport_size(DESK)
    assert not [one for one in findings(page) if "empty-heading" not in one]


def test_without_script_the_pages_say_what_else_to_do(opened: OpenPage, place: Place) -> None:
    for path in ("circle", "circle/join", "circle/words"):
        page = opened(f"{place.url}/en/{path}", java_script_enabled=False)
        expect(page.locator("noscript p.notice")).to_be_visible()
        expect(page.locator("main button:visible")).to_have_count(0)
