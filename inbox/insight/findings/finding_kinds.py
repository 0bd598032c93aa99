"""The kinds of findings: a table with the severity, the refusing servers, and the words."""

from __future__ import annotations

from dataclasses import dataclass

from django.utils.translation import gettext_noop

from inbox.explain.flags import FLAG_WORDS
from inbox.explain.severity import Severity
from inbox.insight.findings import rfc
from inbox.insight.findings.rfc import RfcSection


@dataclass(frozen=True, slots=True)
class FindingKind:
    """A kind of finding.

    severity: unless the session changes it (see severity_in_session.py). refused_by:
    the servers that refuse it, with their replies; "" if none is known. fix: for an
    unknown client (others: see fixes.py)
    """

    name: str
    severity: Severity
    title: str
    sentence: str
    section: RfcSection
    refused_by: str
    fix: str


_EXIM_SYNC = gettext_noop("Exim as installed (554 SMTP synchronization error)")
_POSTFIX_SYNC = gettext_noop("Postfix 3.9 and later as installed (554 5.5.0 SMTP protocol synchronization)")  # fmt: skip
_EVERYBODY = gettext_noop("every SMTP server")
_PLAIN_SHAPE = gettext_noop(
    "a server that checks the password, with the reply to a wrong password (535 5.7.8)"
)

