"""The pages a person sees, as bytes. Every page is rendered once, at start, for every language: a request only picks bytes.
One page, on how long things are kept, is rendered again when that changes.

So no page can echo input, no page differs between two people, and a page that cannot be rendered stops the start instead of a
frightened person. The set of all bytes has one `version`, by which the service worker knows that what it kept is complete.
"""

import hashlib
import json
from collections.abc import Callable, Mapping, MutableMapping
from dataclasses import dataclass
from datetime import date
from functools import cache
from pathlib import Path
from typing import Any

from jinja2 import BaseLoader, ChoiceLoader, Environment, FileSystemLoader, StrictUndefined, Template
from markupsafe import Markup

from tocsin.jurisdictions.model import Pack, RiskRoom
from tocsin.jurisdictions.model import Page as RecordingPage
from tocsin.jurisdictions.risk import may_answer
from tocsin.web.i18n import COLON, NAMES, Language
from tocsin.web.kept_work import CompiledTemplates
from tocsin.web.lean_templates import LeanEnvironment
from tocsin.web.static_files import Built
from tocsin.web.status import Shown, nothing_tried

TEMPLATES = Path(__file__).parent / "templates"


@dataclass(frozen=True)
class KeptClass:
    """How long one class of recording is kept: whole days now, and what comes when, where something does."""

    name: str
    days: int
    coming_days: int | None = None
    coming_on: date | None = None


@dataclass(frozen=True)
class Schedule:
    """The retention table as people see it. Without rows: none stands in the log yet. `signers`: key ids of two stewards, or none."""

    rows: tuple[KeptClass, ...] = ()
    table: int = 0
    leaf: int = 0
    signers: tuple[str, ...] = ()


@dataclass(frozen=True)
class KeptPage:
    """A room's page that the service worker keeps: below the language, with what it loads. `mark`: other bytes have another."""

    path: str
    script: str
    sheet: str
    mark: str


@dataclass(frozen=True)
class PageConfig:
    """Everything the pages are made of. `client` is the body of `GET /client-config`, embedded so that a tap waits for nothing."""

    pack: Pack
    built: Built
    languages: Mapping[str, Language]
    client: Mapping[str, Any]
    origin: str = ""
    """Scheme and host as people write them, for the printed words. Empty: the page's own address without a host."""
    onion: str = ""
    """The onion service's name. Who came through it is led to no address outside it."""
    hotline: str = ""
    """A telephone number that people answer, named where script is off. Empty: none is named."""
    exit_url: str = ""
    """Where leaving leads. Empty: a neutral page of this node that also works without network."""
    source_url: str = ""
    security_contact: str = ""
    security_expires: date | None = None
    status: Callable[[], Shown] = nothing_tried
    """How the node is now, for a page that is not the same all day."""
    has_alerts: bool = False
    """Whether this place has alerts: every footer says where to report a danger."""
    kept: tuple["KeptPage", ...] = ()
    """Pages of rooms that phones keep too, so that they open without network."""
    has_passport: bool = False
    """Whether this city has a passport: where one learns of the node, it is said how to become a member."""
    has_registry: bool = False
    """Whether this node answers questions to the registry."""
    schedule: Callable[[], Schedule] = Schedule
    """How long things are kept now, for the page that says so."""


@dataclass(frozen=True)
class Page:
    """One page: its address below the language, template, title, script entry and the keys its script needs."""

    name: str
    path: str
    template: str
    title: str
    strings: tuple[str, ...] = ()
    reading: bool = True
    sentence: str = ""

    @property
    def is_scripted(self) -> bool:
        return bool(self.strings)


_MARKS = ("record.now", "record.starting", "record.finishing", "record.pause", "record.resume", "record.stop_again")
_TELLING = (*_MARKS, "status.", "reason.", "words.again", "words.gone", "words.none", "words.use")
"""What scripts say of a recording; the rest stands in the templates. Each sentence is on the way to the first tap."""

