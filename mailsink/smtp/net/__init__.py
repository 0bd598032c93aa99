"""The transport: listening sockets and connections. Only this part uses asyncio."""
