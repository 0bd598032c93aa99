"""Tools for coding agents, by the Model Context Protocol: over API v3, on stdio and at /mcp."""
