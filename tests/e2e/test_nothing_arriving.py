"""When nothing arrives: the checklist ticks itself off, the test message arrives."""

from __future__ import annotations

import re
import subprocess
import sys
from collections.abc import Callable
from typing import Any

import pytest
from playwright.sync_api import Page, Route, expect

from tests.e2e.accessible import assert_accessible
from tests.e2e.mail import until_live
from tests.e2e.wire import Wire
from tests.running import Mailsink


@pytest.mark.parametrize("shell", ["python3 -c", "bash -c"])
def test_pasted_line_ticks_itself_off(
    mailsink: Mailsink, page: Page, shell: str
) -> None:
    page.goto(f"{mailsink.url}/")
    page.get_by_role("link", name="Connect an app").click()
    until_live(page)
    probe = page.locator("[data-probe]")
    expect(probe).to_contain_text("Waiting for the line below")
    for summary in page.locator("[data-choice=host] summary").all():
        summary.click()
    line = page.locator("[data-choice=host] pre", has_text=shell).inner_text()
    told = subprocess.run(
        line,
        shell=True,
        executable="/bin/bash",
        capture_output=True,
        text=True,
        timeout=120,
    )
    assert "221" in told.stdout, told
    expect(probe).to_contain_text("Your line arrived")
    expect(probe).to_contain_text("127.0.0.1")
    page.reload()
    expect(probe).to_contain_text("Your line arrived")


def test_another_connection_does_not_tick_the_line_off(
    mailsink: Mailsink, page: Page
) -> None:
    page.goto(f"{mailsink.url}/nothing-arriving")
    until_live(page)
    with Wire(mailsink.smtp) as client:
        client.say("EHLO probe-aaaaaa.mailsink.test")
        expect(page.locator(".found")).to_contain_text("The last connection came")
        expect(page.locator("[data-probe]")).to_contain_text("Waiting")


def test_loopback_is_said_to_be_out_of_a_containers_reach(
    mailsink: Mailsink, page: Page
) -> None:
    page.goto(f"{mailsink.url}/nothing-arriving")
    page.get_by_label("in Docker", exact=True).check()
    panel = page.locator("[data-choice=docker]")
    expect(panel).to_be_visible()
    expect(page.locator("[data-choice=host]")).to_be_hidden()
    expect(panel).to_contain_text("listens on loopback only")
    expect(panel).to_contain_text(f"MAILSINK_SMTP=0.0.0.0:{mailsink.smtp[1]} make run")
    expect(panel).to_contain_text("host.docker.internal")


def test_a_framework_chosen_before_the_scripts_run_is_remembered(
    mailsink: Mailsink, page: Page
) -> None:
    held: list[Route] = []
    script = re.compile(r"/js/app[^/]*\.js$")
    page.route(script, lambda route: held.append(route))
    with page.expect_request(script):
        page.goto(f"{mailsink.url}/nothing-arriving", wait_until="commit")
    page.get_by_label("Rails", exact=True).first.check()
    for each in held:
        each.continue_()
    page.unroute(script)
    until_live(page)
    page.goto(f"{mailsink.url}/nothing-arriving")
    expect(page.get_by_label("Rails", exact=True).first).to_be_checked()


def test_checklist_is_accessible(mailsink: Mailsink, page: Page) -> None:
    page.goto(f"{mailsink.url}/nothing-arriving")
    assert_accessible(page)


def snippets(page: Page, choice: str) -> list[str]:
    """Return the texts to copy that the empty inbox has for a choice."""
    page.locator(f"input[value={choice}]").check()
    return page.locator(f"[data-choice={choice}] pre").all_inner_texts()


@pytest.mark.parametrize("nth", [0, 1], ids=["swaks", "curl"])
def test_first_mail_from_the_shell(
    start_mailsink: Callable[..., Mailsink], page: Page, nth: int
) -> None:
    page.goto(start_mailsink().url)
    line = snippets(page, "shell")[nth]
    subprocess.run(line, shell=True, check=True, capture_output=True, timeout=120)
    expect(page.locator("#entries li")).to_contain_text("you@example.com")


def test_first_mail_from_django(
    start_mailsink: Callable[..., Mailsink], page: Page
) -> None:
    server = start_mailsink()
    page.goto(server.url)
    mailers, settings, command = snippets(page, "django")
    given: dict[str, Any] = {}
    exec(mailers, {}, given)
    assert tuple(given["MAILERS"]["default"]["OPTIONS"].values()) == server.smtp
    assert command.strip() == "python manage.py sendtestemail you@example.com"
    program = f"""
from django.conf import settings
from django.core.management import call_command
import django
given = {{}}
exec({settings!r}, {{}}, given)
settings.configure(**given)
django.setup()
call_command("sendtestemail", "you@example.com")
"""
    subprocess.run(
        [sys.executable, "-c", program], check=True, capture_output=True, timeout=120
    )
    expect(page.get_by_role("link", name="Test email from")).to_have_count(1)


def test_empty_inbox_is_accessible(
    start_mailsink: Callable[..., Mailsink], page: Page
) -> None:
    page.goto(start_mailsink().url)
    expect(page.get_by_role("button", name="Send a test message")).to_be_visible()
    assert_accessible(page)


def test_test_message_goes_through_smtp_to_the_screen(
    mailsink: Mailsink, page: Page
) -> None:
    page.goto(f"{mailsink.url}/")
    page.get_by_role("button", name="Send a test message").click()
    row = page.get_by_role("link", name="A test message: it works")
    expect(row).to_be_visible()
    page.goto(f"{mailsink.url}/sessions")
    expect(page.locator("[data-ended]")).to_contain_text("test-message.mailsink.test")
    expect(page.locator("[data-ended]")).to_contain_text("1 message")
