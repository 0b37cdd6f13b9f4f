"""The report's pages: questions one by one, the code that comes back, and what became of it. Complete without script.

Nothing is kept before a report is sent, no answer stands in an address, and a refusal comes back as the page itself with everything
that was answered. With script the page asks its questions alone and sends one sealed body.
"""

from collections.abc import Callable
from typing import Any
from urllib.parse import parse_qs

import msgspec
from litestar import Response, get, post
from litestar.handlers import HTTPRouteHandler

from tocsin.alerts import pages, question, report_form
from tocsin.alerts.bodies import REPORT_MOST, AnyRequest, answer, body_of
from tocsin.alerts.model import Part
from tocsin.alerts.refusals import AskedWrong, NotAsked
from tocsin.alerts.report import KEY_BYTES, Asked, bytes_of, report, state
from tocsin.alerts.report_form import Answers
from tocsin.alerts.room import Alerts
from tocsin.errors import TocsinError
from tocsin.ids import b64
from tocsin.web.body import read_body
from tocsin.web.i18n import Language
from tocsin.web.render import PageConfig

FORM_MOST = 16 * 1024


class Sealed(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Body of `POST /alerts/reports/sealed`: answers sealed to the node, photo and voice to the desk, and a place in the slow lane."""

    sealed: str
    ticket: str
    work: str = ""
    photo: str = ""
    voice: str = ""


def routes(alerts: Alerts, unseal: Callable[[bytes], bytes], config: PageConfig) -> list[HTTPRouteHandler]:
    """Every handler of the report, in every language. `unseal` opens what was sealed to the node."""
    handlers = [_sealed(alerts, unseal)]
    for language in config.languages.values():
        handlers += [*_form(alerts, config, language), *_status(alerts, config, language)]
    return handlers


def _form(alerts: Alerts, config: PageConfig, language: Language) -> list[HTTPRouteHandler]:
    here = f"/{language.code}/report"
    first = first_page(config, language)

    @get(here, sync_to_thread=False, include_in_schema=False)
    def begin() -> Response[bytes]:
        return Response(first, media_type=pages.HTML)

    @post(here, status_code=200, include_in_schema=False)
    async def onward(request: AnyRequest) -> Response[bytes]:
        form = await form_of(request)
        answers = _with_key(alerts, report_form.read(form, alerts.areas))
        if not report_form.is_sent(form) or answers.open_step != report_form.STEPS[-1]:
            problem = "report.choose_first" if report_form.is_unanswered(form, answers) else ""
            return _asked(config, language, answers, report_form.next_step(form, answers), problem)
        try:
            filed = await report(alerts, asked_of(answers, language))
        except TocsinError as error:
            key = f"report.no_{error.code}"
            problem = key if key in language.single else "report.no_unexpected"
            fresh = msgspec.structs.replace(answers, ticket=alerts.ports.ticket()[0])
            return _asked(config, language, fresh, report_form.STEPS[-1], problem)
        shown = pages.status(config, language, code=filed.code, state=filed.state, is_new=True)
        return Response(shown, media_type=pages.HTML)

    return [begin, onward]


def first_page(config: PageConfig, language: Language) -> bytes:
    """The form before anything is answered: the same for everybody, and kept by phones."""
    empty = Answers()
    return pages.report(config, language, empty, empty.open_step, {"text": "", "bits": 0})


def _asked(config: PageConfig, language: Language, answers: Answers, step: str, problem: str) -> Response[bytes]:
    ticket = {"text": answers.ticket, "bits": 0}
    return Response(pages.report(config, language, answers, step, ticket, problem), media_type=pages.HTML)


def _with_key(alerts: Alerts, answers: Answers) -> Answers:
    """What makes a report one, drawn at its first answer, and its place in the lane."""
    if not _is_key(answers.key):
        answers = msgspec.structs.replace(answers, key=b64(alerts.clock.random_bytes(KEY_BYTES)))
    return answers if answers.ticket else msgspec.structs.replace(answers, ticket=alerts.ports.ticket()[0])


def _is_key(text: str) -> bool:
    try:
        return len(bytes_of(text)) == KEY_BYTES
    except AskedWrong:
        return False


def asked_of(answers: Answers, language: Language) -> Asked:
    """The body of a report, as the verb takes it. Raises `AskedWrong`."""
    told = {name: answers[name] for name in (*report_form.SINGLE, "wearing", "area", "text", "key", "ticket")}
    try:
        return msgspec.convert({**told, "language": language.code}, Asked)
    except msgspec.ValidationError as error:
        raise AskedWrong from error


def _status(alerts: Alerts, config: PageConfig, language: Language) -> list[HTTPRouteHandler]:
    here = f"/{language.code}/report/status"
    empty = pages.status(config, language)

    @get(here, sync_to_thread=False, include_in_schema=False)
    def ask() -> Response[bytes]:
        return Response(empty, media_type=pages.HTML)

    @post(here, status_code=200, include_in_schema=False)
    async def show(request: AnyRequest) -> Response[bytes]:
        form = await form_of(request)
        code = form.get("code", [""])[-1][:40]
        try:
            await _reply(alerts, form, code)
            stands, is_read = await state(alerts, code)
            asked = await question.asked_by(alerts, code)
        except TocsinError as error:
            key = f"report.no_{error.code}"
            problem = key if key in language.single else "report.no_unexpected"
            return Response(pages.status(config, language, code=code, problem=problem), media_type=pages.HTML)
        told = "read" if is_read and stands == "received" else stands
        return Response(pages.status(config, language, code=code, state=told, asked=asked[:1]), media_type=pages.HTML)

    return [ask, show]


async def _reply(alerts: Alerts, form: dict[str, list[str]], code: str) -> None:
    """The answer to a question, where the form holds one. Raises what `question.reply` raises, `AskedWrong` for no answer of ours."""
    told: dict[str, object] = {str(name): form[name][-1] for name in (Part.HOW_MANY, Part.VEHICLES) if name in form}
    if Part.WEARING in form.get("part", []):
        told |= {str(Part.WEARING): form.get("wearing", [])}
    if not told:
        return
    try:
        replied = msgspec.convert({"code": code, **told}, question.Replied)
    except msgspec.ValidationError as error:
        raise AskedWrong from error
    try:
        await question.reply(alerts, replied)
    except NotAsked:
        return  # answered already, or decided meanwhile: the page says what stands


def _sealed(alerts: Alerts, unseal: Callable[[bytes], bytes]) -> HTTPRouteHandler:
    @post("/alerts/reports/sealed", status_code=200, include_in_schema=False)
    async def sealed(request: AnyRequest) -> Response[Any]:
        came = await body_of(request, Sealed, REPORT_MOST)
        try:
            asked = msgspec.json.decode(unseal(bytes_of(came.sealed)), type=Asked)
        except (msgspec.DecodeError, UnicodeDecodeError) as error:
            raise AskedWrong from error
        told = {name: getattr(came, name) for name in ("photo", "voice", "ticket", "work")}
        return answer(await report(alerts, msgspec.structs.replace(asked, **told)))

    return sealed


async def form_of(request: AnyRequest) -> dict[str, list[str]]:
    """The fields of a form of ours. Raises `AskedWrong`."""
    raw = await read_body(request.scope, request.receive, FORM_MOST)
    try:
        return parse_qs(raw.decode(), max_num_fields=40, strict_parsing=bool(raw))
    except ValueError as error:
        raise AskedWrong from error
