"""The command line, as a program of its own, against a running Mailsink."""

from __future__ import annotations

import json
import mailbox
import os
import pty
import signal
import smtplib
import subprocess
import sys
import xml.etree.ElementTree as ET
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from mailsink.cli import mail_files
from mailsink.cli.api_client import ApiClient, ApiFailure
from mailsink.cli.report_forms import ReportForm, print_issues
from mailsink.cli.tail_lines import TerminalLines
from mailsink.terminal import plain_for_ci
from tests.private import free_port
from tests.releasing import until
from tests.running import ROOT, Mailsink, finished

HTML = (
    b"From: Shop <shop@example.com>\r\nTo: ann@example.com\r\nSubject: Your code\r\n"
    b"Content-Type: text/html\r\n\r\n"
    b'<p>Your code is <b>482913</b>. <a href="https://shop.test/confirm">Confirm</a></p>\r\n'
)
PLAIN = b"Subject: Plain \x1b[31m\r\n\r\nHello\x1b]0;title\x07 there\r\n"


def run(
    *arguments: str, stdin: bytes = b"", cwd: Path = ROOT, **variables: str
) -> tuple[int, str, str]:
    """Run a command; return its exit code, and what it printed."""
    environ = {**os.environ, "COLUMNS": "200", "TERM": "dumb", **variables}
    done = finished(["-m", "mailsink", *arguments], environ, stdin, cwd)
    assert b"Traceback" not in done.stderr, done.stderr.decode()
    return done.returncode, done.stdout.decode(), done.stderr.decode()


def asked(server: Mailsink, *arguments: str) -> str:
    """The output of a command that succeeds."""
    code, out, err = run(*arguments, MAILSINK_URL=server.url)
    assert code == 0, err
    return out


def send(server: Mailsink, body: bytes, to: str = "ann@example.com") -> None:
    with smtplib.SMTP(*server.smtp) as client:
        client.sendmail("shop@example.com", [to], body)


def at(server: Mailsink) -> str:
    return "{}:{}".format(*server.smtp)


@pytest.fixture(scope="module")
def server(mailsink: Mailsink) -> Mailsink:
    send(mailsink, HTML)
    until(lambda: mailsink.get("messages/latest")["snippet"])
    return mailsink


def test_ready(server: Mailsink) -> None:
    assert server.url in asked(server, "ready")
    code, _, err = run("ready", "--url", f"http://127.0.0.1:{free_port()}")
    assert (code, "is not ready" in err) == (1, True)


def test_nobody_there_is_said() -> None:
    url = f"http://127.0.0.1:{free_port()}"
    code, _, err = run("messages", "--url", url)
    assert code == 1
    assert f"no Mailsink answers at {url} (Connection refused)" in err
    assert run("messages", "--url", "localhost:8025")[0] == 2


def test_messages_and_show(server: Mailsink) -> None:
    listed = asked(server, "messages", "subject:code")
    assert "shop@example.com" in listed
    [item] = json.loads(asked(server, "messages", "subject:code", "--json"))
    shown = asked(server, "show", item["id"])
    assert "Subject" in shown
    assert "482913" in shown
    assert asked(server, "show", item["id"], "--raw").encode() == HTML.replace(
        b"\r\n", b"\r\n"
    )
    assert json.loads(asked(server, "show", "latest", "--json"))["id"]
    assert "No mail." in asked(server, "messages", "subject:nothing")


def test_a_bad_search_is_said(server: Mailsink) -> None:
    code, out, err = run("messages", "frm:x", MAILSINK_URL=server.url)
    assert (code, out) == (1, "")
    assert err.startswith("mailsink: ")


