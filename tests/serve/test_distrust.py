"""Clients that left over our own certificate, and what their next sessions are offered."""

from __future__ import annotations

import smtplib
import ssl
import urllib.error
import urllib.request
from collections.abc import Callable
from typing import Any

import pytest
from django.core.mail import EmailMessage
from django.core.mail.backends.smtp import EmailBackend

from tests.running import Mailsink

HELO = "app.test"


@pytest.fixture
def mailsink(start_mailsink: Callable[..., Mailsink]) -> Mailsink:
    return start_mailsink()


def connect(mailsink: Mailsink, trusts: bool) -> smtplib.SMTP:
    """Return a client that has TLS by STARTTLS; raises what smtplib does."""
    cafile = str(mailsink.data / "tls-cert.pem") if trusts else None
    client = smtplib.SMTP(*mailsink.smtp, local_hostname=HELO)
    try:
        client.starttls(context=ssl.create_default_context(cafile=cafile))
    except Exception:
        client.close()
        raise
    return client


def distrust(mailsink: Mailsink) -> None:
    with pytest.raises(ssl.SSLCertVerificationError):
        connect(mailsink, trusts=False)
    while not withheld(mailsink):  # its session ends a moment later
        pass


def withheld(mailsink: Mailsink) -> list[dict[str, Any]]:
    items: list[dict[str, Any]] = mailsink.get("starttls-withheld")["items"]
    return items


def sessions(mailsink: Mailsink, count: int) -> list[dict[str, Any]]:
    """Return all sessions in whole, the oldest first, once so many are there and have ended."""
    while True:
        items = mailsink.get("sessions")["items"]
        if len(items) >= count and all(each["ending"] for each in items):
            ids = [each["id"] for each in reversed(items)]
            return [mailsink.get(f"sessions/{id}") for id in ids]


def flagged(session: dict[str, Any]) -> list[str]:
    return [
        each["verb"]
        for each in session["exchanges"]
        if "starttls_withheld" in each["flags"]
    ]


def test_a_cured_client_gets_through(mailsink: Mailsink) -> None:
    distrust(mailsink)
    with pytest.raises(smtplib.SMTPNotSupportedError):
        connect(mailsink, trusts=True)
    with connect(mailsink, trusts=True) as client:
        client.sendmail("a@example.com", "b@example.com", "Subject: x\r\n\r\nHi.\r\n")
    _, without, last = sessions(mailsink, 3)
    assert flagged(without) == ["EHLO"]
    told = mailsink.get(f"sessions/{without['id']}/findings")["items"]
    assert "starttls_withheld" in [each["kind"] for each in told]
    assert last["tls"]["version"] == "TLSv1.3"
    assert (last["messages"], flagged(last)) == (1, [])


def test_it_can_be_offered_again_by_the_api(mailsink: Mailsink) -> None:
    distrust(mailsink)
    client = {"client_address": "127.0.0.1", "helo": HELO}
    assert withheld(mailsink) == [client]
    path = f"starttls-withheld?client_address=127.0.0.1&helo={HELO}"
    mailsink.delete(path)
    assert withheld(mailsink) == []
    with pytest.raises(urllib.error.HTTPError, match="404"):
        mailsink.delete(path)
    connect(mailsink, trusts=True).quit()


@pytest.mark.parametrize("page", ["settings", "session"])
def test_it_can_be_offered_again_on_a_page(mailsink: Mailsink, page: str) -> None:
    distrust(mailsink)
    (session,) = sessions(mailsink, 1)
    path = "/settings" if page == "settings" else f"/sessions/{session['id']}"
    assert "Offer it again" in text(mailsink, path)
    form = f"address=127.0.0.1&helo={HELO}"
    if page == "session":
        form += f"&session={session['id']}"
    answer = urllib.request.urlopen(f"{mailsink.url}/settings/starttls", form.encode())
    assert answer.url.removeprefix(mailsink.url).partition("#")[0] == path
    assert "Offer it again" not in answer.read().decode()
    connect(mailsink, trusts=True).quit()


def text(mailsink: Mailsink, path: str) -> str:
    with urllib.request.urlopen(mailsink.url + path) as answer:
        page: str = answer.read().decode()
        return page


def test_django_with_use_tls(
    mailsink: Mailsink, monkeypatch: pytest.MonkeyPatch
) -> None:
    host, port = mailsink.smtp
    backend = EmailBackend(host=host, port=port, use_tls=True, fail_silently=False)
    mail = EmailMessage("Hello", "Hi.", "a@example.com", ["b@example.com"])
    with pytest.raises(ssl.SSLCertVerificationError):
        backend.send_messages([mail])
    while not withheld(mailsink):
        pass
    monkeypatch.setenv("SSL_CERT_FILE", str(mailsink.data / "tls-cert.pem"))
    backend = EmailBackend(host=host, port=port, use_tls=True, fail_silently=False)
    with pytest.raises(smtplib.SMTPNotSupportedError):
        backend.send_messages([mail])
    assert backend.send_messages([mail]) == 1
    # Who needs TLS is not kept from it any more, even if it loses its trust for a while.
    monkeypatch.delenv("SSL_CERT_FILE")
    backend = EmailBackend(host=host, port=port, use_tls=True, fail_silently=False)
    with pytest.raises(ssl.SSLCertVerificationError):
        backend.send_messages([mail])
    monkeypatch.setenv("SSL_CERT_FILE", str(mailsink.data / "tls-cert.pem"))
    backend = EmailBackend(host=host, port=port, use_tls=True, fail_silently=False)
    assert backend.send_messages([mail]) == 1
