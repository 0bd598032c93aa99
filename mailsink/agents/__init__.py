"""Tools for coding agents (Model Context Protocol) on API v3: on stdio and at /mcp."""
