"""The files for containers and platforms: their settings exist, and they say what the server needs."""

import json
import os
import re
import runpy
import shlex
import subprocess
import sys
import threading
import tomllib
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from typing import Any, Final

import pytest
import yaml
from click import Command, Group

from eyeline import cli
from eyeline.serve import metrics
from eyeline.settings import read
from tests.support.examples import blocks

ROOT: Final = Path(__file__).parents[1]
INSTALL: Final = (ROOT / "docs/install.md").read_text()
RUN_IT: Final = ("install", "maintain", "monitor", "operate", "proxies", "sizing", "troubleshoot")
RUN_IT_TEXT: Final = "".join((ROOT / f"docs/{name}.md").read_text() for name in RUN_IT)
CONTAINERFILE: Final = (ROOT / "Containerfile").read_text()


def documents(name: str) -> list[Any]:
    return list(yaml.safe_load_all((ROOT / name).read_text()))


def kubernetes(kind: str) -> Any:
    (found,) = [each for each in documents("deploy/kubernetes/eyeline.yaml") if each["kind"] == kind]
    return found


def pod() -> Any:
    return kubernetes("Deployment")["spec"]["template"]["spec"]


def environments() -> Iterator[tuple[str, dict[str, str]]]:
    for name, service in documents("compose.yaml")[0]["services"].items():
        yield f"compose: {name}", {key: str(value) for key, value in service["environment"].items()}
    (container,) = pod()["containers"]
    yield "kubernetes", {each["name"]: each["value"] for each in container["env"]}
    yield "fly", tomllib.loads((ROOT / "fly.toml").read_text())["env"]
    (service,) = documents("render.yaml")[0]["services"]
    yield "render", {each["key"]: each["value"] for each in service["envVars"]}
    yield "image", dict(re.findall(r"(EYELINE_\w+)=(\S+)", CONTAINERFILE))
    yield "heroku", dict.fromkeys(json.loads((ROOT / "app.json").read_text())["env"], "https://meet.example.org")


ENVIRONMENTS: Final = dict(environments())


@pytest.mark.parametrize("name", ENVIRONMENTS)
def test_every_setting_exists_and_is_valid(name: str) -> None:
    assert read({}, ENVIRONMENTS[name] | {"HOME": "/"}) != read({}, {"HOME": "/"})


def commands() -> list[str]:
    """All commands of ours in the shell snippets and the inline code of the docs for operators, and in the Procfile."""
    lines = "".join(re.findall(r"```sh\n(.*?)```", RUN_IT_TEXT, re.DOTALL)).splitlines() + re.findall(
        r"`([^`\n]+)`", RUN_IT_TEXT
    )
    lines += [(ROOT / "Procfile").read_text().removeprefix("web: ")]
    return [line for line in lines if re.match(r"(/opt/eyeline/bin/)?eyeline ", line)]


@pytest.mark.parametrize("line", commands())
def test_every_documented_command_and_option_exists(line: str) -> None:
    command: Command = cli.main
    words = shlex.split(line)[1:]
    while isinstance(command, Group) and words:
        command = command.commands[words.pop(0)]
    flags = {flag for parameter in command.params for flag in parameter.opts}

    assert [word for word in words if word.startswith("--") and word not in flags] == []


def test_docs_for_operators_name_commands() -> None:
    assert len(commands()) >= 20


def options() -> list[str]:
    """The options in the inline code of the docs for operators, which are those of `eyeline serve`."""
    return sorted(set(re.findall(r"`(--[a-z-]+)[^`\n]*`", RUN_IT_TEXT)) - {"--replace", "--print", "--json"})


@pytest.mark.parametrize("option", options())
def test_every_documented_option_of_serve_exists(option: str) -> None:
    flags = {flag for parameter in cli.main.commands["serve"].params for flag in parameter.opts}

    assert option in flags | {"--max-instances", "--no-cpu-throttling"}


def test_alerts_watch_metrics_and_labels_that_exist() -> None:
    (rules,) = (text for text in blocks("docs/monitor.md", "yaml") if text.startswith("groups:"))
    seen = set()
    for rule in yaml.safe_load(rules)["groups"][0]["rules"]:
        for name, label, value in re.findall(r'\b(eyeline_\w+)(?:{(\w+)=~?"([^"]+)"})?', rule["expr"]):
            row = metrics.ROWS[name.removesuffix("_bucket")]
            seen.add(name)
            assert label in (row.label or "", "")
            assert not value or [each for each in row.values if re.fullmatch(value, each)] != []

    assert len(seen) >= 3


def test_image_runs_as_a_user_without_rights_and_contains_no_node() -> None:
    _, last = CONTAINERFILE.rsplit("\nFROM ", 1)
    user = re.search(r"^USER (\d+):\d+$", last, re.MULTILINE)

    assert user is not None
    assert int(user[1]) >= 1000
    assert f"useradd --uid {user[1]} " in last
    assert "--owner eyeline --group eyeline --mode 0700 /data" in last
    assert {"VOLUME /data", "STOPSIGNAL SIGTERM", 'ENTRYPOINT ["eyeline"]'} <= set(last.splitlines())
    assert not re.search(r"\b(npm|nodejs)\b", re.sub(r"^#.*$", "", CONTAINERFILE, flags=re.MULTILINE))
    assert (ROOT / "deploy/health_check.py").name in last


