"""Requests and answers with the behaviour of Go programs: both originals are written in Go.

Errors are text. JSON keys are found in any case, and the Content-Type is ignored.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from functools import wraps
from typing import Any
from uuid import UUID

from django.http import HttpRequest, HttpResponse, HttpResponseBase

from inbox.api.v3.bodies import unfit
from inbox.errors import NotFound, UserError
from inbox.http.origins import origins

TEXT = "text/plain"
# Characters that Go escapes, so that JSON can be embedded in HTML.
_ESCAPED = {each: f"\\u{ord(each):04x}" for each in "<>&\u2028\u2029"}

DialectView = Callable[..., HttpResponseBase]


class PlainError(UserError):
    """An error that is answered as text, in the dialect's words."""

    def __init__(self, words: str, status: int = 400) -> None:
        super().__init__(words)
        self.code = status


def text(words: str, status: int = 200) -> HttpResponse:
    """Return a text as the answer."""
    octets = words.encode("utf-8", "replace")
    return HttpResponse(octets, status=status, content_type=TEXT)


def go_json(shape: Any, content_type: str = "application/json") -> HttpResponse:
    """Return JSON, octet for octet like Go's encoder."""
    return HttpResponse(octets(shape), content_type=content_type)


def octets(shape: Any) -> bytes:
    """Return JSON like Go's encoder, with a line end."""
    written = json.dumps(shape, ensure_ascii=False, separators=(",", ":"))
    for character, escaped in _ESCAPED.items():
        written = written.replace(character, escaped)
    return f"{written}\n".encode("utf-8", "backslashreplace")


def methods(**views: DialectView) -> DialectView:
    """Return a view that dispatches by method; the errors of services become text."""

    @wraps(next(iter(views.values())))
    def answer(request: HttpRequest, **given: str) -> HttpResponseBase:
        if request.method == "OPTIONS":
            return _shared(request, text(""))
        view = views.get(request.method or "")
        if view is None:
            refused = text("Method Not Allowed\n", 405)
            refused["Allow"] = ", ".join(sorted(views))
            return refused
        if foreign(request):
            return text("Blocked due to CORS violation\n", 403)
        try:
            return _shared(request, view(request, **given))
        except PlainError as error:
            return _shared(request, text(str(error), error.code))
        except NotFound:
            return _shared(request, text("404 page not found", 404))
        except UserError as error:
            return _shared(request, text(str(error), max(400, error.status)))

    return answer


def nothing(words: str) -> DialectView:
    """Return a view that answers 404 with these words to any method."""

    def refuse(request: HttpRequest) -> HttpResponse:
        raise PlainError(words, 404)

    return methods(GET=refuse, POST=refuse, PUT=refuse, DELETE=refuse, PATCH=refuse)


def stamp(at: datetime, digits: int) -> str:
    """Return a time in Go's format, in UTC: 2026-01-02T15:04:05.12Z.

    digits: of the fraction of a second; trailing zeros are left out
    """
    at = at.astimezone(UTC)
    fraction = f".{at.microsecond:06}"[: digits + 1].rstrip("0").rstrip(".")
    return f"{at:%Y-%m-%dT%H:%M:%S}{fraction}Z"


def foreign(request: HttpRequest) -> bool:
    """Whether a page of another origin sent the request."""
    origin = request.headers.get("Origin", "")
    return bool(origin) and origin.lower() not in map(str.lower, origins(request))


def _shared(request: HttpRequest, response: HttpResponseBase) -> HttpResponseBase:
    """Allow only our own origin to read the answer."""
    origin = "" if foreign(request) else request.headers.get("Origin", "")
    response["Access-Control-Allow-Origin"] = origin
    response["Access-Control-Allow-Methods"] = "GET, POST, DELETE, PUT, OPTIONS"
    response["Access-Control-Allow-Headers"] = "*"
    return response


