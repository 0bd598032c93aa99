"""The files by which others run Mailsink, held against the words of those that read them."""

from __future__ import annotations

import copy
import json
import os
import re
import subprocess
from pathlib import Path
from typing import Any

import jsonschema_rs
import pytest
import yaml

from mailsink import __version__, conf
from tests.packaging.charts import Chart
from tests.running import ROOT

FOLDER = ROOT / "packaging"
CHART = Chart(FOLDER / "helm" / "mailsink")
COMPOSE = (
    "compose.yaml",
    "packaging/compose.postgres.yaml",
    "packaging/compose.cluster.yaml",
    "packaging/compose.override.yaml",
)
_ELSEWHERE = {"MAILSINK_DOCKER_IMAGE", "MAILSINK_PORT", "MAILSINK_DASHBOARD_PORT"}


def _load(path: Path) -> Any:
    return yaml.safe_load(path.read_text())


def _settings() -> set[str]:
    """Return the variables that Mailsink reads."""
    read = conf._Reader({})
    config = conf._Reader
    try:
        conf._Reader = lambda _environ: read  # type: ignore[assignment, misc]
        conf.from_environment({})
    finally:
        conf._Reader = config  # type: ignore[misc]
    return read.known


def test_every_variable_is_one_of_ours() -> None:
    files = [ROOT / "Dockerfile", ROOT / "compose.yaml"]
    files += [each for each in FOLDER.rglob("*") if each.is_file()]
    known = _settings() | _ELSEWHERE
    for file in files:
        for name in re.findall(
            r"(?<!FORWARD_)\bMAILSINK_[A-Z_]*[A-Z]", file.read_text()
        ):
            assert name in known, (file, name)


def test_versions_are_ours() -> None:
    feature = json.loads(
        (FOLDER / "devcontainer/src/mailsink/devcontainer-feature.json").read_text()
    )
    assert {CHART.about["version"], CHART.about["appVersion"], feature["version"]} == {
        __version__
    }


# Docker


def _instructions() -> list[tuple[str, str]]:
    """Return the instructions of the last stage, with their arguments."""
    text = (ROOT / "Dockerfile").read_text()
    lines = re.sub(r"^#.*\n", "", text, flags=re.MULTILINE).replace("\\\n", " ")
    found = [tuple(line.split(None, 1)) for line in lines.splitlines() if line.strip()]
    last = max(index for index, each in enumerate(found) if each[0] == "FROM")
    return [(word, " ".join(rest.split())) for word, rest in found[last:]]


def test_the_image() -> None:
    """As the checklist of containers has it; OpenShift runs any user in group 0."""
    found = _instructions()
    for instruction in (
        ("USER", "1001:0"),
        ("VOLUME", "/data"),
        ("EXPOSE", "1025/tcp 8025/tcp"),
        ("STOPSIGNAL", "SIGTERM"),
        ("WORKDIR", "/"),  # where the data folder is /data
        ("ENTRYPOINT", '["/mailpit"]'),
    ):
        assert instruction in found
    words = dict(found)
    assert words["HEALTHCHECK"].endswith('CMD ["/mailpit", "readyz"]')
    assert "chown 1001:0 /data && chmod g=u /data" in words["RUN"]
    assert "MAILSINK_LISTEN=all" in words["ENV"]
    assert "PYTHONDONTWRITEBYTECODE=1" in words["ENV"]
    assert "MAILSINK_DATA" not in words["ENV"]  # MP_DATABASE counts
    assert "image.licenses" in words["LABEL"]


def test_the_image_is_built_of_what_the_wheel_needs() -> None:
    kept = [
        line.removeprefix("!")
        for line in (ROOT / ".dockerignore").read_text().splitlines()
        if line.startswith("!")
    ]
    assert all(list(ROOT.glob(pattern)) for pattern in kept)
    assert {
        "requirements.txt", "requirements*.in", "pyproject.toml", "README.md", "LICENSE",
        "manage.py", "mailsink", "inbox", "static", "templates", "tools/hatch_build.py",
    } <= set(kept)  # fmt: skip


@pytest.mark.parametrize("name", COMPOSE)
def test_compose(name: str) -> None:
    found = _load(ROOT / name)
    for service in found["services"].values():
        for port in service.get("ports", ()):
            assert port.startswith("127.0.0.1:"), (
                "without accounts it is for this machine"
            )
        for other, needed in service.get("depends_on", {}).items():
            theirs = found["services"][other]
            if theirs.get("healthcheck") == {"disable": True}:
                assert needed == {"condition": "service_started"}
                continue
            assert needed == {"condition": "service_healthy"}
            # Our image brings its own check.
            assert theirs["image"] == "mailsink" or "healthcheck" in theirs
        for volume in service.get("volumes", ()):
            place = volume.partition(":")[0]
            is_file = (ROOT / name).parent.joinpath(place).is_file()
            assert place in found["volumes"] or is_file
        if service.get("image") == "mailsink" and "read_only" in service:
            assert service["cap_drop"] == ["ALL"]
            assert service["tmpfs"] == ["/tmp"]


