"""Staff in a real browser: joining by passkey and by passphrase, signing in, the sheet, idle pages, leaving; axe in every state."""

import re
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from pathlib import Path

import msgspec
import pytest
from playwright.sync_api import Page, expect

from tests.encounters.conftest import settings_in
from tests.waiting import wait_until
from tests.web.conftest import DESK, PHONE, OpenPage
from tests.web.test_accessible import SMALL, findings, findings_both_ways
from tocsin import new_keys
from tocsin.app import application
from tocsin.clock import SystemClock
from tocsin.held import HELD
from tocsin.jurisdictions import load
from tocsin.node import Node
from tocsin.office.room import DAY_SECONDS
from tocsin.people import doors, invitation, staff
from tocsin.tlog import public
from tocsin.web.server import server

AUTHENTICATOR = {
    "protocol": "ctap2",
    "ctap2Version": "ctap2_1",
    "transport": "internal",
    "hasResidentKey": True,
    "hasUserVerification": True,
    "hasPrf": True,
    "isUserVerified": True,
    "automaticPresenceSimulation": True,
}
PASSPHRASE = "three crows, a kettle and 19 ferries"
SLOW = 60_000


@pytest.fixture(scope="module")
def running(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Node, str]]:
    """A whole node and where it is served."""
    with whole_node(tmp_path_factory.mktemp("node")) as served_node:
        yield served_node


@contextmanager
def whole_node(folder: Path) -> Iterator[tuple[Node, str]]:
    """A node in `folder`, served until the end of the block."""
    settings = msgspec.structs.replace(settings_in(folder), beat_seconds=1)
    new_keys.make(settings, None, SystemClock())
    node = Node.open(settings, load.load(settings.pack), SystemClock())
    node.stewardship.wait_s = -1_000  # the beat that takes a key lies ahead of the clock
    served = server(application(node), host="127.0.0.1", port=0, tls=None)
    thread = threading.Thread(target=served.run)
    thread.start()
    try:
        wait_until(lambda: served.started, 60)
        yield node, f"http://localhost:{served.servers[0].sockets[0].getsockname()[1]}"
    finally:
        served.should_exit = True
        thread.join()


def invited(running: tuple[Node, str], name: str, *roles: str, language: str = "en", is_founding: bool = False) -> str:
    """The address of a one-time link."""
    node, url = running
    today, wanted = node.clock.now_ms() // 1000 // DAY_SECONDS, staff.roles_of(roles)
    secret = node.database.write_now(
        lambda c: invitation.make(c, name, wanted, node.clock, today, is_founding=is_founding)
    )
    return f"{url}/{language}/staff/join#{secret}"


def with_authenticator(page: Page, **options: object) -> None:
    """A platform authenticator with PRF, by CDP."""
    session = page.context.new_cdp_session(page)
    session.send("WebAuthn.enable")
    session.send("WebAuthn.addVirtualAuthenticator", {"options": {**AUTHENTICATOR, **options}})


def copy_sheet(page: Page) -> str:
    """The words, read off the screen, which then forgets them."""
    page.locator("#sheet-words li").first.wait_for(timeout=SLOW)
    words = " ".join(page.locator("#sheet-words li").all_text_contents())
    page.dblclick("#sheet-have")  # within four seconds, however slow the machine is
    expect(page.locator("#sheet-part")).to_be_hidden()
    return words


def join_by_passkey(page: Page) -> str:
    expect(page.locator("#step-keys")).to_be_visible()
    page.click("#passkey")
    words = copy_sheet(page)
    page.click("#step-done a")
    return words


