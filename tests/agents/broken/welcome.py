"""Greets by name."""

import smtplib
import sys
from email.message import EmailMessage
from email.utils import localtime, make_msgid

host, port = sys.argv[1], int(sys.argv[2])
message = EmailMessage()
message["From"] = "Shop <orders@shop.example.net>"
message["To"] = "customer@shop.test"
message["Subject"] = "Your order is on its way"
message["Date"] = localtime()
message["Message-ID"] = make_msgid(domain="shop.example.net")
message.set_content("Hello {{ name }}, your order is on its way.")

with smtplib.SMTP(host, port) as client:
    client.send_message(message)
