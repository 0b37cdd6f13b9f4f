"""The systemd units: what each keeps from a disk, from other processes, and from itself."""

from collections.abc import Callable

import pytest

from tests.deploy.promises import RUN, Promise, check
from tests.rules.tree import ROOT

NODE, WITNESS, BACKUP = "tocsin.service", "tocsin-witness.service", "tocsin-backup.service"
DOCUMENTS = "tocsin.service.d/documents.conf"
CLOSED = (
    "NoNewPrivileges", "ProtectHome", "PrivateDevices", "ProtectClock", "ProtectHostname", "ProtectKernelLogs",
    "ProtectKernelModules", "ProtectKernelTunables", "ProtectControlGroups", "PrivateIPC", "PrivateUsers", "RestrictNamespaces",
    "RestrictRealtime", "RestrictSUIDSGID", "LockPersonality", "MemoryDenyWriteExecute", "RemoveIPC",
)  # fmt: skip


def service(text: str) -> dict[str, list[str]]:
    """Settings of the unit's [Service] section; a name may stand there more than once."""
    found: dict[str, list[str]] = {}
    section = ""
    for line in text.splitlines():
        if line.startswith("["):
            section = line
        elif "=" in line and not line.startswith("#") and section == "[Service]":
            name, _, value = line.partition("=")
            found.setdefault(name, []).append(value)
    return found


def says(name: str, *values: str) -> Callable[[str], bool]:
    return lambda text: service(text).get(name) == list(values)


def line(name: str, *values: str, instead: str = "") -> Promise:
    """A setting with exactly these values, spoilt by taking it out (or by another value)."""
    spoilt = [(rf"^{name}=.*\n", "")] + ([(rf"^{name}=.*$", f"{name}={instead}")] if instead else [])
    return Promise(says(name, *values), tuple(spoilt))


def is_in_memory(text: str) -> bool:
    """/tmp and /var/tmp are tmpfs; PrivateTmp, which is on the disk, and any list of paths would win over that."""
    found = service(text)
    mounts = {part.partition(":")[0] for value in found.get("TemporaryFileSystem", []) for part in value.split()}
    others = {path for name in found if name.endswith("Paths") for value in found[name] for path in value.split()}
    return {"/tmp", "/var/tmp"} <= mounts and "PrivateTmp" not in found and not others & {"/tmp", "/var/tmp"}


def both(own: str) -> dict[str, Promise]:
    """What node and witness promise alike. `own` is the only folder on the disk that may be written to."""
    return {
        "no core dump": line("LimitCORE", "0", instead="infinity"),
        "no swap": line("MemorySwapMax", "0", instead="infinity"),
        "the system is read-only": line("ProtectSystem", "strict", instead="full"),
        "one folder is its own": line("StateDirectory", own),
        "nothing else may be written": Promise(
            lambda text: "ReadWritePaths" not in service(text), ((r"^ProtectHome", "ReadWritePaths=/srv\nProtectHome"),)
        ),
        "files are nobody else's": line("UMask", "0077", instead="0022"),
        "temporary files are memory": Promise(
            is_in_memory,
            (
                (r"^TemporaryFileSystem=.*\n", ""),
                (r"^ProtectHome", "PrivateTmp=yes\nProtectHome"),
                (r"^NoExecPaths=", "NoExecPaths=/tmp "),
            ),
        ),
        "no capability": line("CapabilityBoundingSet", "", instead="CAP_SYS_PTRACE"),
        "an account of its own": line("User", own, instead="root"),
        "other processes are unseen": line("ProtectProc", "invisible"),
        "few system calls": line("SystemCallFilter", "@system-service", "~@privileged @resources @obsolete"),
        "one machine language": line("SystemCallArchitectures", "native"),
        "few kinds of socket": line("RestrictAddressFamilies", "AF_INET AF_INET6 AF_UNIX", instead="AF_PACKET"),
        **{name: line(name, "yes", instead="no") for name in CLOSED},
    }