class GoObject(Mapping[str, Any]):
    """A JSON object, whose keys are found in any case."""

    def __init__(self, given: Any) -> None:
        """given: a dict; null counts as an empty object. Raises PlainError."""
        if not isinstance(given, dict | None):
            raise _mismatch(given, "object")
        self._members = {key.lower(): value for key, value in (given or {}).items()}

    def __getitem__(self, key: str) -> Any:
        return self._members[key.lower()]

    def __iter__(self) -> Any:
        return iter(self._members)

    def __len__(self) -> int:
        return len(self._members)

    def text(self, key: str) -> str:
        """Return a text; "" if there is none. Raises PlainError."""
        return self._typed(key, str, "string") or ""

    def flag(self, key: str) -> bool:
        """Return a boolean; false for null or nothing. Raises PlainError."""
        return self._typed(key, bool, "bool") or False

    def array(self, key: str) -> list[Any]:
        """Return a list; an empty one for null or nothing. Raises PlainError."""
        return self._typed(key, list, "[]string") or []

    def whole(self, key: str) -> int:
        """Return a whole number; 0 for null or nothing. Raises PlainError."""
        value = self.decimal(key)
        if value % 1:
            raise _mismatch(value, "int")
        return int(value)

    def decimal(self, key: str) -> float:
        """Return a number; 0 for null or nothing. Raises PlainError."""
        value = self.get(key)
        if isinstance(value, bool) or not isinstance(value, int | float | None):
            raise _mismatch(value, "float64")
        if value is not None and not -1e9 < value < 1e9:  # this also excludes NaN
            raise _mismatch(value, "float64")
        return float(value or 0)

    def struct(self, key: str) -> GoObject:
        """Return an object; an empty one for null or nothing. Raises PlainError."""
        return GoObject(self.get(key))

    def texts(self, key: str) -> list[str]:
        """Return a list of texts. Raises PlainError."""
        found = self.array(key)
        for each in found:
            if not isinstance(each, str):
                raise _mismatch(each, "string")
        return found

    def structs(self, key: str) -> list[GoObject]:
        """Return a list of objects. Raises PlainError."""
        return [GoObject(each) for each in self.array(key)]

    def _typed(self, key: str, kind: type, name: str) -> Any:
        value = self.get(key)
        if value is not None and not isinstance(value, kind):
            raise _mismatch(value, name)
        return value


def key(id: str) -> str:
    """Return an id in our services' form: with hyphens, which a client may leave out."""
    try:
        return str(UUID(id)) if len(id) in (32, 36) else id
    except ValueError:
        return id


def number(request: HttpRequest, name: str, otherwise: int) -> int:
    """Return a non-negative number from the query."""
    given = request.GET.get(name, "")
    short = given.isascii() and given.isdigit() and len(given) < 10
    return int(given) if short else otherwise


def body(request: HttpRequest) -> GoObject:
    """Return the object in the body of a request. Raises PlainError."""
    return GoObject(read_json(request.body))


def read_json(given: bytes) -> Any:
    """Parse JSON. Raises PlainError with the words of Go's decoder."""
    try:
        value = json.loads(given)
    except json.JSONDecodeError as error:
        raise PlainError(_fault(error)) from None
    except UnicodeDecodeError:
        raise PlainError("invalid character in string literal") from None
    except (ValueError, RecursionError):
        raise PlainError("exceeded max depth") from None
    if wrong := unfit(value):
        raise PlainError(f"a text has {wrong} in it")
    return value


_LOOKED_FOR = {
    "Expecting value": "looking for beginning of value",
    "Expecting property name enclosed in double quotes": "looking for beginning of "
    "object key string",
    "Expecting ':' delimiter": "after object key",
    "Expecting ',' delimiter": "after array element",
    "Extra data": "after top-level value",
}


def _fault(error: json.JSONDecodeError) -> str:
    rest = error.doc[error.pos :].lstrip()
    if not error.doc.strip():
        return "EOF"
    if not rest or error.msg.startswith("Unterminated"):
        return "unexpected EOF"
    what = _LOOKED_FOR.get(error.msg, "in string literal")
    return f"invalid character '{rest[0]}' {what}"


def _mismatch(value: Any, wanted: str) -> PlainError:
    kinds = {bool: "bool", str: "string", list: "array", dict: "object"}
    kind = kinds.get(type(value), "number")
    return PlainError(f"json: cannot unmarshal {kind} into Go value of type {wanted}")
