"""Reads the bodies of requests: JSON with texts that can be stored and sent on."""

from __future__ import annotations

import json
import re
from typing import Any

from django.http import HttpRequest
from ninja.errors import HttpError
from ninja.parser import Parser

# The longest permitted list has 10,000 entries. Each wrong value makes an error.
_MOST_VALUES = 30_000
_SURROGATE = re.compile("[\ud800-\udfff]")


class JsonParser(Parser):
    """Parses a body, or reports why it cannot be parsed."""

    def parse_body(self, request: HttpRequest) -> Any:
        """Return the parsed JSON. Raises HttpError."""
        try:
            value = json.loads(request.body)
        except (json.JSONDecodeError, UnicodeDecodeError) as error:
            raise HttpError(400, f"the body is not JSON: {error}") from None
        except ValueError:  # Python refuses numbers with thousands of digits
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
    """Whether JSON has more than this number of values, nested ones included."""
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
    """Return what a text in JSON contains that not every database can store; "" for nothing.

    Lone surrogates cannot be sent on, either (RFC 8259 §8.2).
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
