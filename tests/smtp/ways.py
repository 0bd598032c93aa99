"""Ways in which a client sends its password where no password is expected."""

from __future__ import annotations

from base64 import b64encode

USER, SECRET = b"robin", b"Corn-Flower.88"
ENCODED_USER, ENCODED = b64encode(USER), b64encode(SECRET)
PLAIN = b64encode(b"\0" + USER + b"\0" + SECRET)
BASIC = b64encode(USER + b":" + SECRET)
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
    "after a refused MAIL": [EHLO, b"AUTH X", b"MAIL FROM:<@>", ENCODED],
    "after an accepted MAIL": [
        EHLO,
        b"AUTH LOGIN",
        b"*",
        ENCODED,
        b"MAIL FROM:<a@b.test>",
        ENCODED,
    ],
    "after MAIL and a refused RCPT": [
        EHLO,
        b"AUTH X",
        b"MAIL FROM:<a@b.test>",
        b"RCPT TO:<@>",
        SECRET,
    ],
    # behind another command, on its line
    **{
        f"{command.decode()} AUTH {rest.decode()}": [hello, command + b" AUTH " + rest]
        for hello, command in (
            (EHLO, b"NOOP"),
            (EHLO, b"rset"),
            (EHLO, b"HELP"),
            (EHLO, b"VRFY x"),
            (EHLO, b"MAIL FROM:<a@b.test>"),
            (EHLO, b"STARTTLS"),
            (EHLO, b"XCLIENT"),
            (EHLO, b"FROB nicate"),
            (b"NOOP", b"EHLO robin.test"),
        )
        for rest in (b"PLAIN " + PLAIN, b"robin " + SECRET)
    },
    "NOOP, then auth in lower case": [EHLO, b"noop auth=plain " + PLAIN],
    "NOOP, then AUTHENTICATE": [EHLO, b'NOOP AUTHENTICATE "PLAIN" "' + PLAIN],
    "NOOP, then AUTH LOGIN and its lines": [EHLO, b"NOOP AUTH LOGIN", ENCODED],
    "EHLO, then a tab": [b"EHLO h\tAUTH\tPLAIN\t" + PLAIN],
    "EHLO, then AUTH in UTF-16": [
        b"EHLO h " + "AUTH PLAIN ".encode("utf-16-le") + PLAIN
    ],
    "RSET, then AUTHPLAIN": [EHLO, b"RSET AUTHPLAIN " + PLAIN],
    "RSET, then PASS": [EHLO, b"RSET PASS " + SECRET],
    "NOOP, then a cookie": [EHLO, b"NOOP Cookie: id=" + SECRET],
    "NOOP, then the response": [EHLO, b"NOOP x " + PLAIN],
    "HELP, then a token": [EHLO, b"HELP " + XOAUTH2],
    "MAIL without brackets": [EHLO, b"MAIL FROM:a@b.test AUTH PLAIN " + PLAIN],
    # other protocols
    "Redis": [b"HELLO 3 AUTH default " + SECRET],
    "Redis, in lower case": [EHLO, b"hello 3 auth default " + SECRET],
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
    "HTTP in lower case": [
        b"get / http/1.1",
        b"Proxy-Authorization: Bearer " + SECRET,
    ],
    "HTTP, a long target": [
        b"GET /" + b"a" * 13_000 + b" HTTP/1.1",
        b"Cookie: session=" + SECRET,
    ],
    "HTTP, a long target behind EHLO": [
        EHLO,
        b"GET /" + b"a" * 13_000 + b" HTTP/1.1",
        b"Cookie: session=" + SECRET,
    ],
    "HTTP, a target with a query": [EHLO, b"GET /?password=" + SECRET + b" HTTP/1.1"],
    "HTTP, a target with a user": [
        EHLO,
        b"GET http://robin:" + SECRET + b"@b.test/ HTTP/1.1",
    ],
    **{
        f"HTTP, {field.decode().strip()}": [EHLO, field + SECRET]
        for field in (
            b"Proxy-Authorization: Bearer ",
            b"proxy-authorization:",
            b"Cookie: session=",
            b"cookie:",
            b"SET-COOKIE: session=",
            b"X-Api-Key: ",
            b"x_auth_token : ",
            b"\tX-Amz-Security-Token: ",
        )
    },
    "MQTT": [b"\x10\x1f\0\4MQTT\4\xc2\0\x3c\0\1x\0\5robin\0\x0e" + SECRET],
    "LDAP": [b"0\x1f\2\1\1`\x1a\2\1\3\4\5robin\x80\x0e" + SECRET, SECRET],
    "PostgreSQL": [b"p\0\0\0\x13" + SECRET + b"\0"],
    "SOCKS": [b"\5\1\2", b"\1\5robin\x0e" + SECRET],
    "binary, behind EHLO": [EHLO, b"login\1robin\1" + SECRET],
    "NATS": [b'CONNECT {"user":"robin","pass":"' + SECRET + b'"}'],
    "IRC": [b"OPER robin " + SECRET, b"NS IDENTIFY " + SECRET],
    "Redis, MIGRATE": [b"MIGRATE h 6379 k 0 9 AUTH2 robin " + SECRET],
    "FTP, SITE": [b"SITE PSWD x " + SECRET],
    "SOAP": [EHLO, b"<wsse:Password Type='x'>" + SECRET + b"</wsse:Password>"],
    "JSON": [EHLO, b'{"access_token": "' + SECRET + b'"}'],
    "a bare token": [EHLO, b"Bearer " + SECRET],
    "a variable": [EHLO, b"SMTP_PASSWORD=" + SECRET],
    "a URL without a scheme": [EHLO, b"//robin:" + SECRET + b"@b.test"],
    "a query": [EHLO, b"b.test/?access_token=" + SECRET],
    "a parameter of MAIL": [EHLO, b"MAIL FROM:<a@b.test> PASSWORD=" + SECRET],
    "a parameter of XCLIENT": [EHLO, b"XCLIENT NAME=x PASSWORD=" + SECRET],
    "a key": [EHLO, b"key " + SECRET],
    "a key of an API": [EHLO, b"api-key " + SECRET],
    "JSON, a key": [EHLO, b'{"api_key":"' + SECRET + b'"}'],
    "JSON, a short name": [EHLO, b'{"pw": "' + SECRET + b'"}'],
    "a key behind NOOP": [EHLO, b"NOOP private_key=" + SECRET],
    "EHLO, joined by a colon": [b"EHLO robin:" + SECRET + b"@b.test"],
    "HELP, joined by a colon": [EHLO, b"HELP robin:" + SECRET + b"@b.test"],
    "joined by a colon": [EHLO, b"robin:" + SECRET + b"@b.test"],
    "joined, in base64": [EHLO, BASIC],
    "Basic without its field": [EHLO, b"Basic " + BASIC],
    "a mechanism without AUTH": [EHLO, b"PLAIN robin " + SECRET],
    "CRAM-MD5 without AUTH": [EHLO, b"CRAM-MD5 " + SECRET],
    "a field that ends in Auth": [EHLO, b"X-SMTPAPI-Auth: " + SECRET],
    **{
        f"MAIL, AUTH={value.decode()[:5]}": [
            EHLO,
            b"MAIL FROM:<a@b.test> AUTH=" + value,
        ]
        for value in (
            SECRET,
            PLAIN,
            b"robin:" + SECRET,
            b"robin:" + SECRET + b"@b.test",
        )
    },
    "MAIL, AUTH behind others": [
        EHLO,
        b"MAIL FROM:<a@b.test> AUTH=<> SIZE=3 AUTH=" + SECRET,
    ],
    "a parameter of RCPT": [
        EHLO,
        b"MAIL FROM:<a@b.test>",
        b"RCPT TO:<c@d.test> PASS=" + SECRET,
    ],
    # in the place of the user name
    "one token as both": [EHLO, b"AUTH PLAIN " + b64encode((b"\0" + SECRET) * 2)],
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
    "LOGIN by a colon": [EHLO, b"AUTH LOGIN " + BASIC, ENCODED],
    "LOGIN by a colon, when asked": [EHLO, b"AUTH LOGIN", BASIC, b"eA=="],
    "LOGIN by a colon, twice encoded": [EHLO, b"AUTH LOGIN", b64encode(BASIC), b"eA=="],
    "XOAUTH2 by a colon": [
        EHLO,
        b"AUTH XOAUTH2 " + b64encode(b"user=robin:" + SECRET + b"\1auth=Bearer x\1\1"),
    ],
    "CRAM-MD5 by a colon": [
        EHLO,
        b"AUTH CRAM-MD5",
        b64encode(USER + b":" + SECRET + b" " + b"0" * 32),
    ],
    "PLAIN twice encoded": [EHLO, b"AUTH PLAIN " + b64encode(PLAIN)],
    "PLAIN's response for LOGIN": [EHLO, b"AUTH LOGIN " + PLAIN, b"*"],
    "PLAIN's response, twice encoded, for LOGIN": [
        EHLO,
        b"AUTH LOGIN " + b64encode(PLAIN),
        ENCODED,
    ],
    "XOAUTH2's response for LOGIN": [EHLO, b"AUTH LOGIN " + XOAUTH2, ENCODED],
    "XOAUTH2's response for PLAIN": [EHLO, b"AUTH PLAIN " + XOAUTH2],
    "LOGIN, one token as both": [EHLO, b"AUTH LOGIN " + ENCODED, ENCODED],
    "XOAUTH2, one token as both": [
        EHLO,
        b"AUTH XOAUTH2 " + b64encode(b"user=%b\1auth=Bearer %b\1\1" % (SECRET, SECRET)),
    ],
    "OAUTHBEARER, one token as both": [
        EHLO,
        b"AUTH OAUTHBEARER "
        + b64encode(b"n,a=%b,\1auth=Bearer %b\1\1" % (SECRET, SECRET)),
    ],
    "a token of HTTP as the user": [
        EHLO,
        b"AUTH LOGIN " + b64encode(b"Bearer " + SECRET),
        b"eA==",
    ],
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
        BASIC.rstrip(b"="),
        b64encode(BASIC).rstrip(b"="),
    )
)


def traces(text: str) -> list[str]:
    """Return how a text gives the secret away."""
    lower = text.lower()
    return [trace for trace in TRACES if trace in lower]
