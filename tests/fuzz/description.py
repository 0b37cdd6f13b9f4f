"""The node's addresses as OpenAPI, written by hand from docs/spec/http.md, with recordings in every state to ask for.

Each parameter is what it should be, what it is for another recording, or anything: so a generator gets behind the first refusal.
"""

from collections.abc import Iterable, Sequence
from typing import Any

from tests.fuzz import alerts, circle

Json = dict[str, Any]


def text(pattern: str) -> Json:
    """Text of this form."""
    return {"type": "string", "pattern": pattern}


ANYTHING = {"type": "string", "minLength": 1}
KEY = text("^[A-Za-z0-9_-]{43}$")
LANGUAGE = {"anyOf": [{"enum": ["en", "es", "fr"]}, text("^[a-z]{2}$")]}
PAGE = {"anyOf": [{"enum": ["about", "rehearsal", "status", "app.webmanifest"]}, ANYTHING]}
NUMBER = {"anyOf": [{"enum": ["0", "1", "2", "3", "64"]}, text("^[0-9]{1,20}$"), ANYTHING]}
TILE = {
    "anyOf": [
        {"enum": ["0/000.p/64", "entries/000.p/64", "0/000", "63/000"]},
        text(r"^[0-9]{1,2}/(x[0-9]{3}/){0,2}[0-9]{3}(\.p/[0-9]{1,3})?$"),
        ANYTHING,
    ]
}
REGISTRY = ("/registry/search.json", "/registry/search.csv", "/registry/search.geojson", "/registry/changes.atom")
FIXED = (
    "/passport/keys",
    "/client-config",
    "/client-files",
    "/health",
    "/desk-keys",
    "/log/checkpoint",
    "/log/keys",
    "/source",
)
WRAPS = {
    "type": "object",
    "required": ["wraps", "locator"],
    "properties": {"wraps": {"type": "string"}, "locator": {"type": "string"}},
}


def description(recordings: Sequence[str], capabilities: Sequence[str], starts: Sequence[Json]) -> Json:
    """The document. `starts` are whole bodies of beginnings, which a generator bends."""
    known, allowed = {"enum": [*recordings]}, {"enum": [f"Tocsin {one}" for one in capabilities]}
    recording = _path("recording", {"anyOf": [known, text("^[A-Za-z0-9_-]{22}$"), ANYTHING]})
    may = _header("Authorization", {"anyOf": [allowed, text("^Tocsin [A-Za-z0-9_-]{43}$"), {"type": "string"}]})
    likes = _header("Accept", {"enum": ["text/html", "application/json", "*/*"]})
    speaks = _header("Accept-Language", {"type": "string"})
    site = _header("Sec-Fetch-Site", {"enum": ["none", "same-origin", "cross-site"]})
    part = _header("Range", {"anyOf": [text("^bytes=[0-9]{0,5}-[0-9]{0,5}$"), {"type": "string"}]})
    begin = {"anyOf": [{"enum": [*starts]}, _start(starts[0])]}
    second = {"type": "string", "format": "binary"}
    return {
        "openapi": "3.1.0",
        "info": {"title": "Tocsin", "version": "1"},
        "paths": {
            "/encounters": {"post": _does([site, likes], "application/json", begin)},
            "/encounters/{recording}/chunks/{seq}": {
                "put": _does([recording, _path("seq", NUMBER), may], "application/octet-stream", second)
            },
            "/encounters/{recording}/chunks": {"post": _does([recording, may, site], "application/octet-stream", second)},
            "/encounters/{recording}/state": {"get": _does([recording, may])},
            "/encounters/{recording}/return-share": {"post": _does([recording, may, site])},
            "/encounters/{recording}/wraps": {"put": _does([recording, may], "application/json", WRAPS)},
            "/encounters/{recording}/erase": {"post": _does([recording, may, site])},
            "/encounters/{recording}/sealed": {"get": _does([recording, may, part])},
            "/recover": {"post": _does([may])},
            "/log/beats/{size}": {"get": _does([_path("size", NUMBER), likes])},
            "/log/timestamps/{size}": {"get": _does([_path("size", NUMBER)])},
            "/log/tile/{path}": {"get": _does([_path("path", TILE), likes])},
            "/static/built/{name}": {"get": _does([_path("name", {"type": "string", "minLength": 1}), likes])},
            "/{language}/": {"get": _does([_path("language", LANGUAGE), likes, speaks])},
            "/{language}/{page}": {"get": _does([_path("language", LANGUAGE), _path("page", PAGE), likes, speaks])},
            **{path: {"get": _does([likes, speaks])} for path in ("/", "/leave", "/worker.js")},
            **{path: {"get": _does([likes])} for path in (*FIXED, *REGISTRY)},
            **_registry([_path("language", LANGUAGE), likes, speaks]),
            **_office([likes, speaks, site]),
            **_desk(recording, [likes, may]),
            **_passport([likes, site]),
            **_calls([likes, may, site]),
            **_push([likes, site]),
            **(circle.paths([likes, site], _path("language", LANGUAGE)) | alerts.paths([likes, site], may)),
            **_pages_of_rooms([likes, speaks, site]),
        },
    }  # fmt: skip


