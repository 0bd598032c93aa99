"""The references in a message: its links and images, in HTML and in plain text.

Linear time, based on markup.TOKEN; at most MOST references. Never raises.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import islice
from typing import Literal
from urllib.parse import SplitResult, urlsplit

from mailsink.mime import markup, urls

MOST = 2000
_LONGEST_TEXT = 300  # characters of a link's text
_LONGEST_URL = 4000

LinkKind = Literal["link", "image"]


@dataclass(frozen=True, slots=True)
class Reference:
    """A link, or an image. text: of the link, or the image's alt."""

    kind: LinkKind
    url: str
    text: str = ""
    has_alt: bool = False
    pixel: bool = False  # an image of one pixel or no size: it counts readers

    @property
    def host(self) -> str:
        """The host in lower case, with its port; "" if it is no web URL."""
        parts = split(self.url)
        return parts.netloc.rpartition("@")[2].lower() if parts else ""


def split(url: str) -> SplitResult | None:
    """Return the parts of a web URL; None for any other."""
    try:
        parts = urlsplit(url.strip())
        _ = parts.port
    except ValueError:
        return None
    return parts if parts.scheme in ("http", "https") and parts.hostname else None


_CSS_URL = re.compile(r"url\(\s*+[\"']?+([^\"'()\s]++)", re.IGNORECASE)
_IMAGES = {
    "img": ("src", "srcset"),
    "input": ("src",),
    "video": ("poster",),
    "body": ("background",),
    "table": ("background",),
    "td": ("background",),
    "th": ("background",),
    "tr": ("background",),
    "image": ("href", "xlink:href"),
    "source": ("srcset", "src"),
}
_LINKS = {"a": "href", "area": "href", "form": "action"}


def of_html(html: str) -> list[Reference]:
    """Return the links and images in HTML, in their order."""
    return list(islice(_of_html(html[: markup.MAX_LENGTH]), MOST))


def _of_html(html: str) -> Iterator[Reference]:
    link: tuple[str, int] | None = None  # the open link: its URL and its end
    for token in markup.TOKEN.finditer(html):
        if token["comment"]:
            continue
        if token["raw"]:
            if token["raw"].lower() == "style":
                yield from _of_css(token["text"])
            continue
        name = token["name"].lower()
        if link and name in ("a", "/a"):
            yield _link(link[0], html[link[1] : token.start()])
            link = None
        if name.startswith("/"):
            continue
        given = attributes(token[0], len(name) + 1)
        yield from _of_css(given.get("style", ""))
        yield from _images(name, given)
        if href := given.get(_LINKS.get(name, ""), "").strip():
            link = (href, token.end())
            if name != "a":
                yield _link(href, given.get("alt", ""))
                link = None
    if link:
        yield _link(link[0], html[link[1] :])


def _link(url: str, inner: str) -> Reference:
    text = markup.to_text(inner[: 20 * _LONGEST_TEXT])
    if not text and (
        alt := re.search(r"""alt\s*=\s*["']([^"']{1,300})""", inner[:6000])
    ):
        text = markup.unescape(alt[1])
    shown = " ".join(text.split())[:_LONGEST_TEXT]
    return Reference("link", url[:_LONGEST_URL], shown)


def _images(name: str, given: dict[str, str]) -> Iterator[Reference]:
    pixel = _is_pixel(given) if name == "img" else False
    for attribute in _IMAGES.get(name, ()):
        value = given.get(attribute, "").strip()
        urls = [each.split()[0] for each in value.split(",") if each.split()] if attribute == "srcset" else [value]  # fmt: skip
        for url in urls[:20]:
            if url:
                alt = given.get("alt")
                yield Reference(
                    "image", url[:_LONGEST_URL], (alt or "")[:_LONGEST_TEXT],
                    alt is not None, pixel,
                )  # fmt: skip


def _is_pixel(given: dict[str, str]) -> bool:
    sizes = [
        given.get(each, "").strip().removesuffix("px") for each in ("width", "height")
    ]
    style = re.sub(r"\s", "", given.get("style", "").lower())
    hidden = "display:none" in style or "width:1px" in style or "width:0" in style
    return all(size in ("0", "1") for size in sizes) or hidden


def _of_css(css: str) -> Iterator[Reference]:
    if "url(" not in css.lower():
        return
    for match in _CSS_URL.finditer(css):
        yield Reference("image", match[1][:_LONGEST_URL], "", has_alt=True)


def attributes(tag: str, start: int) -> dict[str, str]:
    """Return the attributes of a tag by their names. start: their offset in the tag.

    The first attribute of a name counts (WHATWG HTML §13.2.5.33).
    """
    found: dict[str, str] = {}
    for match in markup.ATTRIBUTE.finditer(tag.rstrip(">").rstrip("/") if tag.endswith("/>") else tag.rstrip(">"), start):  # fmt: skip
        value = match[3] or ""
        if value[:1] in ("'", '"'):
            value = value.strip(value[0])
        found.setdefault(match[1].lower(), markup.unescape(value))
    return found


def of_text(text: str) -> list[Reference]:
    """Return the links in plain text, in their order."""
    return [Reference("link", each.url) for each in urls.spans(text)]


def remote_hosts(references: list[Reference]) -> dict[str, int]:
    """Return the hosts that images load from, with the number of images of each."""
    hosts: dict[str, int] = {}
    for each in references:
        if each.kind == "image" and each.host:
            hosts[each.host] = hosts.get(each.host, 0) + 1
    return hosts
