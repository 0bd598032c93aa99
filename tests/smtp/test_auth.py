"""AUTH, and that no secret leaves the engine."""

from __future__ import annotations

from base64 import b64encode
from time import process_time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mailsink.ports import Password
from mailsink.smtp.profile import Profile
from mailsink.smtp.protocol.masking import redacted
from tests.smtp.harness import Session, play, ready


def b64(octets: bytes) -> str:
    return b64encode(octets).decode()


PLAIN = b64(b"\0joe\0s3cret")
USER, PASSWORD = b64(b"joe"), b64(b"s3cret")

GOOD = {
    "PLAIN at once": f"""
        C: AUTH PLAIN {PLAIN}
        S: 235 2.7.0 Authentication successful
    """,
    "PLAIN prompted, in lower case": f"""
        C: auth plain
        S: 334{" "}
        C: {PLAIN}
        S: 235 2.7.0 Authentication successful
    """,
    "LOGIN prompted": f"""
        C: AUTH LOGIN
        S: 334 VXNlcm5hbWU6
        C: {USER}
        S: 334 UGFzc3dvcmQ6
        C: {PASSWORD}
        S: 235 2.7.0 Authentication successful
    """,
    "LOGIN with the user name at once": f"""
        C: Auth Login {USER}
        S: 334 UGFzc3dvcmQ6
        C: {PASSWORD}
        S: 235 2.7.0 Authentication successful
    """,
}


def _play(transcript: str, **options: object) -> Session:
    session = ready(**options)
    # the space behind 334 must not be lost with the indentation
    return play(transcript.replace("S: 334 \n", "S: 334*\n"), session)


@pytest.mark.parametrize("name", GOOD)
def test_any_credentials_are_good_and_known(name: str) -> None:
    session = _play(GOOD[name])
    mechanism = "PLAIN" if "PLAIN" in name else "LOGIN"
    assert session.credentials == [Password(mechanism, b"joe", b"s3cret")]
    assert session.changes() == {
        "helo": "client.test",
        "protocol": "ESMTPA",
        "auth_mechanism": mechanism,
        "auth_username": "joe",
    }
    assert "auth_plaintext" in session.exchanges[2].flags
    assert {each.opened.kind for each in session.exchanges[2:]} == {"auth"}


@pytest.mark.parametrize("name", GOOD)
def test_bad_credentials(name: str) -> None:
    transcript = GOOD[name].replace(
        "235 2.7.0 Authentication successful",
        "535 5.7.8 Authentication credentials invalid",
    )
    session = _play(transcript, credentials=lambda offered: False)
    assert session.changes()["auth_username"] == "joe"
    assert session.changes()["protocol"] == "ESMTP"


def test_the_empty_challenge_keeps_its_blank() -> None:
    assert ready().send(b"AUTH PLAIN\r\n") == ["334 "]


def test_the_protocol_after_a_second_ehlo() -> None:
    session = _play(GOOD["PLAIN at once"])
    session.send(b"EHLO again.test\r\n")
    assert session.changes()["protocol"] == "ESMTPA"


REFUSED = {
    "cancelled": ("AUTH LOGIN", "334 *", "*", "501 5.7.0 Authentication cancelled"),
    "no base64": ("AUTH LOGIN", "334 *", "joe!", "501 5.5.2 That is not base64"),
    "padding inside": ("AUTH LOGIN", "334 *", "AAA=BBB", "501 5.5.2 *"),
    "padding before": ("AUTH LOGIN", "334 *", "=AAA", "501 5.5.2 *"),
    "one part": ("AUTH PLAIN", "334*", "am9l", "501 5.5.2 PLAIN takes *"),
    "too long": ("AUTH PLAIN", "334*", "A" * 12300, "500 5.5.6 *"),
}


@pytest.mark.parametrize("name", REFUSED)
def test_refused_response(name: str) -> None:
    auth, prompt, response, refusal = REFUSED[name]
    session = _play(f"C: {auth}\nS: {prompt}\nC: {response}\nS: {refusal}")
    assert session.last.line == ("*" if response == "*" else "********")
    assert session.last.opened.octets == len(response) + 2
    assert session.send(b"NOOP\r\n") == ["250 2.0.0 Ok"]


def test_empty_initial_response() -> None:
    session = _play("""
        C: AUTH LOGIN =
        S: 334 UGFzc3dvcmQ6
        C:
        S: 235 *
    """)
    assert session.credentials == [Password("LOGIN", b"", b"")]
    assert session.last.flags == {"secret_empty", "username_empty"}


