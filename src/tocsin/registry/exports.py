"""What kinds of files the registry writes, by the name an operator types."""

from collections.abc import Callable, Mapping
from typing import BinaryIO

from sqlalchemy import Connection

from tocsin.registry.exporting import write_ftm, write_statements
from tocsin.registry.ocds_out import write_ocds

EXPORTS: Mapping[str, Callable[[Connection, BinaryIO], int]] = {
    "ftm": write_ftm,
    "ocds": write_ocds,
    "statements": write_statements,
}
