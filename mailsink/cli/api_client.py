"""A client of a running Mailsink's API."""

from __future__ import annotations

import json
import socket
import ssl
import urllib.error
import urllib.request
from collections.abc import Mapping
from functools import partial
from http.client import HTTPException
from typing import Annotated, Any
from urllib.parse import quote, urlencode

import typer

from mailsink.cli import bearer_token, own_address

DEFAULT_URL = own_address.url()
_TIMEOUT = 60.0  # seconds without an octet
_LISTS = ("items", "events")  # of a page, of a frame
_MOST = 64 * 1024 * 1024  # octets of JSON: the server may be any, and never end

Url = Annotated[
    str,
    typer.Option(
        "--url",
        envvar="MAILSINK_URL",
        help="The web address of Mailsink.",
        show_default=True,
    ),
]
AsJson = Annotated[bool, typer.Option("--json", help="Print JSON.")]


class ApiFailure(Exception):
    """Mailsink could not be reached, or refused; the text says what to do."""

    def __init__(self, text: str, exit_code: int = 1, problem: Any = None) -> None:
        """problem: the API's answer, if there is one."""
        super().__init__(text)
        self.exit_code = exit_code
        self.problem = problem


class ApiClient:
    """API v3 of one server."""

    def __init__(self, url: str) -> None:
        """url: of the web side, like `MAILSINK_PUBLIC_URL`. Raises ApiFailure."""
        if not url.startswith(("http://", "https://")):
            raise ApiFailure(
                f"--url is {url!r}, but must begin with http:// or https://", 2
            )
        self.url = url.rstrip("/")
        self._tls: ssl.SSLContext | None = None

    def tls(self) -> ssl.SSLContext | None:
        """Return the context that checks the server's certificate; None: the default.

        Raises OSError.
        """
        self._tls = self._tls or own_address.tls(self.url)
        return self._tls

    def get(self, path: str, patience: float = _TIMEOUT, **query: Any) -> Any:
        """Return the answer of a path: get("messages", q="to:ann"). Raises ApiFailure.

        patience: seconds without an octet
        """
        return self.shape(self._read(path, patience, query, _MOST))

    def octets(self, path: str, patience: float = _TIMEOUT, **query: Any) -> bytes:
        """Return the answer of a path as octets. Raises ApiFailure."""
        return self._read(path, patience, query, None)

    def post(self, path: str, body: bytes, content_type: str) -> Any:
        """Post a body; return the answer. Raises ApiFailure."""
        headers = {"Content-Type": content_type}
        return self.shape(self._ask("POST", path, body, headers, _TIMEOUT, _MOST))

    def send(self, method: str, path: str, shape: Any = None) -> Any:
        """Send JSON: send("PATCH", "rules/7", {"on": False}). Raises ApiFailure.

        Return the answer; None if it is empty.
        """
        body = b"" if shape is None else json.dumps(shape).encode()
        headers = {"Content-Type": "application/json"}
        answer = self._ask(method, path, body, headers, _TIMEOUT, _MOST)
        return self.shape(answer) if answer else None

    def is_ready(self) -> bool:
        """Whether the server reports that it is ready."""
        try:
            with urllib.request.urlopen(
                f"{self.url}/health/ready", timeout=5, context=self.tls()
            ) as answer:
                return bool(answer.status == 200)
        except (OSError, ValueError, HTTPException):
            return False

    def _read(
        self, path: str, patience: float, query: Mapping[str, Any], most: int | None
    ) -> bytes:
        given = {name: value for name, value in query.items() if value is not None}
        asked = f"?{urlencode(given)}" if given else ""
        return self._ask("GET", f"{path}{asked}", None, {}, patience, most)

    def shape(self, answer: bytes | str) -> Any:
        """Return the JSON object of an answer. Raises ApiFailure.

        Access to a missing member of it raises ApiFailure too: Mailsink omits none.
        """
        try:
            shape = json.loads(answer, object_hook=partial(_Object, self.url))
        except (ValueError, RecursionError):
            raise _no_mailsink(self.url) from None
        is_object = isinstance(shape, _Object)
        if not is_object or not all(
            isinstance(shape.get(each, []), list) for each in _LISTS
        ):
            raise _no_mailsink(self.url)
        return shape

    def _ask(
        self,
        method: str,
        path: str,
        body: bytes | None,
        headers: Mapping[str, str],
        timeout: float,
        most: int | None,
    ) -> bytes:
        """Return the body of an answer, at most `most` octets. Raises ApiFailure."""
        request = urllib.request.Request(
            f"{self.url}/api/v3/{path}", body, dict(headers), method=method
        )
        for field in bearer_token.fields().items():
            request.add_unredirected_header(*field)  # not sent to another host
        try:
            with urllib.request.urlopen(
                request, timeout=timeout, context=self.tls()
            ) as answer:
                octets: bytes = answer.read(most and most + 1)
                left: int | None = answer.length
        except urllib.error.HTTPError as error:
            with error:
                raise _refused(error) from None
        except TimeoutError:
            raise ApiFailure(f"{self.url} did not answer in time") from None
        except (OSError, ValueError, HTTPException) as error:
            raise self._unreachable(error) from None
        if most and len(octets) > most:
            sends = f": it sends more than {most // 1024**2} MiB"
            raise _no_mailsink(self.url, sends)
        if left:
            raise ApiFailure(f"{self.url} broke off in the middle of its answer")
        return octets

    def _unreachable(self, error: Exception) -> ApiFailure:
        reason = getattr(error, "reason", error)
        if isinstance(reason, socket.gaierror):
            return ApiFailure(f"there is no such host: {self.url}")
        if isinstance(reason, ssl.SSLCertVerificationError):
            return ApiFailure(
                f"the certificate of {self.url} is not trusted "
                f"({reason.verify_message}). SSL_CERT_FILE names a file with others to trust"
            )
        why = getattr(reason, "strerror", None) or reason
        return ApiFailure(
            f"no Mailsink answers at {self.url} ({why}). Start one with `mailsink "
            "serve`, or name another with --url or MAILSINK_URL"
        )


class _Object(dict[str, Any]):
    """A JSON object from a URL."""

    def __init__(self, url: str, members: dict[str, Any]) -> None:
        super().__init__(members)
        self._url = url

    def __missing__(self, name: str) -> Any:
        raise _no_mailsink(self._url)


def _no_mailsink(url: str, why: str = "") -> ApiFailure:
    return ApiFailure(f"the server at {url} is not a Mailsink{why}")


def part(text: str) -> str:
    """Return a text as a part of a path."""
    return quote(text, safe="")


def _refused(error: urllib.error.HTTPError) -> ApiFailure:
    try:
        problem = json.loads(error.read(_MOST))
        detail = str(problem["detail"])
    except (OSError, HTTPException, ValueError, KeyError, TypeError, RecursionError):
        problem, detail = None, f"the server answered {error.code} {error.reason}"
    if error.code == 401:
        detail = (
            "this Mailsink has accounts, and the token is missing or unknown: give "
            "one with MAILSINK_TOKEN or --token-file"
        )
    return ApiFailure(detail, 1, problem)
