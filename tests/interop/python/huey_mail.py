"""Sends mail by Django from tasks of huey, and works until it is killed.

HOST PORT FOLDER MAILS: mails as JSON, each with sender, recipient, and how often and after
how many seconds its task is tried again (retries, retry_delay).
"""

import json
import sys

import django
from django.conf import settings
from django.core.management import call_command

host, port, folder, mails = sys.argv[1:]
settings.configure(
    INSTALLED_APPS=["huey.contrib.djhuey"],
    EMAIL_BACKEND="django.core.mail.backends.smtp.EmailBackend",
    EMAIL_HOST=host,
    EMAIL_PORT=int(port),
    HUEY={
        "huey_class": "huey.SqliteHuey",
        "filename": f"{folder}/queue.sqlite3",
        "immediate": False,
    },
)
django.setup()

from django.core.mail import send_mail  # noqa: E402
from huey.contrib.djhuey import task  # noqa: E402


@task(context=True)
def deliver(sender, recipient, task=None):
    """Send a mail; what is refused raises, and huey tries the task again."""
    send_mail("Your order", "It is on its way.", sender, [recipient])


for each in json.loads(mails):
    deliver.schedule(
        (each["sender"], each["recipient"]),
        delay=0,
        retries=each["retries"],
        retry_delay=each["retry_delay"],
    )
call_command("run_huey", workers=2, quiet=True)