def _pages_of_rooms(also: list[Json]) -> Json:
    """Pages and plain forms of alerts and passport, by strangers and by staff that are none."""
    page = [_path("language", LANGUAGE), *also, _header("Origin", ORIGIN), _header("Cookie", COOKIE)]
    form = {"anyOf": [text("^(kind|area|code|to|role|card|about)=[A-Za-z0-9_-]{0,40}$"), {"type": "string"}]}
    sends = _does(page, "application/x-www-form-urlencoded", form)
    read = (
        "alerts/map",
        "alerts/offline",
        "alerts/true",
        "passport/join",
        "passport/lost",
        "passport/train",
        "report/status",
    )
    sent = ("passport/train", "report/status", *(f"staff/passport/{name}" for name in ("burn", "training", "vouch")))
    paths: Json = {f"/{{language}}/{name}": {"get": _does(page)} for name in (*read, "staff/passport")}
    for name in sent:
        paths.setdefault(f"/{{language}}/{name}", {})["post"] = sends
    return {**paths, **{f"/{name}": {"get": _does(also)} for name in ("alerts", "report", "report-a-danger")}}


def _push(asks: list[Json]) -> Json:
    """Subscriptions of push messages: endpoints of anybody's, at hosts of anybody's."""
    hosts = {"anyOf": [{"enum": ["https://fcm.googleapis.com/x", "http://127.0.0.1:1/x", "https://[::1]/"]}, ANYTHING]}
    keys = {"type": "object", "properties": {"p256dh": ANYTHING, "auth": ANYTHING}, "required": ["p256dh", "auth"]}
    told = {"type": "object", "properties": {"endpoint": hosts, "keys": keys}, "required": ["endpoint", "keys"]}
    wanted = {
        "type": "object",
        "properties": {"subscription": told, "zone": ANYTHING, "secret": KEY},
        "required": ["subscription", "zone", "secret"],
    }
    secret = {"type": "object", "properties": {"secret": KEY}, "required": ["secret"]}
    bodies = {"subscribe": wanted, "test": secret, "leave": secret}
    return {
        "/push/offer": {"get": _does(asks)},
        **{f"/push/{name}": {"post": _does(asks, "application/json", body)} for name, body in bodies.items()},
    }