# Flags of exchanges: severity, RFC section, and the servers that refuse it.
_OF_FLAGS: dict[str, tuple[Severity, RfcSection, str]] = {
    "early_talker": ("error", rfc.INITIATION, f"{_EXIM_SYNC}; Postfix with postscreen (521 5.5.1 Protocol error)"),
    "pipelining_violation": ("error", rfc.PIPELINING_CLIENT, f"{_EXIM_SYNC}; {_POSTFIX_SYNC}"),
    "pipelining_unadvertised": ("error", rfc.PIPELINING, f"{_EXIM_SYNC}; {_POSTFIX_SYNC}"),
    "bare_lf_command": ("error", rfc.LINES, gettext_noop("Postfix with smtpd_forbid_bare_newline = reject (550 5.5.2 bare <LF> received)")),
    "bare_lf_data": ("error", rfc.LINES, gettext_noop("Exchange Online, where the next server has no BDAT (550 5.6.11 BareLinefeedsAreIllegal); qmail (451); Postfix with smtpd_forbid_bare_newline = reject (550 5.5.2)")),
    "bare_cr_data": ("error", rfc.LINES, gettext_noop("sendmail 8.18 as installed (421 4.5.0 Bare carriage return (CR) not allowed)")),
    "wrong_end_of_data": ("error", rfc.LINES, gettext_noop("every server that ends a message only at CRLF.CRLF: the server waits for more")),
    "smuggling_pattern": ("error", rfc.LINES, gettext_noop("Postfix with smtpd_forbid_bare_newline = reject (550 5.5.2)")),
    "long_line": ("error", rfc.TEXT_LINE, gettext_noop("Exim as installed (550 maximum allowed line length is 998 octets)")),
    "eightbit_in_7bit": ("warning", rfc.EIGHTBIT, ""),
    "eightbit_header": ("warning", rfc.SMTPUTF8, ""),
    "binary_undeclared": ("warning", rfc.BINARY, ""),
    "nul_octet": ("error", rfc.BODY, gettext_noop("Cyrus (554 5.6.0 Message contains NUL characters)")),
    "lenient_path": ("error", rfc.ARGUMENTS, gettext_noop("Postfix with strict_rfc821_envelopes = yes (501 5.1.7 Bad sender address syntax)")),
    "lenient_local": ("warning", rfc.ARGUMENTS, ""),
    "lenient_domain": ("error", rfc.ARGUMENTS, gettext_noop("Postfix with reject_invalid_helo_hostname (501 5.5.2 Invalid name); Exim as installed, of EHLO (501 Syntactically invalid EHLO argument(s))")),
    "unqualified_address": ("error", rfc.MAILBOX, gettext_noop("Exim as installed (501 sender address must contain a domain); Postfix with reject_non_fqdn_sender (504 5.5.2)")),
    "dot_not_doubled": ("warning", rfc.TRANSPARENCY, ""),
    "underscore_domain": ("warning", rfc.ARGUMENTS, ""),
    "source_route": ("info", rfc.SOURCE_ROUTES, ""),
    "unknown_literal": ("error", rfc.LITERALS, gettext_noop("Postfix with reject_invalid_helo_hostname (501 5.5.2 Invalid name)")),
    "long_path": ("warning", rfc.SIZES, ""),
    "size_mismatch": ("warning", rfc.DECLARED_SIZE, ""),
    "bdat_desync": ("error", rfc.CHUNKING, gettext_noop("Postfix (521 5.5.4, and it closes the connection)")),
    "plaintext_after_starttls": ("error", rfc.TLS_SECURITY, _POSTFIX_SYNC),
    "tls_on_plain": ("error", rfc.IMPLICIT_TLS, gettext_noop("every SMTP server, on a port without implicit TLS")),
    "plain_on_tls": ("error", rfc.IMPLICIT_TLS, gettext_noop("every server, on a port with implicit TLS")),
    "tls_broken": ("error", rfc.STARTTLS, gettext_noop("every server, since there is no connection")),
    "tls_no_version": ("error", rfc.STARTTLS, gettext_noop("every server that speaks only TLS 1.2 and later, as most do")),
    "tls_no_cipher": ("error", rfc.STARTTLS, gettext_noop("every server that allows only secure ciphers")),
    "starttls_withheld": ("info", rfc.STARTTLS, ""),
    "tls_on_purpose": ("info", rfc.STARTTLS, ""),
    "tls_untrusted": ("info", rfc.STARTTLS, ""),
    "left_at_certificate": ("info", rfc.STARTTLS, ""),
    "http_on_smtp": ("error", rfc.INITIATION, _EVERYBODY),
    "bad_proxy_header": ("error", rfc.INITIATION, gettext_noop("every server that is configured to expect a PROXY header")),
    "proxy_not_trusted": ("error", rfc.INITIATION, gettext_noop("every server that is not configured to expect a PROXY header")),
    "half_close": ("info", rfc.TERMINATING, ""),
    "aborted_in_data": ("warning", rfc.TERMINATING, ""),
    "auth_plaintext": ("warning", rfc.AUTH_SECURITY, ""),
    "pipelined": ("info", rfc.PIPELINING, ""),
    "secret_empty": ("error", rfc.PLAIN, _PLAIN_SHAPE),
    "secret_ends_with_lf": ("warning", rfc.PLAIN, ""),
    "secret_ends_with_cr": ("warning", rfc.PLAIN, ""),
    "secret_starts_with_space": ("warning", rfc.PLAIN, ""),
    "secret_ends_with_space": ("warning", rfc.PLAIN, ""),
    "secret_non_ascii": ("warning", rfc.PLAIN, ""),
    "secret_equals_username": ("info", rfc.PLAIN, ""),
    "secret_double_encoded": ("error", rfc.AUTH, _PLAIN_SHAPE),
    "username_empty": ("error", rfc.PLAIN, _PLAIN_SHAPE),
    "username_padded": ("warning", rfc.PLAIN, ""),
}  # fmt: skip


def _of_flag(
    name: str, severity: Severity, section: RfcSection, refused_by: str
) -> FindingKind:
    words = FLAG_WORDS[name]
    return FindingKind(
        name, severity, words.label, words.sentence, section, refused_by, words.fix
    )


