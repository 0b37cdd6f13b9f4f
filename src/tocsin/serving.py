"""Run the node's server in this process, as safe as a process can be made from inside."""

import ctypes
import gc
import logging
import os
import resource
import sys

from tocsin.app import application, site_of
from tocsin.clock import SystemClock
from tocsin.jurisdictions import load
from tocsin.node import Node
from tocsin.seconds import shortcut
from tocsin.settings import Settings
from tocsin.store import fail_points
from tocsin.web.server import server

PR_SET_DUMPABLE = 4
SWITCH_SECONDS = 0.0005
"""How long a thread may keep the interpreter from the event loop: a tenth of Python's own, which every answer would wait out while
an index is written.
"""


def run(settings: Settings) -> None:
    """Serve until SIGTERM or SIGINT."""
    harden()
    logging.basicConfig(level=logging.WARNING, format="%(levelname)s %(name)s %(message)s")
    logging.getLogger("httpx").setLevel(logging.ERROR)
    fail_points.arm(os.environ, trials=settings.trials)
    # What is made now lives to the end: looking for circles in it slows the start, and looks stalled the loop by tenths of a second.
    gc.disable()
    node = Node.open(settings, load.load(settings.pack), SystemClock())
    tls = (settings.tls_certificate, settings.tls_key) if settings.tls_certificate else None
    program, past_asgi = application(node), shortcut(node, site_of(node))
    gc.collect()
    gc.freeze()
    gc.set_threshold(5_000, 20, 100)
    gc.enable()
    sys.setswitchinterval(SWITCH_SECONDS)
    served = server(
        program,
        host=settings.host,
        port=settings.port,
        tls=tls,
        onion_port=settings.onion_port,
        shortcut=past_asgi,
        site=site_of(node),
    )
    served.run()


def harden() -> None:
    """No core dump, no other process of this user reading our memory, files for nobody else."""
    os.umask(0o077)
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    ctypes.CDLL(None).prctl(PR_SET_DUMPABLE, 0)
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (min(max(soft, 65_536), hard), hard))
