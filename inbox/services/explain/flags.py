"""What each flag of an exchange means, and the client setting that cures it."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class FlagWords:
    """A flag in words: a label for the line, a sentence, and what to do (may be "")."""

    label: str
    sentence: str
    cure: str = ""
    grave: bool = True  # coloured as a trouble, not as a remark


_SHAPE_ONLY = "Only its shape is kept, never the secret itself."

_TRUST = (
    "Let the client trust tls-cert.pem of Mailsink's data folder, or not look at "
    "certificates at all (nodemailer: tls: {rejectUnauthorized: false}; Rails: "
    'openssl_verify_mode: "none"; Laravel: MAIL_URL="smtp://...?verify_peer=false"; Spring: '
    "mail.smtp.ssl.trust=*), or give Mailsink a certificate that it trusts "
    "(MAILSINK_TLS_CERT), or have no STARTTLS offered (MAILSINK_SMTP_HIDE=STARTTLS). "
    "As long as Mailsink's own certificate is used and no setting asks for TLS, a client "
    "that left over it is offered no STARTTLS for an hour: send again, and it comes through."
)

FLAG_WORDS: dict[str, FlagWords] = {
    "early_talker": FlagWords(
        "spoke before the greeting",
        "The client sent before it had read the 220 greeting (RFC 5321 §3.1).",
        "Let the client read the greeting first; spam filters hold this against it.",
    ),
    "pipelining_violation": FlagWords(
        "sent too much at once",
        "More lines came together than PIPELINING permits: EHLO, DATA, QUIT and others "
        "must be the last of a group (RFC 2920 §3.1).",
        "Let the client wait for the reply to such a command.",
    ),
    "pipelining_unadvertised": FlagWords(
        "pipelined without leave",
        "The client sent several commands at once, but PIPELINING was not offered to it "
        "(it has to say EHLO first, RFC 2920 §3).",
        "Let the client say EHLO and look for PIPELINING in the reply.",
    ),
    "bare_lf_command": FlagWords(
        "line ends in LF alone",
        "The command ended in LF without CR; strict servers refuse it (RFC 5321 §2.3.8).",
        "End every line with CRLF: \\r\\n.",
    ),
    "bare_lf_data": FlagWords(
        "LF without CR in the message",
        "The message holds line ends of LF alone; strict servers refuse it, others "
        "change it, which breaks DKIM signatures (RFC 5321 §2.3.8).",
        "Turn the message's line ends into CRLF before it is sent.",
    ),
    "bare_cr_data": FlagWords(
        "CR without LF in the message",
        "The message holds CR that no LF follows; strict servers refuse it "
        "(RFC 5321 §2.3.8).",
        "Turn the message's line ends into CRLF before it is sent.",
    ),
    "smuggling_pattern": FlagWords(
        "looks like smuggling",
        "After a wrong end of data the message goes on with what looks like commands: "
        "a sloppy server would take them for a second message (SMTP smuggling).",
        "Find out who put this into the message: user input may reach it unchecked.",
    ),
    "long_line": FlagWords(
        "line over 1,000 octets",
        "A line is longer than the 1,000 octets that every server takes "
        "(RFC 5321 §4.5.3.1.6); others may cut or refuse it.",
        "Let the client encode the body as quoted-printable or base64.",
    ),
    "eightbit_in_7bit": FlagWords(
        "8-bit octets, not announced",
        "The message holds octets above 127, but MAIL did not say BODY=8BITMIME "
        "(RFC 6152).",
        "Let the client say BODY=8BITMIME, or encode the body as quoted-printable.",
    ),
    "binary_undeclared": FlagWords(
        "binary part, not announced",
        "A part says Content-Transfer-Encoding: binary, but MAIL did not say "
        "BODY=BINARYMIME: a server on the way may change or refuse it (RFC 3030 §3).",
        "Let the client encode the part as base64, or say BODY=BINARYMIME and use BDAT.",
    ),
    "nul_octet": FlagWords(
        "NUL octet",
        "There is an octet of value 0, which mail does not permit (RFC 5321 §4.5.2).",
        "Look for binary content that was put into the message without an encoding.",
    ),
    "lenient_path": FlagWords(
        "address not in the right form",
        "The address breaks the grammar in a small way (a space after the colon, "
        "missing angle brackets): taken here, refused by strict servers "
        "(RFC 5321 §4.1.2).",
        "Write MAIL FROM:<address> and RCPT TO:<address>.",
    ),
    "unqualified_address": FlagWords(
        "address without a domain",
        "The address has no @domain: taken here, refused by most servers.",
        "Give the whole address, as in root@example.com.",
    ),
    "underscore_domain": FlagWords(
        "underscore in the domain",
        "The domain holds an underscore, as host names of Docker may; the grammar does "
        "not permit it (RFC 5321 §4.1.2).",
        "Set the host name that the client gives, to one without an underscore.",
    ),
    "source_route": FlagWords(
        "source route",
        "The path names hosts to send the message through. That is out of use: only the "
        "mailbox behind the colon counts (RFC 5321 §4.1.1.3, appendix C).",
        "Write the mailbox alone, as in <user@example.com>.",
        grave=False,
    ),
    "unknown_literal": FlagWords(
        "unknown kind of address literal",
        "The brackets hold an address of a kind that is not registered; there are only "
        "[192.0.2.1] and [IPv6:2001:db8::1] (RFC 5321 §4.1.3).",
        "Write a domain name, or one of those two kinds of literal.",
    ),
    "long_path": FlagWords(
        "address too long for many servers",
        "A local part has up to 64 octets, a label of a domain up to 63, a whole path up "
        "to 256 (RFC 5321 §4.5.3.1): taken here, other servers may refuse it.",
        "Shorten the address; a VERP or bounce address may have grown too long.",
    ),
    "eightbit_header": FlagWords(
        "header is not ASCII",
        "The header holds octets above 127, but MAIL did not say SMTPUTF8: many servers "
        "refuse or garble it (RFC 6531 §3.2).",
        "Encode the field as RFC 2047 says (=?utf-8?...?=), or say SMTPUTF8 with MAIL.",
    ),
    "size_mismatch": FlagWords(
        "size was announced wrongly",
        "The message is larger than SIZE= of MAIL had announced (RFC 1870 §6).",
        "Count the octets as sent, line ends as two.",
    ),
    "bdat_desync": FlagWords(
        "BDAT out of step",
        "The size given with BDAT could not be read, so what follows may be data that "
        "is taken for commands (RFC 3030 §2).",
        "Give BDAT the number of octets that follow its line, in digits: BDAT 1000 LAST.",
    ),
    "plaintext_after_starttls": FlagWords(
        "plain text behind STARTTLS",
        "Octets came behind STARTTLS before the handshake; they were thrown away, since "
        "an attacker could have put them there (RFC 3207 §6).",
        "Let the client wait for 220 before it goes on.",
    ),
    "tls_on_plain": FlagWords(
        "TLS on a plain port",
        "The client began with a TLS handshake, but this port speaks plain SMTP.",
        "Switch implicit TLS off for this port. nodemailer: secure: false. Django: "
        "EMAIL_USE_SSL = False. Laravel: MAIL_SCHEME=smtp. Rails: ssl: false. "
        "Spring: spring.mail.properties.mail.smtp.ssl.enable=false.",
    ),
    "plain_on_tls": FlagWords(
        "plain text on a TLS port",
        "Where TLS had to begin, the client spoke plain text, or waited for a greeting.",
        "Switch implicit TLS on for this port (SMTPS), or use the port of plain SMTP. "
        "nodemailer: secure: true. Django: EMAIL_USE_SSL = True. Laravel: "
        "MAIL_SCHEME=smtps. Rails: ssl: true. "
        "Spring: spring.mail.properties.mail.smtp.ssl.enable=true.",
    ),
    "tls_untrusted": FlagWords(
        "certificate not trusted",
        "The client does not trust the server's certificate, and left.",
        _TRUST,
    ),
    "tls_no_version": FlagWords(
        "no TLS version in common",
        "The client and the server have no version of TLS in common.",
        "Let the client speak TLS 1.2 or 1.3. To test with an old one, start Mailsink "
        "with MAILSINK_TLS_MIN=1.0.",
    ),
    "tls_no_cipher": FlagWords(
        "no cipher in common",
        "The client and the server have no cipher, group or kind of signature in common.",
        "Let the client use its default ciphers. An old one may need an RSA "
        "certificate (MAILSINK_TLS_CERT): the one Mailsink makes has an elliptic key.",
    ),
    "tls_broken": FlagWords(
        "TLS broke off",
        "TLS began, but the client left in the middle of it, or sent what is no TLS.",
        f"Look into the client's log: it may not trust the certificate. {_TRUST}",
    ),
    "left_at_certificate": FlagWords(
        "left at the certificate",
        "The client looked at the certificate and left without a word: probably it does "
        "not trust it.",
        _TRUST,
    ),
    "http_on_smtp": FlagWords(
        "HTTP on the SMTP port",
        "The client sent an HTTP request: this port speaks SMTP, the pages are on the "
        "web port.",
        "Open the web address instead (see the foot of this page), or let the health "
        "check ask the web port's /health/ready.",
    ),
    "bad_proxy_header": FlagWords(
        "no PROXY header",
        "MAILSINK_SMTP_PROXY_FROM names this address as a balancer's, so that each of its "
        "connections has to begin with a PROXY header. Nothing was answered.",
        "Switch it on in the balancer (HAProxy: send-proxy-v2; nginx: proxy_protocol on), "
        "or leave this address out of MAILSINK_SMTP_PROXY_FROM.",
    ),
    "proxy_not_trusted": FlagWords(
        "PROXY header not believed",
        "A balancer announced its client by a PROXY header, but whoever may do that has "
        "to be known: MAILSINK_SMTP_PROXY_FROM does not name this address.",
        "Put the balancer's network into MAILSINK_SMTP_PROXY_FROM, or switch the PROXY "
        "protocol off in the balancer.",
    ),
    "half_close": FlagWords(
        "client closed its side",
        "The client closed its direction and still waited for replies.",
        grave=False,
    ),
    "aborted_in_data": FlagWords(
        "cut off in the message",
        "The connection ended before the message did: nothing was accepted.",
        "Look into the client for a timeout, a crash, or a killed process.",
    ),
    "auth_plaintext": FlagWords(
        "password without TLS",
        "The secret crossed the network readable for everybody on the way.",
        "Fine on your own machine. In production let the client use STARTTLS.",
        grave=False,
    ),
    "pipelined": FlagWords(
        "pipelined",
        "The client sent this without waiting for the reply before it, as PIPELINING "
        "permits (RFC 2920).",
        grave=False,
    ),
    "secret_empty": FlagWords(
        "empty password",
        "The client sent an empty secret.",
        "Look whether the setting that holds the password reaches the client.",
    ),
    "secret_ends_with_lf": FlagWords(
        "password ends with a line end",
        f"The secret ends with LF. {_SHAPE_ONLY}",
        "It was probably read from a file: strip the last line end "
        "(echo -n, or .strip()).",
    ),
    "secret_ends_with_cr": FlagWords(
        "password ends with a line end",
        f"The secret ends with CR. {_SHAPE_ONLY}",
        "It was probably read from a file with line ends of Windows (CRLF): strip them.",
    ),
    "secret_starts_with_space": FlagWords(
        "password starts with a space",
        f"The secret starts with a space. {_SHAPE_ONLY}",
        "Strip it where the setting is read.",
    ),
    "secret_ends_with_space": FlagWords(
        "password ends with a space",
        f"The secret ends with a space. {_SHAPE_ONLY}",
        "Strip it where the setting is read.",
    ),
    "secret_non_ascii": FlagWords(
        "password is not ASCII",
        f"The secret holds non-ASCII octets; clients differ in their encoding. {_SHAPE_ONLY}",
        "Send it as UTF-8 (RFC 4616), or choose an ASCII one.",
    ),
    "secret_equals_username": FlagWords(
        "password is the user name",
        f"The secret equals the user name. {_SHAPE_ONLY}",
        "Look whether both settings were given the same value by mistake.",
    ),
    "secret_double_encoded": FlagWords(
        "password in base64 twice",
        "What came out of the base64 is base64 of text again: the client seems to "
        f"encode what is encoded. {_SHAPE_ONLY}",
        "Give the client the plain secret; it encodes it itself (RFC 4954 §4).",
    ),
    "username_empty": FlagWords(
        "empty user name",
        "The client sent an empty user name.",
        "Look whether the setting that holds the user name reaches the client.",
    ),
    "username_padded": FlagWords(
        "blanks around the user name",
        "The user name begins or ends with a blank or a line end.",
        "Strip it where the setting is read.",
    ),
}


def cures(flags: Iterable[str]) -> list[FlagWords]:
    """Return the words of those flags that mean: the client is set up wrongly.

    Shown on top of a session, since no mail can come this way.
    """
    wrong = (
        "tls_on_plain", "plain_on_tls", "http_on_smtp", "tls_untrusted",
        "tls_no_version", "tls_no_cipher", "tls_broken", "left_at_certificate", "bad_proxy_header",
        "proxy_not_trusted",
    )  # fmt: skip
    return [FLAG_WORDS[flag] for flag in wrong if flag in set(flags)]


def troubled(code: int | None, flags: str) -> bool:
    """Whether an exchange was refused, or flagged (words by space) as a trouble."""
    return (code or 0) >= 400 or any(FLAG_WORDS[word].grave for word in flags.split())
