"""Sends one mail by Flask-Mail: see the arguments in tests/interop/libraries.py."""

import sys

from flask import Flask
from flask_mail import Mail, Message

host, port, trust, content = sys.argv[1:]
app = Flask(__name__)
app.config.update(MAIL_SERVER=host, MAIL_PORT=int(port), MAIL_USE_TLS=trust != "none")
message = Message("Order 17", ["bob@example.com"], sender=("Shop", "shop@example.com"))
message.body = "Thank you.\n"
if content == "html":
    message.html = "<p>Thank you.</p>\n"
with app.app_context():
    Mail(app).send(message)
