"""The filter of system calls for what runs in the sandbox, as the kernel reads it: a classic BPF program.

Refused with EPERM: sockets of every kind, and calls by which kernels have been broken or other processes looked into. A call of
another architecture than the machine's ends the program. Numbers are those of Linux's own tables for each architecture.
"""

import os
import struct

_LOAD, _EQUAL, _AT_LEAST, _ANSWER = 0x20, 0x15, 0x35, 0x06
_ALLOW, _KILL, _REFUSE = 0x7FFF0000, 0x80000000, 0x00050001
"""SECCOMP_RET_ALLOW, SECCOMP_RET_KILL_PROCESS, SECCOMP_RET_ERRNO with EPERM."""
_X32 = 0x40000000

AUDIT = {"x86_64": 0xC000003E, "aarch64": 0xC00000B7}
NEW = (425, 426, 427, 428, 429, 430, 431, 432, 433, 438, 442, 448)
"""io_uring, the newer mount calls, pidfd_getfd, process_mrelease: the same number everywhere."""
REFUSED = {
    # socket, socketpair, connect, bind, listen, accept, ptrace, mount, umount2, pivot_root, chroot, unshare, setns, reboot,
    # swapon, keyctl, add_key, request_key, bpf, perf_event_open, userfaultfd, process_vm_readv, process_vm_writev, kexec_load,
    # init_module, finit_module, delete_module, open_by_handle_at, name_to_handle_at, personality, syslog
    "x86_64": (41, 53, 42, 49, 50, 43, 101, 165, 166, 155, 161, 272, 308, 169, 167, 250, 248, 249, 321, 298, 323, 310, 311, 246,
               175, 313, 176, 304, 303, 135, 103),
    "aarch64": (198, 199, 203, 200, 201, 202, 117, 40, 39, 41, 51, 97, 268, 142, 224, 219, 217, 218, 280, 241, 282, 270, 271, 104,
                105, 273, 106, 265, 264, 92, 116),
}  # fmt: skip


def filter_program(machine: str = "") -> bytes:
    """The program for this machine. Raises `KeyError` on an architecture whose numbers are not written here."""
    name = machine or os.uname().machine
    refused = [*REFUSED[name], *NEW]
    lines = [(_LOAD, 0, 0, 4), (_EQUAL, 1, 0, AUDIT[name]), (_ANSWER, 0, 0, _KILL), (_LOAD, 0, 0, 0)]
    if name == "x86_64":
        lines += [(_AT_LEAST, 0, 1, _X32), (_ANSWER, 0, 0, _KILL)]
    for at, number in enumerate(refused):
        lines.append((_EQUAL, len(refused) - at, 0, number))
    lines += [(_ANSWER, 0, 0, _ALLOW), (_ANSWER, 0, 0, _REFUSE)]
    return b"".join(struct.pack("=HBBI", *line) for line in lines)
