"""The transport: listening sockets and connections, the only part that knows asyncio."""
