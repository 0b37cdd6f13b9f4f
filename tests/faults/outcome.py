"""What a trial found, in the form that is printed."""

from dataclasses import dataclass, field
from typing import Any


@dataclass
class Outcome:
    """`figures` are what was counted and measured; `skipped` is what this machine did not allow."""

    is_good: bool
    figures: dict[str, Any] = field(default_factory=dict)
    skipped: list[str] = field(default_factory=list)

    def as_words(self) -> str:
        counted = ", ".join(f"{name} {value}" for name, value in self.figures.items())
        return f"{'passed' if self.is_good else 'FAILED'}: {counted}"
