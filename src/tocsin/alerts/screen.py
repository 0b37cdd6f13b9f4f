"""What a note may say. Until it can be screened, nothing: a note is refused, the answers are not."""


def is_refused(text: str) -> bool:
    return bool(text)
