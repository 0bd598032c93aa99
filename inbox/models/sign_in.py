"""The tables of means of signing in, other than passwords."""

from __future__ import annotations

from django.conf import settings
from django.db import models

from mailsink.ids import uuid7


class Passkey(models.Model):
    """A public key of a user, whose private key is in one of the user's devices (WebAuthn)."""

    id = models.UUIDField(primary_key=True, default=uuid7)
    user = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.CASCADE, related_name="passkeys"
    )
    name = models.CharField(max_length=100)
    credential_id = models.CharField(max_length=1400, unique=True)  # base64url
    data = models.BinaryField()  # AttestedCredentialData (WebAuthn §6.5.1)
    # the host that it is valid for: the relying party's id
    host = models.CharField(max_length=255)
    uses = models.BigIntegerField(default=0)  # the device's counter; 0: it has none
    created_at = models.DateTimeField()
    used_at = models.DateTimeField(null=True)

    def __str__(self) -> str:
        return self.name


class AuthenticatorApp(models.Model):
    """An app of a user that shows time-based codes (RFC 6238)."""

    user = models.OneToOneField(
        settings.AUTH_USER_MODEL,
        models.CASCADE,
        primary_key=True,
        related_name="authenticator_app",
    )
    sealed_secret = models.CharField(max_length=255)
    last_step = models.BigIntegerField()  # of the last used code: none is valid twice
    created_at = models.DateTimeField()

    def __str__(self) -> str:
        return f"app of {self.user}"


class RecoveryCode(models.Model):
    """A one-time code that replaces a user's passkeys and app."""

    user = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.CASCADE, related_name="recovery_codes"
    )
    digest = models.CharField(max_length=64)  # SHA-256, in hex
    used_at = models.DateTimeField(null=True)

    def __str__(self) -> str:
        return f"code of {self.user}"


class ProviderIdentity(models.Model):
    """A user's identity at an OpenID Connect provider."""

    user = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.CASCADE, related_name="provider_identities"
    )
    issuer = models.CharField(max_length=255)
    # the provider's name for the user (OIDC Core §2)
    subject = models.CharField(max_length=255)
    created_at = models.DateTimeField()

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["issuer", "subject"], name="provider_identity_once"
            )
        ]

    def __str__(self) -> str:
        return self.subject
