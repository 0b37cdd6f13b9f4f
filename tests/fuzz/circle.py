"""The addresses of circles as OpenAPI: by whoever makes up a door, a link, a box or what was signed (`docs/spec/circle.md`)."""

from typing import Any

Json = dict[str, Any]

ANYTHING: Json = {"type": "string"}


def text(pattern: str) -> Json:
    return {"type": "string", "pattern": pattern}


KEY = text("^[A-Za-z0-9_-]{43}$")
NUMBER = text("^[A-Za-z0-9_-]{22}$")
SEALED: Json = {"anyOf": [text("^[A-Za-z0-9_-]{850}$"), text("^[A-Za-z0-9_-]{998}$"), ANYTHING]}
SAID: Json = {
    "anyOf": [
        text('^\\{"at":[0-9]{1,10},"kind":"(tell|false_alarm|trial|start)","number":"[A-Za-z0-9_-]{22}","v":1\\}$'),
        ANYTHING,
    ]
}
NEW_DOOR: Json = {"type": "object", "properties": {"id": KEY, "box": SEALED}, "required": ["id", "box"]}
NEW_PLACE: Json = {"type": "object", "properties": {"id": KEY, "letter": SEALED}, "required": ["id", "letter"]}
PLACES: Json = {"type": "array", "items": NEW_PLACE, "maxItems": 15}
BODIES: dict[str, Json] = {
    "begin": {"phone": NEW_DOOR, "words": NEW_DOOR, "places": PLACES},
    "place": {"place": KEY, "box": SEALED},
    "trial": {"subscription": {"type": "object"}, "number": NUMBER},
    "tell": {"door": KEY, "said": SAID, "signature": text("^[A-Za-z0-9_-]{86}$")},
    "look": {"door": KEY},
    "change": {"door": KEY, "box": SEALED, "words": NEW_DOOR, "places": PLACES},
    "end": {"door": KEY},
}


def paths(asks: list[Json], language: Json) -> Json:
    """Every address. `asks`: headers of whoever asks; `language`: the part of an address that names one."""
    asked = {f"/circle/{act}": {"post": _does(asks, fields)} for act, fields in BODIES.items()}
    pages = ("circle", "circle/join", "circle/words")
    read = {f"/{{language}}/{page}": {"get": _does([language, *asks])} for page in pages}
    return {**asked, **read, "/circle/words/{language}": {"get": _does([language, *asks])}}


def _does(parameters: list[Json], fields: Json | None = None) -> Json:
    told: Json = {"parameters": parameters, "responses": {"default": {"description": "docs/spec/circle.md"}}}
    if fields is not None:
        shape = {"type": "object", "properties": fields, "required": list(fields)}
        told["requestBody"] = {"required": True, "content": {"application/json": {"schema": shape}}}
    return told
