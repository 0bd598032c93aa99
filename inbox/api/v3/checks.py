"""API v3: the results of the checks of a mail, as objects."""

from __future__ import annotations

from inbox import checks, serializers
from inbox.api.v3.schemas import Page, Strict, member
from inbox.checks import CheckPlace, EmailClient, Group, Result, Severity, Use
from inbox.checks.caniemail import SupportResult as Tested
from inbox.serializers import Shape


class CheckPlaceObject(Strict):
    place: str = member('"HTML", "Text", the name of a header field, or "".', "HTML")
    line: int | None = member("The line, from 1; null if there are no lines.", 12)
    snippet: str = member("The beginning of this place.", '<img src="logo.png">')
    words: str = member("Details about this place.", "no alternative text")


class SourceObject(Strict):
    title: str = member("The name of the source.", "WCAG 2.2, 1.1.1 Non-text Content")
    url: str = member("The address.", "https://www.w3.org/TR/WCAG22/#non-text-content")


class CheckObject(Strict):
    kind: str = member(
        "The name of the check; see docs/checks.md.", "image_without_alt"
    )
    group: Group = member("What the check is about.")
    severity: Severity = member("How bad it is.")
    title: str = member("The result in a few words.", "Image without alternative text")
    sentence: str = member(
        "What it means.", "A screen reader cannot say what it shows."
    )
    count: int = member("How often it was found, counted up to 10,000.", 1)
    places: list[CheckPlaceObject] = member("The first places.")
    fix: str = member("What to change.", 'Describe the image in alt, or write alt="".')
    source: SourceObject | None = member(
        "The standard or page that says so; null if none is needed."
    )


class ProgramResult(Strict):
    client: str = member("The name of the email client.", "Outlook (Windows)")
    version: str = member("The newest version that was tested.", "2019")
    notes: list[str] = member("Remarks on the support.", ["Only on table cells."])


class FeatureObject(Strict):
    feature: str = member(
        "The name of the feature at Can I email.", "css-border-radius"
    )
    title: str = member("The feature in words.", "border-radius")
    url: str = member(
        "The page about it.", "https://www.caniemail.com/features/css-border-radius/"
    )
    count: int = member("How often the message uses it.", 3)
    line: int = member("The line of the HTML that uses it first.", 12)
    snippet: str = member("The beginning of that place.", "border-radius: 6px")
    percent: int = member("How many percent of email clients support it.", 81)
    percent_partly: int = member("How many percent support it in part.", 5)
    lacking: list[ProgramResult] = member("The email clients without it.")
    partly: list[ProgramResult] = member("The email clients with some of it.")


class ProgramObject(Strict):
    client: str = member("The name of the email client.", "Outlook (Windows)")
    lacking: list[str] = member("Features that it lacks.", ["css-border-radius"])
    partly: list[str] = member("Features that it has in part.", ["css-margin"])
    supporting: int = member("How many of the features it supports.", 50)


class SupportObject(Strict):
    source: str = member("Where the data is from.", "Can I email")
    date: str = member("The date of the data.", "2026-11-01")
    features: list[FeatureObject] = member("The features, least supported first.")
    clients: list[ProgramObject] = member("The email clients, common ones first.")


class Checks(Page[CheckObject]):
    count: int = member("How many kinds of errors and warnings there are.", 1)
    read: int = member("How many characters of the HTML were checked.", 4096)
    length: int = member("The length of the HTML in characters.", 4096)
    css_cut: bool = member("Whether some of the CSS was not checked.", False)
    support: SupportObject = member("The support of HTML and CSS by email clients.")


def report(found: checks.ChecksReport) -> Shape:
    """Return a report: its results, the most severe first, and the email clients."""
    support = found.support
    return {
        **serializers.page(map(_result, found.results), None),
        "count": len(found.counted),
        "read": found.read,
        "length": found.length,
        "css_cut": found.is_css_cut,
        "support": {
            "source": checks.SOURCE,
            "date": checks.DATE,
            "features": list(map(_use, support.uses)),
            "clients": list(map(_client, support.clients)),
        },
    }


def _result(result: Result) -> Shape:
    kind = result.kind
    source = kind.source
    return {
        "kind": kind.name,
        "group": kind.group,
        "severity": kind.severity,
        "title": kind.title,
        "sentence": kind.sentence,
        "count": result.count,
        "places": list(map(_place, result.spots)),
        "fix": kind.fix,
        "source": {"title": source.title, "url": source.url} if source else None,
    }


def _place(spot: CheckPlace) -> Shape:
    return {
        "place": spot.place,
        "line": spot.line,
        "snippet": spot.snippet,
        "words": spot.words,
    }


def _use(use: Use) -> Shape:
    return {
        "feature": use.feature.slug,
        "title": use.feature.title,
        "url": use.feature.url,
        "count": use.count,
        "line": use.line,
        "snippet": use.snippet,
        "percent": use.percent,
        "percent_partly": use.percent_partly,
        "lacking": list(map(_tested, use.lacking)),
        "partly": list(map(_tested, use.partly)),
    }


def _tested(result: Tested) -> Shape:
    return {
        "client": result.client,
        "version": result.version,
        "notes": list(result.notes),
    }


def _client(client: EmailClient) -> Shape:
    return {
        "client": client.name,
        "lacking": [use.feature.slug for use in client.lacking],
        "partly": [use.feature.slug for use in client.partly],
        "supporting": client.supporting,
    }
