"""The hashing of users' passwords."""

from __future__ import annotations

from django.contrib.auth.hashers import Argon2PasswordHasher


class SmallArgon2(Argon2PasswordHasher):
    """Argon2id with the lowest parameters that OWASP recommends.

    Django's parameters take 100 MB for each login, and each request that is being
    answered can be one.
    """

    time_cost = 2
    memory_cost = 19 * 1024  # KiB
    parallelism = 1
