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
