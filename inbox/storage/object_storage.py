"""Large bodies in object storage: Amazon S3, or a store with its protocol.

Every call has timeouts, and passes a gate. It raises StoreDown, or FileNotFoundError if
the object does not exist.
"""

from __future__ import annotations

import hashlib
import hmac
import threading
import time
from collections.abc import Generator, Iterator, Mapping, Sequence
from contextlib import closing, contextmanager
from dataclasses import dataclass
from datetime import datetime
from email.utils import parsedate_to_datetime
from tempfile import TemporaryFile
from typing import Any, BinaryIO
from uuid import uuid4

from boto3.s3.transfer import TransferConfig
from botocore.config import Config
from botocore.exceptions import (
    BotoCoreError,
    ClientError,
    ConnectionError,
    ConnectTimeoutError,
    CredentialRetrievalError,
    HTTPClientError,
    NoCredentialsError,
    PartialCredentialsError,
    ReadTimeoutError,
    SSLError,
)
from django.core.files.base import ContentFile, File
from storages.backends.s3 import S3Storage

from inbox.storage.store_gate import StoreGate
from mailsink.raw_urls import ObjectStore

_CONNECT, _READ = 3, 10  # seconds until a silent store counts as unavailable
_LONGEST_GET = 60.0  # seconds for a whole body
_TRIES = 2
_PIECE = 1024 * 1024  # octets
_ONE_PUT = 64 * 1024 * 1024  # octets; larger bodies are put in parts
_OWNER = "mailsink"  # the metadata field of an object that identifies its owner
_MOST_AT_ONCE = 1000  # the most objects that S3 lists or deletes in a call

_GONE = {"404", "NoSuchKey", "NotFound"}
_NO_CREDENTIALS = (
    NoCredentialsError,
    PartialCredentialsError,
    CredentialRetrievalError,
)


@dataclass(frozen=True, slots=True)
class Listed:
    """Some objects: names with the times of their last change.

    now: the store's clock; next: the name after which the list goes on, "" at its end
    """

    changed: Mapping[str, datetime]
    now: datetime
    next: str


