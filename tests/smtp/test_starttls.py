"""TLS as a session sees it: what is told, what is dropped, and each way it can fail."""

from __future__ import annotations

import ssl

import pytest

from mailsink.smtp.profile import Profile
from mailsink.smtp.tls.starttls_denylist import Client, StarttlsDenylist
from mailsink.values import TlsVersion
from tests.smtp import tls_client
from tests.smtp.harness import ENVELOPE, Exchange, Session, ready
from tests.smtp.tls_client import TlsClient, careless, suspicious, trusting

URL = "http://127.0.0.1:8025"


def profile(minimum: TlsVersion = "1.2", **options: object) -> Profile:
    return Profile(hostname="mx.test", tls=tls_client.server(minimum), **options)  # type: ignore[arg-type]


def smtps(minimum: TlsVersion = "1.2") -> Session:
    session = Session(profile(minimum, implicit_tls=True))
    assert session.read() == [], "the greeting waits for TLS"
    return session


def starting() -> Session:
    """A session that has just been sent the 220 to STARTTLS."""
    session = ready(profile=profile())
    assert session.send(b"STARTTLS\r\n") == ["220 2.0.0 Ready to start TLS"]
    return session


def tls(session: Session) -> Exchange:
    (exchange,) = [one for one in session.exchanges if one.opened.kind == "tls"]
    return exchange


def keywords(lines: list[str]) -> set[str]:
    return {line[4:].partition(" ")[0] for line in lines[1:]}


EHLO = b"EHLO client.test\r\n"


def broken() -> ssl.SSLContext:
    """A context that begins no connection."""

    class Broken(ssl.SSLContext):
        def wrap_bio(self, *_: object, **__: object) -> ssl.SSLObject:
            raise ssl.SSLError("no")

    return Broken(ssl.PROTOCOL_TLS_SERVER)


class TestTold:
    def test_version_cipher_name_and_time(self) -> None:
        session = starting()
        session.now += 1
        session.secure()
        changes = session.changes()
        assert changes["tls_version"] == "TLSv1.3"
        assert changes["tls_cipher"].startswith("TLS_")
        assert changes["tls_sni"] == "mx.test"
        assert tls(session).line == (
            f"TLSv1.3 with {changes['tls_cipher']}, asked for mx.test; "
            "the handshake took 0.0 ms"
        )
        assert tls(session).opened.octets > 200
        assert not tls(session).flags

    def test_no_name(self) -> None:
        session = starting()
        session.secure(TlsClient(careless(), name=None))
        assert session.changes()["tls_sni"] == ""
        assert "asked for" not in tls(session).line

    def test_protocols_by_their_names(self) -> None:
        session = starting()
        session.secure()
        assert session.changes()["protocol"] == "SMTPS"
        session.send(EHLO)
        assert session.changes()["protocol"] == "ESMTPS"
        session.send(b"AUTH PLAIN AGpvZQBzM2NyZXQ=\r\n")
        assert session.changes()["protocol"] == "ESMTPSA"
        session.send(b"HELO client.test\r\n")
        assert session.changes()["protocol"] == "SMTPS"

    def test_a_handshake_that_goes_on_is_on_the_screen(self) -> None:
        session = smtps()
        _, hello = TlsClient(trusting()).shake_hands()
        session.deliver(hello[:100])
        assert tls(session).line == "The TLS handshake goes on."

    def test_a_password_inside_tls_is_not_called_plain(self) -> None:
        session = smtps()
        session.secure()
        session.send(EHLO + b"AUTH PLAIN AGpvZQBzM2NyZXQ=\r\n")
        assert "auth_plaintext" not in session.last.flags

    def test_the_server_says_that_it_ends(self) -> None:
        session = smtps()
        session.secure()
        assert session.tls is not None
        session.read()
        session.send(b"QUIT\r\n")
        assert session.tls.ended

    @pytest.mark.parametrize("cut", [1, 5, 100, 300])
    def test_a_hello_in_pieces(self, cut: int) -> None:
        session = smtps()
        client = TlsClient(trusting())
        _, hello = client.shake_hands()
        session.deliver(hello[:cut])
        session.deliver(hello[cut:])
        session.secure(client)
        assert session.read() == ["220 mx.test ESMTP Mailsink"]
        assert session.changes()["tls_sni"] == "mx.test"

    def test_a_session_in_single_octets(self, monkeypatch: pytest.MonkeyPatch) -> None:
        session = smtps()
        deliver = session.deliver

        def by_ones(octets: bytes) -> None:
            for at in range(len(octets)):
                deliver(octets[at : at + 1])

        monkeypatch.setattr(session, "deliver", by_ones)
        session.secure()
        session.send(EHLO + ENVELOPE + b"DATA\r\n")
        (reply,) = session.send(b".dot\r\n..\r\n.\r\n")
        assert reply.startswith("250 2.0.0 Ok: queued as ")
        assert session.arrivals[0].body.content == b"dot\r\n.\r\n"

    def test_a_command_right_behind_the_handshake(self) -> None:
        session = starting()
        client = TlsClient(trusting())
        octets = client.shake_hands()[1]
        session.deliver(octets)
        done, octets = client.shake_hands(session.take())
        assert done
        session.tls = client
        session.deliver(octets + client.wrap(EHLO))
        assert session.read()[0] == "250-mx.test greets client.test"


