"""A message's links and images, without duplicates, with remarks on unusual ones."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from django.utils.translation import gettext as _

from mailsink.mime import links
from mailsink.mime.links import Reference, split
from mailsink.mime.reading import Reading

_LOCAL = ("localhost", "127.", "0.0.0.0", "10.", "192.168.")  # noqa: S104  looked for, not bound


@dataclass(frozen=True, slots=True)
class Counted:
    """A link or an image, its number of occurrences, and remarks."""

    reference: Reference
    count: int
    remarks: list[str]

    @property
    def opens(self) -> bool:
        """Whether our pages can link to it: only http(s) URLs."""
        return split(self.reference.url) is not None


def found(reading: Reading) -> list[Counted]:
    """Return the links and images of the HTML, and the links of the text next to it.

    Without HTML, those of the text.
    """
    beside = reading.text_beside_html if reading.html else reading.text
    references = links.of_html(reading.markup) + links.of_text(beside)
    counts: dict[Reference, int] = {}
    for each in references:
        counts[each] = counts.get(each, 0) + 1
    return [Counted(each, count, list(remarks(each))) for each, count in counts.items()]


def remarks(reference: Reference) -> Iterator[str]:
    """Yield remarks about a link or an image."""
    url = reference.url.strip()
    scheme = url.partition(":")[0].lower()
    if not url or url == "#":
        yield _("leads nowhere")
    elif scheme == "javascript":
        yield _("is a script, which email clients do not run")
    elif scheme == "http":
        yield _("is not encrypted (http)")
    if reference.host.startswith(_LOCAL) or reference.host.partition(":")[0].endswith(
        ".local"
    ):
        yield _("is on the sender's own machine or network")
    if shown := _shown_host(reference):
        yield _("shows another host: %(host)s") % {"host": shown}
    if reference.kind == "image" and not reference.has_alt:
        yield _("has no alternative text")
    if reference.pixel:
        yield _("is a tracking pixel: invisible, it counts readers")


def _shown_host(reference: Reference) -> str:
    """Return the host in a link's text, if the link leads to another one."""
    words = reference.text.split()
    if reference.kind != "link" or len(words) != 1 or not reference.host:
        return ""
    text = words[0] if "://" in words[0] else f"https://{words[0]}"
    parts = split(text)
    shown = parts.netloc.lower() if parts else ""
    if "." not in shown or "@" in words[0]:
        return ""
    plain = [host.removeprefix("www.") for host in (shown, reference.host)]
    return shown if plain[0] != plain[1] else ""