def test_a_steward_joins_by_passkey_invites_a_lawyer_and_a_lost_device_is_replaced(
    opened: OpenPage, running: tuple[Node, str]
) -> None:
    node, url = running
    page = opened("about:blank", viewport=DESK, real=True)
    with_authenticator(page)
    page.goto(invited(running, "Kestrel", "steward", "lawyer", is_founding=True))
    assert not findings_both_ways(page)
    words = join_by_passkey(page)
    expect(page.locator("h1")).to_have_text("Your work here")
    assert not findings_both_ways(page)
    [cookie] = page.context.cookies()
    assert (cookie.get("name"), cookie.get("httpOnly"), cookie.get("expires")) == ("__Host-tocsin-staff", True, -1)

    page.click("text=The staff")
    assert not findings_both_ways(page)
    page.fill("#pseudonym", "Wren")
    page.get_by_label("lawyer").check()
    page.click("text=Make the link")
    expect(page.locator("code.address")).to_have_text(re.compile(rf"{url}/en/staff/join#[\w-]{{43}}"))
    assert not findings_both_ways(page)
    page.fill("#pseudonym", "wren")
    page.get_by_label("editor").check()
    page.click("text=Make the link")
    expect(page.locator("#problem")).to_contain_text("Take another")

    page.goto(f"{url}/en/staff/begin")
    expect(page.locator("main ol > li")).to_have_count(11)
    expect(page.locator("main ol > li").first).to_contain_text("Not yet. Two stewards have joined. There is 1.")
    assert not findings(page)
    page.goto(f"{url}/en/staff/tonight")
    expect(page.locator("main section")).to_have_count(3)
    assert page.locator("main section:first-of-type li").count() == len(HELD)
    assert not findings(page)

    page.click("text=Sign out")
    page.wait_for_url("**/staff/sign-in")
    page.goto(f"{url}/en/staff/people")
    page.wait_for_url("**/en/staff/sign-in#/en/staff/people")
    assert not findings_both_ways(page)
    page.click("#passkey")
    page.wait_for_url("**/en/staff/people")

    other = opened(f"{url}/en/staff/sign-in", viewport=PHONE, real=True)
    other.click("#sheet-part summary")
    other.fill("#sheet", words)
    other.click("#sheet-form button")
    other.wait_for_url("**/en/staff/", timeout=SLOW)
    other.goto(f"{url}/en/staff/keys")
    assert not findings(other)
    other.locator("li.recipient", has_text="Passkey").get_by_role("button").click()
    expect(other.locator("li.recipient")).to_have_count(1)
    other.get_by_role("button", name="Sign out everywhere").click()
    other.wait_for_url("**/staff/sign-in")
    page.goto(f"{url}/en/staff/keys")
    page.wait_for_url("**/staff/sign-in**")
    page.click("#passkey")
    expect(page.locator("#problem")).to_contain_text("does not open anything here")
    assert [one.kind for one in node.database.read_now(lambda c: doors.of_staff(c, kestrel(node)))] == ["sheet"]


def kestrel(node: Node) -> bytes:
    return node.database.read_now(staff.everybody)[0].id


HASHES_LATER = """
const digest = crypto.subtle.digest.bind(crypto.subtle);
const held = new Promise((resolve) => (globalThis.letGo = resolve));
crypto.subtle.digest = async (...given) => (await held, digest(...given));
"""


def signed(page: Page) -> None:
    """What the dialog shows is signed, with keys asked for where they are not open."""
    page.click("#sign-do")
    page.click("#unlock-passkey")
    expect(page.locator("#done")).to_be_visible(timeout=SLOW)


