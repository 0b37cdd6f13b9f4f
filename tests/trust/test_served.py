"""A node that serves another script, other pages or other pins than its log names is found by whoever asks as a phone does."""

import asyncio
import json
from collections.abc import Callable
from hashlib import sha256
from pathlib import Path

import httpx
import pytest

from tests.encounters.conftest import open_node
from tests.encounters.stewards import strike
from tocsin.app import litestar_of
from tocsin.tlog import served
from tocsin.tlog.audit import Auditor
from tocsin.tlog.commands import SERVED_PAGES
from tocsin.tlog.source import LocalSource

Public = list[tuple[int, bytes]]
Change = Callable[[bytes], bytes]


@pytest.fixture(scope="module")
def honest(tmp_path_factory: pytest.TempPathFactory) -> tuple[dict[str, bytes], Public]:
    """Everything a real node answers to an auditor, and its log's public entries."""

    async def story() -> tuple[dict[str, bytes], Public]:
        node = open_node(tmp_path_factory.mktemp("node"))
        app = litestar_of(node)
        await node._queue_own_keys()
        await strike(node)
        assert node.log is not None
        public = Auditor(node.log.vkey).audit(LocalSource(node.log)).public
        answers: dict[str, bytes] = {}
        transport = httpx.ASGITransport(app)  # type: ignore[arg-type]
        async with httpx.AsyncClient(transport=transport, base_url="http://localhost") as client:
            files = json.loads((await client.get("/client-files")).content)["files"]
            wanted = ["/client-files", "/client-config", "/worker.js", *SERVED_PAGES]
            for path in [*wanted, *(served.PLACE + name for name in files)]:
                answers[path] = (await client.get(path)).raise_for_status().content
        await node.end()
        return answers, public

    return asyncio.run(story())


def asked(answers: dict[str, bytes], public: Public) -> served.Served:
    def answer(request: httpx.Request) -> httpx.Response:
        content = answers.get(request.url.path)
        return httpx.Response(404) if content is None else httpx.Response(200, content=content)

    with httpx.Client(transport=httpx.MockTransport(answer), base_url="http://node.example") as client:
        return served.check(client, public, SERVED_PAGES)


def first(answers: dict[str, bytes], start: str) -> str:
    return next(path for path in answers if path.startswith(served.PLACE + start))


def test_what_an_honest_node_serves_is_what_its_log_names(honest: tuple[dict[str, bytes], Public]) -> None:
    found = asked(*honest)
    assert found.troubles == ()
    assert found.client == json.loads(honest[0]["/client-config"])["build"]
    assert found.files > 10


def swapped(path: str, change: Change) -> Callable[[dict[str, bytes]], None]:
    def swap(answers: dict[str, bytes]) -> None:
        answers[path] = change(answers[path])

    return swap


def with_a_file_of_its_own(answers: dict[str, bytes]) -> None:
    """Another script, listed as if it belonged there."""
    path = first(answers, "first-")
    answers[path] += b"\nfetch('https://elsewhere.example/');"
    told = json.loads(answers["/client-files"])
    name = path.removeprefix(served.PLACE)
    told["files"][name] = sha256(answers[path]).hexdigest()
    told["client"] = served.client_hash(told["files"])
    answers["/client-files"] = json.dumps(told).encode()


def with_a_witness_of_its_own(answers: dict[str, bytes]) -> None:
    told = json.loads(answers["/client-config"])
    told["witnesses"] = [{"vkey": "mine+00000000+BA==", "outside": True}]
    answers["/client-config"] = json.dumps(told).encode()


@pytest.mark.parametrize(
    ("swap", "said"),
    [
        (lambda a: swapped(first(a, "first-"), lambda raw: raw + b"//")(a), "is not the file that the list names"),
        (with_a_file_of_its_own, "does not name this client"),
        (with_a_witness_of_its_own, "does not name this client"),
        (swapped("/worker.js", lambda raw: raw + b"//"), "is not the worker"),
        (swapped("/en/", lambda raw: raw.replace(b"</body>", b"<script>steal()</script></body>")), "a script in it"),
        (
            swapped(
                "/en/", lambda raw: raw.replace(b"</body>", b'<script src="https://x.example/a.js"></script></body>')
            ),
            "not of the client",
        ),
        (swapped("/en/recover", lambda raw: raw.replace(b'"sample":true', b'"sample":false')), "pins other keys"),
    ],
)
def test_another_script_page_or_pin_is_named(
    swap: Callable[[dict[str, bytes]], None], said: str, honest: tuple[dict[str, bytes], Public]
) -> None:
    answers = dict(honest[0])
    swap(answers)
    assert said in " ".join(asked(answers, honest[1]).troubles)


def test_a_node_that_answers_otherwise_is_told_apart(tmp_path: Path) -> None:
    with pytest.raises(served.ServedOddly):
        asked({"/client-files": b"[]"}, [])
