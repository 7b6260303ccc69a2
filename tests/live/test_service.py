"""`eyeline service` under a real systemd: process 1 of a container made of this machine's own files."""

import os
import re
import shlex
import signal
import subprocess
import sys
import sysconfig
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Final

import pytest
from tests.support.process import Process, scratch
from tests.support.server import ROOT
from tests.support.tools import need

SYSTEMD: Final = Path("/lib/systemd/systemd")
DEADLINE_S: Final = 60.0
EYELINE: Final = ("/opt/eyeline/bin/python3", "-m", "eyeline")
PAGE: Final = """
import ssl, urllib.request
print(urllib.request.urlopen("https://localhost/", context=ssl._create_unverified_context()).read().decode())
"""
OPTIONS: Final = ("--port", "443", "--tls", "self-signed")
STATE: Final = Path("/var/lib/private/eyeline")
MAINTAIN: Final = (ROOT / "docs/maintain.md").read_text()
BOOT: Final = """
set -eu
scratch=$1 python=$2 libraries=$3 source=$4 groups=$5
mount --make-rprivate /
mount -t tmpfs tmpfs "$scratch"
mkdir "$scratch/changes" "$scratch/work" "$scratch/root"
mount -t overlay -o "lowerdir=/,upperdir=$scratch/changes,workdir=$scratch/work" overlay "$scratch/root"
cd "$scratch/root"
# Those of this machine.
rm -rf usr/local/bin/eyeline opt/eyeline var/lib/eyeline var/lib/private etc/systemd/system/eyeline.service
mkdir -p opt/python opt/libraries opt/source
mount --bind "$python" opt/python
mount --bind "$libraries" opt/libraries
mount --bind "$source" opt/source
mount -t proc proc proc
mount -o bind,ro proc/sys proc/sys
mount -t sysfs -o ro sysfs sys
mount -t tmpfs tmpfs run
mount -t tmpfs tmpfs tmp
mount -t tmpfs tmpfs dev
for name in null zero full random urandom tty; do touch "dev/$name"; mount --bind "/dev/$name" "dev/$name"; done
mkdir dev/pts dev/shm
mount -t devpts -o newinstance,ptmxmode=0666 devpts dev/pts
ln -s pts/ptmx dev/ptmx
if [ "$groups" = v2 ]; then
  mount -t cgroup2 cgroup2 sys/fs/cgroup
else
  mount -t tmpfs -o mode=755 tmpfs sys/fs/cgroup
  mkdir sys/fs/cgroup/systemd
  mount -t cgroup -o none,name=systemd,xattr cgroup sys/fs/cgroup/systemd
fi
ip link set lo up
mkdir run/outside
pivot_root . run/outside
umount -l /run/outside
exec env -i container=lxc PATH=/usr/sbin:/usr/bin:/sbin:/bin /lib/systemd/systemd --unit=basic.target
"""


class Container:
    """A machine that runs systemd.  What happens to its files and network stays inside."""

    def __init__(self) -> None:
        self._scratch = scratch("systemd")
        unified = Path("/sys/fs/cgroup/cgroup.controllers").exists()
        self._group = Path("/sys/fs/cgroup", "" if unified else "systemd", f"eyeline-{os.getpid()}")
        try:
            self._group.mkdir()
        except OSError as why:
            pytest.skip(f"no control group for a systemd of our own: {why}")
        root = Path(self._scratch.name, "root")
        root.mkdir()
        join = f'echo $$ >{self._group}/cgroup.procs; exec "$@"'
        apart = ["unshare", "--mount", "--pid", "--uts", "--ipc", "--net", "--cgroup", "--fork", "--kill-child"]
        arguments = (str(root), sys.base_prefix, sys.prefix, str(ROOT / "src"), "v2" if unified else "v1")
        argv = ("sh", "-c", join, "sh", *apart, "sh", "-c", BOOT, "sh", *arguments)
        self._process = Process(argv, Path(self._scratch.name, "log"))
        self._init = 0
        """Its process 1, once it is systemd."""

    def wait(self) -> None:
        """Wait until it has started."""
        end = time.monotonic() + DEADLINE_S
        children = Path(f"/proc/{self._process.pid}/task/{self._process.pid}/children")
        while not self._init or self.run("systemctl", "is-active", "basic.target").returncode != 0:
            if not self._process.alive or time.monotonic() > end:
                raise AssertionError(f"systemd does not start:\n{self._process.log()}")
            time.sleep(0.05)
            init = children.read_text().split() if children.exists() else []
            self._init = int(init[0]) if init and Path(f"/proc/{init[0]}/comm").read_text() == "systemd\n" else 0

    def until(self, holds: Callable[[], bool]) -> None:
        end = time.monotonic() + DEADLINE_S
        while not holds():
            assert time.monotonic() < end, self.do("journalctl", "--no-pager", "--lines=20")
            time.sleep(0.1)

    def run(self, *argv: str) -> subprocess.CompletedProcess[str]:
        enter = f"nsenter --target {self._init} --mount --pid --uts --ipc --net --cgroup".split()
        clean = ("env", "-i", "--chdir=/root", "HOME=/root", "PATH=/usr/sbin:/usr/bin:/sbin:/bin")
        return subprocess.run([*enter, *clean, *argv], capture_output=True, text=True, timeout=DEADLINE_S, check=False)

    def do(self, *argv: str) -> str:
        """Run a command that must succeed, and return its output."""
        done = self.run(*argv)
        log = "" if done.returncode == 0 else self.run("journalctl", "--no-pager", "--lines=60", "-u", "eyeline").stdout
        assert done.returncode == 0, f"{argv}: {done.stdout}{done.stderr}{log}"
        return done.stdout

    def shown(self, name: str) -> str:
        """A property of the service."""
        return self.do("systemctl", "show", "--value", "--property", name, "eyeline").strip()

    def close(self) -> None:
        if self._init:
            os.kill(self._init, signal.SIGKILL)
        self._process.end()
        for folder in sorted(self._group.rglob("*/"), reverse=True):
            folder.rmdir()
        self._group.rmdir()
        self._scratch.cleanup()