class TestOffered:
    def test_inside_and_outside(self) -> None:
        session = Session(profile(auth_requires_tls=True))
        session.read()
        outside = keywords(session.send(EHLO))
        session.send(b"STARTTLS\r\n")
        session.secure()
        inside = keywords(session.send(EHLO))
        assert {"STARTTLS"} == outside - inside
        assert {"AUTH", "REQUIRETLS", "ATRN"} == inside - outside

    def test_a_context_that_fails_is_454(
        self, caplog: pytest.LogCaptureFixture
    ) -> None:
        session = ready(profile=Profile(hostname="mx.test", tls=broken()))
        assert session.send(b"STARTTLS\r\n") == [
            "454 4.7.0 TLS is not available now; see the log"
        ]
        assert session.send(b"NOOP\r\n") == ["250 2.0.0 Ok"]
        assert len(caplog.records) == 1

    def test_a_context_that_fails_before_the_greeting(
        self, caplog: pytest.LogCaptureFixture
    ) -> None:
        session = Session(Profile(tls=broken(), implicit_tls=True))
        assert session.read() == ["454 4.7.0 TLS is not available now; see the log"]
        assert session.ending == "tls_failed"
        assert len(caplog.records) == 1


class TestInjection:
    def test_plain_text_behind_starttls_is_dropped(self) -> None:
        session = ready(profile=profile())
        session.send(b"STARTTLS\r\nMAIL FROM:<evil@example.com>\r\n")
        assert "plaintext_after_starttls" in session.last.flags
        session.secure()
        assert session.send(EHLO)[0] == "250-mx.test greets client.test"
        assert session.send(ENVELOPE) == [
            "250 2.1.0 Sender ok",
            "250 2.1.5 Recipient ok",
        ]
        assert not any("evil" in one.line for one in session.exchanges)
        assert not tls(session).flags

    def test_half_a_line_is_dropped_too(self) -> None:
        session = ready(profile=profile())
        session.send(b"STARTTLS\r\nRSET\r\nMAIL FR")
        session.secure()
        session.send(EHLO)
        assert session.send(b"NOOP\r\n") == ["250 2.0.0 Ok"]

    def test_behind_a_refused_starttls_nothing_is_dropped(self) -> None:
        session = ready(profile=profile())
        heard = session.send(b"STARTTLS x\r\nNOOP\r\n")
        assert [line[:3] for line in heard] == ["501", "250"]
        assert not any(
            "plaintext_after_starttls" in one.flags for one in session.exchanges
        )


