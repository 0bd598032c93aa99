"""The meaning of each flag of an exchange, and the client setting that fixes it."""

from __future__ import annotations

from dataclasses import dataclass

from django.utils.translation import gettext_noop


@dataclass(frozen=True, slots=True)
class FlagWords:
    """A flag in words: a label for the line, a sentence, and a fix (or "").

    others: alternatives to the fix. topic: of client_terms and framework_terms, which
    have the fix as a setting; or "".
    """

    label: str
    sentence: str
    fix: str = ""
    grave: bool = True  # coloured as trouble, not as a remark
    others: tuple[str, ...] = ()
    topic: str = ""


_TRUST = gettext_noop(
    "Let the client trust Mailsink's certificate (tls-cert.pem in its data folder, or the "
    "file of MAILSINK_TLS_CERT), or turn off verification there."
)
_NOT_TRUSTED = (
    gettext_noop(
        "Give Mailsink a certificate that the client trusts: MAILSINK_TLS_CERT and "
        "MAILSINK_TLS_KEY."
    ),
    gettext_noop("Offer no STARTTLS: MAILSINK_SMTP_HIDE=STARTTLS."),
)

FLAG_WORDS: dict[str, FlagWords] = {
    "early_talker": FlagWords(
        gettext_noop("sent before the greeting"),
        gettext_noop(
            "The client sent before it had read the 220 greeting (RFC 5321 §3.1)."
        ),
        gettext_noop(
            "Let the client read the greeting first; spam filters count this against it."
        ),
    ),
    "pipelining_violation": FlagWords(
        gettext_noop("pipelined too far"),
        gettext_noop(
            "More lines arrived together than PIPELINING permits: EHLO, DATA, QUIT "
            "and others must be the last of a group (RFC 2920 §3.1)."
        ),
        gettext_noop("Let the client wait for the reply to each of these commands."),
    ),
    "pipelining_unadvertised": FlagWords(
        gettext_noop("pipelining not offered"),
        gettext_noop(
            "The client sent several commands at once, but PIPELINING was not offered "
            "to it (it must send EHLO first, RFC 2920 §3)."
        ),
        gettext_noop("Let the client send EHLO and look for PIPELINING in the reply."),
    ),
    "bare_lf_command": FlagWords(
        gettext_noop("bare LF"),
        gettext_noop(
            "The command ended in LF without CR; strict servers refuse it (RFC 5321 §2.3.8)."
        ),
        gettext_noop("End every line with CRLF: \\r\\n."),
    ),
    "bare_lf_data": FlagWords(
        gettext_noop("bare LF in the message"),
        gettext_noop(
            "The message contains lines that end in LF alone; strict servers refuse "
            "it, others change it, which breaks DKIM signatures (RFC 5321 §2.3.8)."
        ),
        gettext_noop("Turn the message's line ends into CRLF before it is sent."),
    ),
    "bare_cr_data": FlagWords(
        gettext_noop("bare CR in the message"),
        gettext_noop(
            "The message contains CR without a following LF; strict servers refuse it "
            "(RFC 5321 §2.3.8)."
        ),
        gettext_noop("Turn the message's line ends into CRLF before it is sent."),
    ),
    "wrong_end_of_data": FlagWords(
        gettext_noop("wrong end of message"),
        gettext_noop(
            "The client sent a line of a single dot, but not between CRLFs (LF.LF, for "
            "instance), and then waited for the reply. Only CRLF.CRLF ends a message, so "
            "the server waited for more (RFC 5321 §4.1.1.4)."
        ),
        gettext_noop(
            "Turn the message's line ends into CRLF, and end it with \\r\\n.\\r\\n."
        ),
    ),
    "smuggling_pattern": FlagWords(
        gettext_noop("possible SMTP smuggling"),
        gettext_noop(
            "After a wrong end of data, the message continues with text that looks "
            "like commands: a careless server would read it as a second message (SMTP "
            "smuggling)."
        ),
        gettext_noop(
            "Find out where this text comes from: user input may reach the message unchecked."
        ),
    ),
    "long_line": FlagWords(
        gettext_noop("line over 1,000 bytes"),
        gettext_noop(
            "A line is longer than the 1,000 bytes that every server accepts (RFC "
            "5321 §4.5.3.1.6); other servers may cut or refuse it."
        ),
        gettext_noop("Let the client encode the body as quoted-printable or base64."),
    ),
    "eightbit_in_7bit": FlagWords(
        gettext_noop("8-bit not declared"),
        gettext_noop(
            "The message contains bytes above 127, but MAIL did not declare BODY=8BITMIME "
            "(RFC 6152)."
        ),
        gettext_noop(
            "Let the client declare BODY=8BITMIME, or encode the body as quoted-printable."
        ),
    ),
    "binary_undeclared": FlagWords(
        gettext_noop("binary not declared"),
        gettext_noop(
            "A part has Content-Transfer-Encoding: binary, but MAIL did not declare "
            "BODY=BINARYMIME: a server on the way may change or refuse it (RFC 3030 §3)."
        ),
        gettext_noop(
            "Let the client encode the part as base64, or declare BODY=BINARYMIME and use BDAT."
        ),
    ),
    "nul_octet": FlagWords(
        gettext_noop("NUL byte"),
        gettext_noop(
            "The message contains a byte with the value 0, which mail does not permit (RFC 5321 §4.5.2)."
        ),
        gettext_noop(
            "Look for binary content that was added to the message without an encoding."
        ),
    ),
    "lenient_path": FlagWords(
        gettext_noop("malformed address"),
        gettext_noop(
            "The address breaks the grammar in a small way (a space after the colon, "
            "missing angle brackets): accepted here, refused by strict servers "
            "(RFC 5321 §4.1.2)."
        ),
        gettext_noop("Write MAIL FROM:<address> and RCPT TO:<address>."),
    ),
    "lenient_local": FlagWords(
        gettext_noop("dots in the local part"),
        gettext_noop(
            "The local part begins or ends with a dot, or has two in a row, as in old "
            "addresses of some mobile operators: accepted here and by Postfix, "
            "refused by strict servers (RFC 5321 §4.1.2)."
        ),
        gettext_noop('Quote such a local part: <"a..b"@example.com>.'),
    ),
    "lenient_domain": FlagWords(
        gettext_noop("malformed domain"),
        gettext_noop(
            "The name or address of a host breaks the grammar in a small way (a dot "
            "at its end, (none), an IPv6 address without [IPv6:]): accepted here, "
            "refused by strict servers (RFC 5321 §4.1.2, §4.1.3)."
        ),
        gettext_noop(
            "Write a host name without a dot at its end, or an address as [192.0.2.1] "
            "or [IPv6:2001:db8::1]."
        ),
    ),
    "unqualified_address": FlagWords(
        gettext_noop("address without a domain"),
        gettext_noop(
            "The address has no @domain: accepted here, refused by most servers."
        ),
        gettext_noop("Give the whole address, as in root@example.com."),
    ),
    "underscore_domain": FlagWords(
        gettext_noop("underscore in the domain"),
        gettext_noop(
            "The domain contains an underscore, as host names of Docker may; the grammar does "
            "not permit it (RFC 5321 §4.1.2)."
        ),
        gettext_noop("Set the client's host name to one without an underscore."),
    ),
    "source_route": FlagWords(
        gettext_noop("source route"),
        gettext_noop(
            "The path names hosts to send the message through. This form is obsolete: "
            "only the mailbox after the colon counts (RFC 5321 §4.1.1.3, appendix C)."
        ),
        gettext_noop("Write the mailbox alone, as in <user@example.com>."),
        grave=False,
    ),
    "unknown_literal": FlagWords(
        gettext_noop("unknown kind of address literal"),
        gettext_noop(
            "The brackets contain a kind of address that is not registered; there are "
            "only [192.0.2.1] and [IPv6:2001:db8::1] (RFC 5321 §4.1.3)."
        ),
        gettext_noop("Write a domain name, or one of these two kinds of literal."),
    ),
    "dot_not_doubled": FlagWords(
        gettext_noop("leading dot not doubled"),
        gettext_noop(
            "A line began with a single dot, which every server removes: the client "
            "must double it. A line with only a dot would end the text (RFC 5321 "
            "§4.5.2)."
        ),
        gettext_noop(
            "Let the client double each dot that begins a line, or send the text with "
            "the function of its SMTP library, which does that."
        ),
    ),
    "long_path": FlagWords(
        gettext_noop("address too long for many servers"),
        gettext_noop(
            "A local part has up to 64 bytes, a label of a domain up to 63, a whole "
            "path up to 256 (RFC 5321 §4.5.3.1): this address is accepted here, other "
            "servers may refuse it."
        ),
        gettext_noop(
            "Shorten the address; a VERP or bounce address may have grown too long."
        ),
    ),
    "eightbit_header": FlagWords(
        gettext_noop("header is not ASCII"),
        gettext_noop(
            "The header contains bytes above 127, but MAIL did not declare SMTPUTF8: many servers "
            "refuse or garble it (RFC 6531 §3.2)."
        ),
        gettext_noop(
            "Encode the field as in RFC 2047 (=?utf-8?...?=), or add SMTPUTF8 to MAIL."
        ),
    ),
    "size_mismatch": FlagWords(
        gettext_noop("wrong SIZE"),
        gettext_noop(
            "The message is larger than SIZE= in MAIL announced (RFC 1870 §6)."
        ),
        gettext_noop("Count the bytes as sent; each line end has two."),
    ),
    "bdat_desync": FlagWords(
        gettext_noop("BDAT out of step"),
        gettext_noop(
            "The size given with BDAT could not be read, so the data that follows may "
            "be taken for commands (RFC 3030 §2)."
        ),
        gettext_noop(
            "Give BDAT the number of bytes that follow its line, in digits: BDAT 1000 LAST."
        ),
    ),
    "plaintext_after_starttls": FlagWords(
        gettext_noop("plain text after STARTTLS"),
        gettext_noop(
            "Bytes arrived after STARTTLS and before the handshake; Mailsink "
            "discarded them, since an attacker could have inserted them (RFC 3207 "
            "§6)."
        ),
        gettext_noop("Let the client wait for 220 before it goes on."),
    ),
    "tls_on_plain": FlagWords(
        gettext_noop("TLS on a plain port"),
        gettext_noop(
            "The client began with a TLS handshake, but this port speaks plain SMTP."
        ),
        gettext_noop(
            "Turn implicit TLS (SSL) off in the client: this port speaks plain SMTP."
        ),
        topic="tls_off",
    ),
    "plain_on_tls": FlagWords(
        gettext_noop("plain text on a TLS port"),
        gettext_noop(
            "The client sent plain text, or waited for a greeting, on a port where TLS must begin."
        ),
        gettext_noop("Turn implicit TLS (SSL) on in the client for this port."),
        others=(gettext_noop("Connect to the port of plain SMTP instead."),),
        topic="tls_implicit",
    ),
    "starttls_withheld": FlagWords(
        gettext_noop("STARTTLS not offered"),
        gettext_noop(
            "STARTTLS was left out of the reply to EHLO, for this session only: the "
            "last session of a client with this address and name ended because of "
            "Mailsink's own certificate. Now the client can send in plain text."
        ),
        gettext_noop(
            "A client that needs TLS can try again: its next session is offered "
            "STARTTLS. First let it trust tls-cert.pem in Mailsink's data folder, or "
            "give Mailsink a certificate that it trusts (MAILSINK_TLS_CERT)."
        ),
        grave=False,
    ),
    "tls_on_purpose": FlagWords(
        gettext_noop("TLS failed on purpose"),
        gettext_noop(
            "A rule made the TLS handshake fail, and the client left, as a careful client does."
        ),
        gettext_noop("Change the rule, or switch it off."),
    ),
    "tls_untrusted": FlagWords(
        gettext_noop("certificate not trusted"),
        gettext_noop("The client does not trust the server's certificate, and left."),
        _TRUST,
        others=_NOT_TRUSTED,
        topic="trust",
    ),
    "tls_no_version": FlagWords(
        gettext_noop("no TLS version in common"),
        gettext_noop("The client and the server have no version of TLS in common."),
        gettext_noop("Let the client use TLS 1.2 or 1.3."),
        others=(
            gettext_noop(
                "To test with an old client, start Mailsink with MAILSINK_TLS_MIN=1.0."
            ),
        ),
    ),
    "tls_no_cipher": FlagWords(
        gettext_noop("no cipher in common"),
        gettext_noop(
            "The client and the server have no cipher, group or kind of signature in common."
        ),
        gettext_noop("Let the client use its default ciphers."),
        others=(
            gettext_noop(
                "Give Mailsink an RSA certificate for an old client "
                "(MAILSINK_TLS_CERT): Mailsink's own certificate has an "
                "elliptic-curve key."
            ),
        ),
    ),
    "tls_broken": FlagWords(
        gettext_noop("TLS failed"),
        gettext_noop(
            "TLS began, but the client left during the handshake, or sent data that "
            "is not TLS. Its log says why; perhaps it does not trust the certificate."
        ),
        _TRUST,
        others=_NOT_TRUSTED,
        topic="trust",
    ),
    "left_at_certificate": FlagWords(
        gettext_noop("disconnected at the certificate"),
        gettext_noop(
            "The client received the certificate and disconnected without an alert: probably it does "
            "not trust it."
        ),
        _TRUST,
        others=_NOT_TRUSTED,
        topic="trust",
    ),
    "http_on_smtp": FlagWords(
        gettext_noop("HTTP on the SMTP port"),
        gettext_noop(
            "The client sent an HTTP request: this port speaks SMTP, the pages are on the "
            "web port."
        ),
        gettext_noop(
            "Open the web address of Mailsink instead; this port speaks SMTP."
        ),
        others=(
            gettext_noop("Point the health check to /health/ready on the web port."),
        ),
    ),
    "bad_proxy_header": FlagWords(
        gettext_noop("no PROXY header"),
        gettext_noop(
            "MAILSINK_SMTP_PROXY_FROM names this address as a load balancer's, so "
            "each of its connections must begin with a PROXY header. Mailsink did not "
            "answer."
        ),
        gettext_noop(
            "Switch the PROXY protocol on in the load balancer (HAProxy: send-proxy-v2; nginx: "
            "proxy_protocol on)."
        ),
        others=(gettext_noop("Remove this address from MAILSINK_SMTP_PROXY_FROM."),),
    ),
    "proxy_not_trusted": FlagWords(
        gettext_noop("PROXY header not trusted"),
        gettext_noop(
            "A load balancer announced its client with a PROXY header, but "
            "MAILSINK_SMTP_PROXY_FROM, which lists the load balancers, does not name "
            "this address."
        ),
        gettext_noop(
            "Add the network of the load balancer to MAILSINK_SMTP_PROXY_FROM."
        ),
        others=(gettext_noop("Switch the PROXY protocol off in the load balancer."),),
    ),
    "half_close": FlagWords(
        gettext_noop("client closed its side"),
        gettext_noop(
            "The client closed its side of the connection and still waited for replies."
        ),
        grave=False,
    ),
    "aborted_in_data": FlagWords(
        gettext_noop("disconnected mid-message"),
        gettext_noop(
            "The connection ended before the message did, so nothing was accepted."
        ),
        gettext_noop(
            "Look for a time-out, a crash, or a killed process in the client."
        ),
    ),
    "auth_plaintext": FlagWords(
        gettext_noop("password without TLS"),
        gettext_noop(
            "The password crossed the network unencrypted, readable for anybody on the way."
        ),
        gettext_noop(
            "This is fine on your own machine. In production, let the client use STARTTLS."
        ),
        grave=False,
    ),
    "pipelined": FlagWords(
        "pipelined",
        gettext_noop(
            "The client sent this line without waiting for the previous reply, as "
            "PIPELINING permits (RFC 2920)."
        ),
        grave=False,
    ),
    "secret_empty": FlagWords(
        gettext_noop("empty password"),
        gettext_noop("The client sent an empty secret."),
        gettext_noop("Check that the setting with the password reaches the client."),
    ),
    "secret_ends_with_lf": FlagWords(
        gettext_noop("password ends with a line end"),
        gettext_noop(
            "The secret ends with LF. Only its shape is stored, never the secret itself."
        ),
        gettext_noop(
            "It was probably read from a file: strip the last line end "
            "(echo -n, or .strip())."
        ),
    ),
    "secret_ends_with_cr": FlagWords(
        gettext_noop("password ends with a line end"),
        gettext_noop(
            "The secret ends with CR. Only its shape is stored, never the secret itself."
        ),
        gettext_noop(
            "It was probably read from a file with Windows line ends (CRLF): strip them."
        ),
    ),
    "secret_starts_with_space": FlagWords(
        gettext_noop("password starts with a space"),
        gettext_noop(
            "The secret starts with a space. "
            "Only its shape is stored, never the secret itself."
        ),
        gettext_noop("Strip it where the setting is read."),
    ),
    "secret_ends_with_space": FlagWords(
        gettext_noop("password ends with a space"),
        gettext_noop(
            "The secret ends with a space. "
            "Only its shape is stored, never the secret itself."
        ),
        gettext_noop("Strip it where the setting is read."),
    ),
    "secret_non_ascii": FlagWords(
        gettext_noop("password is not ASCII"),
        gettext_noop(
            "The secret contains non-ASCII bytes; clients differ in their encoding. "
            "Only its shape is stored, never the secret itself."
        ),
        gettext_noop("Send it as UTF-8 (RFC 4616), or choose an ASCII one."),
    ),
    "secret_equals_username": FlagWords(
        gettext_noop("password is the user name"),
        gettext_noop(
            "The secret equals the user name. "
            "Only its shape is stored, never the secret itself."
        ),
        gettext_noop(
            "Check whether both settings were given the same value by mistake."
        ),
    ),
    "secret_double_encoded": FlagWords(
        gettext_noop("password in base64 twice"),
        gettext_noop(
            "The decoded base64 is base64 of text again: the client seems to encode "
            "the secret twice. Only its shape is stored, never the secret itself."
        ),
        gettext_noop(
            "Give the client the plain secret; it encodes it itself (RFC 4954 §4)."
        ),
    ),
    "username_empty": FlagWords(
        gettext_noop("empty user name"),
        gettext_noop("The client sent an empty user name."),
        gettext_noop("Check that the setting with the user name reaches the client."),
    ),
    "username_padded": FlagWords(
        gettext_noop("spaces around the user name"),
        gettext_noop("The user name begins or ends with a space or a line end."),
        gettext_noop("Strip it where the setting is read."),
    ),
}


def troubled(code: int | None, flags: str) -> bool:
    """Whether an exchange was refused, or has a flag of trouble (words separated by spaces)."""
    return (code or 0) >= 400 or any(FLAG_WORDS[word].grave for word in flags.split())