def test_wait(server: Mailsink) -> None:
    assert asked(server, "wait", "to:ann@example.com", "--codes") == "482913\n"
    links = asked(server, "wait", "to:ann@example.com", "--links")
    assert links == "https://shop.test/confirm\n"
    waited = json.loads(asked(server, "wait", "to:ann@example.com", "--json"))
    assert waited["items"][0]["codes"] == ["482913"]
    assert asked(
        server, "wait", "to:bob@example.com", "--absent", "--timeout", "0"
    ) == ("No mail.\n")
    code, _, err = run(
        "wait", "to:ann@example.com", "--absent", MAILSINK_URL=server.url
    )
    assert (code, '"Your code" from shop@example.com' in err) == (1, True)
    code, _, err = run(
        "wait", "to:bob@example.com", "--timeout", "0.1", MAILSINK_URL=server.url
    )
    assert code == 1
    assert "0 of 1 messages came within 0.1 s" in err


def test_nothing_of_a_mail_commands_the_terminal(server: Mailsink) -> None:
    send(server, PLAIN, "esc@example.com")
    until(lambda: server.get("messages/latest")["snippet"])
    for command in (("messages",), ("show", "latest"), ("explain",)):
        assert "\x1b" not in asked(server, *command)


def test_octets_command_no_terminal_but_go_through_a_pipe(server: Mailsink) -> None:
    send(server, PLAIN, "esc@example.com")
    shown, pipe = pty.openpty()
    with subprocess.Popen(
        [sys.executable, "-m", "mailsink", "show", "--raw", "--url", server.url],
        stdout=pipe,
        cwd=ROOT,
    ):
        os.close(pipe)
        printed = b"".join(iter(lambda: _read(shown), b""))
    os.close(shown)
    assert b"Subject: Plain \xe2\x90\x9b[31m" in printed
    assert b"\x1b" not in printed
    assert "\x1b]0;title\x07" in asked(server, "show", "--raw")


def _read(terminal: int) -> bytes:
    try:
        return os.read(terminal, 4096)
    except OSError:  # EIO: nobody writes to it any more
        return b""


@pytest.mark.parametrize("command", ["messages", "show", "wait"])
def test_no_subject_commands_a_job_of_ci(server: Mailsink, command: str) -> None:
    """Its runner looks for commands at the beginning of each line, where cells are folded."""
    words = b"x" * 60 + b" ::set-output name=x::000000 "
    send(server, b"Subject: %b\r\n\r\n::add-mask::1\r\n##[x]" % (words * 3))
    until(lambda: server.get("messages/latest")["snippet"])
    environ = {"MAILSINK_URL": server.url, "GITHUB_ACTIONS": "true", "COLUMNS": "80"}
    code, out, _ = run(*command.split(), **environ)
    assert code == 0
    assert "set-output" in out
    assert "::set-output" not in out.replace("\n", "")
    assert "::add-mask" not in out
    assert "##[" not in out


def test_what_is_for_programs_commands_no_job_of_ci(server: Mailsink) -> None:
    """A job prints it all the same; programs read what they would read without."""
    orders = "::error::x ##vso[task.complete] ##teamcity[stop]"
    link = "https://a.test/ci/##vso[task.setvariable]x"
    body = f"Subject: {orders}\r\n\r\n{orders}\r\n\r\n<{link}>\r\n"
    send(server, body.encode(), "ci@example.com")
    until(lambda: server.get("messages/latest")["snippet"])
    shown = asked(server, "show", "latest", "--json")
    assert json.loads(shown)["subject"] == orders
    waited = asked(server, "wait", "to:ci@example.com", "--json")
    assert [each["url"] for each in json.loads(waited)["items"][0]["links"]] == [link]
    links = asked(server, "wait", "to:ci@example.com", "--links")
    assert links == "https://a.test/ci/#%23vso[task.setvariable]x\n"
    for printed in (shown, waited, links):
        assert plain_for_ci(printed) == printed


def test_no_file_name_commands_the_terminal(server: Mailsink, tmp_path: Path) -> None:
    (tmp_path / "\x1b]0;x\x07.jsonl").write_text("[" * 100_000)
    code, _, err = run("import", str(tmp_path), MAILSINK_URL=server.url)
    assert (code, "line 1 is not JSON" in err, "\x1b" in err) == (1, True, False)


