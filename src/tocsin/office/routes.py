"""The office's addresses for scripts (`docs/spec/staff.md`): parse, call the verb, answer. Pages and forms are in `page_routes`."""

from typing import Any, TypeVar

from litestar import Request, Response, get, post
from litestar.handlers import HTTPRouteHandler

from tocsin.ids import b64
from tocsin.office import join as joining
from tocsin.office import sign_in as signing_in
from tocsin.office.add_door import add_door
from tocsin.office.model import AddDoor, Asked, BodyMalformed, HandedIn, Join, Leave, Place, Secret, SignIn
from tocsin.office.room import Office
from tocsin.people import doors
from tocsin.people.doors import Door
from tocsin.people.session import cookie_of, refuse_foreign, set_cookie
from tocsin.people.staff import Role, Staff, spelled
from tocsin.web.body import read_json
from tocsin.web.headers import bare_host

LONGEST = 64 * 1024
"""A WebAuthn credential with an attestation that we did not ask for stays below 16 KiB."""

AnyRequest = Request[Any, Any, Any]
T = TypeVar("T")


def routes(office: Office) -> list[HTTPRouteHandler]:
    """Every handler for scripts."""
    return [*_coming_in(office), *_being_in(office)]


async def body_of(request: AnyRequest, shape: type[T]) -> T:
    """What a page of this node sent. Raises `OriginForeign`, `BodyMalformed` and what `read_body` raises."""
    refuse_foreign(request)
    return await read_json(request.scope, request.receive, shape, LONGEST, BodyMalformed)


def place_of(request: AnyRequest) -> Place:
    """Where the asking page is, by its own word, which `refuse_foreign` has held to the name that was asked."""
    return Place(request.headers.get("origin", ""), bare_host(request.headers.get("host", "")))


def _coming_in(office: Office) -> list[HTTPRouteHandler]:
    @post("/staff/challenge", status_code=200)
    async def challenge(request: AnyRequest) -> Any:
        await body_of(request, dict[str, str])
        return Response({"challenge": office.challenges.fresh()})

    @post("/staff/salt", status_code=200)
    async def salt(request: AnyRequest) -> Any:
        asked = await body_of(request, Asked)
        return Response({"salt": b64(await signing_in.salt_of(office, asked.pseudonym))})

    @post("/staff/invitation", status_code=200)
    async def invitation(request: AnyRequest) -> Any:
        found = await joining.opened(office, (await body_of(request, Secret)).secret)
        return Response(
            {"staff": b64(found.staff_id), "pseudonym": found.pseudonym, "roles": spelled(found.roles).split()}
        )

    @post("/staff/join", status_code=201)
    async def join(request: AnyRequest) -> Any:
        person, door = await joining.join(office, await body_of(request, Join), place_of(request))
        return _signed_in(office, person, door, 201)

    @post("/staff/sign-in", status_code=200)
    async def sign_in(request: AnyRequest) -> Any:
        person, door = await signing_in.sign_in(office, await body_of(request, SignIn), place_of(request))
        return _signed_in(office, person, door, 200)

    return [challenge, salt, invitation, join, sign_in]


def _being_in(office: Office) -> list[HTTPRouteHandler]:
    @post("/staff/sign-out", status_code=200)
    async def sign_out(request: AnyRequest) -> Any:
        said, cookie = await body_of(request, Leave), cookie_of(request)
        if said.everywhere:
            office.sessions.end_all(office.sessions.staff_of(cookie).id)
        office.sessions.end(cookie)
        return Response({}, headers={"set-cookie": set_cookie("")})

    @post("/staff/here", status_code=200)
    async def here(request: AnyRequest) -> Any:
        office.sessions.require(request)
        await body_of(request, dict[str, str])
        return Response({"left_s": int(office.sessions.left_s(cookie_of(request)))})

    @get("/staff/session", sync_to_thread=False)
    def session(request: AnyRequest) -> Any:
        me = office.sessions.require(request)
        return Response({**_shown(me), "left_s": int(office.sessions.left_s(cookie_of(request)))})

    @get("/staff/doors")
    async def list_doors(request: AnyRequest) -> Any:
        me = office.sessions.require(request)
        found = await office.database.read(lambda c: doors.of_staff(c, me.id))
        return Response({**_shown(me), "doors": [_door(one) for one in found]})

    @post("/staff/doors", status_code=201)
    async def new_door(request: AnyRequest) -> Any:
        me = office.sessions.require(request)
        made = await add_door(office, me, await body_of(request, AddDoor), place_of(request))
        return Response({"id": b64(made.id)}, status_code=201)

    @post("/staff/statements", status_code=200)
    async def statements(request: AnyRequest) -> Any:
        office.sessions.require(request, Role.STEWARD)
        return Response(await office.hand_in((await body_of(request, HandedIn)).signed.encode()))

    return [sign_out, here, session, list_doors, new_door, statements]


def _signed_in(office: Office, person: Staff, door: Door, status: int) -> Response[Any]:
    cookie = set_cookie(office.sessions.begin(person))
    told = {**_shown(person), "sealed": b64(door.sealed)}
    return Response(told, status_code=status, headers={"set-cookie": cookie})


def _shown(person: Staff) -> dict[str, Any]:
    return {"staff": b64(person.id), "pseudonym": person.pseudonym, "roles": spelled(person.roles).split()}


def _door(one: Door) -> dict[str, Any]:
    return {
        "id": b64(one.id),
        "kind": str(one.kind),
        "credential": b64(one.credential),
        "salt": b64(one.salt),
        "sealed": b64(one.sealed),
        "day": one.day,
    }