class ObjectStorage(S3Storage):
    """Django's storage of large bodies, with beginnings, lists and owners in addition."""

    def __init__(self, store: ObjectStore, secret: str) -> None:
        """secret: of this Mailsink; the sweep uses it to identify our own objects."""
        digest = hmac.new(secret.encode(), b"owner of objects", hashlib.sha256)
        self.owner = digest.hexdigest()[:32]
        self.gate = StoreGate()
        self.store = store
        self._config = _client(store)
        self._connecting = threading.Lock()
        self._connection: Any = None
        super().__init__(
            bucket_name=store.bucket,
            location=store.prefix,
            endpoint_url=store.endpoint or None,
            region_name=store.region or None,
            object_parameters={"Metadata": {_OWNER: self.owner}},
            transfer_config=TransferConfig(
                multipart_threshold=_ONE_PUT, use_threads=False
            ),
            client_config=self._config,
        )

    @property
    def connection(self) -> Any:
        """The one client of all threads.

        Each client takes a tenth of a second, and megabytes.
        """
        with self._connecting:
            if self._connection is None:
                self._connection = self._create_session().resource(
                    "s3",
                    region_name=self.store.region or None,
                    endpoint_url=self.store.endpoint or None,
                    config=self._config,
                )
            return self._connection

    def whole(self, name: str, octets: int) -> bytes:
        """Return an object's octets; octets: how many were put.

        If somebody has replaced it by a larger object, one octet more is returned.
        """
        return self._first(name, octets + 1)

    def beginning(self, name: str, octets: int) -> bytes:
        """Return the first octets of an object, without the rest of it."""
        return self._first(name, octets, Range=f"bytes=0-{octets - 1}")

    def discard(self, names: Sequence[str]) -> None:
        """Remove objects; those that are gone already are no error."""
        for start in range(0, len(names), _MOST_AT_ONCE):
            part = names[start : start + _MOST_AT_ONCE]
            keys = [{"Key": self._key(name)} for name in part]
            with self._asking():
                done = self._client.delete_objects(
                    Bucket=self.store.bucket, Delete={"Objects": keys, "Quiet": True}
                )
                if errors := done.get("Errors"):
                    code = errors[0].get("Code", "an error")
                    raise self.gate.failed(f"it answers {code} to DELETE", False)

    def page(self, after: str = "", most: int = _MOST_AT_ONCE) -> Listed:
        """Return a page of the list of all objects, after a name."""
        prefix = self._key("")
        start = {"StartAfter": prefix + after} if after else {}
        with self._asking():
            got = self._client.list_objects_v2(
                Bucket=self.store.bucket, Prefix=prefix, MaxKeys=most, **start
            )
        changed = {
            each["Key"].removeprefix(prefix): each["LastModified"]
            for each in got.get("Contents", ())
        }
        now = parsedate_to_datetime(got["ResponseMetadata"]["HTTPHeaders"]["date"])
        more = got.get("IsTruncated") and changed
        return Listed(changed, now, max(changed) if more else "")

    def try_out(self) -> None:
        """Put, read and remove an object, so that missing permissions show at the start.

        Raises StoreDown.
        """
        name = f"start/{uuid4().hex}"
        self.save(name, ContentFile(b"Mailsink tries its storage.", name))
        try:
            self.beginning(name, 1)
        except FileNotFoundError:
            raise self.gate.failed(
                "it loses the objects that are put into it", False
            ) from None
        self.discard([name])
        self.page(most=1)

    def is_ours(self, name: str) -> bool:
        """Whether an object was put by a Mailsink with our secret."""
        with self._asking():
            head = self._client.head_object(
                Bucket=self.store.bucket, Key=self._key(name)
            )
        return bool(head.get("Metadata", {}).get(_OWNER) == self.owner)

    def delete(self, name: str) -> None:
        self.discard([name])

    def _open(self, name: str, mode: str = "rb") -> File[bytes]:
        """Return a file on the disk that holds the octets."""
        file = TemporaryFile()  # noqa: SIM115  its reader closes it
        try:
            with self._asking():
                for piece in _pieces(self._get(name)):
                    file.write(piece)
            file.seek(0)
        except BaseException:
            file.close()
            raise
        return File(file, name)

    def save_mail(self, name: str, content: File[bytes]) -> None:
        """Put a body whose client waits for its 250."""
        with self._asking(of_mail=True):
            super()._save(name, content)

    def _save(self, name: str, content: File[bytes]) -> str:
        with self._asking():
            return str(super()._save(name, content))

    def _first(self, name: str, octets: int, **options: str) -> bytes:
        """Return the first octets of an object, whatever the store sends."""
        found = bytearray()
        with self._asking(), closing(_pieces(self._get(name, **options))) as pieces:
            for piece in pieces:
                found += piece
                if len(found) >= octets:
                    break
        return bytes(found[:octets])

    @property
    def _client(self) -> Any:
        return self.connection.meta.client

    def _key(self, name: str) -> str:
        """Return an object's key in its bucket."""
        return f"{self.store.prefix}/{name}".removeprefix("/")

    def _get(self, name: str, **options: str) -> BinaryIO:
        key = self._key(name)
        got = self._client.get_object(Bucket=self.store.bucket, Key=key, **options)
        body: BinaryIO = got["Body"]
        return body

    @contextmanager
    def _asking(self, of_mail: bool = False) -> Iterator[None]:
        with self.gate.passage(of_mail):
            try:
                yield
            except ClientError as error:
                code = str(error.response.get("Error", {}).get("Code", ""))
                if code in _GONE:
                    raise FileNotFoundError(2, "there is no such object") from None
                raise self.gate.failed(*_reason(error)) from error
            except (BotoCoreError, TimeoutError) as error:
                raise self.gate.failed(*_reason(error)) from error


def _client(store: ObjectStore) -> Config:
    # Other stores than Amazon's may not support its newer checksums.
    checksums = "when_required" if store.endpoint else "when_supported"
    return Config(
        connect_timeout=_CONNECT,
        read_timeout=_READ,
        retries={"total_max_attempts": _TRIES, "mode": "standard"},
        max_pool_connections=16,
        s3={"addressing_style": store.addressing},
        request_checksum_calculation=checksums,
        response_checksum_validation=checksums,
    )


def _pieces(body: BinaryIO) -> Generator[bytes]:
    """Yield the octets that a store sends. Raises TimeoutError if all take too long."""
    ends = time.monotonic() + _LONGEST_GET
    try:
        while piece := body.read(_PIECE):
            yield piece
            if time.monotonic() > ends:
                raise TimeoutError
    finally:
        body.close()


def _reason(error: Exception) -> tuple[str, bool]:
    """Return the reason of an error, in words, and whether the store was silent."""
    if isinstance(error, ClientError):
        status = error.response.get("ResponseMetadata", {}).get("HTTPStatusCode", 0)
        code = error.response.get("Error", {}).get("Code", status)
        return f"it answers {code} to {error.operation_name}", status >= 500
    if isinstance(error, _NO_CREDENTIALS):
        return "no credentials for it are set (AWS_ACCESS_KEY_ID)", False
    if isinstance(error, ConnectTimeoutError | ReadTimeoutError | TimeoutError):
        return "it did not answer in time", True
    if isinstance(error, SSLError):
        return "its TLS certificate is not trusted (AWS_CA_BUNDLE names others)", True
    if isinstance(error, ConnectionError | HTTPClientError):
        return "there is no connection to it", True
    return f"it cannot be used ({type(error).__name__})", False
