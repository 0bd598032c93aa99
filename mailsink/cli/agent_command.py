"""`mcp`: the tools for coding agents, over standard input and output."""

from __future__ import annotations

import asyncio
from functools import partial
from typing import Any

import typer

from mailsink.agents.asking import NotAnswered
from mailsink.cli.api_client import DEFAULT_URL, ApiClient, ApiFailure, Url

_SPARE = 30.0  # seconds added to the time that a wait may take


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command()(mcp)


def mcp(url: Url = DEFAULT_URL) -> None:
    """Give a coding agent tools for a running Mailsink, by the Model Context Protocol."""
    client = ApiClient(url)
    try:
        from mailsink.agents.mcp_server import mcp_server
    except ImportError:
        raise ApiFailure(
            "the package mcp is not installed: pip install 'django-mailsink[mcp]'"
        ) from None
    asyncio.run(mcp_server(ApiElsewhere(client)).run_stdio_async())


class ApiElsewhere:
    """API v3 over the network; each request uses a thread."""

    def __init__(self, client: ApiClient) -> None:
        self._client = client

    @property
    def url(self) -> str:
        return self._client.url

    async def get(self, path: str, **query: Any) -> Any:
        patience = float(query.get("timeout", 0)) + _SPARE
        return await self._asked(partial(self._client.get, path, patience, **query))

    async def send(self, method: str, path: str, shape: object = None) -> Any:
        return await self._asked(partial(self._client.send, method, path, shape))

    async def _asked(self, ask: partial[Any]) -> Any:
        try:
            return await asyncio.to_thread(ask)
        except ApiFailure as failure:
            raise NotAnswered(str(failure), failure.problem) from None
