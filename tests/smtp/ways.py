"""Ways in which a client sends its password where no password is expected."""

from __future__ import annotations

from base64 import b64encode

USER, SECRET = b"robin", b"Corn-Flower.88"
ENCODED_USER, ENCODED = b64encode(USER), b64encode(SECRET)
PLAIN = b64encode(b"\0" + USER + b"\0" + SECRET)
XOAUTH2 = b64encode(b"user=" + USER + b"\1auth=Bearer " + SECRET + b"\1\1")

EHLO = b"EHLO robin.test"

WAYS: dict[str, list[bytes]] = {
    # out of step after a login that succeeded
    "LOGIN's lines after PLAIN": [EHLO, b"AUTH PLAIN " + PLAIN, ENCODED_USER, ENCODED],
    "PLAIN twice": [EHLO, b"AUTH PLAIN " + PLAIN, PLAIN],
    "the password once more": [EHLO, b"AUTH LOGIN", ENCODED_USER, ENCODED, ENCODED],
    "in the clear, afterwards": [EHLO, b"AUTH PLAIN " + PLAIN, SECRET],
    "user name twice": [EHLO, b"AUTH LOGIN " + ENCODED_USER, ENCODED_USER, ENCODED],
    "after NOOP": [EHLO, b"AUTH PLAIN " + PLAIN, b"NOOP", ENCODED],
    "after RSET": [EHLO, b"AUTH PLAIN " + PLAIN, b"RSET", PLAIN],
    "after another EHLO": [EHLO, b"AUTH PLAIN " + PLAIN, EHLO, PLAIN],
    "after an empty line": [EHLO, b"AUTH PLAIN " + PLAIN, b"", ENCODED],
    "after *": [EHLO, b"AUTH LOGIN", b"*", ENCODED_USER, ENCODED],
    # out of step after one that was refused
    "before EHLO": [b"AUTH LOGIN", ENCODED_USER, ENCODED],
    "PLAIN before EHLO": [b"AUTH PLAIN " + PLAIN],
    "NOOP after a refusal": [EHLO, b"AUTH NTLM", b"NOOP", ENCODED],
    "HELP after a refusal": [EHLO, b"AUTH NTLM", b"HELP", b"VRFY x", ENCODED],
    "EHLO after a refusal": [EHLO, b"AUTH DIGEST-MD5", EHLO, ENCODED],
    "RCPT after a refusal": [EHLO, b"AUTH NTLM", b"RCPT TO:<a@b.test>", ENCODED],
    "bad base64, then the rest": [EHLO, b"AUTH LOGIN", b"!", ENCODED_USER, ENCODED],
    "never encoded": [EHLO, b"AUTH LOGIN", USER, SECRET],
    "never encoded, in PLAIN": [EHLO, b"AUTH PLAIN", USER + b" " + SECRET],
    "cut in two": [EHLO, b"AUTH PLAIN", PLAIN[:12], PLAIN[12:]],
    "a refused STARTTLS between": [EHLO, b"AUTH X", b"STARTTLS x", ENCODED],
    "GSSAPI first": [EHLO, b"AUTH GSSAPI", ENCODED_USER, ENCODED],
    "in a transaction": [EHLO, b"MAIL FROM:<a@b.test>", b"AUTH LOGIN", ENCODED],
    # AUTH written wrongly
    "the password for a mechanism": [EHLO, b"AUTH " + SECRET],
    "lower case for a mechanism": [EHLO, b"AUTH " + SECRET.lower().replace(b".", b"")],
    "upper case for a mechanism": [EHLO, b"AUTH " + SECRET.upper().replace(b".", b"")],
    "encoded for a mechanism": [EHLO, b"AUTH " + ENCODED],
    "after a colon": [EHLO, b"AUTH: PLAIN " + PLAIN],
    "after an equals sign": [EHLO, b"AUTH=LOGIN " + ENCODED_USER, ENCODED],
    "two spaces and more": [EHLO, b"AUTH  PLAIN  " + PLAIN + b" " + SECRET],
    "tabs": [EHLO, b"AUTH\tPLAIN\t" + PLAIN],
    "AUTHENTICATE": [EHLO, b"AUTHENTICATE PLAIN " + PLAIN],
    "AUTHENTICATE, then its lines": [
        EHLO,
        b"AUTHENTICATE LOGIN",
        ENCODED_USER,
        ENCODED,
    ],
    "authinfo": [EHLO, b"AUTHINFO USER robin", b"AUTHINFO PASS " + SECRET],
    "a letter before": [EHLO, b"X AUTH PLAIN " + PLAIN],
    "CR between lines": [EHLO + b"\rAUTH LOGIN\r" + ENCODED_USER + b"\r" + ENCODED],
    "CR before PASS": [b"NOOP\rPASS " + SECRET],
    "UTF-16": [
        EHLO,
        "AUTH ".encode("utf-16") + b"\0".join([b"", *PLAIN.split()]) + PLAIN,
    ],
    "no command at all": [EHLO, PLAIN],
    "a token and no command": [EHLO, XOAUTH2],
    # other protocols
    "POP3": [b"USER robin", b"PASS " + SECRET],
    "POP3, in lower case": [b"user robin", b"pass " + SECRET],
    "POP3, APOP": [b"APOP robin " + SECRET],
    "POP3 after EHLO": [EHLO, b"USER robin", b"PASS " + SECRET, SECRET],
    "PASS without a space": [EHLO, b"PASS:" + SECRET],
    "what people type": [EHLO, b"password: " + SECRET],
    "LOGIN as a command": [EHLO, b"LOGIN robin " + SECRET],
    "LOGIN, then lines": [EHLO, b"LOGIN", ENCODED_USER, ENCODED],
    "IMAP": [b"a1 LOGIN robin " + SECRET],
    "IMAP, quoted": [b'. login "robin" "' + SECRET + b'"'],
    "IMAP, literals": [b"a1 LOGIN {5}", b"robin {14}", SECRET],
    "IMAP, AUTHENTICATE": [b"A001 AUTHENTICATE PLAIN", PLAIN],
    "IMAP, with an initial response": [b"A001 AUTHENTICATE PLAIN " + PLAIN],
    "IMAP, a strange tag": [SECRET + b" LOGIN robin " + SECRET],
    "ManageSieve": [b'AUTHENTICATE "PLAIN" "' + PLAIN + b'"'],
    "HTTP behind EHLO": [EHLO, b"Authorization: Basic " + ENCODED],
    # responses of a wrong shape
    "PLAIN of two parts": [EHLO, b"AUTH PLAIN " + b64encode(USER + b"\0" + SECRET)],
    "PLAIN with NULs behind": [
        EHLO,
        b"AUTH PLAIN " + b64encode(USER + b"\0" + SECRET + b"\0"),
    ],
    "PLAIN of four parts": [
        EHLO,
        b"AUTH PLAIN " + b64encode(b"\0" + USER + b"\0" + SECRET + b"\0"),
    ],
    "PLAIN by a colon": [EHLO, b"AUTH PLAIN " + b64encode(USER + b":" + SECRET)],
    "PLAIN twice encoded": [EHLO, b"AUTH PLAIN " + b64encode(PLAIN)],
    "PLAIN's response for LOGIN": [EHLO, b"AUTH LOGIN " + PLAIN, b"*"],
    "PLAIN's response, twice encoded, for LOGIN": [
        EHLO,
        b"AUTH LOGIN " + b64encode(PLAIN),
        ENCODED,
    ],
    "XOAUTH2's response for LOGIN": [EHLO, b"AUTH LOGIN " + XOAUTH2, ENCODED],
    "XOAUTH2's response for PLAIN": [EHLO, b"AUTH PLAIN " + XOAUTH2],
    "XOAUTH2 without its ends": [
        EHLO,
        b"AUTH XOAUTH2 " + b64encode(b"user=robin auth=Bearer " + SECRET),
    ],
    "CRAM-MD5 answered by PLAIN": [EHLO, b"AUTH CRAM-MD5", PLAIN],
    "CRAM-MD5 answered by the password": [EHLO, b"AUTH CRAM-MD5", ENCODED],
}

# How the secret would look wherever it is stored or shown.
TRACES = tuple(
    trace.decode().lower()
    for trace in (
        SECRET,
        SECRET.replace(b".", b""),
        ENCODED.rstrip(b"="),
        PLAIN.rstrip(b"="),
        PLAIN[:12],
        PLAIN[12:].rstrip(b"="),
        XOAUTH2.rstrip(b"="),
        b64encode(PLAIN).rstrip(b"="),
    )
)


def traces(text: str) -> list[str]:
    """Return how a text gives the secret away."""
    lower = text.lower()
    return [trace for trace in TRACES if trace in lower]
