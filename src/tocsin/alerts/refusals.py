"""What the verbs refuse with: a code for programs, a sentence for people. Neither holds anything of what was sent."""

from tocsin.errors import TocsinError


class TableAbsent(TocsinError):
    code = "alerts_no_table"
    status = 503
    message = "This node has no table of areas, so it publishes nothing as a place. Tell the operator: docs/areas.md."


class AreaUnknown(TocsinError):
    code = "alerts_area_unknown"
    status = 400
    message = "This area is not on the list of this city. Choose one from the list."


class AskedWrong(TocsinError):
    code = "body_malformed"
    status = 400
    message = "The node could not read what was sent. Reload the page and try again; nothing was changed."


class TextRefused(TocsinError):
    code = "alerts_text_refused"
    status = 422
    message = "The note seems to hold a name, number, address or plate. Take it out and send again; the rest is still in the page."


class DeskAbsent(TocsinError):
    code = "alerts_nobody_to_seal_to"
    status = 503
    message = (
        "Nobody is at the alert desk who could open a note or picture. Send it without; the answers reach the desk."
    )


class CodeUnknown(TocsinError):
    code = "alerts_code_unknown"
    status = 404
    message = "This code is not known, or what it was for is over. Check the letters; after some hours nothing is kept."


class CallerWrong(TocsinError):
    code = "alerts_role_missing"
    status = 403
    message = "This is for dispatchers of the alert desk. Ask a steward if you should be one."


class MatterUnknown(TocsinError):
    code = "alerts_matter_unknown"
    status = 404
    message = "The desk has no such matter: it is over, or it was joined with another. Reload the list."


class MatterTaken(TocsinError):
    code = "alerts_matter_taken"
    status = 409
    message = "A colleague was faster, or it changed meanwhile. The list shows how it stands."


class EventWrong(TocsinError):
    code = "alerts_event_wrong"
    status = 409
    message = "That cannot be done with it as it stands now. Reload the list and look again."


class NotYours(TocsinError):
    code = "alerts_not_yours"
    status = 403
    message = "You do not have this matter. Take it first, or ask who has it."


class NotOnDuty(TocsinError):
    code = "alerts_not_on_duty"
    status = 401
    message = "This page is not on duty any more. Begin your duty again; nothing was sent."


class NotAsked(TocsinError):
    code = "alerts_not_asked"
    status = 403
    message = "You were not asked about this, or it was answered. Nothing was changed."


class VoicesMissing(TocsinError):
    code = "alerts_voices_missing"
    status = 409
    message = "Two confirmers of two cohorts, or one on scene and one at the desk, must say the same first. Nothing was published."


class ReleasesMissing(TocsinError):
    code = "alerts_releases_missing"
    status = 409
    message = "A second person must release it. Nothing was published yet."


class PublishingFrozen(TocsinError):
    code = "alerts_frozen"
    status = 423
    message = "Publishing is frozen: too many alerts were taken back. Two stewards can lift it after they looked."


class ClockWrong(TocsinError):
    code = "alerts_clock_wrong"
    status = 503
    message = "The node's clock stands before its own log. Nothing is published until the operator has set it."


class KeysLocked(TocsinError):
    code = "alerts_keys_locked"
    status = 503
    message = "The city's key is locked. Unlock it with `tocsin keys unlock`; taking back works meanwhile."


class KindRefused(TocsinError):
    code = "alerts_kind_refused"
    status = 403
    message = "The rules of this place do not allow alerts of this kind. Nothing was published."


class DecisionUnlogged(TocsinError):
    code = "alerts_decision_unlogged"
    status = 404
    message = "The log does not hold this under a checkpoint that a witness elsewhere saw. A decision does, a beat or two later."


class AlertUnknown(TocsinError):
    code = "alerts_unknown"
    status = 404
    message = "There is no such alert now. It may have ended."
