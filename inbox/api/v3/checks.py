"""API v3: what the checks of a mail found, as objects."""

from __future__ import annotations

from pydantic import Field

from inbox import checks, serializers
from inbox.api.v3.schemas import Page, Strict
from inbox.checks import CheckPlace, EmailClient, Group, Result, Severity, Use
from inbox.checks.caniemail import SupportResult as Tested
from inbox.serializers import Shape


class Place(Strict):
    place: str = Field(description='"HTML", "Text", a header field\'s name, or ""')
    line: int | None = Field(description="from 1, where there are lines")
    snippet: str = Field(description="as sent; cut short")
    words: str = Field(description="what is particular here")


class SourceObject(Strict):
    title: str
    url: str


class CheckObject(Strict):
    kind: str
    group: Group
    severity: Severity
    title: str
    sentence: str
    count: int = Field(description="how often; of each check 10,000 at most")
    places: list[Place] = Field(description="the first ones")
    fix: str
    source: SourceObject | None


class ProgramResult(Strict):
    client: str
    version: str = Field(description="the newest that was tested")
    notes: list[str]


class FeatureObject(Strict):
    feature: str = Field(description="its name at Can I email")
    title: str
    url: str
    count: int = Field(description="how often the mail uses it")
    line: int = Field(description="of the HTML, where first")
    snippet: str
    percent: int = Field(description="of the programs tested, that support it")
    percent_partly: int
    lacking: list[ProgramResult]
    partly: list[ProgramResult]


class ProgramObject(Strict):
    client: str
    lacking: list[str] = Field(description="features")
    partly: list[str] = Field(description="features")
    supporting: int = Field(description="how many features")


class SupportObject(Strict):
    source: str
    date: str = Field(description="of the data")
    features: list[FeatureObject] = Field(description="the least supported first")
    clients: list[ProgramObject] = Field(description="the common ones first")


class Checks(Page[CheckObject]):
    count: int = Field(description="of the kinds that are errors or warnings")
    read: int = Field(description="characters of HTML that were looked at")
    length: int = Field(description="of the HTML, in characters")
    css_cut: bool = Field(description="whether some CSS was not looked at")
    support: SupportObject


def report(found: checks.ChecksReport) -> Shape:
    """Return a report: its results, the gravest first, and the email clients."""
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