def test_two_stewards_found_the_roll_and_put_a_lawyer_on_the_desk(opened: OpenPage, running: tuple[Node, str]) -> None:
    """P9 step 7: nobody alone can open evidence, and no secret key ever leaves its browser."""
    node, url = running
    pages = {}
    for name in ("Osprey", "Plover"):
        page = pages[name] = opened("about:blank", viewport=DESK, real=True)
        with_authenticator(page)
        page.goto(invited(running, name, "steward"))
        join_by_passkey(page)
        page.goto(f"{url}/en/staff/decisions")
    osprey, plover = pages["Osprey"], pages["Plover"]
    lawyer = opened("about:blank", viewport=PHONE, real=True)
    with_authenticator(lawyer)
    lawyer.goto(invited(running, "Whimbrel", "lawyer"))
    join_by_passkey(lawyer)
    lawyer.goto(f"{url}/en/staff/keys")
    lawyer.click("#words-show")
    lawyer.click("#unlock-passkey")
    expect(lawyer.locator("#words-lawyer")).to_be_visible(timeout=SLOW)
    said_aloud = lawyer.locator("#words-lawyer").text_content()
    assert not findings_both_ways(lawyer)

    osprey.goto(f"{url}/en/staff/decisions")
    expect(osprey.locator(".notice.warn")).to_contain_text("no stewards on its list yet")
    assert not findings(osprey)
    osprey.get_by_role("button", name="Sign first: The first two stewards, Plover").click()
    expect(osprey.locator("#sign-what")).to_contain_text("Plover: ")
    assert not findings(osprey)
    signed(osprey)
    expect(osprey.locator("#done")).to_contain_text("waits for a second steward")
    confirmed(plover, url, "The first two stewards: Osprey, Plover")
    wait_until(lambda: "Osprey" in str(node.database.read_now(partial(public.standing, kind="steward-key"))), 60)

    osprey.goto(f"{url}/en/staff/decisions")
    expect(osprey.locator(".notice.warn")).to_have_count(0)
    osprey.get_by_role("button", name="Sign first: Add a lawyer to the desk, Whimbrel").click()
    expect(osprey.locator("#sign-what")).to_contain_text(f"Whimbrel: {said_aloud}")
    signed(osprey)
    osprey.add_init_script(HASHES_LATER)
    osprey.goto(f"{url}/en/staff/decisions")
    osprey.locator("#waiting button").click()  # at once, before what it is about is worked out
    osprey.evaluate("letGo()")
    osprey.click("#sign-do")
    osprey.click("#unlock-passkey")
    expect(osprey.locator("#problem")).to_contain_text("Another steward has to sign it too", timeout=SLOW)
    confirmed(plover, url, "Add a lawyer to the desk: Whimbrel")
    wait_until(lambda: "Whimbrel" in str(node.database.read_now(partial(public.standing, kind="desk-key"))), 60)
    plover.goto(f"{url}/en/staff/decisions")
    plover.goto(f"{url}/en/staff/begin")
    for place, said in ((0, "Done."), (2, "Done."), (4, "Done."), (7, "Not yet."), (8, "Done."), (9, "Not yet.")):
        expect(plover.locator("main ol > li").nth(place)).to_contain_text(said)
    plover.goto(f"{url}/en/staff/decisions")
    expect(plover.get_by_role("button", name="Take a lawyer off the desk, for good, Whimbrel")).to_be_visible()


def confirmed(page: Page, url: str, what: str) -> None:
    page.goto(f"{url}/en/staff/decisions")
    expect(page.locator("#waiting span")).to_have_text(what)
    page.locator("#waiting button").click()
    signed(page)
    expect(page.locator("#done")).to_contain_text("stands in the log")


