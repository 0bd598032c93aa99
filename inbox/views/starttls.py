"""The button that offers STARTTLS to a client again, on the pages Settings and Sessions."""

from __future__ import annotations

from contextlib import suppress

from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.views.decorators.http import require_POST

from inbox.access.current import scope
from inbox.errors import NotFound
from inbox.mailbox.sessions import get
from inbox.policy import starttls


@require_POST
def offer_again(request: HttpRequest) -> HttpResponse:
    """Offer STARTTLS to the client `address` and `helo` again; it may be offered already.

    session: the page to return to, instead of Settings.
    """
    post = request.POST
    with suppress(NotFound):  # the client's next session was faster
        starttls.offer_again(post.get("address", ""), post.get("helo", ""))
    with suppress(NotFound):
        return redirect(get(scope(), post.get("session", "")))
    return redirect(f"{reverse('settings')}#starttls")