def test_the_nodes_unit_keeps_its_promises() -> None:
    promises = both("tocsin") | {
        "keys are in memory": line("RuntimeDirectory", "tocsin"),
        "keys are nobody else's": line("RuntimeDirectoryMode", "0700", instead="0755"),
        "keys outlive a restart": line("RuntimeDirectoryPreserve", "yes", instead="no"),
        "it always comes back": line("Restart", "always", instead="on-failure"),
        "and is never given up": Promise(
            lambda text: "\nStartLimitIntervalSec=0\n" in text, ((r"^StartLimit.*\n", ""),)
        ),
        "enough descriptors": line("LimitNOFILE", "65536"),
        "only the program": line(
            "ExecStart", "/opt/tocsin/.venv/bin/tocsin serve", instead="/bin/sh -c 'tocsin serve'"
        ),
    }
    check((RUN / "systemd" / NODE).read_text(), promises)


def test_the_witnesss_unit_keeps_its_promises() -> None:
    never = "--accept-lost-state"
    promises = both("tocsin-witness") | {
        "lost state is never accepted by a unit": Promise(
            lambda text: not any(never in value for value in service(text)["ExecStart"]),
            ((r"^(ExecStart=.*)$", rf"\1 {never}"),),
        ),
        "it needs little": line("MemoryMax", "256M"),
        "it sees processes and nothing else": line("ProcSubset", "pid"),
    }
    check((RUN / "systemd" / WITNESS).read_text(), promises)


def test_the_backups_unit_keeps_its_promises() -> None:
    everywhere = both("tocsin")
    del everywhere["temporary files are memory"]
    promises = everywhere | {
        "it writes beside the node and nowhere else": line("StateDirectory", "tocsin tocsin-backups"),
        "it speaks to nobody": line("PrivateNetwork", "yes", instead="no"),
        "no sockets of a network": line("RestrictAddressFamilies", "AF_UNIX", instead="AF_INET"),
        "unlocked keys are out of its sight": line("InaccessiblePaths", "-/run/tocsin"),
        "few system calls": line("SystemCallFilter", "@system-service", "~@privileged @obsolete"),
        "recordings go first": line("IOSchedulingClass", "idle"),
        "only the program": line("ExecStart", "/opt/tocsin/.venv/bin/tocsin backup /var/lib/tocsin-backups"),
    }
    for name in ("one folder is its own", "few kinds of socket"):
        del promises[name]
    text = (RUN / "systemd" / BACKUP).read_text()
    check(text, promises)
    assert set(service(text)["TemporaryFileSystem"][0].split()[0].split(":")) >= {"/tmp"}


def test_what_opens_documents_takes_down_no_wall_but_those_that_the_box_is_made_of() -> None:
    """Run under systemd 252: with the unit alone the sandbox is missing, with this beside it every wall of the box stands."""
    text = (RUN / "systemd" / DOCUMENTS).read_text()
    kinds = "user mnt pid net ipc uts cgroup"
    promises = {
        "namespaces for the box": line("RestrictNamespaces", "", kinds, instead="no"),
        "calls for the box": line("SystemCallFilter", "@mount capset sethostname", instead="@privileged"),
        "the box has a name": line("ProtectHostname", "no"),
        "no namespace within": line("ProtectKernelTunables", "no"),
        "and its loopback": line("RestrictAddressFamilies", "AF_NETLINK", instead="AF_PACKET"),
        "nothing else": Promise(lambda text: len(service(text)) == 5, ((r"\Z", "\nNoNewPrivileges=no\n"),)),
    }
    check(text, promises)


@pytest.mark.parametrize("name", [NODE, WITNESS, BACKUP])
def test_a_unit_names_only_pages_that_exist(name: str) -> None:
    text = (RUN / "systemd" / name).read_text()
    named = [part.removeprefix("file:///opt/tocsin/") for part in text.split() if "file:///opt/tocsin/" in part]
    pages = [part.removeprefix("Documentation=file:///opt/tocsin/") for part in named]
    assert pages
    assert all((ROOT / page).is_file() for page in pages)