class TestDistrust:
    """A certificate that nobody signed is not to keep a client from sending."""

    def test_who_refuses_it_does_without_starttls_once(self) -> None:
        denylist = StarttlsDenylist()
        self.refuse(denylist)
        again = self.session(denylist)  # its EHLO is a part of the session now
        assert "STARTTLS" not in keywords(again.send(EHLO))
        assert "STARTTLS" not in keywords(again.send(b"EHLO another.test\r\n"))
        assert [each.flags for each in again.exchanges[1:]] == [
            {"starttls_withheld"}
        ] * 3
        third = self.session(denylist)
        assert "STARTTLS" in keywords(third.send(EHLO))
        assert third.last.flags == set()

    def test_who_comes_late_is_offered_it(self) -> None:
        denylist = StarttlsDenylist()
        client = Client("192.0.2.7", "client.test")
        denylist.add(client, 1000.0)
        assert denylist.clients(4599.0) == [client]
        assert denylist.clients(4600.0) == []
        assert not denylist.pop(client, 4600.0)

    def test_others_are_offered_it(self) -> None:
        denylist = StarttlsDenylist()
        self.refuse(denylist)
        other = Session(profile(starttls_denylist=denylist))
        assert "STARTTLS" in keywords(other.send(b"EHLO another.test\r\n"))

    def test_who_sent_in_plain_text_does_without_it_again(self) -> None:
        denylist = StarttlsDenylist()
        self.refuse(denylist)
        sending = self.session(denylist)
        sending.send(b"MAIL FROM:<a@b.test>\r\nQUIT\r\n")
        self.refuse(denylist)
        assert "STARTTLS" not in keywords(self.session(denylist).send(EHLO))

    def test_who_needs_tls_is_not_kept_from_it_again(self) -> None:
        denylist = StarttlsDenylist()
        self.refuse(denylist)
        self.session(denylist).send(b"QUIT\r\n")
        self.refuse(denylist)
        cured = self.session(denylist)
        assert "STARTTLS" in keywords(cured.send(EHLO))
        cured.send(b"STARTTLS\r\n")
        cured.secure()
        assert cured.send(EHLO)[0].startswith("250-")

    def test_who_says_starttls_all_the_same_gets_it(self) -> None:
        denylist = StarttlsDenylist()
        self.refuse(denylist)
        session = self.session(denylist)
        assert session.send(b"STARTTLS\r\n") == ["220 2.0.0 Ready to start TLS"]

    def test_it_can_be_forgotten(self) -> None:
        denylist = StarttlsDenylist()
        self.refuse(denylist)
        client = Client("192.0.2.7", "client.test")
        assert denylist.clients(1_700_000_001.0) == [client]
        assert denylist.remove(client)
        assert not denylist.remove(client)
        assert "STARTTLS" in keywords(self.session(denylist).send(EHLO))

    def test_nothing_is_told_where_it_is_hidden(self) -> None:
        denylist = StarttlsDenylist()
        self.refuse(denylist)
        session = ready(
            profile=profile(starttls_denylist=denylist, hidden=frozenset({"STARTTLS"}))
        )
        assert session.last.flags == set()

    def test_who_leaves_without_a_word_too(self) -> None:
        denylist = StarttlsDenylist()
        session = self.session(denylist)
        session.send(b"STARTTLS\r\n")
        session.secure()
        assert session.tls is not None
        session.deliver(session.tls.close())
        assert session.last.flags == {"left_at_certificate"}
        assert "STARTTLS" not in keywords(self.session(denylist).send(EHLO))

    def test_other_failures_do_not_count(self) -> None:
        denylist = StarttlsDenylist()
        session = self.session(denylist)
        session.send(b"STARTTLS\r\n")
        session.deliver(b"\x16\x03\x01\x00\x05hello")
        assert session.ending == "tls_failed"
        assert "STARTTLS" in keywords(self.session(denylist).send(EHLO))

    def test_it_does_not_grow_without_end(self) -> None:
        denylist = StarttlsDenylist()
        for number in range(2000):
            denylist.add(Client("192.0.2.7", str(number)), 0.0)
        assert not denylist.pop(Client("192.0.2.7", "0"), 1.0)
        assert denylist.pop(Client("192.0.2.7", "1999"), 1.0)

    def refuse(self, denylist: StarttlsDenylist) -> None:
        """Leave over the certificate."""
        session = self.session(denylist)
        session.send(b"STARTTLS\r\n")
        with pytest.raises(ssl.SSLCertVerificationError):
            session.secure(TlsClient(suspicious()))

    @staticmethod
    def session(denylist: StarttlsDenylist) -> Session:
        return ready(profile=profile(starttls_denylist=denylist))


