"""Errors that speak twice: a stable code for programs and a plain sentence that says what to do.

Neither ever holds anything of the request, a person or a place, so both may be logged and shown.
"""


class TocsinError(Exception):
    """A refusal with a stable `code`, an HTTP `status` and a plain `message`.

    `fields` are numbers or words from a closed list that help a program go on (`next`, `retry_after`); never input.
    """

    code = "unexpected"
    status = 500
    message = "Something went wrong on the node. Try again; nothing that was acknowledged is lost."

    def __init__(self, **fields: int | str) -> None:
        super().__init__(self.code)
        self.fields = fields


def place_of(error: BaseException) -> str:
    """Type and place of an error for the operator's log, without its message: a message may hold what nobody may keep."""
    trace, place = error.__traceback__, "?"
    while trace is not None:
        place = f"{trace.tb_frame.f_globals.get('__name__')}:{trace.tb_lineno}"
        trace = trace.tb_next
    return f"{type(error).__name__} at {place}"
