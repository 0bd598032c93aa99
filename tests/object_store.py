"""A private S3 server in a process of its own: moto, on a free port.

`python -m tests.object_store` runs one until it is ended.
"""

from __future__ import annotations

import logging
import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from hashlib import sha256
from typing import Any
from uuid import uuid4

import boto3

CREDENTIALS = {"AWS_ACCESS_KEY_ID": "key", "AWS_SECRET_ACCESS_KEY": "secret"}


@dataclass
class ObjectServer:
    """One that runs. endpoint: its URL"""

    endpoint: str
    process: subprocess.Popen[str]
    buckets: dict[str, Any] = field(default_factory=dict)

    def bucket(self) -> str:
        """Make a bucket; return its MAILSINK_RAW_URL."""
        name = f"mail-{uuid4().hex[:12]}"
        s3 = boto3.resource(
            "s3",
            endpoint_url=self.endpoint,
            region_name="us-east-1",
            aws_access_key_id="key",
            aws_secret_access_key="secret",
        )
        url = f"s3://{name}/raw?endpoint={self.endpoint}&region=us-east-1"
        self.buckets[url] = s3.create_bucket(Bucket=name)
        return url

    def names(self, url: str) -> set[str]:
        """Return the names of all objects in a bucket."""
        return {each.key for each in self.buckets[url].objects.all()}

    def digests(self, url: str) -> list[str]:
        """Return the SHA-256 of each object in a bucket."""
        return [
            sha256(each.get()["Body"].read()).hexdigest()
            for each in self.buckets[url].objects.all()
        ]


@contextmanager
def object_server() -> Iterator[ObjectServer]:
    """Run a private S3 server, gone after use; its credentials are in the environment."""
    process = subprocess.Popen(
        [sys.executable, "-m", "tests.object_store"],
        env={**os.environ, "MOTO_S3_DEFAULT_KEY_BUFFER_SIZE": "65536"},  # on the disk
        stdout=subprocess.PIPE,
        text=True,
    )
    assert process.stdout
    before = {name: os.environ.get(name) for name in CREDENTIALS}
    os.environ.update(CREDENTIALS)
    try:
        port = int(process.stdout.readline())
        yield ObjectServer(f"http://127.0.0.1:{port}", process)
    finally:
        process.kill()
        process.communicate()
        for name, value in before.items():
            os.environ.pop(name)
            if value is not None:
                os.environ[name] = value


def _serve() -> None:
    from moto.moto_server.werkzeug_app import (
        DomainDispatcherApplication,
        create_backend_app,
    )
    from werkzeug.serving import make_server

    logging.getLogger("werkzeug").setLevel(logging.ERROR)
    application = DomainDispatcherApplication(create_backend_app)
    server = make_server("127.0.0.1", 0, application, threaded=True)
    sys.stdout.write(f"{server.port}\n")
    sys.stdout.flush()
    server.serve_forever()


if __name__ == "__main__":
    _serve()