def _registry(page: list[Json]) -> Json:
    """Entities by name and by version; whatever stands there, nobody's input comes back."""
    name = _path("name", {"anyOf": [text("^[A-Za-z0-9_-]{22}$"), ANYTHING]})
    version = _path("version", {"anyOf": [text("^[0-9a-f]{8,64}$"), ANYTHING]})
    entity = "/{language}/registry/entity/{name}"
    number = _path("number", {"anyOf": [text("^[0-9]{1,4}$"), ANYTHING]})
    reference = _path("reference", {"anyOf": [text("^[A-Z2-7]{8}$"), ANYTHING]})
    form = {
        "type": "object",
        "properties": {"kind": {"type": "string"}, "said": {"type": "string"}, "link": {"type": "string"}},
    }
    contest = "/{language}/registry/contest"
    sends = _does([*page, number], "application/x-www-form-urlencoded", form)
    return {
        f"{contest}/{{number}}": {"get": _does([*page, number]), "post": sends},
        f"{contest}ed/{{reference}}": {"get": _does([*page, reference])},
        entity: {"get": _does([*page, name])},
        f"{entity}/same": {"get": _does([*page, name])},
        f"{entity}/shares": {"get": _does([*page, name, _query("begin")])},
        f"{entity}/ties": {"get": _does([*page, name])},
        "/{language}/registry/map": {"get": _does([*page, *(_query(one) for one in ("q", "lon", "lat", "zoom"))])},
        "/{language}/registry/place": {"get": _does([*page, _query("name")])},
        "/{language}/registry/way": {"get": _does([*page, *(_query(one) for one in ("from", "to"))])},
        f"{entity}/at/{{version}}": {"get": _does([*page, name, version])},
        "/registry/documents/{name}/{number}": {"get": _does([name, number])},
        "/registry/documents/{name}/pdf": {"get": _does([name])},
        **{f"/registry/entities/{{name}}/{form}": {"get": _does([name])} for form in ("json", "csv", "ftm", "gexf")},
    }


ORIGIN = {"anyOf": [{"enum": ["http://127.0.0.1", "null", "https://evil.example"]}, {"type": "string"}]}
COOKIE = {"anyOf": [text("^__Host-tocsin-staff=[A-Za-z0-9_-]{43}$"), {"type": "string"}]}
PROOF = {
    "type": "object",
    "properties": {"challenge": KEY, "public": KEY, "signature": ANYTHING, "credential": {"type": "object"}},
    "required": ["challenge"],
}
DOOR = {
    "type": "object",
    "properties": {
        "kind": {"enum": ["passkey", "passphrase", "sheet"]},
        "sealed": ANYTHING,
        "salt": ANYTHING,
        "proof": PROOF,
    },
    "required": ["kind", "sealed", "proof"],
}
FORM = "application/x-www-form-urlencoded"
STAFF_PAGES = ("sign-in", "join", "keys", "people", "decisions", "begin", "tonight", "registry", "areas")
STAFF_FORMS = (
    "areas", "sign-out", "keys/drop", "people/invite", "people/take-back", "people/retire", "registry/answer", "registry/judge",
    "registry/release",
)  # fmt: skip
STAFF_BODIES: dict[str, Json] = {
    "challenge": {},
    "here": {},
    "sign-out": {"everywhere": {"type": "boolean"}},
    "salt": {"pseudonym": ANYTHING},
    "invitation": {"secret": {"anyOf": [KEY, ANYTHING]}},
    "join": {"secret": KEY, "recipient": ANYTHING, "signing_key": KEY, "keys_signature": ANYTHING, "door": DOOR},
    "sign-in": {"kind": {"enum": ["passkey", "passphrase", "sheet"]}, "proof": PROOF, "pseudonym": ANYTHING},
    "statements": {"signed": ANYTHING},
    "doors": {"keys_signature": ANYTHING, "door": DOOR},
}


def _office(also: list[Json]) -> Json:
    """Staff's addresses, by strangers: with cookies of nobody, from foreign origins, with bodies of the right form."""
    from_page = [*also, _header("Origin", ORIGIN), _header("Cookie", COOKIE)]
    language = _path("language", LANGUAGE)
    here = [language, *from_page]
    form = {"anyOf": [text("^(pseudonym|role|staff|door|table)=[A-Za-z0-9_-]{0,40}$"), {"type": "string"}]}
    posts = {
        f"/staff/{name}": {
            "post": _does(
                from_page, "application/json", {"type": "object", "properties": fields, "required": [*fields]}
            )
        }
        for name, fields in STAFF_BODIES.items()
    }
    posts["/staff/doors"]["get"] = _does(from_page)
    pages: Json = {f"/{{language}}/staff/{name}": {"get": _does(here)} for name in STAFF_PAGES}
    for name in STAFF_FORMS:
        pages.setdefault(f"/{{language}}/staff/{name}", {})["post"] = _does(here, FORM, form)
    return {
        **posts,
        "/staff": {"get": _does(also)},
        "/{language}/desk/open": {"get": _does([language, *also])},
        "/staff/session": {"get": _does(from_page)},
        "/{language}/staff/": {"get": _does(here)},
        **pages,
        **_documents(here, form),
    }


