"""MAILSINK_RAW_URL: the store for large bodies, instead of the data folder."""

from __future__ import annotations

import re
from dataclasses import dataclass
from urllib.parse import parse_qsl

from mailsink.values import EnvType, split

_BUCKET = re.compile(r"[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]")
_PREFIX = re.compile(r"[A-Za-z0-9!_.*'()-]{1,100}(/[A-Za-z0-9!_.*'()-]{1,100}){0,4}")
_REGION = re.compile(r"[a-z0-9-]{1,40}")
_ADDRESSING = ("path", "virtual")


@dataclass(frozen=True, slots=True)
class ObjectStore:
    """A place in a store with the protocol of Amazon S3.

    endpoint: "" is Amazon's; region: "" is the one in the AWS variables; addressing:
    the place of the bucket's name in URLs, "path", "virtual" or "auto"
    """

    bucket: str
    prefix: str = ""  # without slashes around it
    endpoint: str = ""
    region: str = ""
    addressing: str = "auto"

    def __str__(self) -> str:
        return "/".join(filter(None, ["s3:/", self.bucket, self.prefix]))


def parse(text: str) -> ObjectStore | None:
    """Return the store that a URL names, None for "". Raises ValueError.

    The URL may not have credentials: they are in the variables and files of AWS.
    """
    if not text:
        return None
    url = split(text, ("s3",))
    prefix = url.path.strip("/")
    options = dict(parse_qsl(url.query, True, strict_parsing=bool(url.query)))
    endpoint = options.pop("endpoint", "").rstrip("/")
    region = options.pop("region", "")
    addressing = options.pop("addressing", "path" if endpoint else "auto")
    if (
        options
        or url.fragment
        or not _BUCKET.fullmatch(url.netloc)
        or (prefix and not _PREFIX.fullmatch(prefix))
        or not {".", ".."}.isdisjoint(prefix.split("/"))
        or (region and not _REGION.fullmatch(region))
        or addressing not in (*_ADDRESSING, "auto")
        or (endpoint and not _is_endpoint(endpoint))
    ):
        raise ValueError(text)
    return ObjectStore(url.netloc, prefix, endpoint, region, addressing)


def _is_endpoint(text: str) -> bool:
    url = split(text, ("http", "https"))
    return bool(url.hostname) and not ("@" in url.netloc or url.query or url.fragment)


RAW_URL: EnvType[ObjectStore | None] = EnvType(
    "s3://bucket/prefix, with ?endpoint=https://…, &region=… and &addressing=path or "
    "virtual where needed; credentials are in AWS_ACCESS_KEY_ID and "
    "AWS_SECRET_ACCESS_KEY, or in the files of AWS",
    parse,
)
