"""A Django project in one file: signing up sends a verification code."""

import secrets

from django.core.mail import send_mail
from django.http import HttpRequest, HttpResponse
from django.urls import path

SECRET_KEY = "an example"
ALLOWED_HOSTS = ["*"]
ROOT_URLCONF = "signup"
DATABASES: dict[str, object] = {}
USE_TZ = True


def sign_up(request: HttpRequest) -> HttpResponse:
    """Send a code to the address in the form."""
    address = request.POST["email"]
    code = f"{secrets.randbelow(1_000_000):06}"
    send_mail(
        "Your verification code",
        f"Your verification code is {code}.\nhttps://shop.test/confirm?to={address}\n",
        "shop@example.com",
        [address],
    )
    return HttpResponse(code)


urlpatterns = [path("sign-up", sign_up)]
