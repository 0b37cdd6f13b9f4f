"""Makes docs/design.html: every component in all its states, read from the left and from the right, light and dark, on one page.

`python -m tests.web.design` writes it; a test holds it to the sheets, the icons and the sentences as they are.
"""

import re
from collections.abc import Callable, Iterator
from html import escape

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from markupsafe import Markup

from tests.rules.tree import PACKAGE, ROOT
from tests.web import design_alerts, design_rooms
from tocsin.jurisdictions.load import load
from tocsin.web import i18n
from tocsin.web.render import TEMPLATES

PAGE = ROOT / "docs" / "design.html"
CSS = ROOT / "client" / "css"
SHEETS = (
    "_tokens.css",
    "_page.css",
    "_controls.css",
    "_encounter.css",
    "rehearsal.css",
    "staff.css",
    "passport.css",
    "registry.css",
    "desk.css",
    "alerts.css",
    "circle.css",
    "verify.css",
)
ENGLISH = i18n.load()["en"]
PACK = load("minneapolis-sample")

LAYOUT = """
body { display: block; min-block-size: 0; padding: 16px; }
.sheet { display: grid; gap: 16px; grid-template-columns: repeat(auto-fit, minmax(340px, 1fr)); margin-block-end: 32px; }
.side { background: var(--paper); border: 1px solid var(--edge); color: var(--ink); display: grid; gap: 12px; padding: 16px; }
.side > b { color: var(--muted); font-size: 0.875rem; font-weight: 400; }
.side .sos { min-block-size: 12rem; }
.side .over { min-block-size: 0; }
.side dialog { position: static; }
.side .skip { position: static; transform: none; }
.swatches { display: grid; gap: 4px; grid-template-columns: repeat(auto-fill, minmax(7rem, 1fr)); list-style: none; }
.swatches li { border: 1px solid var(--edge); font-size: 0.75rem; padding: 8px; }
.focused { border-radius: var(--radius); box-shadow: 0 0 0 6px var(--focus-edge); outline: 3px solid var(--focus); }
"""

Say = Callable[..., str]


def text(key: str, **values: object) -> str:
    return escape(ENGLISH.say(key, **values))


def button(key: str, classes: str = "", more: str = "") -> str:
    return f'<button class="button {classes}" type="button" {more}>{text(key)}</button>'


def sos(icon: Say, kind: str, picture: str, word: str, how: str = "") -> str:
    small = f"<small>{text(how)}</small>" if how else ""
    return f'<button class="sos {kind}" type="button">{icon(picture)}<span>{text(word)}</span>{small}</button>'


def mark(icon: Say, kind: str, word: str) -> str:
    return f'<p class="mark {kind}">{icon("record")}<span>{text(word)}</span><span class="clock">01:10</span></p>'


def status(safe: str, here: str, trouble: str = "") -> str:
    notice = f'<p class="notice warn">{text(trouble)}</p>' if trouble else ""
    return f'<div class="status"><div><p class="safe">{safe}</p><p>{here}</p></div></div>{notice}'


def field(label: str, control: str, problem: str = "") -> str:
    told = f'<p class="problem">{text(problem)}</p>' if problem else ""
    return f'<div class="field"><label>{text(label)}{told}{control}</label></div>'