def test_a_report_for_junit_is_xml_whatever_a_mail_has(
    capsys: pytest.CaptureFixture[str],
) -> None:
    words = "a\x00\x1b\ufffe\uffff\ud800<&\"'\n]]>"
    issue = dict.fromkeys(("kind", "title", "sentence", "fix"), words)
    print_issues([{**issue, "severity": "error"}], ReportForm.junit)
    [failure] = ET.fromstring(capsys.readouterr().out).iter("failure")
    assert "<&\"'" in failure.attrib["message"]


def test_an_annotation_is_one_whatever_a_mail_has(
    capsys: pytest.CaptureFixture[str],
) -> None:
    words = "a\n::stop-commands::x\r\n%0A::set-env::\x1b"
    issue = dict.fromkeys(("kind", "title", "sentence", "fix"), words)
    print_issues([{**issue, "severity": "error"}], ReportForm.github)
    [line] = capsys.readouterr().out.splitlines()
    assert line.startswith("::error title=a%0A%3A%3Astop-commands%3A%3Ax%0D%0A%250A")
    assert "\x1b" not in line


def test_explain_and_check(server: Mailsink) -> None:
    explained = asked(server, "explain")
    assert "S: 220 " in explained
    assert "C: " in explained
    assert "findings" in json.loads(asked(server, "explain", "--json"))
    [item] = json.loads(asked(server, "messages", "subject:code", "--json"))
    code, out, _ = run("check", item["id"], MAILSINK_URL=server.url)
    assert code == 1  # it has no Message-ID
    assert "error: no Message-ID" in out
    _, out, _ = run("check", item["id"], "--format", "junit", MAILSINK_URL=server.url)
    suite = ET.fromstring(out)
    assert int(suite.get("failures", "0")) == len(suite.findall(".//failure")) > 0
    _, out, _ = run("check", item["id"], "--format", "github", MAILSINK_URL=server.url)
    assert "::error title=no Message-ID::" in out
    _, out, _ = run("check", item["id"], "--format", "json", MAILSINK_URL=server.url)
    assert {"missing_message_id"} <= {each["kind"] for each in json.loads(out)}


def test_send(server: Mailsink, tmp_path: Path) -> None:
    file = tmp_path / "a.txt"
    file.write_text("x")
    words = ("--to", "eve@example.com", "--html", "<p>Hi</p>", "--attach", str(file))
    assert "Sent to eve@example.com" in asked(server, "send", *words)
    message = until(lambda: _indexed(server))
    assert message["attachments"] == 1
    code, _, err = run(
        "send", "--to", "rcpt550_5.1.1@example.com", MAILSINK_URL=server.url
    )
    assert (code, "550 5.1.1" in err) == (1, True)
    assert run("send", "--smtp", "nowhere")[0] == 2


def _indexed(server: Mailsink) -> dict[str, int] | None:
    message = server.get("messages/latest")
    return message if message["snippet"] else None  # type: ignore[no-any-return]


def test_export_and_import(server: Mailsink, tmp_path: Path) -> None:
    file = tmp_path / "mail.mbox"
    assert str(file) in asked(server, "export", str(file), "-q", "subject:code")
    with closing(mailbox.mbox(file)) as exported:
        assert len(exported) == 1
    (tmp_path / "one.eml").write_bytes(b"Subject: From a file\r\n\r\nx\r\n")
    asked(server, "import", str(tmp_path / "one.eml"))
    assert server.get("messages/latest")["subject"] == "From a file"
    answers = json.loads(asked(server, "import", str(tmp_path), "--json"))
    assert [each["imported"] for each in answers] == [1, 1]
    code, _, err = run("import", str(tmp_path / "none"), MAILSINK_URL=server.url)
    assert (code, "cannot be read" in err) == (1, True)