_OTHERS = (
    FindingKind(
        "hello_missing", "error", gettext_noop("no EHLO"),
        gettext_noop("MAIL came before EHLO or HELO had been accepted."),
        rfc.ORDER,
        gettext_noop("Postfix with smtpd_helo_required = yes (503 5.5.1); Exchange (503 5.5.2 Send hello first)"),
        gettext_noop("Let the client send EHLO with its host name, and read the reply, before MAIL."),
    ),
    FindingKind(
        "hello_without_name", "error", gettext_noop("EHLO without a name"),
        gettext_noop("EHLO or HELO came without the name of the client's host."),
        rfc.HELLO, gettext_noop("every SMTP server (501 5.5.4)"),
        gettext_noop("Give the client a host name: its setting is often called local hostname, "
        "helo, name or domain."),
    ),
    FindingKind(
        "hello_bad_name", "error", gettext_noop("EHLO with a bad name"),
        gettext_noop("The name after EHLO or HELO is neither a host name nor an address in "
        "brackets."),
        rfc.ARGUMENTS,
        gettext_noop("Exim as installed (501 Syntactically invalid EHLO argument)"),
        gettext_noop("Name the client's host with letters, digits, hyphens and dots only, or by its "
        "address in brackets: [192.0.2.1]."),
    ),
    FindingKind(
        "hello_underscore", "error", gettext_noop("underscore in the EHLO name"),
        FLAG_WORDS["underscore_domain"].sentence,
        rfc.ARGUMENTS,
        gettext_noop("Exim as installed (501 Syntactically invalid EHLO argument)"),
        FLAG_WORDS["underscore_domain"].fix,
    ),
    FindingKind(
        "hello_bare_address", "warning", gettext_noop("EHLO with a bare address"),
        gettext_noop("The client named itself by an IP address without brackets, which is neither a "
        "host name nor an address literal."),
        rfc.LITERALS, "",
        gettext_noop("Write the address in brackets, [192.0.2.1], or better a host name that DNS knows."),
    ),
    FindingKind(
        "hello_not_qualified", "warning", gettext_noop("EHLO name without a domain"),
        gettext_noop("The name after EHLO is not a fully qualified domain name: "
                     "servers on the Internet look the name up, and count the missing "
                     "domain as a sign of spam, or refuse it."),
        rfc.HELLO, gettext_noop("Postfix with reject_non_fqdn_helo_hostname (504 5.5.2)"),
        gettext_noop("Name the client's host in full, as in mail.example.com."),
    ),
    FindingKind(
        "helo_only", "info", gettext_noop("HELO instead of EHLO"),
        gettext_noop("The client asked for no extensions; RFC 5321 wants EHLO first."),
        rfc.HELLO, "",
        gettext_noop("Let the client send EHLO."),
    ),
    FindingKind(
        "no_quit", "info", gettext_noop("no QUIT"),
        gettext_noop("The client closed the connection without sending QUIT. Nothing "
                     "is lost, but a server may wait for more, and log a lost "
                     "connection."),
        rfc.QUIT, "",
        gettext_noop("Let the client send QUIT, and wait for 221, before it closes the connection."),
    ),
    FindingKind(
        "missing_from", "error", gettext_noop("no From"),
        gettext_noop("The header has no From field, which every message must have."),
        rfc.ORIGINATOR, gettext_noop("Gmail (550 5.7.1 not RFC 5322 compliant: 'From' header is missing)"),
        gettext_noop("Set From to the address that replies go to."),
    ),
    FindingKind(
        "missing_date", "warning", gettext_noop("no Date"),
        gettext_noop("The header has no Date field, which every message must have. A "
                     "submission server may add one; spam filters count its absence "
                     "against the mail."),
        rfc.DATE, "",
        gettext_noop("Set Date to the time of sending, as in Sun, 22 Nov 2026 10:00:00 +0100."),
    ),
    FindingKind(
        "bad_date", "warning", gettext_noop("invalid Date"),
        gettext_noop("The Date field is not a valid date: email clients sort the "
                     "message in the wrong place, and spam filters count this against "
                     "the mail."),
        rfc.DATE_FORMAT, "",
        gettext_noop("Write it in the form of RFC 5322: Sun, 22 Nov 2026 10:00:00 +0100."),
    ),
    FindingKind(
        "missing_message_id", "error", gettext_noop("no Message-ID"),
        gettext_noop("The header has no Message-ID, or an empty one. A submission "
                     "server may add it; if the message is sent to the recipient's "
                     "server directly, some servers refuse it."),
        rfc.IDENTIFICATION,
        gettext_noop("Gmail (550 5.7.1 Messages missing a valid Message-ID header are not accepted)"),
        gettext_noop("Set Message-ID to <something unique@your domain>."),
    ),
    FindingKind(
        "repeated_field", "error", gettext_noop("field given twice"),
        gettext_noop("A header field that may occur only once occurs several times: "
                     "each email client may show a different one, and signatures may "
                     "cover only one."),
        rfc.FIELDS,
        gettext_noop("Gmail (550 5.7.1 not RFC 5322 compliant: duplicate headers)"),
        gettext_noop("Set the field once; look for code that adds a header where it should replace it."),
    ),
    FindingKind(
        "dotless_domain", "warning", gettext_noop("domain without a dot"),
        gettext_noop("The domain of an address is not a fully qualified name, as in "
                     "root@localhost: on the Internet, such a domain does not exist."),
        rfc.DOMAINS,
        gettext_noop("Postfix with reject_non_fqdn_sender or reject_non_fqdn_recipient (504 5.5.2 need fully-qualified address)"),
        gettext_noop("Give the address a full domain, as in shop@example.com; "
                     "frameworks often have webmaster@localhost or root@localhost as "
                     "the default sender."),
    ),
    FindingKind(
        "text_after_end", "error", gettext_noop("a lone dot ended the text early"),
        gettext_noop("A line of the text was a single dot, which ends a message. The "
                     "lines after it were read as commands, and are missing from the "
                     "message."),
        rfc.TRANSPARENCY, gettext_noop("every SMTP server (500 5.5.1, for each line after the dot)"),
        gettext_noop("Let the client double each dot that begins a line, or send the "
                     "text with the function of its SMTP library, which does that."),
    ),
    FindingKind(
        "header_injection", "warning", gettext_noop("header injection"),
        gettext_noop("A line break in a value, probably from user input, began a new "
                     "field or ended the header. Anybody who can do that can add "
                     "recipients, or write the mail's text."),
        rfc.HEADER_FIELDS, "",
        gettext_noop("Refuse CR and LF in everything that goes into a header "
                     "(subject, names, addresses), or set the header with a library "
                     "that does so."),
    ),
    FindingKind(
        "bad_base64", "warning", gettext_noop("broken base64"),
        gettext_noop("A part is declared as base64, but is not valid base64: characters outside its "
        "alphabet, or an end without padding. Email clients show it garbled, or cut off."),
        rfc.BASE64, "",
        gettext_noop("Encode the bytes of the part once, with a base64 function, and "
                     "change nothing in the result except line ends."),
    ),
    FindingKind(
        "bcc_header", "warning", gettext_noop("Bcc is visible"),
        gettext_noop("The header has a Bcc field: each recipient can see who got a blind copy."),
        rfc.BLIND_COPIES, "",
        gettext_noop("Name blind recipients only in RCPT, and leave Bcc out of the header."),
    ),
    FindingKind(
        "connection_per_message", "warning", gettext_noop("a connection for each message"),
        gettext_noop("The client connected again for each of several messages in a "
                     "minute. This is slow, and servers limit how often a client may "
                     "connect."),
        rfc.STRATEGY, "",
        gettext_noop("Let the client keep its connection open, and send one message after the other."),
    ),
    FindingKind(
        "transaction_per_recipient", "warning", gettext_noop("a transaction for each recipient"),
        gettext_noop("The same message was sent again for each recipient. One "
                     "transaction with a RCPT for each is enough; servers limit how "
                     "many messages a client may send."),
        rfc.STRATEGY, "",
        gettext_noop("Give all recipients of a message to the client at once."),
    ),
)  # fmt: skip

KINDS: dict[str, FindingKind] = {
    kind.name: kind
    for kind in (*(_of_flag(name, *rest) for name, rest in _OF_FLAGS.items()), *_OTHERS)
}
