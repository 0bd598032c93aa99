"""How passwords of users are hashed."""

from __future__ import annotations

from django.contrib.auth.hashers import Argon2PasswordHasher


class SmallArgon2(Argon2PasswordHasher):
    """Argon2id by the least parameters that OWASP recommends.

    Django's own take 100 MB for each login, as many at a time as requests are answered.
    """

    time_cost = 2
    memory_cost = 19 * 1024  # KiB
    parallelism = 1