def components(icon: Say) -> Iterator[tuple[str, str]]:
    """Name and markup of each component, its states one under the other."""
    safe = text("status.safe_up_to", time="00:42")
    link = '<a href="#">'
    yield (
        "Skip link, languages, way out",
        (
            f'<a class="skip" href="#">{text("page.skip")}</a><div class="top"><ul class="tongues" role="list">'
            f"<li>{link}Español</a></li><li>{link}Français</a></li></ul>"
            f'<a class="exit" href="#">{icon("leave")}{text("page.leave")}</a></div>'
        ),
    )
    yield (
        "The control: record, call without a recording, stop, armed, held",
        (
            sos(icon, "", "record", "first.record")
            + sos(icon, "unrecorded", "call", "call.ring")
            + sos(icon, "stop", "stop", "record.stop", "record.stop_how")
            + sos(icon, "stop armed", "stop", "record.stop_again")
            + sos(icon, "stop holding", "stop", "record.stop", "record.stop_how")
        ),
    )
    yield (
        "Mark before, while recording, while paused, after; page edge while recording",
        (
            f'<div class="live over">{mark(icon, "paused", "record.starting")}{mark(icon, "", "record.now")}'
            f"{mark(icon, 'paused', 'record.paused')}{mark(icon, 'paused', 'record.finishing')}</div>"
        ),
    )
    yield (
        "Status words in every state",
        (
            status(text("status.starting"), "")
            + status(text("status.nothing_sent"), escape(ENGLISH.count("status.only_here", 1)))
            + status(safe, escape(ENGLISH.count("status.only_here", 3)))
            + status(safe, text("status.none_here"))
            + status(safe, escape(ENGLISH.count("status.only_here", 33)), "status.lost")
            + status(safe, escape(ENGLISH.count("status.only_here", 9)), "status.slow")
            + status(safe, text("status.none_here"), "status.paused")
            + status(safe, escape(ENGLISH.count("status.only_here", 2)), "status.finishing")
            + status(safe, escape(ENGLISH.count("status.only_here", 9)), "status.finishing_lost")
            + status(safe, escape(ENGLISH.count("status.only_here", 2)), "status.not_stored")
            + status(safe, escape(ENGLISH.count("status.only_here", 2)), "status.held_back")
            + "".join(
                f'<p class="notice bad">{text("status.stopped", time="01:10", reason=ENGLISH.say(key))}</p>'
                for key in sorted(ENGLISH.single)
                if key.startswith("reason.")
            )
        ),
    )
    bits = ("video", "audio", "picture", "neither", "awake", "not_awake", "desk", "self")
    because = [ENGLISH.say(key) for key in sorted(ENGLISH.single) if key.startswith("status.because_")]
    yield (
        "Facts of a recording",
        (
            '<ul class="bits" role="list">'
            + "".join(f"<li>{text(f'status.{bit}')}</li>" for bit in bits)
            + f"<li>{escape(ENGLISH.count('status.desk_seen', 2))}</li>"
            + "".join(f"<li>{text('status.desk_unproven', reason=reason)}</li>" for reason in because)
            + f"<li>{text('status.used', size='1.2')}</li></ul>"
        ),
    )
    yield (
        "Buttons: plain, primary, wide, armed, off, with focus",
        (
            button("record.pause")
            + button("words.have", "primary")
            + button("words.print", "wide")
            + button("words.again", "primary wide armed")
            + button("record.pause", "", "disabled")
            + button("import.send", "primary", "disabled")
            + button("record.resume", "focused")
        ),
    )
    yield (
        "Emergency, sample, rehearsal, imported",
        (
            f'<a class="emergency" href="#">{icon("call")}<span>{text("page.emergency", number=PACK.emergency_number)}</span></a>'
            f'<p class="sample">{text("page.sample")}</p><p class="rehearsing">{text("record.rehearsal")}</p>'
            f'<p class="sample">{text("record.import")}</p>'
        ),
    )
    yield (
        "Notices: plain, warn, bad, good",
        "".join(
            f'<p class="notice {kind}">{text(key)}</p>'
            for kind, key in (
                ("", "import.note"),
                ("warn", "status.lost"),
                ("bad", "status.failed_help"),
                ("good", "rehearsal.done"),
            )
        ),
    )
    yield (
        "Links as rows",
        '<ul class="rows" role="list">'
        + "".join(
            f"<li>{link}{icon(picture)}{text(key)}</a></li>"
            for picture, key in (
                ("drill", "first.rehearse"),
                ("film", "first.import"),
                ("words", "first.recover"),
                ("about", "page.about"),
            )
        )
        + "</ul>",
    )
    yield (
        "Fields: empty, wrong, file, choices, progress",
        (
            field("recover.label", '<textarea rows="2"></textarea>')
            + field("recover.add_label", '<input type="text" value="age1" aria-invalid="true">', "recover.add_bad")
            + field("import.label", '<input type="file">')
            + f"<fieldset><legend>{text('rehearsal.sound_question')}</legend>"
            f'<label class="choice"><input type="radio" checked> {text("rehearsal.sound_off")}</label>'
            f'<label class="choice"><input type="radio"> {text("rehearsal.sound_on")}</label></fieldset>'
            f'<progress max="1" value="0.4" aria-label="{text("import.progress")}"></progress>'
        ),
    )
    yield (
        "Recovery words",
        '<ol class="words" role="list">'
        + "".join(
            f"<li>{word}</li>" for word in ("ability", "able", "aboard", "above", "abroad", "absence", "absolute")
        )
        + "</ol>",
    )
    yield (
        "Seconds that arrived",
        '<ol class="arrivals" role="list">'
        + "".join(f"<li{' class=arrived' if n < 7 else ''}>{n}</li>" for n in range(1, 11))
        + "</ol>",
    )
    yield (
        "The question after an hour",
        (
            f'<dialog open aria-label="{text("record.still")}"><h2>{text("record.still")}</h2>'
            f"{button('record.still_yes', 'primary wide')}</dialog>"
        ),
    )
    yield (
        "Facts, acts, recipients, list, group",
        (
            f'<div class="group"><dl class="facts"><dt>{text("recover.state")}</dt><dd>{text("recover.state_cut")}</dd></dl>'
            f'<table><caption>{text("recover.history")}</caption><thead><tr><th scope="col">{text("recover.at")}</th>'
            f'<th scope="col">{text("recover.what")}</th><th scope="col" class="number">{text("about.residents")}</th></tr></thead>'
            f'<tbody><tr><td>14:31</td><td class="long">{text("recover.act_fetched")}</td>'
            f'<td class="number">9,000</td></tr></tbody></table>'
            f'<ul class="group" role="list"><li class="recipient">{text("recover.desk")}{button("recover.drop")}</li></ul>'
            f'<ul class="dots"><li>{text("about.cannot_history")}</li></ul></div>'
        ),
    )
    yield (
        "A claim of the registry, contested; money; a hash",
        (
            f'<dl class="claims"><dt>{text("registry.prop_status")} <strong class="contested">'
            f'{text("registry.contested", date="November 22, 2026")}</strong></dt><dd>reactivated<ul class="plain small muted">'
            f'<li>{text("registry.verb_reported")}, 2025-08</li></ul></dd></dl><div class="wide"><table><tbody><tr><td>'
            f'{text("registry.kind_ceiling")}</td><td class="number">201,400,000 USD</td></tr></tbody></table></div>'
            '<p class="hash">09cccfcc7205cc2df68d5071597cfa52</p><p><q class="cited">Tocsin registry. (2026). Acme.</q></p>'
        ),
    )
    yield (
        "Ties of the registry: round institutions, square acts",
        (
            '<div class="wide"><svg class="ties few" viewBox="0 0 1000 200" role="img" aria-label="Ties">'
            '<line x1="100" y1="100" x2="500" y2="100"/><line x1="500" y1="100" x2="900" y2="100"/><circle cx="100" cy="100" r="12"/>'
            '<rect x="490" y="90" width="20" height="20"/><circle cx="900" cy="100" r="12"/>'
            '<text x="100" y="60" text-anchor="middle">Acme Systems</text><text x="500" y="60" text-anchor="middle">Order 7</text>'
            '<text x="900" y="60" text-anchor="middle">Hub Agency</text></svg></div>'
        ),
    )
    yield "The player of the desk: place, bar, controls, time line", player()
    yield (
        "Staff: who is signed in; keys asked for; a link that is shown once",
        (
            f'<nav class="staffbar" aria-label="{text("staff.bar")}"><p>{text("staff.you", pseudonym="Wren")}</p><ul role="list">'
            f'<li><a href="#" aria-current="page">{text("staff.home")}</a></li><li>{link}{text("staff.keys")}</a></li></ul>'
            f"{button('staff.sign_out')}</nav>"
            f'<dialog open aria-label="{text("staff.unlock_title")}"><h2>{text("staff.unlock_title")}</h2>'
            f"{button('staff.with_passkey', 'primary wide')}{field('staff.passphrase', '<input type=password>')}</dialog>"
            f'<p><code class="address">https://node.example/en/staff/join#{"x" * 43}</code></p>'
            '<svg class="square" viewBox="0 0 7 7" aria-hidden="true"><path d="M1 1h5v5h-5z"/></svg>'
            '<p><span class="tohand"></span></p>'
        ),
    )
    yield "The legal desk: a list beside what is in hand; undo; two papers to compare; what was written", desk()
    yield "Camera and film, before they show anything", '<span class="preview"></span><div class="film">&#160;</div>'
    yield (
        "Text",
        (
            f'<h1>{text("about.title")}</h1><h1 class="sentence">{text("first.sentence")}</h1><h2>{text("about.can")}</h2>'
            f'<p>{text("about.can1")} {link}{text("page.source")}</a></p><p class="muted">{text("words.then_gone")}</p>'
            f'<p class="small">{text("page.not_advice")}</p>'
        ),
    )
    yield (
        "Foot",
        f'<footer class="foot"><ul role="list"><li>{link}{text("page.source")}</a></li></ul></footer>',
    )