@pytest.fixture
def tailing(server: Mailsink) -> Iterator[subprocess.Popen[str]]:
    words = ("client:tail.test", "--json", "--url", server.url)
    process = subprocess.Popen(
        [sys.executable, "-m", "mailsink", "tail", *words],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        cwd=ROOT,
        text=True,
        preexec_fn=lambda: signal.signal(signal.SIGINT, signal.default_int_handler),
    )
    yield process
    process.kill()
    process.communicate()


def test_tail(server: Mailsink, tailing: subprocess.Popen[str]) -> None:
    """Each line once and in order, also those from before it could subscribe."""
    assert tailing.stdout is not None
    until(lambda: _watched(server, tailing))
    events: list[dict[str, Any]] = []
    while not events or events[-1]["event"] != "session.closed":
        events.append(json.loads(tailing.stdout.readline()))
    id = events[-1]["id"]
    mine = [each for each in events if each.get("session") == id]
    assert [each["verb"] for each in mine] == ["", "EHLO", "NOOP", "QUIT"]
    assert {each["helo"] for each in events if "helo" in each} == {"tail.test"}
    tailing.send_signal(signal.SIGINT)
    assert tailing.wait(120) == 130


def test_tail_prints_a_session_once(
    server: Mailsink, tailing: subprocess.Popen[str]
) -> None:
    """Its transactions are counted once it has ended, which is no news of it."""
    assert tailing.stdout is not None
    until(lambda: _watched(server, tailing))
    for subject in ("one", "two"):
        with smtplib.SMTP(*server.smtp, local_hostname="tail.test") as client:
            client.sendmail("a@b.test", ["c@d.test"], f"Subject: {subject}\r\n\r\n.")
    last = server.get("sessions?limit=1")["items"][0]["id"]
    opened: list[str] = []
    while last not in opened:
        event = json.loads(tailing.stdout.readline())
        opened += [event["id"]] if event["event"] == "session.opened" else []
    assert len(opened) == len(set(opened))


def _watched(server: Mailsink, tailing: subprocess.Popen[str]) -> bool:
    """Have sessions until one is printed: when the feed is subscribed cannot be asked."""
    import select

    for name in ("other.test", "tail.test"):
        with smtplib.SMTP(*server.smtp) as client:
            client.ehlo(name)
            client.noop()
    return bool(select.select([tailing.stdout], [], [], 0.2)[0])


def test_what_tail_prints_for_people(capsys: pytest.CaptureFixture[str]) -> None:
    session = {
        "opened_at": "2026-01-02T03:04:05Z", "helo": "", "client_address": "::1", "ending": "quit",
    }  # fmt: skip
    exchange = {
        "received_us": 1500, "direction": "in", "line": "NOOP", "reply": ["250 OK"], "code": 250,
    }  # fmt: skip
    shown = TerminalLines()
    shown.opened(session)
    shown.exchange("", exchange)
    shown.closed(session)
    lines = capsys.readouterr().out.splitlines()
    assert lines[0].endswith("::1 connects")
    assert [line.strip() for line in lines[1:3]] == ["1.5  C: NOOP", "S: 250 OK"]
    assert lines[3] == "— ::1: quit"


def test_a_search_that_tail_cannot_read_is_said(server: Mailsink) -> None:
    code, _, err = run("tail", "frm:x", MAILSINK_URL=server.url)
    assert (code, err.startswith("mailsink: ")) == (1, True)


def test_serve() -> None:
    code, out, _ = run("serve", "--help")
    assert code == 0
    assert "--smtp ADDR:PORT|off" in out
    assert run("version")[1].startswith("mailsink ")
    assert run("nothing")[0] == 2


