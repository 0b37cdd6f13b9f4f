"""Kinds of change to a package, each with the step of the verifier that must find it (docs/spec/package.md)."""

from tests.evidence.mutations import (
    of_announced,
    of_custody,
    of_lists,
    of_log,
    of_recording,
    of_spelling,
    of_time,
    of_zip,
)
from tests.evidence.mutations.case import kind

KINDS = kind.found
MODULES = (of_zip, of_lists, of_recording, of_log, of_announced, of_custody, of_spelling, of_time)
