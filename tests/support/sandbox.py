"""Runs a program under the limits of a systemd unit, without systemd.

`python -m tests.support.sandbox UNIT DATA PROGRAM ...`: of the unit it applies the system calls, address families,
capabilities and the ban on memory that is both writable and executable; everything outside DATA is read-only.  Needs
root, libseccomp and systemd-analyze (both come with Debian's `systemd`).
"""

import ctypes
import errno
import os
import re
import socket
import subprocess
import sys
from pathlib import Path
from typing import Final

_LIBC: Final = ctypes.CDLL(None, use_errno=True)
_CAP_NET_BIND_SERVICE: Final = 10
_PR_CAPBSET_DROP, _PR_SET_NO_NEW_PRIVS, _PR_SET_MDWE = 24, 38, 65
_CLONE_NEWNS: Final = 0x00020000
_CAPABILITIES: Final = range(64)
_ALLOW: Final = 0x7FFF0000
_DENY: Final = 0x00050000 | errno.EPERM
_EQUAL: Final = 4


class _Comparison(ctypes.Structure):
    """`scmp_arg_cmp`: the rule holds if an argument of the system call compares like this."""

    _fields_ = (("arg", ctypes.c_uint), ("op", ctypes.c_int), ("a", ctypes.c_uint64), ("b", ctypes.c_uint64))


def _values(unit: str, name: str) -> list[str]:
    return [word for line in re.findall(rf"^{name}=(.*)$", unit, re.MULTILINE) for word in line.split()]


def _system_calls(group: str) -> set[str]:
    """The names in a group such as `@system-service`, and in the groups that it contains."""
    argv = ["systemd-analyze", "syscall-filter", group]
    lines = subprocess.run(argv, capture_output=True, text=True, check=True).stdout.splitlines()[1:]
    names = {line.strip() for line in lines if not line.strip().startswith("#")} - {""}
    return {call for name in names for call in (_system_calls(name) if name.startswith("@") else {name})}


def _allowed(unit: str) -> set[str]:
    allowed: set[str] = set()
    for line in re.findall(r"^SystemCallFilter=(.*)$", unit, re.MULTILINE):
        calls = {call for word in line.removeprefix("~").split() for call in _system_calls(word)}
        allowed = allowed - calls if line.startswith("~") else allowed | calls
    return allowed


def _prctl(option: int, *values: int) -> None:
    if _LIBC.prctl(option, *values, *[0] * (4 - len(values))) != 0:
        raise OSError(ctypes.get_errno(), f"prctl {option}")


def _keep_only_the_right_to_bind() -> None:
    """A program started by root then has this capability and no other."""
    for capability in _CAPABILITIES:
        if capability != _CAP_NET_BIND_SERVICE:
            _LIBC.prctl(_PR_CAPBSET_DROP, capability, 0, 0, 0)  # fails for those that this kernel doesn't have


def _filter_system_calls(calls: set[str], families: list[str]) -> None:
    library = ctypes.CDLL("libseccomp.so.2")
    library.seccomp_init.restype = ctypes.c_void_p
    context = ctypes.c_void_p(library.seccomp_init(_DENY))
    for call in calls - {"socket"}:
        number = library.seccomp_syscall_resolve_name(call.encode())
        if number >= 0:
            library.seccomp_rule_add(context, _ALLOW, number, 0)
    number = library.seccomp_syscall_resolve_name(b"socket")
    for family in families:
        rule = (_Comparison * 1)(_Comparison(0, _EQUAL, getattr(socket, family), 0))
        library.seccomp_rule_add_array(context, _ALLOW, number, 1, rule)
    if library.seccomp_load(context) != 0:
        raise OSError("seccomp_load failed")


def _read_only_except(folder: str) -> None:
    if _LIBC.unshare(_CLONE_NEWNS) != 0:
        raise OSError(ctypes.get_errno(), "unshare")
    for words in (["--make-rprivate", "/"], ["--bind", folder, folder], ["-o", "remount,bind,ro", "/"]):
        subprocess.run(["mount", *words], check=True)


def main() -> None:
    """Apply the limits, and become the program."""
    unit, data, *program = Path(sys.argv[1]).read_text(encoding="utf-8"), *sys.argv[2:]
    calls, families = _allowed(unit), _values(unit, "RestrictAddressFamilies")
    _read_only_except(data)
    os.umask(int(_values(unit, "UMask")[0], 8))
    _keep_only_the_right_to_bind()
    _prctl(_PR_SET_NO_NEW_PRIVS, 1)
    if _values(unit, "MemoryDenyWriteExecute") == ["yes"]:
        _LIBC.prctl(_PR_SET_MDWE, 1, 0, 0, 0)  # fails before Linux 6.3
    _filter_system_calls(calls, families)
    os.execv(program[0], program)


if __name__ == "__main__":
    main()
