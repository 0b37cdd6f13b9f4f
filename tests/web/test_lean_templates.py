"""What the lean templates promise: nothing unescaped that Jinja escapes, nothing escaped twice, nothing undefined in silence."""

from html import unescape
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from jinja2 import Environment, StrictUndefined, UndefinedError
from markupsafe import Markup

from tocsin.web.lean_templates import LeanEnvironment, told

SOURCES = (
    "{{ x }}",
    "<a title=\"{{ x }}\">{{ x ~ '<' }}</a>",
    "{% macro m(y) %}<b>{{ y }}</b>{% endmacro %}{{ m(x) }}{{ m(m(x)) }}",
    "{% set s %}<i>{{ x }}</i>{% endset %}{{ s }}",
    "{% for y in [x, x] %}{{ y }}{{ loop.index }}{% endfor %}",
    "{% filter trim %}{{ x }}{% endfilter %}",
    "{{ x|safe }}{{ x|e }}{{ [x]|join(',') }}",
    "{% autoescape false %}{{ x }}{% endautoescape %}",
    "{% macro m2() %}<p>{{ caller() }}</p>{% endmacro %}{% call m2() %}{{ x }}{% endcall %}",
)


class Named(str):
    __slots__ = ()


class Drawn:
    def __html__(self) -> str:
        return "<hr>"


def environments() -> list[Environment]:
    return [kind(autoescape=True, undefined=StrictUndefined) for kind in (Environment, LeanEnvironment)]


@pytest.mark.parametrize("source", SOURCES)
@given(x=st.one_of(st.text("<>&'\"ab "), st.text(), st.integers(), st.floats(), st.none()))
def test_pages_say_what_jinja_would_say(source: str, x: Any) -> None:
    plain, lean = (one.from_string(source).render(x=x) for one in environments())
    # Two spellings of one sign; taking the second apart as well would hide what is escaped twice.
    assert lean.replace("&#x27;", "&#39;").replace("&quot;", "&#34;") == plain.replace("&quot;", "&#34;")


@given(x=st.text())
def test_no_sign_that_html_reads_gets_through_and_none_is_lost(x: str) -> None:
    for one in (told(x), told(Named(x))):
        assert not set(one) & set("<>'\"")
        assert unescape(one) == unescape(str(Markup.escape(x)))


def test_what_knows_its_own_html_keeps_it() -> None:
    assert told(Markup("<b>")) == "<b>"
    assert told(Drawn()) == "<hr>"


def test_an_undefined_value_still_raises() -> None:
    with pytest.raises(UndefinedError):
        environments()[1].from_string("{{ nobody }}").render()


def test_an_environment_over_another_draws_leanly_too() -> None:
    over = environments()[1].overlay(trim_blocks=True)
    assert over.from_string("{{ x }}").render(x="<") == "&lt;"
    assert isinstance(over, LeanEnvironment)
