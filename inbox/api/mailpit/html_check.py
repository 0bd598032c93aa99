"""Mailpit's HTML check, from our own data about the support in email clients."""

from __future__ import annotations

from collections.abc import Sequence

from django.http import HttpRequest, HttpResponse

from inbox import checks
from inbox.api.mailpit.common import found
from inbox.api.mailpit.message import opened
from inbox.api.plain_answers import PlainError, go_json
from inbox.checks import Use
from inbox.checks.caniemail import CLIENTS, SupportResult
from inbox.mailbox.large import LABORIOUS, refuse_here
from inbox.serializers import Shape
from mailsink.mime.markup import TOKEN

# The platforms of Can I email, by the word in brackets of our client names.
_PLATFORMS = {
    "web": "desktop-webmail",
    "mobile web": "mobile-webmail",
    "iOS": "ios",
    "Android": "android",
    "macOS": "macos",
    "Windows": "windows",
    "Windows Mail": "windows-mail",
    "Outlook.com": "outlook-com",
}
_SUPPORT = {"y": "yes", "n": "no", "a": "partial"}


def check(request: HttpRequest, id: str) -> HttpResponse:
    """Answer with the features that some email clients do not support, the worst first."""
    mail = opened(found(request, id, "404 page not found"))
    if not mail.html:
        raise PlainError("message does not contain HTML")
    refuse_here(len(mail.octets), LABORIOUS)
    report = checks.examine(mail.octets, mail.parsed)
    nodes = max(1, sum(1 for each in TOKEN.finditer(mail.reading.markup) if each["name"] or each["raw"]))  # fmt: skip
    warnings = [_warning(each) for each in report.support.troubled]
    warnings.sort(key=lambda each: each["Score"]["Supported"])
    platforms: dict[str, list[str]] = {}
    for client in CLIENTS:
        family, platform = _place(client)
        if family not in platforms.setdefault(platform, []):
            platforms[platform].append(family)
    return go_json(
        {
            "Warnings": warnings,
            "Platforms": platforms,
            "Total": _total(warnings, nodes, len(report.support.uses)),
        }
    )


def _place(client: str) -> tuple[str, str]:
    """Return the family and platform from a client's name."""
    family, _, platform = client.removesuffix(")").rpartition(" (")
    return family, _PLATFORMS.get(platform, platform.lower())


def _warning(use: Use) -> Shape:
    feature = use.feature
    notes = list(dict.fromkeys(note for each in feature.results for note in each.notes))
    prefix = feature.slug.partition("-")[0]
    return {
        "Slug": feature.slug,
        "Title": feature.title,
        "Description": "",
        "URL": feature.url,
        "Category": prefix if prefix in ("css", "html", "image") else "others",
        "Tags": [],
        "Keywords": "",
        "Results": [
            _result(each, notes) for each in feature.results if each.answer in _SUPPORT
        ],
        "NotesByNumber": {str(n): note for n, note in enumerate(notes, 1)},
        "Score": _score(use),
    }


def _result(result: SupportResult, notes: Sequence[str]) -> Shape:
    family, platform = _place(result.client)
    numbers = (str(notes.index(each) + 1) for each in result.notes)
    return {
        "Name": f"{result.client} ({result.version})",
        "Platform": platform,
        "Family": family,
        "Version": result.version,
        "Support": _SUPPORT[result.answer],
        "NoteNumber": ",".join(numbers),
    }


def _score(use: Use) -> Shape:
    tested = max(1, len(use.supporting) + len(use.partly) + len(use.lacking))
    partial = 100 * len(use.partly) / tested
    unsupported = 100 * len(use.lacking) / tested
    return {
        "Found": use.count,
        "Supported": 100 - partial - unsupported,
        "Partial": partial,
        "Unsupported": unsupported,
    }


def _total(warnings: Sequence[Shape], nodes: int, tests: int) -> Shape:
    """Return the worst of the scores, each weighted with its feature's share of the HTML."""

    def worst(name: str) -> float:
        shares = (
            each["Score"][name] * min(each["Score"]["Found"], nodes) / nodes
            for each in warnings
        )
        return max(shares, default=0.0)

    partial, unsupported = worst("Partial"), worst("Unsupported")
    return {
        "Tests": tests,
        "Nodes": nodes,
        "Supported": max(0.0, 100 - partial - unsupported),
        "Partial": partial,
        "Unsupported": unsupported,
    }
