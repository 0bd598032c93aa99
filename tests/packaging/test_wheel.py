"""What the wheel holds, and that it starts in an empty folder."""

from __future__ import annotations

import importlib.metadata
import re
import smtplib
import subprocess
import sys
import urllib.request
import zipfile
from pathlib import Path

import pytest

from mailsink import __version__
from tests.packaging.installed import Installed, environ, run
from tests.running import ROOT

_PLUGIN = "mailsink.testing.pytest_plugin"


@pytest.fixture(scope="module")
def metadata(unpacked: Path) -> importlib.metadata.Distribution:
    [found] = importlib.metadata.distributions(path=[str(unpacked)])
    return found


def _in_git(*folders: str) -> list[str]:
    """Return the files of these folders that are kept."""
    command = ["git", "ls-files", "--", *folders]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True)
    return done.stdout.split()


def test_its_name_and_scripts(metadata: importlib.metadata.Distribution) -> None:
    assert (metadata.name, metadata.version) == ("django-mailsink", __version__)
    scripts = {(each.group, each.name, each.value) for each in metadata.entry_points}
    assert scripts == {
        ("console_scripts", "mailsink", "mailsink.cli.app:main"),
        ("console_scripts", "mailpit", "mailsink.cli.mailpit:main"),
        ("console_scripts", "django-mailsink", "mailsink.cli.app:main"),
        ("pytest11", _PLUGIN, _PLUGIN),
    }


def test_extras_are_apart_from_the_core(
    metadata: importlib.metadata.Distribution,
) -> None:
    needed = metadata.requires or []
    extras = metadata.metadata.get_all("Provides-Extra")
    assert set(extras or ()) == {
        "postgres",
        "redis",
        "s3",
        "pytest",
        "mcp",
        "screenshot",
    }
    for extra, package in (
        ("postgres", "psycopg[binary,pool]"),
        ("redis", "channels-redis"),
        ("pytest", "pytest"),
        ("mcp", "mcp"),
        ("screenshot", "playwright"),
    ):
        [line] = [
            each for each in needed if each.startswith(package) and "extra" in each
        ]
        assert line.endswith(f"; extra == '{extra}'")
    core = {re.split(r"[^\w.-]", line)[0] for line in needed if "extra ==" not in line}
    assert {"django", "daphne", "aiosmtpd"} <= {name.lower() for name in core}
    assert not core & {"psycopg", "channels-redis", "pytest", "playwright", "mcp"}


def test_it_holds_all_that_is_kept(wheel: Path) -> None:
    with zipfile.ZipFile(wheel) as archive:
        names = set(archive.namelist())
    for path in _in_git("mailsink", "inbox"):
        assert path in names
    for path in [*_in_git("templates"), "manage.py"]:
        assert f"mailsink/bundled/{path}" in names
    collected = {
        re.sub(r"\.[0-9a-f]{12}(?=\.)", "", name)
        for name in names
        if "staticfiles/" in name
    }
    for path in _in_git("static"):
        assert (
            f"mailsink/bundled/staticfiles/{path.removeprefix('static/')}" in collected
        )
    licences = {
        name.partition("/licenses/")[2] for name in names if "/licenses/" in name
    }
    assert "LICENSE" in licences
    assert licences == {
        "LICENSE",
        *(each for each in _in_git("static", "inbox") if "LICENSE" in each),
    }


def test_nothing_of_the_clone_alone_is_in_it(wheel: Path) -> None:
    with zipfile.ZipFile(wheel) as archive:
        tops = {name.partition("/")[0] for name in archive.namelist()}
        assert not [
            name for name in archive.namelist() if name.endswith((".pyc", ".map"))
        ]
    assert tops == {"mailsink", "inbox", f"django_mailsink-{__version__}.dist-info"}
    assert wheel.stat().st_size < 8 * 1024 * 1024