def desk() -> str:
    """A line that is chosen and silent, one that somebody has; an act that can be taken back; the pictures of the sheet."""
    head = "".join(f"<th>{text(f'desk.{name}')}</th>" for name in ("what", "since", "stream", "who", "marks"))
    told = (
        ("true", "desk.silent", "desk.nobody", "desk.late"),
        ("false", "desk.coming", "desk.colleague", "desk.state_frozen"),
    )
    lines = "".join(
        f'<tr><th><button class="pick" type="button" aria-current="{chosen}">{text("desk.kind_encounter")}</button></th>'
        f'<td>12</td><td class="clock">{text(stream, time="00:12")}</td><td>{text(who)}</td><td>{text(mark)}</td></tr>'
        for chosen, stream, who, mark in told
    )
    source = (PACKAGE / "desk" / "templates" / "desk.html").read_text()
    pictures = re.sub(
        r"{{ say\(\"([a-z_.]+)\"\) }}", lambda found: text(found[1]), "".join(re.findall("<figure>.*</figure>", source))
    )
    acts = "".join(button(f"desk.do_{act}") for act in ("take", "decline"))
    return (
        f'<div class="notice undo"><span>{text("desk.did_take")}</span>{button("desk.undo")}</div>'
        f'<div class="panes"><table><thead><tr>{head}</tr></thead><tbody>{lines}</tbody></table><div class="acts">{acts}</div></div>'
        f'<div class="pair">{pictures}</div><p class="text">{text("desk.sealed_here")}</p>'
        f'<p><kbd>t</kbd> {text("desk.do_take")}</p><div class="desk away"><select><option>Wren</option></select></div>'
    )


