"""Complete a sealed export with what the log has about it, so that the file stands alone when the node is gone."""

from collections.abc import Iterator

from tocsin.evidence.covering import cover
from tocsin.evidence.log_source import Keeping, LogSource
from tocsin.evidence.opened import Opened
from tocsin.evidence.sealed import FIRST_MEMBERS, LOG_FOLDER, write_sealed


def complete(opened: Opened, source: LogSource) -> Iterator[bytes]:
    """The bytes of the completed export. What is kept of the log is exactly what a package of it reads."""
    sealed, keeping = opened.sealed, Keeping(source)
    cover(keeping, opened.notes, None, sealed.node)
    more = {"node.json": sealed.part("node.json")}
    more |= {
        name: sealed.part(name)
        for name in sealed.names
        if name not in FIRST_MEMBERS and not name.startswith(LOG_FOLDER)
    }
    more |= {LOG_FOLDER + name: content for name, content in sorted(keeping.read.items())}
    return write_sealed(sealed.header, sealed.wraps, sealed.chunks(), sealed.notes(), more)