def test_refused_command() -> None:
    play(f"""
        C: AUTH PLAIN {PLAIN}
        S: 503 5.5.1 Wrong order: send EHLO first
        C: EHLO x
        S: ...
        C: AUTH
        S: 501 5.5.4 Syntax: AUTH mechanism [initial-response]
        C: AUTH NTLM
        S: 504 5.5.4 No such mechanism here; offered are PLAIN LOGIN CRAM-MD5 XOAUTH2 OAUTHBEARER
        C: MAIL FROM:<a@b>
        S: 250 2.1.0 Sender ok
        C: AUTH PLAIN {PLAIN}
        S: 503 5.5.1 AUTH may not stand in a transaction
        C: RSET
        S: 250 *
        C: AUTH PLAIN x
        S: 501 5.5.2 That is not base64
        C: AUTH PLAIN {PLAIN}
        S: 235 *
        C: AUTH PLAIN {PLAIN}
        S: 503 5.5.1 Already authenticated
    """)


@pytest.mark.parametrize(
    ("password", "flags"),
    [
        (b"", {"secret_empty"}),
        (b"s3cret\n", {"secret_ends_with_lf"}),
        (b"s3cret ", {"secret_ends_with_space"}),
        ("sécret".encode(), {"secret_non_ascii"}),
        (b"joe", {"secret_equals_username"}),
        (b" s3cret", {"secret_starts_with_space"}),
        (b"s3cret\r", {"secret_ends_with_cr"}),
        (b"s3cret\r\n", {"secret_ends_with_lf"}),
        (b64encode(b"s3cret"), {"secret_double_encoded"}),
        (
            b64encode(b"s3cret\n") + b"\n",
            {"secret_double_encoded", "secret_ends_with_lf"},
        ),
        (b"s3cret", set()),
        (b"password", set()),  # which is base64 too, though not of text
        (b"AAECAwQF", set()),
        (b"czNj", set()),  # too short to tell
    ],
)
def test_the_shape_of_a_secret(password: bytes, flags: set[str]) -> None:
    session = ready()
    response = b64(b"\0joe\0" + password)
    session.send(f"AUTH PLAIN {response}\r\n".encode())
    assert session.last.flags - {"auth_plaintext"} == flags


@pytest.mark.parametrize(
    ("start", "flags"),
    [
        ("AUTH XOAUTH2 " + b64(b"user=joe\1auth=Bearer s3cret\n\1\1"), "secret_ends_with_lf"),
        ("AUTH OAUTHBEARER " + b64(b"n,a=joe,\1auth=Bearer  x\1\1"), "secret_starts_with_space"),
        ("AUTH OAUTHBEARER " + b64(b"n,a=joe,\1auth=\1\1"), "secret_empty"),
    ],
)  # fmt: skip
def test_the_shape_of_a_token(start: str, flags: str) -> None:
    session = ready()
    session.send(start.encode() + b"\r\n")
    assert session.last.flags == {"auth_plaintext", flags}


def test_a_response_encoded_twice() -> None:
    session = ready()
    (reply,) = session.send(b"AUTH PLAIN " + b64encode(PLAIN.encode()) + b"\r\n")
    assert reply.startswith("501 5.5.2 PLAIN takes ")
    assert "secret_double_encoded" in session.last.flags


@pytest.mark.parametrize(
    ("username", "flags"),
    [
        (b"", {"username_empty"}),
        (b"joe\n", {"username_padded"}),
        (b" joe", {"username_padded"}),
        (b"joe doe", set()),
    ],
)
def test_the_faults_of_a_user_name(username: bytes, flags: set[str]) -> None:
    session = ready()
    session.send(b"AUTH LOGIN " + (b64encode(username) or b"=") + b"\r\n")
    session.send(PASSWORD.encode() + b"\r\n")
    assert session.last.flags == flags


def test_a_command_that_is_too_long() -> None:
    session = ready()
    (reply,) = session.send(b"AUTH PLAIN " + b"A" * 12_300 + b"\r\n")
    assert reply == "500 5.5.6 The authentication line is too long"
    assert session.last.line == "AUTH PLAIN ********"