def _documents(page: list[Json], form: Json) -> Json:
    """Documents that editors hand in and look through."""
    here = "/{language}/staff/registry/documents"
    name, number = _path("name", ANYTHING), _path("number", {"anyOf": [text("^[0-9]{1,4}$"), ANYTHING]})
    handed = {"type": "object", "properties": {"file": {"type": "string", "format": "binary"}, "title": ANYTHING}}
    looks = {"get": _does([*page, name]), "post": _does([*page, name], "application/x-www-form-urlencoded", form)}
    return {
        here: {"get": _does(page), "post": _does(page, "multipart/form-data", handed)},
        f"{here}/{{name}}": looks,
        f"{here}/{{name}}/{{number}}": {"get": _does([*page, name, number])},
    }


CODE = {"anyOf": [text("^[a-hj-km-np-z2-9]{5}-[a-hj-km-np-z2-9]{5}$"), ANYTHING]}
TOKEN = {"anyOf": [text("^AAU[A-Za-z0-9_-]{213}$"), ANYTHING]}
BATCH = {"type": "object", "properties": {"key": KEY, "request": ANYTHING}, "required": ["key", "request"]}
PASSPORT_BODIES: dict[str, Json] = {
    "vouch": {"token": TOKEN, "secret": KEY},
    "try": {"token": TOKEN, "secret": KEY},
    "admit": {
        "vouches": {"type": "array", "items": CODE},
        "training": CODE,
        "secret": KEY,
        "adult": {"type": "boolean"},
    },
    "find": {
        "shown": {
            "type": "array",
            "items": {"type": "object", "properties": {"nonce": KEY, "blind": KEY}, "required": ["nonce", "blind"]},
        }
    },
    "issue": {
        "by": {"enum": ["admission", "renewal", "lost"]},
        "proof": {"anyOf": [TOKEN, text("^[A-Za-z0-9_-]{64}$"), text("^[A-Za-z0-9_-]{128}$")]},
        "secret": KEY,
        "batches": {"type": "array", "items": BATCH},
        "answers": {"type": "array", "items": {"type": "integer"}},
    },
}


def _passport(also: list[Json]) -> Json:
    """The passport's addresses, by who has none."""
    return {
        f"/passport/{name}": {
            "post": _does(also, "application/json", {"type": "object", "properties": fields, "required": [*fields]})
        }
        for name, fields in PASSPORT_BODIES.items()
    }


DESK_BODIES: dict[str, Json] = {
    "take": {"digest": KEY, "ticket": ANYTHING, "label": ANYTHING, "mark": KEY},
    "decline": {"mark": KEY, "undo": {"type": "boolean"}},
    "hand-over": {"digest": KEY, "ticket": ANYTHING, "label": ANYTHING, "wraps": ANYTHING, "to": ANYTHING},
    **{name: {} for name in ("give-back", "take-back", "finish", "reopen", "freeze", "open")},
}


def _desk(recording: Json, also: list[Json]) -> Json:
    """The legal desk's addresses, by strangers."""
    from_page = [*also, _header("Origin", ORIGIN), _header("Cookie", COOKIE)]
    here, about = "/desk/items/{recording}", [recording, *from_page]
    paper = _path("paper", {"anyOf": [text("^[A-Za-z0-9_-]{22}$"), ANYTHING]})
    sealed = {"type": "object", "properties": {"sealed": ANYTHING, "turn": {"type": "integer"}}}
    return {
        **{
            f"{here}/{name}": {"post": _does(about, "application/json", {"type": "object", "properties": fields})}
            for name, fields in DESK_BODIES.items()
        },
        **{f"/desk/{name}": {"get": _does(from_page)} for name in ("items", "late", "events")},
        **{f"{here}/{name}": {"get": _does(about)} for name in ("acts", "sealed", "papers")},
        f"{here}/chunks/{{first}}": {"get": _does([*about, _path("first", NUMBER)])},
        f"{here}/papers/{{paper}}": {
            "put": _does([*about, paper], "application/json", sealed),
            "delete": _does([*about, paper]),
        },
        "/{language}/desk": {"get": _does([_path("language", LANGUAGE), *from_page])},
    }