PAGES = (
    Page("first", "", "first.html", "first.title", (*_TELLING, "first.unsent"), reading=False),
    Page("rehearsal", "rehearsal", "rehearsal.html", "rehearsal.title", (*_TELLING, "rehearsal.")),
    Page("import", "import", "import.html", "import.title", ("import.", "status.", "reason.", "words.")),
    Page("recover", "recover", "recover.html", "recover.title", ("recover.",)),
    Page("call", "call", "call.html", "call.title", ("call.",)),
    Page("join", "join", "join.html", "call.join_title", ("call.",)),
    Page("verify", "verify", "verify.html", "verify.title", ("verify.",)),
    Page(
        "open",
        "desk/open",
        "open.html",
        "open.title",
        ("open.", "play.", "pack.", "cover.", "sheet.", "recover.by_", "recover.act_"),
    ),
    Page("about", "about", "about.html", "about.title"),
    Page("measures", "measures", "measures.html", "neutral.title"),
    Page("offline", "offline", "error.html", "error.offline_title", sentence="error.offline"),
)
STATUS = Page("status", "status", "status.html", "works.title")
"""Rendered for each state there is, when it is first asked for in it."""
RETENTION = Page("retention", "retention", "retention.html", "about.retention")
"""Rendered for each schedule that comes to count, when it is first asked for then."""
ERRORS = {
    403: Page("error", "", "error.html", "error.403_title", sentence="error.403"),
    404: Page("error", "", "error.html", "error.404_title", sentence="error.404"),
    500: Page("error", "", "error.html", "error.500_title", sentence="error.500"),
    503: Page("error", "", "error.html", "error.503_title", sentence="error.503"),
}

KEPT_OFFLINE = ("first", "rehearsal", "import", "call", "about", "measures", "offline")
"""Pages that the service worker keeps for the language in use."""


@dataclass(frozen=True)
class Rendered:
    """All pages as bytes: by (language, page name), and errors by (language, status)."""

    pages: Mapping[tuple[str, str], bytes]
    errors: Mapping[tuple[str, int], bytes]
    version: str


def render(config: PageConfig) -> Rendered:
    """Render every page in every language. Raises whatever is wrong with a template, a key or the build."""
    environment = templates()
    pages: dict[tuple[str, str], bytes] = {}
    errors: dict[tuple[str, int], bytes] = {}
    for language in config.languages.values():
        for page in PAGES:
            pages[language.code, page.name] = draw(environment, config, language, page)
        for status, page in ERRORS.items():
            errors[language.code, status] = draw(environment, config, language, page)
    return Rendered(pages, errors, _version(config, pages))