@pytest.fixture(scope="module")
def machine() -> Iterator[Container]:
    """Without the service."""
    for program in ("ip", "nsenter", "unshare"):
        need(program)
    if os.geteuid() != 0 or not SYSTEMD.exists():
        pytest.skip("a container with systemd needs root, and the package systemd")
    container = Container()
    try:
        container.wait()
        container.do("sh", "-c", "echo /opt/python/lib >/etc/ld.so.conf.d/python.conf && ldconfig")
        python = f"/opt/python/bin/{Path(sys.executable).resolve().name}"
        container.do(python, "-m", "venv", "--without-pip", "/opt/installation")
        packages = Path(sysconfig.get_path("purelib")).relative_to(sys.prefix)
        paths = f"/opt/source\n/opt/libraries/{packages}\n"
        container.do("sh", "-c", f"echo '{paths}' >/opt/installation/{packages}/eyeline.pth")
        yield container
    finally:
        container.close()


@pytest.fixture
def service(machine: Container) -> Iterator[Container]:
    install(machine)
    yield machine
    for command in documented("uninstall"):
        machine.run(*command)


def install(machine: Container) -> None:
    machine.do("cp", "-a", "/opt/installation", "/opt/eyeline")
    machine.do("ln", "-s", "/opt/eyeline/bin/eyeline", "/usr/local/bin/eyeline")
    machine.do(*EYELINE, "service", "install", *OPTIONS)


def documented(task: str) -> list[list[str]]:
    """The commands for a task in the table of docs/maintain.md, those for the service, as they are typed."""
    row = re.search(rf"^\| {task} \| ([^|]+) \|", MAINTAIN, re.MULTILINE)
    assert row is not None
    commands = [shlex.split(command) for command in re.findall(r"`([^`]+)`", row[1])]
    return [[*EYELINE, *words] if program == "eyeline" else [program, *words] for program, *words in commands]


def page(machine: Container) -> str:
    return machine.do("python3", "-c", PAGE)


def secret(machine: Container) -> str:
    """What signs the seats."""
    return machine.do("sha256sum", f"{STATE}/secret")


def test_installed_service_serves_pages_with_few_rights(service: Container) -> None:
    assert "<title>" in page(service)
    assert service.do("systemctl", "is-enabled", "eyeline") == "enabled\n"
    status = service.do("cat", f"/proc/{service.shown('MainPID')}/status")
    assert "\nUid:\t0\t" not in status
    assert "\nCapEff:\t0000000000000400\n" in status, "CAP_NET_BIND_SERVICE alone"
    exposure = re.search(r"exposure level for eyeline.service: ([\d.]+)", analyzed(service))
    assert exposure is not None
    assert float(exposure[1]) < 2


def analyzed(machine: Container) -> str:
    return machine.do("systemd-analyze", "security", "eyeline")


def test_service_comes_back_after_a_crash_with_the_same_secret(service: Container) -> None:
    before, killed = secret(service), service.shown("MainPID")
    service.do("kill", "-KILL", killed)
    service.until(lambda: service.shown("MainPID") not in ("0", killed) and service.shown("ActiveState") == "active")
    assert "<title>" in page(service)
    assert secret(service) == before


def test_reload_and_restart_go_well(service: Container) -> None:
    running = service.shown("MainPID")
    service.do("systemctl", "reload", "eyeline")
    assert service.shown("MainPID") == running
    service.do("systemctl", "restart", "eyeline")
    assert service.shown("Result") == "success"
    assert "<title>" in page(service)


def test_service_moves_to_another_machine_with_its_data(service: Container) -> None:
    before = secret(service)
    for command in (*documented("back up"), *documented("uninstall"), ["rmdir", str(STATE.parent)]):
        service.do(*command)
    assert service.do("stat", "-c", "%a", "eyeline.tar.gz") == "600\n"
    install(service)
    assert secret(service) != before
    service.do("systemctl", "stop", "eyeline")
    [restore] = re.findall(r"^   ```sh\n(.*?)^   ```$", MAINTAIN, re.DOTALL | re.MULTILINE)
    service.do("sh", "-euc", restore)
    assert "<title>" in page(service)
    assert secret(service) == before


def test_uninstalling_leaves_nothing(service: Container) -> None:
    for command in documented("uninstall"):
        service.do(*command)
    left = service.run("ls", "-d", "/var/lib/eyeline", str(STATE), "/etc/systemd/system/eyeline.service")
    assert left.stdout == ""
    assert service.run("systemctl", "cat", "eyeline").returncode != 0