def test_por_frase_de_acceso_en_espanol(opened: OpenPage, running: tuple[Node, str]) -> None:
    _, url = running
    page = opened(invited(running, "Garza", "dispatcher", language="es"), viewport=PHONE, real=True)
    expect(page.locator("#join-roles")).to_have_text("despacho")
    page.click("#passphrase-part summary")
    page.fill("#passphrase", "garza garza")
    page.click("#passphrase-form [type=submit]")
    expect(page.locator("#problem")).to_contain_text("no aguantaría")
    assert not findings_both_ways(page)
    page.fill("#passphrase", PASSPHRASE)
    expect(page.locator("#strength")).to_contain_text("aguantaría más")
    page.click("#passphrase-form [type=submit]")
    copy_sheet(page)
    page.click("#step-done a")
    expect(page.locator("h1")).to_have_text("Su trabajo aquí")
    assert page.evaluate("document.documentElement.scrollWidth") <= PHONE["width"]
    assert not page.evaluate(SMALL)

    answer = page.goto(f"{url}/es/staff/people")
    assert answer
    assert answer.status == 403
    expect(page.locator("h1")).to_have_text("Esto es para otra función")

    page.goto(f"{url}/es/staff/keys")
    page.click("#sheet")
    expect(page.locator("#unlock")).to_be_visible()
    assert not findings(page)
    page.fill("#unlock-passphrase", "not this one")
    page.click("#unlock-form button")
    expect(page.locator("#unlock-problem")).to_contain_text("no abre nada", timeout=SLOW)
    page.fill("#unlock-passphrase", PASSPHRASE)
    page.click("#unlock-form button")
    copy_sheet(page)

    page.locator(".staffbar form button").click()
    page.wait_for_url("**/staff/sign-in")
    page.click("#passphrase-part summary")
    page.fill("#pseudonym", "garza")
    page.fill("#passphrase", PASSPHRASE)
    page.keyboard.press("Enter")
    page.wait_for_url("**/es/staff/", timeout=SLOW)


def test_a_page_left_open_warns_locks_and_loses_no_word_and_tabs_share_a_session(
    opened: OpenPage, running: tuple[Node, str]
) -> None:
    page = opened("about:blank", viewport=DESK, real=True)
    with_authenticator(page)
    page.goto(invited(running, "Heron", "steward"))
    join_by_passkey(page)
    page.clock.install()
    page.goto(f"{running[1]}/en/staff/people")
    page.fill("#pseudonym", "Bittern")
    page.clock.fast_forward("18:10")
    expect(page.locator("#still")).to_be_visible()
    expect(page.locator("#still-left")).to_contain_text("locks in 2 minutes")
    assert not findings(page)
    page.click("#still-here")
    expect(page.locator("#still")).to_be_hidden()
    page.clock.fast_forward("20:10")
    expect(page.locator("#unlock-title")).to_have_text("This page is locked")
    expect(page.locator("#pseudonym")).to_be_hidden()
    page.click("#unlock-passkey")
    expect(page.locator("#unlock")).to_be_hidden()
    expect(page.locator("#pseudonym")).to_have_value("Bittern")
    second = page.context.new_page()
    second.goto(f"{running[1]}/en/staff/")
    expect(second.locator(".staffbar")).to_contain_text("Heron")
    second.locator(".staffbar form button").click()
    second.wait_for_url("**/staff/sign-in")
    expect(page.locator("#unlock-title")).to_have_text("This page is locked")
    second.close()
    page.click("#unlock-passkey")
    expect(page.locator("#unlock")).to_be_hidden()
    expect(page.locator("#pseudonym")).to_have_value("Bittern")
    page.get_by_label("editor").check()
    page.click("text=Make the link")
    expect(page.locator("code.address")).to_be_visible()


def test_a_passkey_without_prf_is_said_and_the_link_still_works(opened: OpenPage, running: tuple[Node, str]) -> None:
    page = opened("about:blank", viewport=DESK, real=True)
    with_authenticator(page, hasPrf=False)
    page.goto(invited(running, "Dunlin", "editor", language="fr"))
    page.click("#passkey")
    expect(page.locator("#problem")).to_contain_text("phrase de passe")
    page.click("#passphrase-part summary")
    page.click("#draw")
    expect(page.locator("#drawn li")).to_have_count(7)
    page.fill("#passphrase", " ".join(page.locator("#drawn li").all_text_contents()))
    expect(page.locator("#strength")).to_contain_text("plus longtemps qu’une vie")
    page.click("#passphrase-form [type=submit]")
    copy_sheet(page)
    page.goto(page.url)
    expect(page.locator("#problem")).to_contain_text("n’ouvre rien")