@cache
def templates() -> Environment:
    """The templates, compiled once a release where that can be kept, else once a process: compiling is most of what a start costs."""
    environment = LeanEnvironment(
        loader=FileSystemLoader(TEMPLATES),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.bytecode_cache = CompiledTemplates(environment)
    environment.globals["icon"] = environment.get_template("_icons.html").module.icon  # type: ignore[attr-defined]
    return environment


class _Shared(BaseLoader):
    """The house's own templates, as they were compiled for everybody."""

    def load(
        self,
        environment: Environment,  # noqa: ARG002  jinja's signature
        name: str,
        globals: MutableMapping[str, Any] | None = None,  # noqa: A002, ARG002  jinja's signature
    ) -> Template:
        return templates().get_template(name)


def templates_over(folder: Path) -> Environment:
    """A room's own templates, in `folder`, over the shared ones, which are compiled once for all rooms."""
    made = templates().overlay(loader=ChoiceLoader([FileSystemLoader(folder), _Shared()]))
    made.globals = dict(templates().globals)
    return made


def render_status(config: PageConfig, language: Language, shown: Shown) -> bytes:
    """The status page as it is now."""
    return draw(templates(), config, language, STATUS, shown=shown)


def render_retention(config: PageConfig, language: Language, schedule: Schedule) -> bytes:
    """The page on how long things are kept, under the schedule that counts now."""
    return draw(templates(), config, language, RETENTION, kept=schedule)


def draw(environment: Environment, config: PageConfig, language: Language, page: Page, **more: object) -> bytes:
    """One page as it is now: what every template of ours may ask for, and `more`."""
    text = environment.get_template(page.template).render(
        page=page,
        language=language,
        direction=language.direction,
        languages=list(config.languages.values()),
        say=language.say,
        colon=language.say(COLON),
        built=config.built,
        scripts=config.built.scripts(page.name) if page.is_scripted else [],
        strings=embedded(language.strings(page.strings)) if page.is_scripted else "",
        client=embedded(config.client) if page.is_scripted else "",
        pack=config.pack,
        has_alerts=config.has_alerts,
        has_passport=config.has_passport,
        has_registry=config.has_registry,
        hotline=config.hotline,
        reviewed_on=date.fromisoformat(config.pack.review.date) if config.pack.review.date else None,
        advice=_advice(config.pack, language),
        heard=heard(config, language.code),
        recover_address=f"{config.origin}/{language.code}/recover",
        **more,
    )
    return text.encode()


def _advice(pack: Pack, language: Language) -> RecordingPage | None:
    """The pack's page on recording, where a reviewed or sample pack opens that room of risk; else nothing at all."""
    return pack.recording_page.get(language.code) if may_answer(pack, RiskRoom.RECORDING_ADVICE) else None


def heard(config: PageConfig, language: str) -> tuple[str, ...]:
    """The address of each rights card's recording; "" for a card that nobody recorded."""
    cards = config.pack.calls.cards[language] if config.pack.calls is not None else ()
    recorded = config.pack.recorded.get(language, (None,) * len(cards))
    return tuple(config.built.served(one.name) if one is not None else "" for one in recorded)


def embedded(value: object) -> Markup:
    """`value` as JSON that can stand in a data block: no character of it can end the block or open a comment."""
    text = json.dumps(value, ensure_ascii=False, separators=(",", ":"), sort_keys=True)
    for sign in "<>\u2028\u2029":
        text = text.replace(sign, f"\\u{ord(sign):04x}")
    return Markup(text)  # noqa: S704 - the loop above is the escape for this place; HTML's own would break the JSON


def _version(config: PageConfig, pages: Mapping[tuple[str, str], bytes]) -> str:
    marks = [page.mark for page in config.kept]
    digest = hashlib.sha256("\n".join([*sorted(config.built.files), *marks]).encode())
    for key in sorted(pages):
        digest.update(hashlib.sha256(pages[key]).digest())
    return digest.hexdigest()[:16]


def worker_script(config: PageConfig, rendered: Rendered) -> bytes:
    """The service worker: one line that says what belongs to this release, then the built worker."""
    sheets = sorted({page.sheet for page in config.kept} - {"app.css"})
    drawn = [config.built.url(name) for name in ("app.css", "rehearsal.css", *sheets, "icon.svg", "plain.svg")]
    scripts = [*KEPT_OFFLINE, *(page.script for page in config.kept)]
    shell = {
        "version": rendered.version,
        "files": [*drawn, *config.built.reach(scripts)],
        "languages": list(config.languages),
        "pages": [page.path for page in PAGES if page.name in KEPT_OFFLINE] + [page.path for page in config.kept],
        "heard": {code: _heard_offline(config, language) for code, language in config.languages.items()},
    }
    worker = config.built.files[config.built.names["worker.js"]]
    return f"const SHELL={embedded(shell)};\n".encode() + worker


def _heard_offline(config: PageConfig, language: Language) -> list[str]:
    return [one for one in heard(config, language.code) if one] if _advice(config.pack, language) else []


def app_manifest(config: PageConfig, language: Language, *, plain: bool = False) -> bytes:
    """The web app manifest of one language (W3C appmanifest); `plain`: under a name and picture that tell nothing."""
    name = language.say("neutral.title" if plain else "first.title")
    manifest = {
        "id": "/",
        "name": name,
        "short_name": name,
        "lang": language.code,
        "dir": language.direction,
        "start_url": f"/{language.code}/",
        "scope": "/",
        "display": "standalone",
        "background_color": "#ffffff",
        "theme_color": "#16181d",
        "icons": _home_icons(config.built, "plain" if plain else "icon"),
    }
    return json.dumps(manifest, ensure_ascii=False).encode()


def _home_icons(built: Built, picture: str) -> list[dict[str, str]]:
    return [
        {"src": built.url(f"{picture}.svg"), "sizes": "any", "type": "image/svg+xml"},
        {"src": built.url(f"{picture}-192.png"), "sizes": "192x192", "type": "image/png"},
        {"src": built.url(f"{picture}-512.png"), "sizes": "512x512", "type": "image/png"},
        {"src": built.url(f"{picture}-mask-512.png"), "sizes": "512x512", "type": "image/png", "purpose": "maskable"},
    ]


def security_txt(config: PageConfig) -> bytes:
    """RFC 9116; empty where the operator named nobody or no date, because a page that promises nobody is worse than none."""
    if not config.security_contact or config.security_expires is None:
        return b""
    lines = [
        f"Contact: {config.security_contact}",
        f"Expires: {config.security_expires.isoformat()}T00:00:00Z",
        f"Preferred-Languages: {', '.join(NAMES)}",
    ]
    return ("\n".join(lines) + "\n").encode()
