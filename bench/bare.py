"""The baseline: stock aiosmtpd, which accepts mail, counts it and drops it.

    python bench/bare.py PORT

VRFY replies with the number of messages so far.
"""

from __future__ import annotations

import asyncio
import sys

from aiosmtpd.smtp import SMTP


class Discard:
    messages = 0

    async def handle_DATA(
        self, server: object, session: object, envelope: object
    ) -> str:
        self.messages += 1
        return "250 OK"

    async def handle_VRFY(
        self, server: object, session: object, envelope: object, address: str
    ) -> str:
        return f"252 {self.messages}"


async def main() -> None:
    loop = asyncio.get_running_loop()
    handler = Discard()
    server = await loop.create_server(
        lambda: SMTP(handler, hostname="bare.example"), "127.0.0.1", int(sys.argv[1])
    )
    await server.serve_forever()


if __name__ == "__main__":
    asyncio.run(main())
