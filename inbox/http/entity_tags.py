"""Entity tags (RFC 9110 §8.8.3).

Clients use them to fetch only changes, and to change only the version that they saw.
An answer's tag is made from its octets, unless its view makes a cheaper one.
"""

from __future__ import annotations

import hashlib
import re
from itertools import islice

from django.http import HttpRequest, HttpResponse, HttpResponseNotModified

ANY = "*"  # a field that names any tag
_TAG = re.compile(r'(?:W/)?("[^"]*")')
_DIGITS = 32  # of a hash
_MOST = 50  # tags of a field that are compared


def of(octets: bytes) -> str:
    """Return the tag of an answer with these octets."""
    return f'"{hashlib.sha256(octets).hexdigest()[:_DIGITS]}"'


def of_parts(kept: str, octets: bytes) -> str:
    """Return the tag of an answer with these octets, where people can change `kept`."""
    return beginning(kept) + of(octets)[1:]


def beginning(kept: str) -> str:
    """Return the beginning of the tags of all answers with this `kept`."""
    return f"{of(kept.encode())[:-1]}."


def names(field: str, tag: str) -> bool:
    """Whether If-Match or If-None-Match names this tag, or one that begins so.

    * names any.
    """
    if field.strip() == ANY:
        return True
    given = islice(_TAG.finditer(field), _MOST)
    return any(each[1].startswith(tag) for each in given)


def not_modified(request: HttpRequest, tag: str) -> HttpResponse | None:
    """Return 304 if the client has the content with this tag (RFC 9110 §13.1.2)."""
    if not names(request.headers.get("If-None-Match", ""), tag):
        return None
    return HttpResponseNotModified(headers={"ETag": tag})


def tagged(request: HttpRequest, response: HttpResponse) -> HttpResponse:
    """Return the answer to GET with its tag, or 304 if the client has it already."""
    is_whole = response.status_code == 200 and not response.streaming
    if request.method != "GET" or not is_whole:
        return response
    if "ETag" not in response:
        response["ETag"] = of(response.content)
    return not_modified(request, response["ETag"]) or response
