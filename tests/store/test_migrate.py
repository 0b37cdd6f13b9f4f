"""The names of the schema versions, which a start reads without loading what carries them out."""

import subprocess
import sys
from pathlib import Path

from alembic.config import Config
from alembic.script import ScriptDirectory

from tocsin.store import migrate


def test_the_versions_known_by_their_file_names_are_those_that_would_be_carried_out() -> None:
    config = Config()
    config.set_main_option("script_location", "src/tocsin/store/migrations")
    steps = list(ScriptDirectory.from_config(config).walk_revisions())
    assert migrate.revisions() == tuple(step.revision for step in steps)[::-1]


def test_a_node_that_has_nothing_to_change_does_not_load_what_changes_schemas(tmp_path: Path) -> None:
    program = (
        "import sys; from tocsin.store.db import Database\n"
        "for loaded in (True, False):\n"
        "    database = Database.open(f'sqlite:///{sys.argv[1]}/one.db'); database.migrate(); database.close()\n"
        "    assert ('alembic' in sys.modules) == loaded, loaded\n"
        "    [sys.modules.pop(name) for name in list(sys.modules) if name.partition('.')[0] == 'alembic']\n"
    )
    subprocess.run([sys.executable, "-c", program, str(tmp_path)], check=True)
