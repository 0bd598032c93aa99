"""How to fix a kind of finding, in the terms of the client library if they are known."""

from __future__ import annotations

from django.utils.translation import gettext as _
from django.utils.translation import gettext_noop

from inbox.explain import client_terms, framework_terms
from inbox.explain.flags import FLAG_WORDS
from inbox.insight.findings.clients import KnownClient
from inbox.insight.findings.finding_kinds import FindingKind
from inbox.insight.findings.long_lines import OF_LINES, Line

_DATE = {
    "smtplib": 'message["Date"] = email.utils.localtime()',
    "javamail": gettext_noop("message.setSentDate(new Date())"),
    "rails": gettext_noop("Do not clear it: the mail gem sets Date automatically."),
    "go": gettext_noop('Write a header "Date: " + time.Now().Format(time.RFC1123Z).'),
    "curl": gettext_noop("Write a Date field into the file, or use -F, and --header."),
    "swaks": gettext_noop("Keep %DATE% in the data."),
    "lettre": gettext_noop(
        "Message::builder() sets Date automatically; or call date_now()."
    ),
    "perl": gettext_noop("Email::Simple->create sets Date; else write a Date header."),
    "aiosmtplib": 'message["Date"] = email.utils.localtime()',
    "go-mail": "message.SetDate()",
    "vertx": gettext_noop("Do not set Date in the headers: MailClient does."),
}
_MESSAGE_ID = {
    "smtplib": 'message["Message-ID"] = email.utils.make_msgid()',
    "javamail": gettext_noop("Let message.saveChanges() run: Transport.send does it."),
    "dotnet": 'message.Headers.Add("Message-ID", $"<{Guid.NewGuid()}@example.com>");',
    "go": gettext_noop('Write a header "Message-ID: <" + unique + "@example.com>".'),
    "swaks": gettext_noop("Keep %MESSAGEID% in the data."),
    "curl": gettext_noop("Write a Message-ID field into the file."),
    "lettre": gettext_noop("Message::builder().message_id(None) makes one."),
    "perl": gettext_noop(
        "'Message-ID' => Email::MessageID->new->in_brackets among the headers"
    ),
    "aiosmtplib": 'message["Message-ID"] = email.utils.make_msgid()',
    "go-mail": "message.SetMessageID()",
    "vmime": "header->MessageId()->setValue(messageId::generateId());",
}
_BCC = {
    "smtplib": gettext_noop(
        "Use client.send_message(message), which leaves Bcc out; sendmail does not."
    ),
    "javamail": gettext_noop(
        'Use Transport.send; your own writeTo needs removeHeader("Bcc").'
    ),
    "go": gettext_noop("Give blind recipients to smtp.SendMail's to only."),
    "nodemailer": gettext_noop(
        "Set bcc, not headers: { Bcc: … }; remove it from raw messages."
    ),
    "phpmailer": gettext_noop("Use addBCC(), not addCustomHeader('Bcc', …)."),
    "rails": gettext_noop(
        "Deliver with mail's own SMTP delivery, which leaves Bcc out."
    ),
    "lettre": gettext_noop("Do not call keep_bcc()."),
    "go-mail": gettext_noop("Use message.Bcc(), not SetGenHeader."),
    "perl": gettext_noop(
        "Give blind recipients in the envelope: to => […], not as a header."
    ),
    "aiosmtplib": gettext_noop(
        "Use aiosmtplib.send(message), which leaves Bcc out of an EmailMessage."
    ),
    "vertx": gettext_noop("Use MailMessage.setBcc(), not setHeaders."),
    "symfony": gettext_noop("Use $email->bcc(), not addTextHeader('Bcc', …)."),
}

_DOTS = {
    "smtplib": gettext_noop(
        "Send the text with client.send_message, sendmail or data, which double dots; "
        "docmd and send do not."
    ),
    "go": gettext_noop("Write the text through client.Data(), which doubles dots."),
    "perl": gettext_noop("Use datasend, which doubles dots; rawdatasend does not."),
}

_FIXES: dict[str, dict[str, str]] = {
    **dict.fromkeys(
        ("hello_without_name", "hello_bad_name", "hello_underscore",
         "hello_bare_address", "hello_not_qualified", "unknown_literal"),
        client_terms.HOST_NAME,
    ),
    **dict.fromkeys(("bare_lf_data", "bare_cr_data", "bare_lf_command"), client_terms.LINE_ENDS),
    **dict.fromkeys(("long_line", "eightbit_in_7bit", "binary_undeclared"), client_terms.ENCODING),
    **dict.fromkeys(("dot_not_doubled", "text_after_end"), _DOTS),
    "auth_plaintext": client_terms.STARTTLS,
    "missing_date": _DATE,
    "bad_date": _DATE,
    "missing_message_id": _MESSAGE_ID,
    "bcc_header": _BCC,
    "no_quit": client_terms.QUIT,
    "connection_per_message": client_terms.KEEP_OPEN,
}  # fmt: skip


def fix(kind: FindingKind, client: KnownClient, line: Line = "text") -> str:
    """Return what to change: in this client's own terms if they are known.

    line: the kind of the first line that a finding shows
    """
    known = _FIXES.get(kind.name, {})
    if kind.name == "long_line":
        known = OF_LINES.get(line, known)
    own = client_terms.own(known, client.key)
    if not own:
        return " ".join([_(known.get("", kind.fix)), *_others(kind.name)])
    return _("%(client)s: %(fix)s") % {"client": client.words, "fix": _(own)}


def _others(flag: str) -> list[str]:
    """Return an alternative, and the fix as a setting of each framework."""
    words = FLAG_WORDS.get(flag)
    if words is None:
        return []
    settings = [
        _("%(framework)s: %(setting)s.")
        % {"framework": name, "setting": setting.rstrip(".")}
        for _value, name, setting in framework_terms.settings(words.topic)
    ]
    others = [_("Or: %(fix)s") % {"fix": _(each)} for each in words.others]
    return [*others, *settings]