def test_compose_with_several_processes_is_configured_alike() -> None:
    found = _load(ROOT / "packaging/compose.postgres.yaml")["services"]
    smtp, web = found["smtp"]["environment"], found["web"]["environment"]
    assert smtp.pop("MAILSINK_HTTP") == web.pop("MAILSINK_SMTP") == "off"
    assert smtp == web
    read = {**smtp, "MAILSINK_SECRET_KEY": "long and random"}
    assert not conf.from_environment(read).uses_sqlite


# Kubernetes


def _check_objects(
    objects: list[dict[str, Any]], claim: bool, path: str | None
) -> None:
    """Check what holds the objects together, and what a careful cluster asks of them."""
    kinds = [each["kind"] for each in objects]
    assert sorted(kinds) == sorted(
        ["Deployment", "Service", "Service"]
        + ["PersistentVolumeClaim"] * claim
        + ["Ingress"] * (path is not None)
    )
    [deployment] = [each for each in objects if each["kind"] == "Deployment"]
    pod = deployment["spec"]["template"]
    labels = pod["metadata"]["labels"]
    assert deployment["spec"]["selector"]["matchLabels"].items() <= labels.items()
    [container] = pod["spec"]["containers"]
    _check_security(pod["spec"], container)
    ports = {each["name"]: each["containerPort"] for each in container["ports"]}
    assert ports == {"smtp": 1025, "http": 8025}
    services = [each for each in objects if each["kind"] == "Service"]
    assert sorted(each["spec"]["ports"][0]["port"] for each in services) == [25, 80]
    for service in services:
        assert service["spec"]["selector"].items() <= labels.items()
        assert service["spec"]["ports"][0]["targetPort"] in ports
    mounted = {each["name"]: each["mountPath"] for each in container["volumeMounts"]}
    assert mounted == {"data": "/data", "tmp": "/tmp"}
    assert {each["name"] for each in pod["spec"]["volumes"]} == mounted.keys()
    read = conf.from_environment(
        {each["name"]: each["value"] for each in container["env"]}
    )
    assert read.warnings == ()
    if path is not None:
        _check_ingress(objects, str(read.public_url), path)


def _check_security(pod: dict[str, Any], container: dict[str, Any]) -> None:
    """The words of the chart of jouve, and of the restricted standard of Kubernetes."""
    assert pod["securityContext"] == {"fsGroup": 1001}
    assert pod["enableServiceLinks"] is False  # MAILSINK_PORT is no variable of ours
    assert container["securityContext"] == {
        "allowPrivilegeEscalation": False,
        "capabilities": {"drop": ["ALL"]},
        "runAsUser": 1001,
        "runAsGroup": 1001,
        "runAsNonRoot": True,
        "readOnlyRootFilesystem": True,
        "seccompProfile": {"type": "RuntimeDefault"},
    }
    assert container["livenessProbe"]["httpGet"] == {"path": "/livez", "port": "http"}
    assert container["readinessProbe"]["httpGet"] == {"path": "/readyz", "port": "http"}


def _check_ingress(objects: list[dict[str, Any]], public_url: str, path: str) -> None:
    [ingress] = [each for each in objects if each["kind"] == "Ingress"]
    [rule] = ingress["spec"]["rules"]
    [route] = rule["http"]["paths"]
    assert (route["path"], route["pathType"]) == (path, "Prefix")
    backend = route["backend"]["service"]["name"]
    assert backend in [
        each["metadata"]["name"] for each in objects if each["kind"] == "Service"
    ]
    assert f"https://{rule['host']}{path}".rstrip("/") == public_url


def test_manifests() -> None:
    folder = FOLDER / "kubernetes"
    files = _load(folder / "kustomization.yaml")["resources"]
    assert {*files, "kustomization.yaml"} == {each.name for each in folder.iterdir()}
    objects = [
        each
        for file in files
        for each in yaml.safe_load_all((folder / file).read_text())
    ]
    _check_objects(objects, claim=True, path="/mail/")
    names = {each["metadata"]["name"] for each in objects if each["kind"] == "Service"}
    assert names == {"mail-smtp", "mail-http"}


@pytest.mark.parametrize("claim", [True, False])
@pytest.mark.parametrize("path", [None, "/", "/mail/"])
def test_the_chart(claim: bool, path: str | None) -> None:
    values = copy.deepcopy(CHART.values)
    values["persistence"]["enabled"] = claim
    values["ingress"] |= {"enabled": path is not None, "path": path or "/"}
    jsonschema_rs.validate(CHART.schema, values)
    _check_objects(CHART.render(values), claim, path)


@pytest.mark.parametrize(
    ("path", "value"),
    [
        (("settings", "smtp_hide"), "x"),
        (("settings", "OUTGOING"), True),
        (("ingress", "path"), "mail"),
        (("persistence", "size"), "much"),
        (("persistense",), {}),
    ],
)
def test_values_that_the_chart_refuses(path: tuple[str, ...], value: object) -> None:
    values = copy.deepcopy(CHART.values)
    inner = values
    for name in path[:-1]:
        inner = inner[name]
    inner[path[-1]] = value
    with pytest.raises(jsonschema_rs.ValidationError):
        jsonschema_rs.validate(CHART.schema, values)


