"""Fixtures that every test may ask for, and the order in which several processes take the files."""

import pytest
from hypothesis import HealthCheck, settings

pytest_plugins = ["tests.postgres", "tests.begun"]

settings.register_profile("house", settings.default, deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("house")
"""No test asserts a timing, a generated example's neither: a busy machine is not a defect."""

LONGEST_FIRST = (
    "tests/faults/test_kill.py",
    "tests/faults/test_power.py",
    "tests/client/test_client.py",
    "tests/seizure/test_seizure.py",
    "tests/fuzz/test_api.py",
    "tests/web/test_staff.py",
    "tests/web/test_accessible.py",
    "tests/demo/test_demo.py",
    "tests/web/test_desk.py",
    "tests/web/test_open_page.py",
    "tests/faults/test_away.py",
    "tests/journeys/test_recording.py",
    "tests/journeys/test_long_way.py",
    "tests/store/test_segments_damage.py",
    "tests/evidence/test_verify.py",
    "tests/faults/test_rot.py",
    "tests/fuzz/test_parsers.py",
    "tests/journeys/test_owner_page.py",
    "tests/faults/test_misled.py",
)
"""A file that takes a minute and comes last keeps one process busy while the others stand idle."""

JOURNEYS = (
    "tests/demo/test_demo.py",
    "tests/fuzz/test_api.py::test_no_request_breaks_the_node_or_is_echoed",
    "tests/journeys/",
    "tests/seizure/test_seizure.py::test_nothing_is_recovered_and_every_planted_leak_of_the_short_form_is_found",
    "tests/web/test_accessible.py",
    "tests/web/test_circle.py",
    "tests/web/test_cover.py",
    "tests/web/test_desk.py",
    "tests/web/test_hardening.py",
    "tests/web/test_notify.py",
    "tests/web/test_open_page.py",
    "tests/web/test_passport_pages.py",
    "tests/web/test_registry_desk.py",
    "tests/web/test_registry_journeys.py",
    "tests/web/test_staff.py",
    "tests/web/test_verify_page.py",
)
"""What plays a person's day, looks at every page or is a whole trial, and is marked as a journey: as much time as all else for a
hundredth of the tests.
"""

SPINE = tuple(f"tests/journeys/test_{name}.py" for name in ("recording", "package", "town", "left_on_the_phone"))
"""The main job's own journeys are tests like others."""


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption(
        "--long",
        action="store_true",
        help="journeys as long as life: a minute without network, a phone taken at second 30",
    )


@pytest.fixture(scope="session")
def is_long(request: pytest.FixtureRequest) -> bool:
    """Whether journeys take as long as they do in life."""
    return bool(request.config.getoption("--long"))


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """The longest files first, else as they were found; tests of a file stay in their order."""
    for item in items:
        if item.nodeid.startswith(JOURNEYS) and not item.nodeid.startswith(SPINE):
            item.add_marker(pytest.mark.journey)
    ranks = {name: rank for rank, name in enumerate(LONGEST_FIRST)}
    items.sort(key=lambda item: ranks.get(item.nodeid.partition("::")[0], len(ranks)))