def test_backup_of_a_container_is_of_its_volume_and_only_its_owner_may_read_it() -> None:
    (row,) = re.findall(r"^\| back up \|.*\|(.*)\|$", (ROOT / "docs/maintain.md").read_text(), re.MULTILINE)
    create, copy = (shlex.split(command) for command in re.findall(r"`([^`]+)`", row))
    service = documents("compose.yaml")[0]["services"][copy[copy.index("tar") + 1]]

    assert create == ["install", "-m", "600", "/dev/null", copy[-1]]
    assert service["volumes"] == [f"data:{copy[copy.index('-C') + 1]}"]
    assert "-T" in copy, "a terminal would change the bytes"


def test_mapped_ports_are_those_that_the_server_uses() -> None:
    service = documents("compose.yaml")[0]["services"]["mapped"]
    settings = read({}, {key: str(value) for key, value in service["environment"].items()} | {"HOME": "/"})

    assert set(service["ports"]) == {
        "80:80",  # the redirect, and certificates by HTTP-01
        f"{settings.port}:{settings.port}",
        f"{settings.stun_port}:{settings.stun_port}/udp",
        f"{settings.relay_ports}:{settings.relay_ports}/udp",
    }


def test_kubernetes_runs_one_process_with_the_network_of_the_node() -> None:
    deployment = kubernetes("Deployment")

    assert pod()["hostNetwork"] is True
    assert deployment["spec"]["replicas"] == 1
    assert deployment["spec"]["strategy"] == {"type": "Recreate"}, "two pods would want the same ports"


def test_kubernetes_pod_has_no_rights_and_the_image_s_user() -> None:
    (container,) = pod()["containers"]

    assert container["securityContext"] == {
        "allowPrivilegeEscalation": False,
        "readOnlyRootFilesystem": True,
        "capabilities": {"drop": ["ALL"]},
    }
    assert pod()["securityContext"]["runAsNonRoot"] is True
    assert f"\nUSER {pod()['securityContext']['runAsUser']}:" in CONTAINERFILE
    assert pod()["automountServiceAccountToken"] is False


def test_kubernetes_objects_refer_to_one_another() -> None:
    (container,) = pod()["containers"]
    labels = kubernetes("Deployment")["spec"]["template"]["metadata"]["labels"]
    settings = read({}, {each["name"]: each["value"] for each in container["env"]} | {"HOME": "/"})
    ports = {each["name"]: each["containerPort"] for each in container["ports"]}

    assert kubernetes("Deployment")["spec"]["selector"]["matchLabels"] == labels
    assert kubernetes("Service")["spec"]["selector"] == labels
    assert ports == {"http": settings.port, "stun": settings.stun_port}
    assert all(each["hostPort"] == each["containerPort"] for each in container["ports"])
    assert kubernetes("Service")["spec"]["ports"][0]["targetPort"] in ports
    (volume,), (mount,) = pod()["volumes"], container["volumeMounts"]
    assert volume["persistentVolumeClaim"]["claimName"] == kubernetes("PersistentVolumeClaim")["metadata"]["name"]
    assert (mount["name"], mount["mountPath"]) == (volume["name"], "/data")


@pytest.mark.parametrize(("status", "code"), [(200, 0), (308, 0), (503, 1)])
def test_health_check_of_the_image_says_whether_the_server_answers(status: int, code: int) -> None:
    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.send_response(status if self.path == "/healthz" else 404)
            self.end_headers()

        def log_request(self, code: int | str = "-", size: int | str = "-") -> None:
            pass

    with HTTPServer(("127.0.0.1", 0), Handler) as server:
        thread = threading.Thread(target=server.handle_request)
        thread.start()
        assert health_check(server.server_port) == code
        thread.join()


def test_health_check_of_the_image_fails_where_nothing_listens() -> None:
    assert health_check(1) == 1


@pytest.mark.parametrize("variables", [{}, {"PORT": "5000"}, {"EYELINE_PORT": "9000", "PORT": "5000"}])
@pytest.mark.parametrize("more", [{}, {"EYELINE_DOMAINS": "meet.example.org"}])
def test_health_check_of_the_image_asks_at_the_port_that_the_server_uses(
    variables: dict[str, str], more: dict[str, str]
) -> None:
    environ = variables | more
    port = runpy.run_path(str(ROOT / "deploy/health_check.py"))["port"]
    assert port(environ) == read({}, environ | {"HOME": "/"}).port


def health_check(port: int) -> int:
    argv = [sys.executable, str(ROOT / "deploy/health_check.py")]
    environ = os.environ | {"EYELINE_PORT": str(port)}
    return subprocess.run(argv, env=environ, timeout=30, check=False, capture_output=True).returncode


def test_documented_backup_and_restore_keep_the_data_directory(tmp_path: Path) -> None:
    page = (ROOT / "docs/maintain.md").read_text()
    (back_up,) = re.findall(r"`(tar -C /var/lib/private -czf [^`]+)`", page)
    (restore,) = re.findall(r"^   ```sh\n(.*?)^   ```", page, re.DOTALL | re.MULTILINE)
    data = tmp_path / "private" / "eyeline"
    data.mkdir(parents=True)
    (data / "secret").write_text("tea")
    commands = f"{back_up}\necho other >{data}/secret\n{restore}".replace("/var/lib/private", str(data.parent))
    assert "systemctl start eyeline" in commands

    shell = ["/bin/sh", "-ec", commands.replace("systemctl start eyeline", "true")]
    subprocess.run(shell, cwd=tmp_path, check=True)
    assert (data / "secret").read_text() == "tea"
