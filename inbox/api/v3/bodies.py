"""How the bodies of requests are read: JSON whose texts can be kept and sent on."""

from __future__ import annotations

import json
import re
from typing import Any

from django.http import HttpRequest
from ninja.errors import HttpError
from ninja.parser import Parser

# The longest list that may be given has 10,000. Each that is wrong is an error of its own.
_MOST_VALUES = 30_000
_SURROGATE = re.compile("[\ud800-\udfff]")


class JsonParser(Parser):
    """Reads a body, or says why it cannot be read."""

    def parse_body(self, request: HttpRequest) -> Any:
        """Return what the JSON says. Raises HttpError."""
        try:
            value = json.loads(request.body)
        except (json.JSONDecodeError, UnicodeDecodeError) as error:
            raise HttpError(400, f"the body is no JSON: {error}") from None
        except ValueError:  # Python reads no number of thousands of digits
            raise HttpError(400, "a number of the body has too many digits") from None
        except RecursionError:
            raise HttpError(400, "the JSON of the body is too deep") from None
        if _has_more(value, _MOST_VALUES):
            words = f"the body has more than {_MOST_VALUES:,} values"
            raise HttpError(422, words)
        if wrong := unfit(value):
            raise HttpError(422, f"a text of the body has {wrong} in it")
        return value


def _has_more(value: Any, most: int) -> bool:
    """Whether JSON has more values than so many, those within others too."""
    waiting, count = [value], 0
    while waiting:
        each = waiting.pop()
        if isinstance(each, dict):
            count += len(each)
            waiting += each.values()
        elif isinstance(each, list):
            count += len(each)
            waiting += each
        if count > most:
            return True
    return False


def unfit(value: Any) -> str:
    """Return what a text in JSON has that cannot be stored everywhere; "" for nothing.

    No surrogate can be sent on either (RFC 8259 §8.2).
    """
    waiting = [value]
    while waiting:
        each = waiting.pop()
        if isinstance(each, dict):
            waiting += each.keys()
            waiting += each.values()
        elif isinstance(each, list):
            waiting += each
        elif isinstance(each, str):
            if "\x00" in each:
                return "a U+0000"
            if _SURROGATE.search(each):
                return "a lone surrogate"
    return ""