@pytest.mark.parametrize(
    ("form", "name"), [("eml", "mails"), ("maildir", "box"), ("jsonl", "mail.jsonl")]
)
def test_files_that_come_back(
    server: Mailsink, tmp_path: Path, form: str, name: str
) -> None:
    """What is exported is imported again, octet for octet."""
    file = tmp_path / name
    word = f"{form}@example.com"
    send(server, b"Subject: Round\r\n\r\n\xff\r\n", word)
    words = (str(file), "-q", f"to:{word}", "--format", form)
    done = json.loads(asked(server, "export", *words, "--json"))
    assert done == {"file": str(file), "messages": 1}
    [answer] = json.loads(asked(server, "import", str(file), "--json"))
    assert answer["imported"] == 1
    shown = asked(server, "show", answer["ids"][0], "--json")
    assert json.loads(shown)["subject"] == "Round"
    raw = server.octets(f"messages/{answer['ids'][0]}/raw")
    assert raw == b"Subject: Round\r\n\r\n\xff\r\n"


def test_only_mail_of_a_folder_is_taken(tmp_path: Path) -> None:
    """A Maildir has files of its own, which are no mail."""
    mails = ["cur/a:2,S", "new/b", "x.eml", "in/deep.eml"]
    for each in (*mails, "tmp/half", "dovecot.index", ".hidden"):
        folder = tmp_path / ("box" if not each.endswith(".eml") else "plain")
        (folder / each).parent.mkdir(parents=True, exist_ok=True)
        (folder / each).write_bytes(b"x")
    found = [str(each.relative_to(tmp_path)) for each in mail_files.of([tmp_path])]
    assert found == ["box/cur/a:2,S", "box/new/b", "plain/in/deep.eml", "plain/x.eml"]


def test_no_link_within_a_folder_is_followed(tmp_path: Path) -> None:
    """Who packed a Maildir may have had a link lead to a file that is nobody's mail."""
    secret = tmp_path / "secret"
    secret.write_text("of the user")
    (tmp_path / "others").mkdir()
    (tmp_path / "others" / "mail.eml").write_text("of others")
    box = tmp_path / "box"
    for each in ("cur", "new", "tmp"):
        (box / each).mkdir(parents=True)
    (box / "new" / "mail").write_text("Subject: x\n\nx")
    (box / "new" / "link").symlink_to(secret)
    (box / "further").symlink_to(tmp_path / "others")
    os.mkfifo(box / "new" / "pipe")
    assert [*mail_files.of([box])] == [box / "new" / "mail"]


