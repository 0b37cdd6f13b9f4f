"""One lawyer at two screens: both ring, one answer ends it. Asked for by name: `pytest -s tests/journeys/call_two_devices.py`."""

from playwright.sync_api import expect

from tests.journeys.conftest import DESK, PHONE, OpenPage, Running
from tests.journeys.test_call import HEARS, answers, go_on_duty
from tests.journeys.test_desk import SLOW_MS, Watch, sign_in
from tests.journeys.test_recording import tap
from tests.journeys.test_town import client_of_town, desk_counts
from tests.waiting import wait_until


def test_every_device_of_a_lawyer_rings_and_one_answers(own_town: Running, open_page: OpenPage) -> None:
    watch = Watch()
    one, other, phone = open_page(DESK), open_page(DESK), open_page(PHONE)
    with client_of_town(own_town) as client:
        wait_until(lambda: desk_counts(client), 120)
    for desk in (one, other):
        sign_in(desk, own_town)
        go_on_duty(desk)
    watch.tell("one lawyer is on duty at two screens")
    tap(phone, own_town)
    for desk in (one, other):
        expect(desk.locator("#ring")).to_be_visible(timeout=SLOW_MS)
        watch.tell("it rings")
    answers(other)
    expect(one.locator("#ring")).to_be_hidden(timeout=SLOW_MS)
    expect(one.locator("#talk")).to_be_hidden()
    watch.tell("answered at one; the other is quiet again")
    wait_until(lambda: other.evaluate(HEARS) and phone.evaluate(HEARS), 60)
    watch.tell("both hear")
