"""The addresses of alerts as OpenAPI: for anybody, for confirmers, for the desk (`docs/spec/alert-desk.md`)."""

from typing import Any

Json = dict[str, Any]

ANYTHING: Json = {"type": "string"}
KEY: Json = {"type": "string", "pattern": "^[A-Za-z0-9_-]{43}$"}
ID: Json = {"anyOf": [{"type": "string", "pattern": "^[A-Za-z0-9_-]{22}$"}, ANYTHING]}
WORD: Json = {
    "anyOf": [
        {"enum": ["activity", "seen", "looking", "leave", "Exercise", "not-so", "not-true", "now", "yes", "few"]},
        ANYTHING,
    ]
}


def paths(asks: list[Json], may: Json) -> Json:
    """Every address but pages. `asks`: headers of whoever asks; `may`: the header of a capability."""
    said = dict.fromkeys(("kind", "how_many", "vehicles", "when"), WORD) | {
        "area": ANYTHING,
        "language": ANYTHING,
        "text": ANYTHING,
    }
    report = _shape(key=KEY, wearing={"type": "array", "items": WORD}, ticket=ANYTHING, work=ANYTHING, **said)
    anybody = {
        "reports": report,
        "reports/sealed": _shape(sealed=ANYTHING),
        "reports/state": _shape(code=ANYTHING),
        "reports/reply": _shape(code=ANYTHING, how_many=WORD),
        "danger": _shape(about=WORD, alert=ID),
    }
    duty = {
        "duty": _shape(token=ANYTHING, secret=KEY),
        "duty/asked": _shape(),
        "duty/answer": _shape(ask=ID, answer=WORD),
        "duty/release": _shape(ask=ID, digest=KEY),
        "duty/end": _shape(),
    }
    matter = {
        **{name: _shape() for name in ("take", "acknowledge", "give-back", "close", "ask", "enough", "danger")},
        "hand-over": _shape(to=ANYTHING, note=ANYTHING),
        "question": _shape(parts={"type": "array", "items": WORD}),
        "draft": _shape(turn={"type": "integer"}, kind=WORD, area=ANYTHING, life_minutes={"type": "integer"}),
        "join": _shape(others={"type": "array", "items": ID}),
        "undo-join": _shape(other=ID),
        "voice": _shape(verdict=WORD),
        "release": _shape(digest=KEY),
        "threat": _shape(sealed=ANYTHING),
    }
    one = {"name": "one", "in": "path", "required": True, "schema": ID}
    return {
        **{f"/alerts/{name}": {"get": _does(asks)} for name in ("areas", "ticket", "live", "truth")},
        **{f"/alerts/{name}": {"post": _does(asks, body)} for name, body in anybody.items()},
        **{f"/alerts/{name}": {"post": _does([*asks, may], body)} for name, body in duty.items()},
        **{f"/alert-desk/{name}": {"get": _does(asks)} for name in ("matters", "warnings", "threats", "attribution")},
        "/alert-desk/matters/{one}": {"get": _does([*asks, one])},
        **{f"/alert-desk/matters/{{one}}/{name}": {"post": _does([*asks, one], body)} for name, body in matter.items()},
        "/alert-desk/drill": {"post": _does(asks, _shape(status=WORD, kind=WORD, area=ANYTHING))},
        "/alert-desk/lift": {"post": _does(asks, _shape())},
        "/alert-desk/alerts/{one}/cancel": {"post": _does([*asks, one], _shape(reason=WORD))},
        "/alert-desk/warnings/{one}": {"post": _does([*asks, one], _shape(answer=WORD))},
        "/alert-desk/attribution/logged": {"post": _does(asks, _shape(commitment=KEY))},
        "/alert-desk/attribution/{one}": {"get": _does([*asks, one])},
        **{
            f"/alert-desk/threats/{{one}}/{name}": {"post": _does([*asks, one], _shape())}
            for name in ("hold", "release")
        },
    }


def _shape(**properties: Json) -> Json:
    return {"type": "object", "properties": properties, "required": [*properties]}


def _does(parameters: list[Json], body: Json | None = None) -> Json:
    asked: Json = {"parameters": parameters, "responses": {"default": {"description": "any"}}}
    return (
        asked
        if body is None
        else {**asked, "requestBody": {"required": True, "content": {"application/json": {"schema": body}}}}
    )