def test_a_file_without_end_is_not_read_to_it(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setattr(mail_files, "_LARGEST", 1000)
    client = ApiClient("http://127.0.0.1:1")
    (endless := tmp_path / "endless.jsonl").symlink_to("/dev/zero")
    for file in (Path("/dev/zero"), endless):
        with pytest.raises(ApiFailure, match="has more than"):
            mail_files._import_file(client, file)


def test_what_is_no_line_of_json_is_said(server: Mailsink, tmp_path: Path) -> None:
    file = tmp_path / "mail.jsonl"
    file.write_text('{"raw": 1}\n')
    code, _, err = run("import", str(file), MAILSINK_URL=server.url)
    assert (code, "line 1 is not JSON" in err) == (1, True)


def test_rules(server: Mailsink) -> None:
    words = ("--code", "451", "--first", "2", "--to", "audit@*", "--text", "Later")
    assert "Rule #" in asked(server, "rules", "add", *words)
    [rule] = json.loads(asked(server, "rules", "list", "--json"))
    assert rule["conditions"] == {"forward_path": "audit@*"}
    assert (rule["actions"]["code"], rule["limits"]) == (451, {"first": 2})
    number = str(rule["id"])
    assert "code 451" in asked(server, "rules", "list")
    asked(server, "rules", "off", number)
    assert [each["on"] for each in server.get("rules")["items"]] == [False]
    asked(server, "rules", "off")
    assert server.get("inboxes/default")["rules_on"] is False
    asked(server, "rules", "on")
    assert server.get("inboxes/default")["rules_on"] is True
    whole = json.dumps({"stage": "body", "actions": {"delay_ms": 1}})
    made = json.loads(asked(server, "rules", "add", "--rule", whole, "--json"))
    asked(server, "rules", "remove", number, str(made["id"]))
    assert "No rules." in asked(server, "rules", "list")
    code, _, err = run("rules", "add", "--code", "99", MAILSINK_URL=server.url)
    assert (code, err.startswith("mailsink: ")) == (1, True)


def test_scenarios(server: Mailsink) -> None:
    asked(server, "rules", "scenario", "greylisting", "--speed", "60")
    listed = json.loads(asked(server, "rules", "scenarios", "--json"))
    assert [each["speed"] for each in listed if each["on"]] == [60]
    assert [each["name"] for each in listed if each["on"]] == ["greylisting"]
    asked(server, "rules", "scenario", "greylisting", "--off")
    assert not server.get("rules")["items"]


def test_a_pasted_reply_needs_no_server(tmp_path: Path) -> None:
    code, out, _ = run("explain", "421 4.7.28 … unusual rate", cwd=tmp_path)
    assert code == 0
    assert "Gmail documents this reply" in out
    caught = "{'a@b.test': (550, b'5.1.1 The email account that you tried to reach does not exist.')}"
    found = json.loads(run("explain", caught, "--json", cwd=tmp_path)[1])
    assert (found["code"], found["enhanced"], found["exact"]) == (550, "5.1.1", True)
    wrong = {"MAILSINK_SMTP": "nonsense", "MP_MAX_MESSAGES": "nonsense"}
    assert run("explain", "421 4.7.28", cwd=tmp_path, **wrong)[::2] == (0, "")
    code, _, err = run("explain", "no reply at all", cwd=tmp_path)
    assert (code, "no reply code" in err) == (1, True)
    assert not list(tmp_path.iterdir())


def test_json_of_small_commands(server: Mailsink) -> None:
    assert json.loads(asked(server, "ready", "--json"))["ready"] is True
    sent = json.loads(asked(server, "send", "--to", "j@example.com", "--json"))
    assert sent["recipients"] == ["j@example.com"]
    assert json.loads(run("version", "--json")[1])["version"]


def test_the_shell_can_complete() -> None:
    asked_for = {"COMP_WORDS": "mailsink exp", "COMP_CWORD": "1"}
    for shell in ("bash", "zsh", "fish"):
        variables = {**asked_for, "_MAILSINK_COMPLETE": f"source_{shell}"}
        code, out, _ = run(**variables)
        assert (code, "_MAILSINK_COMPLETE" in out) == (0, True)
    found = run(**asked_for, _MAILSINK_COMPLETE="complete_bash")[1]
    assert set(found.split()) == {"explain", "export"}


def test_inboxes_and_their_logins(mailsink: Mailsink) -> None:
    asked(mailsink, "inboxes", "add", "team", "--name", "Team")
    password = asked(mailsink, "inboxes", "credential", "team", "team").strip()
    with smtplib.SMTP(*mailsink.smtp) as client:
        client.login("team", password)
    assert "team" in asked(mailsink, "inboxes", "credentials", "team")
    turned = asked(mailsink, "inboxes", "credential", "team", "team", "--rotate")
    assert turned.strip() != password
    asked(mailsink, "inboxes", "revoke", "team", "team")
    asked(mailsink, "inboxes", "rename", "team", "Everybody")
    assert "Everybody" in asked(mailsink, "inboxes", "list")
    code, _, err = run(
        "inboxes", "delete", "team", "--yes", "teem", MAILSINK_URL=mailsink.url
    )
    assert (code, "type team" in err) == (2, True)
    asked(mailsink, "inboxes", "delete", "team", "--yes", "team")
    assert "Everybody" not in asked(mailsink, "inboxes", "list")
    asked(mailsink, "inboxes", "restore", "team")
