"""Routes of the pages: `routes(config)` for the composition root, `failures(config)` for its exception handlers.

`/` leads to the language that the browser asks for, by its header alone and without a cookie. `/leave` leads away.
"""

from collections.abc import Callable, Mapping
from functools import lru_cache, partial
from typing import Any

from litestar import MediaType, Request, Response, get
from litestar.exceptions import HTTPException
from litestar.handlers import HTTPRouteHandler

from tocsin.errors import TocsinError
from tocsin.web import static_files
from tocsin.web.headers import bare_host
from tocsin.web.i18n import negotiate
from tocsin.web.refusals import MethodWrong, NotFound, ReadersTooMany, body_at_the_door
from tocsin.web.render import (
    ERRORS,
    PAGES,
    RETENTION,
    STATUS,
    PageConfig,
    Rendered,
    app_manifest,
    render,
    render_retention,
    render_status,
    security_txt,
    worker_script,
)
from tocsin.web.source import source_archive

__all__ = ["PageConfig", "failures", "routes"]

HTML = "text/html; charset=utf-8"
JAVASCRIPT = "text/javascript; charset=utf-8"

REFUSED: dict[int, TocsinError] = {404: NotFound(), 405: MethodWrong(), 503: ReadersTooMany()}

AnyRequest = Request[Any, Any, Any]
ExceptionHandler = Callable[[AnyRequest, Exception], Response[Any]]


def routes(config: PageConfig) -> list[HTTPRouteHandler]:
    """Every handler of the pages and of the files they load. Renders all of it first, and raises what is wrong with it."""
    rendered = render(config)
    fixed: dict[str, tuple[bytes, str]] = {"/worker.js": (worker_script(config, rendered), JAVASCRIPT)}
    for language in config.languages.values():
        for page in PAGES:
            fixed[f"/{language.code}/{page.path}"] = (rendered.pages[language.code, page.name], HTML)
        for name, plain in (("app", False), ("plain", True)):
            manifest = app_manifest(config, language, plain=plain)
            fixed[f"/{language.code}/{name}.webmanifest"] = (manifest, "application/manifest+json")
    contact = security_txt(config)
    if contact:
        fixed["/.well-known/security.txt"] = (contact, "text/plain; charset=utf-8")
    handlers = [_constant(path, content, media_type) for path, (content, media_type) in fixed.items()]
    for language in config.languages.values():
        handlers += [
            _changing(f"/{language.code}/{STATUS.path}", partial(render_status, config, language), config.status),
            _changing(
                f"/{language.code}/{RETENTION.path}", partial(render_retention, config, language), config.schedule
            ),
        ]
    return [*handlers, _door(config), _way_out(config), _source(config), *static_files.routes(config.built)]


def _constant(path: str, content: bytes, media_type: str) -> HTTPRouteHandler:
    @get(path, sync_to_thread=False, include_in_schema=False)
    def constant() -> Response[bytes]:
        return Response(content, media_type=media_type)

    return constant


def _changing(path: str, render: Callable[[Any], bytes], now: Callable[[], Any]) -> HTTPRouteHandler:
    """A page of something that changes: rendered once for each state it was in, the newest 64 of them kept."""
    rendered = lru_cache(maxsize=64)(render)

    @get(path, sync_to_thread=False, include_in_schema=False)
    def changing() -> Response[bytes]:
        return Response(rendered(now()), media_type=HTML)

    return changing


def _asked_language(request: AnyRequest, config: PageConfig) -> str:
    return negotiate(request.headers.get("accept-language", ""), config.languages)


def _to(place: str) -> Response[bytes]:
    return Response(
        b"", status_code=303, media_type="text/plain", headers={"location": place, "vary": "Accept-Language"}
    )


def _is_hidden(request: AnyRequest, config: PageConfig) -> bool:
    """Whether it came through the onion service."""
    return bool(config.onion) and bare_host(request.headers.get("host", "")) == config.onion


def _door(config: PageConfig) -> HTTPRouteHandler:
    @get("/", sync_to_thread=False, include_in_schema=False)
    def door(request: AnyRequest) -> Response[bytes]:
        return _to(f"/{_asked_language(request, config)}/")

    return door


def _way_out(config: PageConfig) -> HTTPRouteHandler:
    @get("/leave", sync_to_thread=False, include_in_schema=False)
    def leave(request: AnyRequest) -> Response[bytes]:
        outside = "" if _is_hidden(request, config) else config.exit_url
        return _to(outside or f"/{_asked_language(request, config)}/measures")

    return leave


def _source(config: PageConfig) -> HTTPRouteHandler:
    @get("/source", sync_to_thread=True, include_in_schema=False)
    def source(request: AnyRequest) -> Response[Any]:
        if config.source_url and not _is_hidden(request, config):
            return _to(config.source_url)
        headers = {"content-disposition": 'attachment; filename="tocsin-source.tar.gz"'}
        return Response(source_archive(), media_type="application/gzip", headers=headers)

    return source


def failures(config: PageConfig) -> Mapping[type[Exception] | int, ExceptionHandler]:
    """Exception handlers: a page for who asked for one, a code and a plain sentence for a program.

    Nothing of the request is in either.
    """
    rendered = render(config)

    def failed(request: AnyRequest, failure: Exception) -> Response[Any]:
        status = failure.status_code if isinstance(failure, HTTPException) else getattr(failure, "status", 500)
        told = body_at_the_door(REFUSED.get(status, TocsinError()))
        answer: Response[Any] = Response(told, status_code=status, media_type=MediaType.JSON)
        if not isinstance(failure, TocsinError) and wants_page(request):
            answer = _page(rendered, config, request, status)
        if wait := (getattr(failure, "headers", None) or {}).get("retry-after"):
            answer.headers["retry-after"] = wait
        return answer

    return {HTTPException: failed, 500: failed}


def wants_page(request: AnyRequest) -> bool:
    """Whether a person's browser asks, and not a script of a page."""
    return MediaType.HTML in request.headers.get("accept", "")


def failed_page(config: PageConfig) -> Callable[[AnyRequest, int], Response[bytes]]:
    """The page that says in the reader's language what a status means."""
    rendered = render(config)
    return lambda request, status: _page(rendered, config, request, status)


def _page(rendered: Rendered, config: PageConfig, request: AnyRequest, status: int) -> Response[bytes]:
    first = request.url.path.split("/")[1]
    code = first if first in config.languages else _asked_language(request, config)
    shown = status if status in ERRORS else (404 if status < 500 else 500)
    return Response(rendered.errors[code, shown], status_code=status, media_type=HTML)
