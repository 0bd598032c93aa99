"""Fixes as settings and calls of the client libraries, by the library's key."""

from __future__ import annotations

from collections.abc import Mapping

from django.utils.translation import gettext as _
from django.utils.translation import gettext_noop

_MACHINE = gettext_noop(
    "It uses the machine's own name: give the machine (or the container: --hostname) "
    "a full name."
)
HOST_NAME = {
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
        "SmtpClient uses the machine's name and has no setting for it: rename the "
        "machine, or use MailKit."
    ),
    "go": gettext_noop('Call client.Hello("app.example.com") before Mail.'),
    "swaks": gettext_noop("swaks --helo app.example.com"),
    "curl": gettext_noop("Add it to the address: smtp://host:port/app.example.com"),
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
STARTTLS = {
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
LINE_ENDS = {
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
        "Let Message::builder() write the message; a message for send_raw must have CRLF."
    ),
    "perl": gettext_noop(
        "End lines with \\r\\n, or give Net::SMTP text through datasend, which turns \\n "
        "into CRLF."
    ),
}
ENCODING = {
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
QUIT = {
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
KEEP_OPEN = {
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
TLS_FROM_THE_START = {
    "nodemailer": "createTransport({ secure: true, … })",
    "django": "EMAIL_USE_SSL = True",
    "flask-mail": "MAIL_USE_SSL = True",
    "smtplib": "smtplib.SMTP_SSL(host, port)",
    "aiosmtplib": "aiosmtplib.send(message, use_tls=True, …)",
    "yagmail": "yagmail.SMTP(…, smtp_ssl=True)",
    "phpmailer": "$mail->SMTPSecure = PHPMailer::ENCRYPTION_SMTPS;",
    "symfony": "MAILER_DSN=smtps://host:port",
    "swiftmailer": "new Swift_SmtpTransport($host, $port, 'ssl')",
    "javamail": "mail.smtp.ssl.enable=true",
    "rails": "smtp_settings: { ssl: true, … }",
    "mailkit": "client.Connect(host, port, SecureSocketOptions.SslOnConnect);",
    "dotnet": gettext_noop("SmtpClient cannot begin with TLS: use MailKit."),
    "go": gettext_noop(
        "Connect with tls.Dial, and give the connection to smtp.NewClient."
    ),
    "go-mail": "mail.NewClient(host, mail.WithSSL(), …)",
    "lettre": "SmtpTransport::relay(host)?",
    "vertx": "new MailConfig().setSsl(true)",
    "emailjs": "new SMTPClient({ ssl: true, … })",
    "swaks": "swaks --tls-on-connect",
    "curl": "curl smtps://host:port",
    "git": "git config sendemail.smtpEncryption ssl",
    "mutt": 'set smtp_url = "smtps://host:port"',
}
NO_TLS = {
    "nodemailer": "createTransport({ secure: false, ignoreTLS: true, … })",
    "django": "EMAIL_USE_SSL = False",
    "flask-mail": "MAIL_USE_SSL = False",
    "smtplib": gettext_noop("Use smtplib.SMTP(host, port), not SMTP_SSL."),
    "aiosmtplib": "aiosmtplib.send(message, use_tls=False, …)",
    "yagmail": "yagmail.SMTP(…, smtp_ssl=False)",
    "phpmailer": "$mail->SMTPSecure = '';",
    "symfony": "MAILER_DSN=smtp://host:port",
    "swiftmailer": "new Swift_SmtpTransport($host, $port)",
    "javamail": "mail.smtp.ssl.enable=false",
    "rails": "smtp_settings: { ssl: false, … }",
    "mailkit": "client.Connect(host, port, SecureSocketOptions.None);",
    "go": gettext_noop("Connect with smtp.Dial, not tls.Dial."),
    "go-mail": "mail.NewClient(host, mail.WithTLSPolicy(mail.NoTLS), …)",
    "lettre": "SmtpTransport::builder_dangerous(host)",
    "vertx": "new MailConfig().setSsl(false)",
    "emailjs": "new SMTPClient({ ssl: false, … })",
    "swaks": gettext_noop("Leave --tls-on-connect out."),
    "curl": "curl smtp://host:port",
    "git": "git config --unset sendemail.smtpEncryption",
    "mutt": 'set smtp_url = "smtp://host:port"',
}
LOGIN = {
    "nodemailer": "createTransport({ auth: { user, pass }, … })",
    "django": 'EMAIL_HOST_USER = "user", EMAIL_HOST_PASSWORD = "password"',
    "flask-mail": 'MAIL_USERNAME = "user", MAIL_PASSWORD = "password"',
    "smtplib": 'client.login("user", "password")',
    "aiosmtplib": "aiosmtplib.send(message, username=…, password=…)",
    "yagmail": 'yagmail.SMTP("user", "password", …)',
    "phpmailer": "$mail->SMTPAuth = true; $mail->Username = …; $mail->Password = …;",
    "symfony": "MAILER_DSN=smtp://user:password@host:port",
    "swiftmailer": "$transport->setUsername(…)->setPassword(…);",
    "javamail": gettext_noop(
        "mail.smtp.auth=true, and an Authenticator (Spring: spring.mail.username, "
        "spring.mail.password)"
    ),
    "rails": "smtp_settings: { user_name: …, password: …, authentication: :plain }",
    "mailkit": 'client.Authenticate("user", "password");',
    "dotnet": 'client.Credentials = new NetworkCredential("user", "password");',
    "go": 'smtp.PlainAuth("", "user", "password", host)',
    "go-mail": "mail.WithSMTPAuth(mail.SMTPAuthPlain), mail.WithUsername(…), mail.WithPassword(…)",
    "lettre": ".credentials(Credentials::new(user, password))",
    "vertx": "new MailConfig().setUsername(…).setPassword(…)",
    "emailjs": "new SMTPClient({ user, password, … })",
    "perl": "$smtp->auth($user, $password)",
    "swaks": "swaks --auth-user user --auth-password password",
    "curl": "curl --user user:password",
    "git": "git config sendemail.smtpUser user",
    "mutt": 'set smtp_url = "smtp://user@host:port", set smtp_pass = "password"',
}
MECHANISM = {
    "nodemailer": 'createTransport({ authMethod: "PLAIN", … })',
    "phpmailer": "$mail->AuthType = 'PLAIN';",
    "javamail": "mail.smtp.auth.mechanisms=PLAIN",
    "rails": "smtp_settings: { authentication: :plain, … }",
    "mailkit": 'client.AuthenticationMechanisms.Remove("SCRAM-SHA-256");',
    "go": gettext_noop("Use smtp.PlainAuth, not smtp.CRAMMD5Auth."),
    "go-mail": "mail.WithSMTPAuth(mail.SMTPAuthPlain)",
    "lettre": ".authentication(vec![Mechanism::Plain])",
    "vertx": 'new MailConfig().setAuthMethods("PLAIN")',
    "swiftmailer": "$transport->setAuthMode('plain');",
    "swaks": "swaks --auth PLAIN",
    "curl": "curl --login-options AUTH=PLAIN",
    "git": "git config sendemail.smtpAuth PLAIN",
    "mutt": 'set smtp_authenticators = "plain"',
}
SENDER = {
    "nodemailer": 'envelope: { from: "shop@example.com", to: … }',
    "django": 'EmailMessage(from_email="shop@example.com", …)',
    "smtplib": 'client.send_message(message, from_addr="shop@example.com")',
    "aiosmtplib": 'aiosmtplib.send(message, sender="shop@example.com")',
    "phpmailer": "$mail->Sender = 'shop@example.com';",
    "symfony": "new Envelope(new Address('shop@example.com'), …)",
    "javamail": "mail.smtp.from=shop@example.com",
    "rails": 'mail(smtp_envelope_from: "shop@example.com", …)',
    "mailkit": gettext_noop("client.Send(message, sender, recipients)"),
    "go": gettext_noop("Give smtp.SendMail the address alone as from, without a name."),
    "swaks": "swaks --from shop@example.com",
    "curl": "curl --mail-from shop@example.com",
    "git": "git config sendemail.envelopeSender shop@example.com",
    "mutt": 'set envelope_from_address = "shop@example.com"',
}

TOPICS = {
    "encoding": ENCODING,
    "host_name": HOST_NAME,
    "line_ends": LINE_ENDS,
    "login": LOGIN,
    "mechanism": MECHANISM,
    "quit": QUIT,
    "reuse": KEEP_OPEN,
    "sender": SENDER,
    "starttls": STARTTLS,
    "tls_implicit": TLS_FROM_THE_START,
    "tls_off": NO_TLS,
}
_SAME_SETTINGS = {"neomutt": "mutt"}


def setting(topic: str, client: str) -> str:
    """Return the fix of a topic in a library's own terms; "" if none is known."""
    fix = own(TOPICS.get(topic, {}), client)
    return _(fix) if fix else ""


def own(terms: Mapping[str, str], client: str) -> str:
    """Return the terms for a client, not yet translated; "" if there are none."""
    return terms.get(_SAME_SETTINGS.get(client, client), "") if client else ""
