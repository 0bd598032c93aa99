"""Who may send: the logins that were configured, or everybody while there are none."""

from __future__ import annotations

import hmac
from collections.abc import Iterable

from mailsink.ports import Credentials


class Authenticator:
    """Implements mailsink.ports.Authenticator on a list of (user, password).

    Without any, every login is good.
    """

    def __init__(self, logins: Iterable[tuple[str, str]]) -> None:
        self._logins = [(_octets(user), _octets(password)) for user, password in logins]

    async def authenticate(self, credentials: Credentials) -> bool:
        """Whether these credentials are good; as slow for a near miss as for a far one."""
        user, password = _octets(credentials.username), _octets(credentials.password)
        good = not self._logins
        for each_user, each_password in self._logins:
            same_user = hmac.compare_digest(each_user, user)
            good |= hmac.compare_digest(each_password, password) & same_user
        return good


def _octets(text: str) -> bytes:
    return text.encode("utf-8", "surrogatepass")
