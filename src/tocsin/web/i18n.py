"""Languages: every sentence a person sees, by key, from `locales/<language>/LC_MESSAGES/*.po`: one file a room, and one for the rest.

A language is offered only when it is complete: `load` raises `LocaleIncomplete` for a missing, fuzzy or foreign key, so that
nobody ever meets an English word on a Spanish page. English is a locale like the others; keys are never shown.
"""

from bisect import bisect_left
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import date
from functools import cached_property
from pathlib import Path

from babel import Locale
from babel.core import get_global
from babel.dates import format_date
from babel.messages.catalog import Message
from babel.messages.pofile import read_po
from babel.numbers import format_decimal

from tocsin.errors import TocsinError
from tocsin.web import kept_work

REFERENCE = "en"
NAMES = {"en": "English", "es": "Español", "fr": "Français"}
"""Languages in their own words, in the order they are offered."""
COLON = "page.colon"
"""What stands between a word and what is said of it: French sets a narrow space before it."""


class LocaleIncomplete(TocsinError):
    """A locale misses a sentence. Start-up refuses: a language is complete or not offered."""

    code = "locale_incomplete"
    message = "A language of this release is not complete."


@dataclass(frozen=True)
class Language:
    """One complete language. `single` by key; `plural` by key to its forms by CLDR category (`one`, `other`)."""

    code: str
    name: str
    single: Mapping[str, str]
    plural: Mapping[str, Mapping[str, str]]

    @property
    def direction(self) -> str:
        """`ltr` or `rtl`, for the `dir` attribute."""
        return "rtl" if Locale.parse(self.code).text_direction == "rtl" else "ltr"

    def say(self, key: str, **values: object) -> str:
        """The sentence of `key`. Raises `KeyError` for a key that does not exist."""
        return self.single[key].format(**values) if values else self.single[key]

    def count(self, key: str, number: int, **values: object) -> str:
        """The sentence of `key` in the plural form of `number`, which stands in it as `{n}`."""
        forms = self.plural[key]
        category = Locale.parse(self.code).plural_form(number)
        return forms.get(category, forms["other"]).format(n=self.number(number), **values)

    def number(self, value: float) -> str:
        if self._has_own_digits:
            return format_decimal(value, locale=self.code)
        return f"{value:,}".translate(self._separators)

    @cached_property
    def signs(self) -> tuple[str, str]:
        """What stands between thousands and before decimals. Babel's own way reads its pattern anew for each number of a page."""
        signs = Locale.parse(self.code).number_symbols["latn"]
        return str(signs["group"]), str(signs["decimal"])

    @cached_property
    def _separators(self) -> Mapping[int, str]:
        return dict(zip(map(ord, ",."), self.signs, strict=True))

    @cached_property
    def _has_own_digits(self) -> bool:
        return bool(Locale.parse(self.code).default_numbering_system != "latn")

    def date(self, value: date) -> str:
        """A whole day in words: never a time of day, which nobody needs on a public page."""
        return format_date(value, format="long", locale=self.code)

    def country(self, code: str) -> str:
        """The name of an ISO 3166 country by its letters or its number, or the code as it is where nobody knows it."""
        letters = get_global("territory_aliases").get(code, [code.upper()])[0] if code.isdecimal() else code.upper()
        return str(Locale.parse(self.code).territories.get(letters, code))

    @cached_property
    def _keys(self) -> list[str]:
        return sorted([*self.single, *self.plural])

    def strings(self, prefixes: Iterable[str]) -> dict[str, object]:
        """What a page's script needs: keys under `prefixes`, plural keys as their forms; and the colon, which every language sets."""
        picked: dict[str, object] = {}
        for prefix in (*prefixes, COLON):
            for at in range(bisect_left(self._keys, prefix), len(self._keys)):
                key = self._keys[at]
                if not key.startswith(prefix):
                    break
                picked[key] = self.single[key] if key in self.single else dict(self.plural[key])
        return picked


def locales_folder() -> Path:
    """Where the locales are: beside the package in a wheel, at the top of the checkout in development."""
    packaged = Path(__file__).parents[1] / "locales"
    return packaged if packaged.is_dir() else Path(__file__).parents[3] / "locales"


def read(code: str, folder: Path | None = None) -> Language:
    """Read one language as it is, complete or not. Raises `LocaleIncomplete` for a fuzzy, empty or twice given entry."""
    single, plural = _read_kept(code) if folder is None else _read(code, folder)
    return Language(code, NAMES.get(code, code), single, plural)


def _read_kept(code: str) -> tuple[dict[str, str], dict[str, dict[str, str]]]:
    made_of = kept_work.digest(files(code))
    sentences = kept_work.load_sentences(code, made_of)
    if sentences is None:
        sentences = kept_work.Sentences(made_of, *_read(code))
        kept_work.keep_sentences(code, sentences)
    return sentences.single, sentences.plural


def _read(code: str, folder: Path | None = None) -> tuple[dict[str, str], dict[str, dict[str, str]]]:
    single: dict[str, str] = {}
    plural: dict[str, dict[str, str]] = {}
    for message in messages(code, folder):
        forms = [message.string] if isinstance(message.string, str) else list(message.string or ())
        key = message.id if isinstance(message.id, str) else message.id[0]
        if message.fuzzy or not all(forms) or key in single or key in plural:
            raise LocaleIncomplete
        if isinstance(message.id, str):
            single[key] = forms[0]
        else:
            plural[key] = {"one": forms[0], "other": forms[-1]}
    return single, plural


def messages(code: str, folder: Path | None = None) -> Iterator[Message]:
    """Every entry of every file of a language."""
    for path in files(code, folder):
        with path.open("rb") as file:
            yield from (message for message in read_po(file, locale=code) if message.id)


def files(code: str, folder: Path | None = None) -> list[Path]:
    """The files of a language, by name."""
    return sorted(((folder or locales_folder()) / code / "LC_MESSAGES").glob("*.po"))


def load(folder: Path | None = None) -> dict[str, Language]:
    """Every offered language by code, each with exactly the keys of English, or `LocaleIncomplete`."""
    languages = {code: read(code, folder) for code in NAMES}
    reference = languages[REFERENCE]
    for language in languages.values():
        if set(language.single) != set(reference.single) or set(language.plural) != set(reference.plural):
            raise LocaleIncomplete
    return languages


def negotiate(accept_language: str, offered: Iterable[str]) -> str:
    """The offered language that an Accept-Language header likes best (RFC 9110 section 12.5.4), else English.

    Only the header is read and nothing is remembered: no cookie tells the next person on this phone what the last one speaks.
    """
    codes = list(offered)
    best, best_weight = REFERENCE, 0.0
    for part in accept_language.split(",")[:20]:
        tag, _, parameter = part.strip().partition(";")
        code = tag.strip().lower().partition("-")[0]
        weight = _weight(parameter)
        if code in codes and weight > best_weight:
            best, best_weight = code, weight
    return best


def _weight(parameter: str) -> float:
    name, _, value = parameter.strip().partition("=")
    if name != "q":
        return 1.0
    try:
        return min(1.0, max(0.0, float(value)))
    except ValueError:
        return 0.0
