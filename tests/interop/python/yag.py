"""Sends one mail by yagmail: see the arguments in tests/interop/libraries.py."""

import ssl
import sys

import yagmail

host, port, trust, content = sys.argv[1:]
cafile = trust if "/" in trust else None
sender = yagmail.SMTP(
    {"shop@example.com": "Shop"},
    "",
    host=host,
    port=int(port),
    smtp_starttls=trust != "none"
    and {"context": ssl.create_default_context(cafile=cafile)},
    smtp_ssl=False,
    smtp_skip_login=True,
)
sender.send("bob@example.com", "Order 17", "Thank you.", prettify_html=False)
sender.close()
