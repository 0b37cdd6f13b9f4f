"""A node's pages for tests: the sample pack, a client of a few bytes or a real one, a pseudo language read from the right."""

from collections.abc import Mapping
from dataclasses import replace
from datetime import date
from typing import Any

from tocsin.jurisdictions.load import load
from tocsin.jurisdictions.recorded import files_of
from tocsin.web import i18n
from tocsin.web.i18n import Language
from tocsin.web.render import PageConfig
from tocsin.web.static_files import HERE, Built, hashed_name

PACK = load("minneapolis-sample")
PASSPORT = ("passport", "passport_join", "passport_lost")
CLIENT: Mapping[str, Any] = {"emergency_number": "911", "sample": True, "origin": "sample.example/log"}


class RightToLeft(Language):
    """English words laid out from the right: the pseudo locale that trials the layout. Never offered outside tests."""

    @property
    def direction(self) -> str:
        return "rtl"


def small_build() -> Built:
    """A build of a few bytes, for tests that look at pages and not at script."""
    scripts = ("first", "rehearsal", "import", "recover", "verify", "open", "desk", "worker", *PASSPORT)
    names = {
        f"{sheet}.css": f"{sheet}-AAAAAAAA.css"
        for sheet in ("app", "desk", "passport", "registry", "rehearsal", "staff", "verify")
    }
    files = {**dict.fromkeys(names.values(), b"body{}"), "part-CCCCCCCC.js": b"export{}"}
    scripts_of = {}
    for name in scripts:
        hashed = f"{name}-BBBBBBBB.js"
        files[hashed] = name.encode()
        names[f"{name}.js"] = hashed
        scripts_of[name] = [hashed, "part-CCCCCCCC.js"]
    for path in sorted((HERE / "icons").iterdir()):
        names[path.name] = hashed_name(path)
        files[names[path.name]] = path.read_bytes()
    return Built(files, names, scripts_of, "0" * 64)


def page_config(built: Built | None = None, mirrored: bool = False) -> PageConfig:
    languages = i18n.load()
    if mirrored:
        english = languages["en"]
        languages["en"] = RightToLeft("en", english.name, english.single, english.plural)
    return PageConfig(
        pack=PACK,
        built=(built or small_build()).holding(files_of(PACK)),
        languages=languages,
        client=CLIENT,
        has_alerts=True,
        security_contact="mailto:security@sample.example",
        security_expires=date(2030, 1, 1),
    )


def without_contact(config: PageConfig) -> PageConfig:
    return replace(config, security_contact="")
