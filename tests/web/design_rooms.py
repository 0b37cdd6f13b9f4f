"""Components of the passport, messages, the desk's copies and the registry's map for docs/design.html."""

from collections.abc import Iterator

FILM = "".join(f'<canvas class="still" width="120" height="68" aria-label="00:0{n}"></canvas>' for n in range(4))
LEVELS = ("country", "state", "county", "commune", "commune named")


def components() -> Iterator[tuple[str, str]]:
    """Name and markup of each."""
    yield "Passport: a card of the training, codes to hand on", passport()
    yield "Messages: the way in pictures", steps()
    yield "Pictures of one second, to look at before a copy leaves", f'<div class="stills">{FILM}</div>'
    yield "Words of a document as they lie in it", '<p class="lines">Page 1\nWhereas the city\n  may not acquire</p>'
    yield "Circle: what somebody is told, a link to show, what can be done with a person of the list", circle()
    yield "Map of the registry: outlines by level, counts, ways to go", outlines()


def passport() -> str:
    return (
        '<section class="group card"><p>Keep your distance. Look, and say what you saw.</p></section>'
        '<ul class="codes" role="list"><li class="code">river-lamp-seven</li><li class="code">stone-wind-four</li></ul>'
    )


def steps() -> str:
    drawn = '<path d="M24 12h48v72H24z"/>'
    picture = (
        f'<svg width="6rem" height="6rem" fill="currentColor" viewBox="0 0 96 96" aria-hidden="true">{drawn}</svg>'
    )
    return f'<ol class="steps"><li>{picture}Share</li><li>{picture}Add to the home screen</li></ol>'


def circle() -> str:
    told = '<article class="notice bad group"><h2>Told at 14:32</h2><p class="letter">It is Ana.\nI was stopped.</p></article>'
    code = '<svg class="qr" viewBox="0 0 29 29" role="img" aria-label="code"><path d="M4 4h7v7H4zM18 4h7v7h-7zM4 18h7v7H4z"/></svg>'
    acts = '<div class="acts"><button class="button" type="button">Show the link</button></div>'
    return f'{told}<div class="circle"><ul class="plain" role="list"><li>Rosa {acts}</li></ul></div>{code}'


def outlines() -> str:
    squares = "".join(f'<path class="{level}" d="M{20 + 90 * n} 20h80v80h-80z"/>' for n, level in enumerate(LEVELS))
    count = '<text class="count" x="420" y="65" text-anchor="middle">12</text>'
    ways = '<ul class="goes" role="list"><li><a href="#here">Nearer</a></li><li><a href="#here">North</a></li></ul>'
    return f'<svg class="map" viewBox="0 0 480 120" role="img" aria-label="map">{squares}{count}</svg>{ways}'