class TestFailed:
    def test_the_client_does_not_trust(self) -> None:
        session = smtps()
        with pytest.raises(ssl.SSLCertVerificationError):
            session.secure(TlsClient(suspicious()))
        assert session.ending == "tls_failed"
        assert tls(session).flags == {"tls_untrusted"}
        assert tls(session).line == (
            "The client refused the certificate: it does not know who signed it "
            "(alert unknown_ca)."
        )
        assert session.changes() == {}

    def test_bad_certificate_is_explained_as_go_means_it(self) -> None:
        """Go's crypto/tls sends it for an unknown authority; before TLS 1.3 in clear."""
        session = smtps()
        _, hello = TlsClient(careless(ssl.TLSVersion.TLSv1_2)).shake_hands()
        session.deliver(hello)
        session.deliver(b"\x15\x03\x03\x00\x02\x02\x2a")
        assert session.ending == "tls_failed"
        assert tls(session).flags == {"tls_untrusted"}
        assert tls(session).line == (
            "The client refused the certificate: it does not know who signed it, or it is "
            "not for the name that the client connected to (alert bad_certificate)."
        )

    def test_the_name_is_another(self) -> None:
        session = starting()
        with pytest.raises(ssl.SSLCertVerificationError):
            session.secure(TlsClient(trusting(), name="other.test"))
        assert tls(session).flags == {"tls_untrusted"}

    def test_no_version_in_common(self) -> None:
        session = smtps()
        with pytest.raises(ssl.SSLError, match="PROTOCOL_VERSION"):
            session.secure(TlsClient(careless(ssl.TLSVersion.TLSv1_1)))
        assert session.ending == "tls_failed"
        assert tls(session).flags == {"tls_no_version"}
        assert tls(session).line == (
            "No TLS version in common: the client speaks up to TLS 1.1, "
            "Mailsink takes TLS 1.2 and up."
        )

    def test_an_old_version_where_it_is_taken(self) -> None:
        session = smtps("1.0")
        session.secure(TlsClient(careless(ssl.TLSVersion.TLSv1)))
        assert session.changes()["tls_version"] == "TLSv1"

    def test_only_a_new_version_where_others_are_not_taken(self) -> None:
        session = smtps("1.3")
        with pytest.raises(ssl.SSLError, match="PROTOCOL_VERSION"):
            session.secure(TlsClient(careless(ssl.TLSVersion.TLSv1_2)))
        assert tls(session).line.endswith("Mailsink takes TLS 1.3.")

    def test_no_cipher_in_common(self) -> None:
        context = careless(ssl.TLSVersion.TLSv1_2)
        context.set_ciphers("aRSA")
        session = smtps()
        with pytest.raises(ssl.SSLError, match="HANDSHAKE_FAILURE"):
            session.secure(TlsClient(context))
        assert session.ending == "tls_failed"
        assert tls(session).flags == {"tls_no_cipher"}

    def test_garbage(self) -> None:
        session = smtps()
        session.deliver(b"\x16\x03\x01\x00\x05hello")
        assert session.ending == "tls_failed"
        assert tls(session).flags == {"tls_broken"}
        assert tls(session).line.startswith("The client sent octets that are not TLS")
        assert session.take()[:1] == b"\x15", "an alert"

    @pytest.mark.parametrize("how", ["half_close", "drop"])
    def test_the_client_leaves_in_the_handshake(self, how: str) -> None:
        session = starting()
        _, hello = TlsClient(trusting()).shake_hands()
        session.deliver(hello[:-1])
        getattr(session, how)()
        assert session.ending == "tls_failed"
        assert tls(session).flags == {"tls_broken"}
        assert "closed the connection before" in tls(session).line

    def test_the_client_leaves_at_the_certificate(self) -> None:
        session = starting()
        _, hello = TlsClient(trusting()).shake_hands()
        session.deliver(hello)
        session.drop()
        assert session.ending == "tls_failed"
        assert tls(session).flags == {"left_at_certificate"}
        assert "does not trust it" in tls(session).line

    def test_the_client_leaves_instead_of_the_handshake(self) -> None:
        session = starting()
        session.drop()
        assert session.ending == "tls_failed"
        assert tls(session).flags == {"tls_broken"}

    def test_a_handshake_that_takes_too_long(self) -> None:
        session = smtps()
        _, hello = TlsClient(trusting()).shake_hands()
        session.deliver(hello[:50])
        assert session.tick(29) == []
        assert not session.ended
        session.tick(1)
        assert session.ending == "tls_failed"
        assert tls(session).line == "The TLS handshake was not done within 30 seconds."
        assert session.sent == b""

    def test_a_stop_in_the_handshake(self) -> None:
        session = starting()
        session.machine.stop()
        assert session.wake() == []
        assert session.ending == "shutdown"

    def test_garbage_after_the_handshake(self) -> None:
        session = starting()
        session.secure()
        session.deliver(b"MAIL FROM:<a@example.com>\r\n")
        assert session.ending == "tls_failed"
        assert session.last.flags == {"tls_broken"}

    def test_the_client_leaves_right_after_the_handshake(self) -> None:
        session = smtps()
        session.secure()
        assert session.tls is not None
        session.deliver(session.tls.close())
        assert session.ending == "dropped"
        assert session.last.flags == {"left_at_certificate"}
        assert "does not trust it" in session.last.line

    def test_a_client_that_leaves_later_is_only_gone(self) -> None:
        session = smtps()
        session.secure()
        session.read()
        session.send(EHLO)
        assert session.tls is not None
        session.deliver(session.tls.close())
        assert session.ending == "dropped"
        assert session.last.opened.verb == "EHLO"


