"""A Django project in one file: a page that sends a message."""

import os
import sys

from django.core.mail import send_mail
from django.core.management import execute_from_command_line
from django.http import HttpRequest, HttpResponse
from django.urls import path

SECRET_KEY = "an example"
DEBUG = True
ALLOWED_HOSTS = ["*"]
ROOT_URLCONF = __name__
INSTALLED_APPS = ["mailsink.contrib.django"]
USE_TZ = True


def invite(request: HttpRequest) -> HttpResponse:
    """Send an invitation."""
    send_mail("You are invited", "Come!", "shop@example.com", ["ann@example.com"])
    return HttpResponse("sent")


urlpatterns = [path("invite", invite)]

if __name__ == "__main__":
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "manage")
    execute_from_command_line(sys.argv)
