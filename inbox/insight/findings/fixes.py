"""How to fix a kind of finding, in the terms of the client library where they are known."""

from __future__ import annotations

from django.utils.translation import gettext as _
from django.utils.translation import gettext_noop

from inbox.insight.findings.clients import KnownClient
from inbox.insight.findings.finding_kinds import FindingKind
from inbox.insight.findings.long_lines import OF_LINES, Line

_MACHINE = gettext_noop(
    "It takes the machine's own name: give the machine (or the container: --hostname) "
    "a full name."
)
_HOST_NAME = {
    "nodemailer": 'createTransport({ name: "app.example.com", … })',
    "django": _MACHINE,
    "smtplib": gettext_noop(
        'smtplib.SMTP(host, port, local_hostname="app.example.com")'
    ),
    "phpmailer": gettext_noop("$mail->Hostname = 'app.example.com'; (or Helo)"),
    "javamail": gettext_noop(
        "mail.smtp.localhost=app.example.com (Spring: "
        "spring.mail.properties.mail.smtp.localhost)"
    ),
    "rails": 'config.action_mailer.smtp_settings = { domain: "app.example.com", … }',
    "symfony": gettext_noop(
        "Add ?local_domain=app.example.com to the DSN (Laravel: MAIL_EHLO_DOMAIN)."
    ),
    "mailkit": 'client.LocalDomain = "app.example.com";',
    "dotnet": gettext_noop(
        "SmtpClient takes the machine's name and has no setting: name the machine, "
        "or use MailKit."
    ),
    "go": gettext_noop('Call client.Hello("app.example.com") before Mail.'),
    "swaks": gettext_noop("swaks --helo app.example.com"),
    "curl": gettext_noop("Put it behind the address: smtp://host:port/app.example.com"),
    "postfix": gettext_noop("smtp_helo_name = app.example.com in main.cf"),
    "exim": gettext_noop("helo_data = app.example.com in the smtp transport"),
    "emailjs": 'new SMTPClient({ domain: "app.example.com", … })',
    "flask-mail": _MACHINE,
    "yagmail": 'yagmail.SMTP(…, local_hostname="app.example.com")',
    "aiosmtplib": 'aiosmtplib.SMTP(…, local_hostname="app.example.com")',
    "swiftmailer": "$transport->setLocalDomain('app.example.com');",
    "vertx": 'new MailConfig().setOwnHostname("app.example.com")',
    "go-mail": 'mail.NewClient(host, mail.WithHELO("app.example.com"), …)',
    "lettre": 'SmtpTransport::relay(host)?.hello_name(ClientId::Domain("app.example.com".into()))',
    "perl": gettext_noop(
        "Net::SMTP->new($host, Hello => 'app.example.com') (Email::Sender: helo => "
        "'app.example.com')"
    ),
    "vmime": _MACHINE,
    "git": "git config sendemail.smtpDomain app.example.com",
    "mutt": 'set hostname = "app.example.com"',
}
_TLS = {
    "nodemailer": gettext_noop(
        "secure: false, requireTLS: true (port 587), or secure: true (port 465)"
    ),
    "django": gettext_noop(
        "EMAIL_USE_TLS = True (port 587), or EMAIL_USE_SSL = True (port 465)"
    ),
    "smtplib": gettext_noop(
        "Call client.starttls(context=ssl.create_default_context()) before login."
    ),
    "phpmailer": "$mail->SMTPSecure = PHPMailer::ENCRYPTION_STARTTLS;",
    "javamail": gettext_noop(
        "mail.smtp.starttls.enable=true, mail.smtp.starttls.required=true"
    ),
    "rails": gettext_noop("smtp_settings: { enable_starttls: true, … }"),
    "symfony": gettext_noop(
        "Use smtps:// in the DSN, or a server that offers STARTTLS (Laravel: "
        "MAIL_SCHEME=smtps)."
    ),
    "mailkit": "client.Connect(host, 587, SecureSocketOptions.StartTls);",
    "dotnet": "client.EnableSsl = true;",
    "go": gettext_noop(
        "Call client.StartTLS(&tls.Config{ServerName: host}) before Auth."
    ),
    "swaks": "swaks --tls",
    "curl": "curl --ssl-reqd",
    "postfix": gettext_noop("smtp_tls_security_level = encrypt in main.cf"),
    "exim": gettext_noop("hosts_require_tls = * in the smtp transport"),
    "emailjs": "new SMTPClient({ tls: true, … })",
    "flask-mail": gettext_noop(
        "MAIL_USE_TLS = True (port 587), or MAIL_USE_SSL = True (port 465)"
    ),
    "yagmail": "yagmail.SMTP(…, port=587, smtp_starttls=True, smtp_ssl=False)",
    "aiosmtplib": "await aiosmtplib.send(message, start_tls=True, …)",
    "swiftmailer": "new Swift_SmtpTransport($host, 587, 'tls')",
    "vertx": "new MailConfig().setStarttls(StartTLSOptions.REQUIRED)",
    "go-mail": "mail.NewClient(host, mail.WithTLSPolicy(mail.TLSMandatory), …)",
    "lettre": gettext_noop(
        "SmtpTransport::starttls_relay(host)? (port 587), or relay(host)? (port 465)"
    ),
    "perl": gettext_noop(
        "Call $smtp->starttls before auth (Email::Sender: ssl => 'starttls')."
    ),
    "vmime": gettext_noop(
        "Set the properties connection.tls and connection.tls.required of the transport."
    ),
    "git": "git config sendemail.smtpEncryption tls",
    "mutt": "set ssl_force_tls = yes",
}
_LINE_ENDS = {
    "smtplib": gettext_noop(
        "Give send_message an EmailMessage, or bytes with CRLF; sendmail changes "
        "the line ends of text only."
    ),
    "go": gettext_noop(
        'Build the message with "\\r\\n", or write it through client.Data(), which '
        "turns LF into CRLF."
    ),
    "phpmailer": gettext_noop(
        "Set Body as text and let PHPMailer end its lines; do not add \\n to "
        "custom headers."
    ),
    "curl": gettext_noop("Give curl a file with CRLF (--crlf turns LF into it)."),
    "swaks": gettext_noop(
        "Write the data with \\n escapes: swaks turns them into CRLF."
    ),
    "emailjs": gettext_noop(
        'emailjs sends line ends as they are given: text.replace(/\\r?\\n/g, "\\r\\n")'
    ),
    "lettre": gettext_noop(
        "Let Message::builder() write the message; what send_raw is given must have CRLF."
    ),
    "perl": gettext_noop(
        "End lines with \\r\\n, or give Net::SMTP text through datasend, which turns \\n "
        "into CRLF."
    ),
}
_ENCODING = {
    "nodemailer": 'textEncoding: "quoted-printable" (or "base64")',
    "django": gettext_noop(
        "charset.Charset('utf-8') with body_encoding = charset.QP, as message.encoding"
    ),
    "smtplib": gettext_noop('message.set_content(text, cte="quoted-printable")'),
    "phpmailer": "$mail->Encoding = PHPMailer::ENCODING_QUOTED_PRINTABLE;",
    "javamail": 'part.setHeader("Content-Transfer-Encoding", "quoted-printable")',
    "rails": 'mail(…, content_transfer_encoding: "quoted-printable")',
    "mailkit": "message.Prepare(EncodingConstraint.SevenBit);",
    "dotnet": "message.BodyTransferEncoding = TransferEncoding.QuotedPrintable;",
    "go": gettext_noop("Write the body through mime/quotedprintable."),
    "go-mail": "mail.NewMsg(mail.WithEncoding(mail.EncodingQP))",
    "lettre": "SinglePart::builder().header(ContentTransferEncoding::QuotedPrintable).body(text)",
    "perl": "Email::MIME->create(attributes => { encoding => 'quoted-printable' }, …)",
    "symfony": 'new TextPart($text, "utf-8", "plain", "quoted-printable")',
    "flask-mail": gettext_noop(
        "charset.add_charset('utf-8', charset.SHORTEST, charset.QP, 'utf-8') after importing flask_mail"
    ),
    "aiosmtplib": 'message.set_content(text, cte="quoted-printable")',
    "git": "git config sendemail.transferEncoding quoted-printable",
}
_DATE = {
    "smtplib": 'message["Date"] = email.utils.localtime()',
    "javamail": gettext_noop("message.setSentDate(new Date())"),
    "rails": gettext_noop("Do not clear it: the mail gem sets Date by itself."),
    "go": gettext_noop('Write a header "Date: " + time.Now().Format(time.RFC1123Z).'),
    "curl": gettext_noop("Write a Date field into the file, or use -F, and --header."),
    "swaks": gettext_noop("Keep %DATE% in the data."),
    "lettre": gettext_noop(
        "Message::builder() sets Date by itself; or call date_now()."
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
        "Set bcc, not headers: { Bcc: … }; of raw messages take it out."
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
_QUIT = {
    "nodemailer": gettext_noop("pool: true, and transport.close() at the end"),
    "smtplib": gettext_noop(
        "Call client.quit(), or use “with smtplib.SMTP(…) as client”."
    ),
    "django": gettext_noop(
        "Call connection.close(), or send within “with get_connection()”."
    ),
    "phpmailer": gettext_noop("Call $mail->smtpClose()."),
    "javamail": gettext_noop("mail.smtp.quitwait=true, and transport.close()"),
    "go": gettext_noop("Call client.Quit(), not client.Close()."),
    "mailkit": "client.Disconnect(true);",
    "dotnet": gettext_noop("Dispose of the SmtpClient: using var client = …"),
    "go-mail": gettext_noop("Call client.Close(), or use DialAndSend."),
    "vertx": gettext_noop("Call mailClient.close() before Vert.x ends."),
    "perl": "$smtp->quit;",
    "rails": gettext_noop("Call smtp.finish, or use Net::SMTP.start with a block."),
    "aiosmtplib": "await client.quit()",
    "emailjs": gettext_noop("Do not end the process before send's callback has run."),
}
_KEEP_OPEN = {
    "nodemailer": gettext_noop("createTransport({ pool: true, … })"),
    "django": gettext_noop(
        "with get_connection() as connection: connection.send_messages([…])"
    ),
    "smtplib": gettext_noop("Keep one smtplib.SMTP, and call send_message for each."),
    "phpmailer": "$mail->SMTPKeepAlive = true;",
    "javamail": gettext_noop("Open a Transport once, and call sendMessage for each."),
    "rails": gettext_noop(
        "smtp_settings: { … } with the smtp_connection delivery method, given an "
        "open Net::SMTP"
    ),
    "mailkit": gettext_noop("Connect once, and call client.Send for each."),
    "dotnet": gettext_noop("Keep one SmtpClient, and call Send for each."),
    "go": gettext_noop(
        "Keep one smtp.Client, and call Mail, Rcpt, Data for each; SendMail connects "
        "again each time."
    ),
    "go-mail": gettext_noop("Give all messages to one client.DialAndSend(…)."),
    "lettre": gettext_noop(
        "Keep one SmtpTransport (feature pool), and call send for each."
    ),
    "perl": "Email::Sender::Transport::SMTP::Persistent",
    "vertx": gettext_noop("Keep one MailClient: it has a pool (keepAlive)."),
    "symfony": gettext_noop("Keep one Mailer: its transport stays connected."),
    "aiosmtplib": gettext_noop(
        "async with aiosmtplib.SMTP(…) as client, and send_message for each"
    ),
    "flask-mail": "with mail.connect() as connection: connection.send(message)",
    "emailjs": gettext_noop("Keep one SMTPClient, and call send for each."),
}

_DOTS = {
    "smtplib": gettext_noop(
        "Send the text by client.send_message, sendmail or data, which double dots; "
        "docmd and send do not."
    ),
    "go": gettext_noop("Write the text through client.Data(), which doubles dots."),
    "perl": gettext_noop("Use datasend, which doubles dots; rawdatasend does not."),
}

_FIXES: dict[str, dict[str, str]] = {
    **dict.fromkeys(
        ("hello_without_name", "hello_bad_name", "hello_underscore",
         "hello_bare_address", "hello_not_qualified", "unknown_literal"),
        _HOST_NAME,
    ),
    **dict.fromkeys(("bare_lf_data", "bare_cr_data", "bare_lf_command"), _LINE_ENDS),
    **dict.fromkeys(("long_line", "eightbit_in_7bit", "binary_undeclared"), _ENCODING),
    **dict.fromkeys(("dot_not_doubled", "text_after_end"), _DOTS),
    "auth_plaintext": _TLS,
    "missing_date": _DATE,
    "bad_date": _DATE,
    "missing_message_id": _MESSAGE_ID,
    "bcc_header": _BCC,
    "no_quit": _QUIT,
    "connection_per_message": _KEEP_OPEN,
}  # fmt: skip


def fix(kind: FindingKind, client: KnownClient, line: Line = "text") -> str:
    """Return what to change: in this client's own terms if they are known.

    line: what the line is that a finding shows first
    """
    known = _FIXES.get(kind.name, {})
    if kind.name == "long_line":
        known = OF_LINES.get(line, known)
    key = "mutt" if client.key == "neomutt" else client.key  # it has the same settings
    own = known.get(key) if key else ""
    return f"{client.words}: {_(own)}" if own else _(known.get("", kind.fix))
