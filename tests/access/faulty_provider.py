"""An OpenID Connect provider that does as a test wants, also what none should do."""

from __future__ import annotations

import base64
import hashlib
import json
import time
from contextlib import suppress
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Event, Thread
from typing import Any
from urllib.parse import parse_qs, parse_qsl, urlsplit

from joserfc import jwt
from joserfc.jwk import ECKey

CLIENT_ID = "mailsink"


class FaultyProvider:
    """Signs in whoever a test names, over HTTP on loopback.

    claims: of the ID token, beside those that it has to have, or in their place
    userinfo: what the endpoint of that name answers
    metadata: in place of what it says of itself
    said: octets that it answers at a path, in place of what belongs there
    silent, dripping, endless, redirecting: says nothing, an octet now and then, never comes
    to an end, nor does so as it leads elsewhere
    """

    def __init__(self) -> None:
        self.key = self.signing_key = ECKey.generate_key("P-256", {"kid": "1"})
        self.claims: dict[str, Any] = {}
        self.userinfo: dict[str, Any] = {}
        self.metadata: dict[str, Any] = {}
        self.token_status = 200
        self.said: dict[str, bytes] = {}
        self.silent = self.dripping = self.endless = self.redirecting = False
        self.is_signed = True
        self.ended = Event()
        self._begun: dict[str, str] = {}
        provider = self

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                self._answer("")

            def do_POST(self) -> None:
                size = int(self.headers["Content-Length"])
                self._answer(self.rfile.read(size).decode())

            def _answer(self, body: str) -> None:
                if provider.silent:
                    provider.ended.wait(120)
                    return
                if provider.dripping or provider.endless or provider.redirecting:
                    self._go_on()
                    return
                path = urlsplit(self.path).path
                status, found = provider.answer(path, body)
                text = provider.said.get(path, json.dumps(found).encode())
                self.send_response(status)
                self.send_header("Content-Type", "application/json")
                self.send_header("Content-Length", str(len(text)))
                self.end_headers()
                self.wfile.write(text)

            def _go_on(self) -> None:
                self.send_response(302 if provider.redirecting else 200)
                self.send_header("Location", provider.issuer)
                self.end_headers()
                with suppress(OSError):  # whoever asked has gone
                    while provider.is_endless and not provider.ended.wait(0.001):
                        self.wfile.write(b" " * 65_536)
                    while provider.dripping and not provider.ended.wait(0.02):
                        self.wfile.write(b" ")

            def log_message(self, *_: Any) -> None:
                pass

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self._server.daemon_threads = True
        self.issuer = f"http://127.0.0.1:{self._server.server_port}"
        self._thread = Thread(target=self._server.serve_forever, args=(0.01,))
        self._thread.start()

    @property
    def is_endless(self) -> bool:
        return self.endless or self.redirecting

    def stop(self) -> None:
        self.ended.set()
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()

    def sign_in(self, url: str) -> dict[str, str]:
        """Sign somebody in who comes by this URL; return the query that they go back with."""
        self._begun = dict(parse_qsl(urlsplit(url).query))
        return {"code": "abc", "state": self._begun["state"]}

    def answer(self, path: str, body: str) -> tuple[int, Any]:
        """Return the status and what is said at a path."""
        if path == "/.well-known/openid-configuration":
            return 200, self._metadata() | self.metadata
        if path == "/jwks":
            return 200, {"keys": [self.key.as_dict(private=False)]}
        if path == "/userinfo":
            return 200, self.userinfo
        if path == "/token":
            return self.token_status, self._token(parse_qs(body))
        return 404, {}

    def _metadata(self) -> dict[str, Any]:
        return {
            "issuer": self.issuer,
            "authorization_endpoint": f"{self.issuer}/authorize",
            "token_endpoint": f"{self.issuer}/token",
            "userinfo_endpoint": f"{self.issuer}/userinfo",
            "jwks_uri": f"{self.issuer}/jwks",
            "id_token_signing_alg_values_supported": ["ES256"],
        }

    def _token(self, form: dict[str, list[str]]) -> dict[str, Any]:
        digest = hashlib.sha256(form["code_verifier"][0].encode()).digest()
        challenge = base64.urlsafe_b64encode(digest).rstrip(b"=").decode()
        if self._begun["code_challenge"] != challenge:
            return {"error": "invalid_grant"}
        now = int(time.time())
        claims = {
            "iss": self.issuer,
            "aud": CLIENT_ID,
            "sub": "1",
            "iat": now,
            "exp": now + 60,
            "nonce": self._begun["nonce"],
        }
        header = {"alg": "ES256", "kid": "1"}
        id_token = jwt.encode(header, claims | self.claims, self.signing_key)
        if not self.is_signed:
            plain = base64.urlsafe_b64encode(b'{"alg":"none"}').rstrip(b"=").decode()
            id_token = f"{plain}.{id_token.split('.')[1]}."
        return {"access_token": "x", "token_type": "Bearer", "id_token": id_token}
