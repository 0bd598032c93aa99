"""Calls tools by the official client, and reads their answers."""

from __future__ import annotations

import json
from typing import Any

from mcp import Client
from mcp.server.mcpserver import MCPServer
from mcp.types import TextContent

from mailsink.agents.mcp_server import mcp_server
from mailsink.cli.agent_command import ApiElsewhere
from mailsink.cli.api_client import ApiClient


def tools_of(url: str) -> MCPServer[Any]:
    """Return an MCP server in this process whose tools ask a running Mailsink."""
    return mcp_server(ApiElsewhere(ApiClient(url)))


async def text_of(client: Client, tool: str, **arguments: object) -> tuple[bool, str]:
    """Return whether a tool failed, and what it said."""
    result = await client.call_tool(tool, arguments)
    [content] = result.content
    assert isinstance(content, TextContent)
    return bool(result.is_error), content.text


async def ask(client: Client, tool: str, **arguments: object) -> dict[str, Any]:
    """Return the answer of a tool, which does not fail."""
    failed, text = await text_of(client, tool, **arguments)
    assert not failed, text
    answer: dict[str, Any] = json.loads(text)
    return answer