@pytest.mark.parametrize(
    ("line", "expected"),
    [
        ("AUTH PLAIN s3cret", "AUTH PLAIN ********"),
        ("AUTH  PLAIN   s3cret more", "AUTH PLAIN ********"),
        ("auth login", "AUTH login"),
        ("AUTH", "AUTH"),
        ("AUTH=PLAIN s3cret", "AUTH PLAIN ********"),
        ("AUTH: s3cret", "AUTH ********"),
        ("\tAUTH\tPLAIN\ts3cret", "AUTH PLAIN ********"),
        ("AUTH AGpvZQBzM2NyZXQ=", "AUTH ********"),
        ("AUTH dXNlckBleGFtcGxl", "AUTH ********"),
        ("AUTH CRAM-MD5", "AUTH CRAM-MD5"),
        ("AUTH PLAIN  ", "AUTH PLAIN"),
        ("AUTHPLAIN s3cret", "AUTH ********"),
        ("AUTHs3cret", "AUTH ********"),
        ("\0AUTH PLAIN s3cret", "AUTH PLAIN ********"),
        ("\xa0AUTH PLAIN s3cret", "AUTH PLAIN ********"),
        ("OAUTH x", "OAUTH x"),
        ("MAIL FROM:<a@b> AUTH=<>", "MAIL FROM:<a@b> AUTH=<>"),
    ],
)
def test_what_is_told_of_a_line(line: str, expected: str) -> None:
    assert redacted(line.encode()).text == expected


@pytest.mark.parametrize("filler", ["=", " ", "= ", "A", "\0"])
def test_no_line_takes_long_to_mask(filler: str) -> None:
    began = process_time()
    redacted(f"AUTH{filler * 12_000} ".encode())
    redacted(f"{filler * 12_000}AUTH".encode())
    assert process_time() - began < 1


LATE = [
    f"C: AUTH NTLM\nC: {USER}\nC: {PASSWORD}\nS: 504 *\nS: 500 *\nS: 500 *",
    f"C: AUTH LOGIN\nS: 334 *\nC: !\nS: 501 *\nC: {PASSWORD}\nS: 500 *",
    f"C: AUTH LOGIN =x\nS: 501 *\nC: {PASSWORD}\nS: 500 *",
    f"C: AUTH\nS: 501 *\nC: {PASSWORD}\nS: 500 *",
    f"C: AUTH=PLAIN {PLAIN}\nS: 500 *",
    f"C: AUTH={PLAIN}\nS: 500 *",
    f"C: AUTH:{PASSWORD}\nS: 500 *",
]


def test_a_secret_that_was_never_encoded_is_masked() -> None:
    session = _play("""
        C: AUTH LOGIN
        S: 334 *
        C: joe@example.com
        S: 501 *
        C: s3cret, or so!
        S: 500 *
    """)
    assert [each.line for each in session.exchanges[3:]] == ["********"] * 2
    assert "s3cret" not in repr(session.events) + repr(session.writes)


@pytest.mark.parametrize("transcript", LATE)
def test_a_secret_that_comes_too_late_is_masked(transcript: str) -> None:
    session = _play(transcript)
    everything = (repr(session.events) + repr(session.writes)).upper()
    for secret in (USER, PASSWORD, PLAIN):
        assert secret.upper() not in everything
    assert session.last.line.endswith("********")


def test_a_command_after_a_failed_auth_is_told() -> None:
    session = _play("""
        C: AUTH NTLM
        S: 504 *
        C: NOOP
        S: 250 *
        C: dXNlcg==
        S: 500 *
        C: MAIL FROM:<a@b.test>
        S: 250 *
        C: dXNlcg==
        S: 500 *
        C: RCPT TO:<c@b.test>
        S: 250 *
        C: dXNlcg==
        S: 500 *
    """)
    lines = [each.line for each in session.exchanges[3:]]
    assert lines == [
        "NOOP",
        "********",
        "MAIL FROM:<a@b.test>",
        "********",
        "RCPT TO:<c@b.test>",
        "dXNlcg==",
    ]


@given(st.binary(min_size=6), st.sampled_from(["PLAIN", "LOGIN"]), st.booleans())
def test_no_secret_is_ever_told(secret: bytes, mechanism: str, good: bool) -> None:
    secret = b"Zq9" + secret.replace(b"\0", b"0")
    session = ready(credentials=lambda offered: good)
    coded = b64(b"\0joe\0" + secret if mechanism == "PLAIN" else secret).encode()
    session.send(b"AUTH " + mechanism.encode() + b"\r\n")
    if mechanism == "LOGIN":
        session.send(USER.encode() + b"\r\n")
    session.send(coded + b"\r\n")
    session.send(b"QUIT\r\n")
    everything = repr(session.events) + repr(session.writes)
    assert coded.decode() not in everything
    assert "Zq9" not in everything


def test_the_parts_of_a_bare_lf_session() -> None:
    session = ready(profile=Profile(bare_newlines="reject"))
    session.send(b"AUTH PLAIN\r\n")
    assert session.send(PLAIN.encode() + b"\n")[0].startswith("500 5.5.2")
    assert session.last.line == "********"