CALL_BODIES: dict[str, Json] = {
    "answer": {"digest": KEY},
    "decline": {},
    "listener": {"offer": ANYTHING},
    "messages": {"sealed": ANYTHING},
    "invite": {"role": {"enum": ["interpreter", "lawyer", "caller"]}, "digest": KEY},
    "relay": {},
    "end": {},
}
DUTY = {
    "digest": KEY,
    "role": {"enum": ["lawyer", "listener"]},
    "languages": {"type": "array", "items": ANYTHING},
    "places": {"type": "array", "items": ANYTHING},
    "kinds": {"type": "array", "items": ANYTHING},
    **{key: {"type": "integer"} for key in ("from_s", "until_s")},
    "recipient": ANYTHING,
}
RING = {
    "call": text("^[A-Za-z0-9_-]{22}$"),
    "digest": KEY,
    "language": {"enum": ["en", "es", "xx"]},
    "place": {"enum": ["us-mn", "xx"]},
    "kind": {"enum": ["stopped", "held", "xx"]},
    "card": ANYTHING,
    "offer": ANYTHING,
}


def _calls(also: list[Json]) -> Json:
    """Calls and shifts, by whoever makes up a capability."""
    call: Json = {"anyOf": [text("^[A-Za-z0-9_-]{22}$"), ANYTHING]}
    ids = "^[A-Za-z0-9_-]{22}\\.[A-Za-z0-9_-]{11}\\.[0-9]{1,3}$"
    last = _header("Last-Event-ID", {"anyOf": [text(ids), {"type": "string"}]})

    def sends(fields: Json, *more: Json) -> Json:
        return {"post": _does([*more, *also], "application/json", {"type": "object", "properties": fields})}

    return {
        "/calls": sends(RING),
        "/calls/duty": sends(DUTY, _header("Origin", ORIGIN), _header("Cookie", COOKIE)),
        "/calls/resume": sends({"kept": ANYTHING}),
        **{f"/calls/shift/{name}": sends({"kept": ANYTHING}) for name in ("end", "free", "resume")},
        "/calls/shift/events": {"get": _does(also)},
        "/{language}/on-call": {"get": _does([_path("language", LANGUAGE), _header("Cookie", COOKIE), *also])},
        "/calls/events": {"get": _does([last, *also])},
        **{f"/calls/{name}": sends({"call": call} | fields) for name, fields in CALL_BODIES.items()},
        "/calls/words/{language}": {"get": _does([_path("language", LANGUAGE), *also])},
    }


def is_described(path: str, described: Iterable[str]) -> bool:
    """Whether a route of the program has its place in the document."""
    parts = path.split("/")
    return any(
        len(parts) == len(known := one.split("/"))
        and all(have == want or want.startswith("{") for have, want in zip(parts, known, strict=True))
        for one in described
    )


def _start(one: Json) -> Json:
    """A beginning whose fields have the right form and nothing else right about them."""
    some = text("^[A-Za-z0-9_-]{0,400}$")
    fields = {"header": some, "upload": KEY, "owner": KEY, "custody_public": KEY, "wraps": some, "return_share": some}
    kinds = {"kind": {"enum": ["encounter", "rehearsal", "import"]}}
    bent = {name: {"anyOf": [{"const": one[name]}, shape]} for name, shape in fields.items()}
    return {"type": "object", "required": list(one), "properties": bent | kinds, "additionalProperties": False}


def _path(name: str, schema: Json) -> Json:
    return {"name": name, "in": "path", "required": True, "schema": schema}


def _header(name: str, schema: Json) -> Json:
    return {"name": name, "in": "header", "required": False, "schema": schema}


def _query(name: str) -> Json:
    return {"name": name, "in": "query", "schema": {"type": "string"}}


def _does(parameters: list[Json], media: str = "", body: Json | None = None, examples: Sequence[str] = ()) -> Json:
    told: Json = {"parameters": [*parameters, {"name": "q", "in": "query", "schema": {"type": "string"}}]}
    told["responses"] = {"default": {"description": "docs/spec/http.md"}}
    if body is not None:
        told["requestBody"] = {"required": True, "content": {media: {"schema": body}}}
    return told