# Dev containers, DDEV, Sail, cookiecutter-django

# containers.dev/implementors/features: the properties that there are
_FEATURE = set(
    "id version name description documentationURL licenseURL keywords options containerEnv "
    "privileged init capAdd securityOpt entrypoint customizations dependsOn installsAfter "
    "legacyIds deprecated mounts onCreateCommand updateContentCommand postCreateCommand "
    "postStartCommand postAttachCommand".split()
)


def test_the_feature_of_dev_containers() -> None:
    folder = FOLDER / "devcontainer" / "src" / "mailsink"
    feature = json.loads((folder / "devcontainer-feature.json").read_text())
    assert {"id", "version", "name"} <= feature.keys() <= _FEATURE
    assert feature["id"] == folder.name
    assert re.fullmatch(r"\d+\.\d+\.\d+", feature["version"])
    for option in feature["options"].values():
        assert option["type"] in ("string", "boolean")
        assert option["default"] in option["proposals"]
    script = folder / "install.sh"
    assert os.access(script, os.X_OK)
    assert f"cat >{feature['entrypoint']} <<" in script.read_text()
    # Options come as variables in capitals.
    assert "${VERSION:-latest}" in script.read_text()


@pytest.mark.parametrize(
    "script", ["devcontainer/src/mailsink/install.sh", "ddev/commands/host/mail"]
)
def test_scripts_can_be_read(script: str) -> None:
    shell = (FOLDER / script).read_text().splitlines()[0].split("/")[-1].split()[-1]
    subprocess.run([shell, "-n", FOLDER / script], check=True)


def test_the_add_on_of_ddev() -> None:
    """What the update checker of its template, and `ddev add-on get`, look for."""
    folder = FOLDER / "ddev"
    install = _load(folder / "install.yaml")
    version = re.fullmatch(
        r">= v(\d+)\.(\d+)\.(\d+)", install["ddev_version_constraint"]
    )
    assert version
    assert tuple(map(int, version.groups())) >= (1, 24, 10)
    kept = {
        str(each.relative_to(folder)) for each in folder.rglob("*") if each.is_file()
    }
    assert {*install["project_files"], "install.yaml"} == kept
    for name in install["project_files"]:
        assert "#ddev-generated" in (folder / name).read_text().splitlines()[:2]
    found = _load(folder / "docker-compose.mailsink.yaml")
    service = found["services"]["mailsink"]
    assert service["container_name"] == "ddev-${DDEV_SITENAME}-mailsink"
    assert service["labels"] == {
        "com.ddev.site-name": "${DDEV_SITENAME}",
        "com.ddev.approot": "${DDEV_APPROOT}",
    }
    https = service["environment"]["HTTPS_EXPOSE"].partition(":")[0]
    assert service["environment"]["MAILSINK_PUBLIC_URL"].endswith(f":{https}")
    assert f"ddev launch :{https}" in (folder / "commands/host/mail").read_text()


def test_the_stub_of_sail() -> None:
    """It has the keys of stubs/mailpit.stub, and the variables of .env are ours."""
    found = _load(FOLDER / "sail" / "mailsink.stub")
    assert found == {
        "mailsink": {
            "image": "mailsink:latest",
            "ports": [
                "127.0.0.1:${FORWARD_MAILSINK_PORT:-1025}:1025",
                "127.0.0.1:${FORWARD_MAILSINK_DASHBOARD_PORT:-8025}:8025",
            ],
            "networks": ["sail"],
        }
    }


def test_the_entry_of_cookiecutter_django() -> None:
    """Its local compose file calls the service `mailpit`, and publishes 8025."""
    found = _load(FOLDER / "cookiecutter-django" / "docker-compose.mailsink.yml")
    assert found == {"services": {"mailpit": {"image": "mailsink"}}}


# Prometheus


def test_alerts_dashboard_and_docs_name_metrics_that_there_are() -> None:
    """promtool checks the grammar of the rules; only we know the names."""
    written = (ROOT / "inbox" / "api" / "metric_families.py").read_text()
    known = set(re.findall(r'"(mailsink_\w+)"', written))
    known |= {f"mailsink_{key}" for key in ("sessions", "transactions", "replies")}
    known |= {"mailsink_info", "mailsink_commit_seconds_bucket"}
    known |= {f"{name}_total" for name in known}
    alerts = _load(FOLDER / "prometheus" / "alerts.yaml")
    board = json.loads((FOLDER / "grafana" / "mailsink.json").read_text())
    expressions = [rule["expr"] for rule in alerts["groups"][0]["rules"]]
    expressions += [
        target["expr"] for panel in board["panels"] for target in panel["targets"]
    ]
    page = (ROOT / "docs" / "metrics.md").read_text()
    documented = set(re.findall(r"`(mailsink_\w+)`", page))
    assert documented <= known
    for each in expressions:
        names = set(re.findall(r"mailsink_\w+", each))
        assert {name.removesuffix("_bucket") for name in names} <= documented, each
    assert len({panel["id"] for panel in board["panels"]}) == len(board["panels"])
