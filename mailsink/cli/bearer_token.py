"""The token with which commands sign in to a Mailsink that has accounts."""

from __future__ import annotations

import inspect
import sys
from collections.abc import Callable
from functools import wraps
from pathlib import Path
from typing import Annotated, Any, get_type_hints

import typer

_URL = "url"  # the parameter of every command that uses a server
_LARGEST = 4096  # characters

_Token = Annotated[
    str,
    typer.Option(
        "--token",
        envvar="MAILSINK_TOKEN",
        help="An API token. Others on this machine can see it: the variable is safer.",
        show_default=False,
    ),
]
_TokenFile = Annotated[
    str,
    typer.Option(
        "--token-file",
        envvar="MAILSINK_TOKEN_FILE",
        help="A file with the API token; - for standard input.",
        show_default=False,
    ),
]


class _Given:
    """The token of this process."""

    token = ""


def fields() -> dict[str, str]:
    """Return the request fields that sign in; none without a token."""
    return {"Authorization": f"Bearer {_Given.token}"} if _Given.token else {}


def let_sign_in(app: typer.Typer) -> None:
    """Add the token options to the commands, also of groups, that use a server."""
    for command in app.registered_commands:
        if command.callback:
            command.callback = _signing_in(command.callback)
    for group in app.registered_groups:
        if group.typer_instance:
            let_sign_in(group.typer_instance)


def _signing_in(command: Callable[..., Any]) -> Callable[..., Any]:
    """Return a command with the token options, if it uses a server."""
    hints = get_type_hints(command, include_extras=True)
    if _URL not in hints:
        return command

    @wraps(command)
    def run(*, token: str = "", token_file: str = "", **given: Any) -> Any:
        _Given.token = _checked(token or _read(token_file))
        return command(**given)

    hints |= {"token": _Token, "token_file": _TokenFile}
    keyword = inspect.Parameter.KEYWORD_ONLY
    parameters = [
        *inspect.signature(command).parameters.values(),
        inspect.Parameter("token", keyword, default=""),
        inspect.Parameter("token_file", keyword, default=""),
    ]
    run.__annotations__ = hints
    run.__dict__["__signature__"] = inspect.Signature(
        [each.replace(annotation=hints[each.name]) for each in parameters]
    )
    return run


def _read(path: str) -> str:
    if not path:
        return ""
    try:
        if path == "-":
            return sys.stdin.readline(_LARGEST)
        with Path(path).open(encoding="ascii") as file:
            return file.read(_LARGEST)
    except (OSError, ValueError) as error:
        why = getattr(error, "strerror", None) or "it is not text"
        raise typer.BadParameter(f"{path} cannot be read: {why}") from None


def _checked(text: str) -> str:
    """Return a token without white space around it. Raises BadParameter."""
    token = text.strip()
    if token.isascii() and " " not in token and (token.isprintable() or not token):
        return token
    raise typer.BadParameter("a token has neither spaces nor control characters")