def player() -> str:
    """A recording with a gap, a time that is absent, a talk, an event and a cut; and one that is broken."""
    kinds = ("begin", "gap", "absent", "call", "event", "cut", "broken")
    pieces = "".join(
        f'<span class="{kind}" style="inset-inline-start:{14 * n}%;{wide(kind)}"></span>'
        for n, kind in enumerate(kinds)
    )
    keys = ("begin_encounter", "gap_paused", "absent", "event_hidden", "cut", "broken")
    listed = "".join(
        f'<li><button class="button" type="button"><span class="clock">0:1{n}</span> {text("play." + key)}</button></li>'
        for n, key in enumerate(keys)
    )
    return (
        f'<div class="line"><input type="range" value="40" aria-label="{text("play.place")}"><div class="bar">{pieces}</div></div>'
        f'<div class="transport">{button("play.start", "primary")}{button("play.back")}{button("play.on")}</div>'
        f'<ol class="marks" role="list">{listed}</ol>'
        f'<p>{text("pack.done")} <code class="sum">{"09cccfcc7205cc2d" * 4}</code></p>'
    )


def wide(kind: str) -> str:
    return "inline-size:12%" if kind in {"gap", "absent", "call"} else ""


def page() -> str:
    """The whole page."""
    environment = Environment(loader=FileSystemLoader(TEMPLATES), autoescape=True, undefined=StrictUndefined)
    drawn: Say = environment.get_template("_icons.html").module.icon  # type: ignore[attr-defined]

    def icon(name: str) -> str:
        return str(Markup(drawn(name)))

    parts = [("Colours", swatches()), *components(icon), *design_alerts.components(), *design_rooms.components()]
    sections = "\n".join(
        f'<h2>{escape(name)}</h2>\n<div class="sheet">\n{sides(markup)}\n</div>' for name, markup in parts
    )
    return (
        '<!doctype html>\n<html lang="en">\n<head>\n<meta charset="utf-8">\n'
        '<meta name="viewport" content="width=device-width, initial-scale=1">\n<title>Tocsin: components</title>\n'
        f"<style>\n{sheet()}{LAYOUT}</style>\n</head>\n<body>\n<h1>Components</h1>\n"
        "<p>Made from the sheets, icons and sentences of this release by <code>python -m tests.web.design</code>. English "
        "stands in for a language read from the right.</p>\n"
        f"{sections}\n</body>\n</html>\n"
    )


def sides(markup: str) -> str:
    return "\n".join(
        f'<div class="side" dir="{direction}" data-scheme="{scheme}"><b>{direction}, {scheme}</b>{markup}</div>'
        for direction in ("ltr", "rtl")
        for scheme in ("light", "dark")
    )


def swatches() -> str:
    names = re.findall(r"--([\w-]+): #", (CSS / "_tokens.css").read_text().split("@media")[0])
    return '<ul class="swatches" role="list">' + "".join(f"<li>{name}{patch(name)}</li>" for name in names) + "</ul>"


def patch(name: str) -> str:
    return f'<svg viewBox="0 0 60 20" aria-hidden="true"><rect width="60" height="20" fill="var(--{name})"/></svg>'


def sheet() -> str:
    """The product's own sheets, with dark and light chosen by the page instead of the person's machine."""
    tokens = (CSS / "_tokens.css").read_text()
    light, dark = (part[part.index(":root {") + 7 : part.index("}")] for part in tokens.split("@media"))
    both = f'[data-scheme="light"] {{{light}color-scheme: light;\n}}\n[data-scheme="dark"] {{{dark}color-scheme: dark;\n}}\n'
    return tokens.split("@media")[0] + both + "".join((CSS / name).read_text() for name in SHEETS[1:])


if __name__ == "__main__":
    PAGE.write_text(page())
