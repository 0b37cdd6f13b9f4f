"""What kinds of files the registry writes, by the name an operator types."""

from collections.abc import Callable, Mapping
from typing import BinaryIO

from sqlalchemy import Connection

from tocsin.registry.csv_out import write_csv
from tocsin.registry.exporting import write_ftm, write_statements
from tocsin.registry.geojson_out import write_geojson
from tocsin.registry.gexf_out import write_gexf
from tocsin.registry.ocds_out import write_ocds

EXPORTS: Mapping[str, Callable[[Connection, BinaryIO], int]] = {
    "csv": write_csv,
    "ftm": write_ftm,
    "geojson": write_geojson,
    "gexf": write_gexf,
    "ocds": write_ocds,
    "statements": write_statements,
}