class TestPlainOnTls:
    def test_who_waits_for_a_greeting(self) -> None:
        session = Session(profile(implicit_tls=True, public_url=URL))
        assert session.tick(4.9) == []
        (reply,) = session.tick(0.1)
        assert reply.startswith("554 5.5.1 This is where TLS begins: ")
        assert f"(why: {URL}/s/" in reply
        assert session.ending == "tls_failed"
        assert session.last.flags == {"plain_on_tls"}
        assert "waits for a greeting" in session.last.line
        assert "secure: true" in session.last.line

    def test_who_speaks(self) -> None:
        session = smtps()
        (reply,) = session.send(EHLO)
        assert reply.startswith("554 5.5.1 This is where TLS begins: ")
        assert session.ending == "tls_failed"
        assert session.last.flags == {"plain_on_tls"}
        assert session.last.opened.octets == len(EHLO)

    def test_who_goes_on_in_plain_text_after_starttls(self) -> None:
        session = starting()
        (reply,) = session.send(EHLO)
        assert reply.startswith("554 5.5.1 ")
        assert session.ending == "tls_failed"
        assert session.last.flags == {"plain_on_tls"}

    def test_http(self) -> None:
        session = Session(profile(implicit_tls=True))
        heard = session.send(b"GET / HTTP/1.1\r\nHost: x\r\n\r\n")
        assert heard[0] == "HTTP/1.1 400 Bad Request"
        assert session.last.flags == {"http_on_smtp"}

    def test_who_only_looks_in(self) -> None:
        session = smtps()
        session.drop()
        assert session.ending == "dropped"
        assert session.exchanges == []


@pytest.mark.parametrize(
    "line", ["MAIL FROM:<a@b.test>", "AUTH PLAIN AGEAYg==", "ETRN x.test"]
)
def test_ehlo_has_to_be_said_again_behind_starttls(line: str) -> None:
    session = starting()
    session.secure()
    assert session.send(f"{line}\r\n".encode()) == [
        "503 5.5.1 Wrong order: send EHLO again, behind STARTTLS"
    ]


def test_ehlo_is_not_said_again_where_tls_began_first() -> None:
    session = smtps()
    session.secure()
    session.read()
    assert session.send(b"MAIL FROM:<a@b.test>\r\n") == [
        "503 5.5.1 Wrong order: send EHLO first"
    ]