def test_it_serves_pages_with_their_static_files(server: Installed) -> None:
    with urllib.request.urlopen(f"{server.url}/q/mailpit/") as answer:
        page = answer.read().decode()
    links = re.findall(r'(?:src|href)="(/q/mailpit/static/[^"#]+)"', page)
    assert len(links) > 3
    for link in links:
        with urllib.request.urlopen(server.url + link) as answer:
            assert "immutable" in answer.headers["Cache-Control"], link
    with urllib.request.urlopen(f"{server.url}/q/mailpit/api/v3/docs") as answer:
        script = re.search(
            r'src="(/q/mailpit/static/ninja/[^"]+)"', answer.read().decode()
        )
    assert script
    with urllib.request.urlopen(server.url + script[1]) as answer:
        assert answer.status == 200


def test_its_second_process_finds_manage_py(server: Installed) -> None:
    """What takes long is read beside the server (mailsink.web.worker_process)."""
    text = "word " * 40_000
    with smtplib.SMTP(*server.smtp) as client:
        client.sendmail("a@example.com", ["b@example.com"], f"Subject: long\n\n{text}")
    newest = server.get("messages?limit=1")["items"][0]["id"]
    with urllib.request.urlopen(
        f"{server.url}/api/v3/messages/{newest}/checks"
    ) as answer:
        assert answer.status == 200
    done = subprocess.run(
        ["ps", "-ww", "--ppid", str(server.process.pid), "-o", "args="],
        capture_output=True,
        text=True,
        check=True,
    )
    assert "mailsink/bundled/manage.py answer" in done.stdout


def test_it_writes_into_its_data_folder_alone(server: Installed) -> None:
    assert [each.name for each in server.folder.iterdir()] == ["data"]
    assert not list(server.unpacked.rglob("*.lock"))


@pytest.mark.parametrize(
    ("variable", "extra"),
    [
        ("MAILSINK_DATABASE_URL=postgres://a:b@127.0.0.1:1/c", "postgres"),
        ("MAILSINK_REDIS_URL=redis://127.0.0.1:1/0", "redis"),
    ],
)
def test_a_missing_extra_is_named(
    unpacked: Path, tmp_path: Path, variable: str, extra: str
) -> None:
    """Modules that cannot be found stand for packages that are not installed."""
    (tmp_path / "sitecustomize.py").write_text(
        "import sys, importlib.machinery as machinery\n"
        "find = machinery.PathFinder.find_spec\n"
        "def without(name, *rest):\n"
        "    return None if name in ('psycopg', 'channels_redis') else find(name, *rest)\n"
        "machinery.PathFinder.find_spec = without\n"
    )
    name, _, value = variable.partition("=")
    variables = {
        name: value,
        "MAILSINK_SECRET_KEY": "long and random",
        "MAILSINK_DATA": str(tmp_path / "data"),
        "PYTHONPATH": f"{unpacked}:{tmp_path}",
    }
    code, _, said = run(unpacked, "mailsink", "serve", **variables)
    assert code == 1
    assert said == (
        f"mailsink: {name} needs more packages: install 'django-mailsink[{extra}]'\n"
    )


@pytest.mark.parametrize(
    "conftest", ["", 'pytest_plugins = ["mailsink.testing.pytest_plugin"]\n']
)
def test_pytest_has_the_fixtures(unpacked: Path, tmp_path: Path, conftest: str) -> None:
    """Also where a conftest.py of a clone's user still names the plugin."""
    (tmp_path / "conftest.py").write_text(conftest)
    (tmp_path / "test_it.py").write_text("def test_it(mail): pass\n")
    done = subprocess.run(
        [
            sys.executable,
            "-P",
            "-m",
            "pytest",
            "-p",
            "no:django",
            "--setup-plan",
            tmp_path,
        ],
        cwd=tmp_path,
        env=environ(unpacked),
        capture_output=True,
        text=True,
        timeout=120,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    assert "F mail (fixtures used: mailsink" in done.stdout
