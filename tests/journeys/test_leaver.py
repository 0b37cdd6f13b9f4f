"""A lawyer leaves the desk, in browsers: what they have goes to a colleague in one act, and what is recorded from then on goes without
them.
"""

from playwright.sync_api import Page, expect

from tests.journeys.conftest import DESK, OpenPage, Running
from tests.journeys.test_desk import SLOW_MS, Watch, listed, sign_in
from tests.journeys.test_first_run import confirm, enter, invite, join, propose, sign
from tests.journeys.test_package import desk_recipient
from tests.journeys.test_recording import safe_seconds, stop, tap
from tests.journeys.test_town import client_of_town, desk_counts, is_off_the_desk, lawyers_of, record
from tests.waiting import wait_until
from tests.web.test_accessible import findings
from tocsin.clock import SystemClock
from tocsin.crypto.envelope import new_identity
from tocsin.demo import staff
from tocsin.demo.town import DESK_NAME
from tocsin.ids import b64

COLLEAGUE = "Whimbrel"


def row(recording: str) -> str:
    return f"tr:has([data-recording='{recording}'])"


def pick(page: Page, recording: str, key: str) -> None:
    """A key in the list, on one line."""
    line = page.locator(f".pick[data-recording='{recording}']")
    expect(line).to_be_visible(timeout=SLOW_MS)
    line.press(key)


def test_who_leaves_hands_over_in_one_act_and_gets_nothing_new(
    own_town: Running, phone: Page, desk: Page, open_page: OpenPage
) -> None:
    watch, url = Watch(), own_town.url
    one, two = open_page(DESK), open_page(DESK)
    colleague = joined_by_a_lawyer(one, two, own_town, open_page)
    watch.tell("a colleague has joined, and two stewards have signed")

    with client_of_town(own_town) as client:
        wait_until(lambda: len(lawyers_of(client.get("/desk-keys").json())) == 2 and desk_counts(client), 120)
        had = {
            b64(record(client, 2, [desk_recipient(own_town), new_identity(SystemClock())[1]])[0].id) for _ in range(2)
        }
    sign_in(desk, own_town)
    for recording in had:
        pick(desk, recording, "t")
        expect(desk.locator(row(recording))).to_contain_text("You")
    watch.tell("the lawyer who leaves has two recordings")

    enter(desk, "#many > summary")
    expect(desk.locator("#many-to")).to_contain_text(COLLEAGUE)
    assert not findings(desk)
    enter(desk, "#many-hand button")
    expect(desk.locator("#many-state")).to_contain_text("2", timeout=SLOW_MS)
    for recording in had:
        expect(desk.locator(row(recording))).to_contain_text(COLLEAGUE, timeout=SLOW_MS)
    watch.tell("both are the colleague's, in one act that could be taken back for ten seconds")

    colleague.goto(f"{url}/en/desk")
    enter(colleague, "#unlock-passkey")
    for recording in had:
        expect(colleague.locator(row(recording))).to_contain_text("You", timeout=SLOW_MS)
    pick(colleague, min(had), "o")
    expect(colleague.locator("#player-title")).to_be_focused(timeout=SLOW_MS)
    watch.tell("the colleague's own key opens them")

    propose_alone(
        one, url, f"Take a lawyer off the desk, for good, {DESK_NAME}", staff.known(own_town.town)[0].passphrase
    )
    known = listed(colleague)
    with client_of_town(own_town) as client:
        wait_until(lambda: is_off_the_desk(client.get("/desk-keys").json()), 60)
    tap(phone, own_town)
    wait_until(lambda: safe_seconds(phone) >= 2, 60)
    stop(phone)
    [fresh] = wait_until(lambda: listed(colleague) - known, 60)
    pick(desk, fresh, "t")
    expect(desk.locator(row(fresh))).to_contain_text("You")
    pick(desk, fresh, "o")
    expect(desk.locator("#item-problem")).to_contain_text("It is not sealed to your key", timeout=SLOW_MS)
    watch.tell("who is off the desk opens nothing that was recorded since")
    pick(desk, fresh, "b")
    expect(colleague.locator(row(fresh))).to_contain_text(
        "Nobody yet", timeout=SLOW_MS
    )  # it can be taken back for ten seconds
    pick(colleague, fresh, "t")
    expect(colleague.locator(row(fresh))).to_contain_text("You", timeout=SLOW_MS)
    pick(colleague, fresh, "o")
    expect(colleague.locator("#player")).to_contain_text("Ended by the person who recorded", timeout=SLOW_MS)
    watch.tell("the colleague does")


def joined_by_a_lawyer(one: Page, two: Page, town: Running, open_page: OpenPage) -> Page:
    """The page of a colleague whose key two stewards, each at a page, have put into the log."""
    secrets = [person.passphrase for person in staff.known(town.town)]
    for page, who in ((one, 0), (two, 1)):
        sign_in(page, town, who)
    colleague = join(open_page, invite(one, town.url, COLLEAGUE, "lawyer"))
    propose(one, town.url, f"Add a lawyer to the desk, {COLLEAGUE}", secrets[0])
    confirm(two, town.url, secrets[1])
    expect(two.locator("#done")).to_contain_text("stands in the log", timeout=SLOW_MS)
    return colleague


def propose_alone(page: Page, url: str, act: str, passphrase: str) -> None:
    """Taking off takes one steward: a stolen key must not wait for a second."""
    page.goto(f"{url}/en/staff/decisions")
    page.get_by_role("button", name=f"Sign first: {act}").press("Enter")
    sign(page, passphrase)
    expect(page.locator("#done")).to_contain_text("stands in the log", timeout=SLOW_MS)
