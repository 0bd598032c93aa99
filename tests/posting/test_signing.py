"""Signatures: by the specification's own example, and by its own library."""

from __future__ import annotations

import base64
import time

import pytest
from standardwebhooks import Webhook, WebhookVerificationError

from mailsink.posting import signing

BODY = '{"subject": "Ü"}'.encode()


def test_the_example_of_the_libraries() -> None:
    secret = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"
    body = b'{"test": 2432232314}'
    made = signing.headers([secret], "msg_p5jXN8AQM9LWM0D4loKWxJek", 1614265330, body)
    assert (
        made["webhook-signature"] == "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE="
    )


def test_both_secrets_verify_while_one_replaces_the_other() -> None:
    old, new, other = (signing.new_secret() for _ in range(3))
    assert len(base64.b64decode(old.removeprefix("whsec_"))) == 32
    made = signing.headers([new, old], "id", int(time.time()), BODY)
    for secret in (old, new):
        assert Webhook(secret).verify(BODY, made) == {"subject": "Ü"}
    with pytest.raises(WebhookVerificationError):
        Webhook(other).verify(BODY, made)
    with pytest.raises(WebhookVerificationError):
        Webhook(new).verify(BODY + b" ", made)
    with pytest.raises(WebhookVerificationError):
        Webhook(new).verify(BODY, {**made, "webhook-id": "other"})
