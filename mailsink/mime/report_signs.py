"""Detects the signs of a bounce, or of an automatic reply, in the header of a message.

Uses only the root part and the reverse-path. Never raises; linear time.
"""

from __future__ import annotations

from typing import Literal

from mailsink.mime.headers import addresses
from mailsink.mime.structure import Part

# sure: it is a bounce, readable or not. likely: a bounce if its text reports a failure.
# maybe: a bounce only if its text has the form of a known system.
Sign = Literal["sure", "likely", "maybe", ""]

_LOOKED_AT = 500  # characters of a field
_DAEMONS = (
    "mailer-daemon", "mailerdaemon", "mail-daemon", "maildaemon", "mdaemon", "postmaster",
    "post_master", "double-bounce", "mail.delivery.system",
)  # fmt: skip
_DAEMON_NAMES = (
    "mail deliver", "mailer-daemon", "mailer daemon", "mail administrator",
    "system administrator", "delivery subsystem", "mail system", "postmaster",
)  # fmt: skip
# Parts of the subjects of bounces, in lower case
_SUBJECTS = (
    "undeliver", "nondeliver", "non-deliver", "not delivered", "could not be delivered",
    "delivery fail", "failed delivery", "failure delivery", "delivery has failed", "delivery status",
    "delivery notification", "delivery report", "delivery problem", "delivery warning", "delivery error",
    "delivery delay", "mail delivery", "message delivery", "returned mail", "returned to sender",
    "returning message", "returning to sender", "failure notice", "mail failed", "failed mail", "mail failure",
    "mail error", "mail system error", "error sending", "processing error", "rejected mail", "message delayed",
    "delayed mail", "permanent failure", "unzustellbar", "unzustellbarkeit", "non remis", "non distribu",
    "niet bezorgd", "onbestelbaar", "no se ha podido entregar", "no entregado", "não entregue",
    "mancato recapito", "не доставлен", "недоставлен", "配信不能", "配信できません", "メールエラー",
    "送信できません", "退信", "无法投递",
)  # fmt: skip
_FORWARDED = ("fw:", "fwd:", "wg:", "tr:", "rv:")  # by people
_REPLY_SUBJECTS = (
    "automatic reply", "auto reply", "autoreply", "auto-reply", "auto response",
    "out of office", "out of the office", "abwesenheit", "automatische antwort",
    "réponse automatique", "absence du bureau", "respuesta automática", "risposta automatica",
    "automatisch antwoord", "自動応答", "不在通知", "自动回复",
)  # fmt: skip
_REPLY_FIELDS = ("x-autoreply", "x-autorespond", "x-autoresponder")


def of_bounce(root: Part, reverse_path: str | None) -> Sign:
    """Return how surely a message is a bounce, judged by its header.

    reverse_path: of the envelope; None if it is unknown
    """
    if root.get("x-failed-recipients"):
        return "sure"
    is_null = reverse_path == "" or _value(root, "return-path").replace(" ", "") == "<>"
    subject = _value(root, "subject")
    has_subject = _has(subject, _SUBJECTS) and not subject.startswith(_FORWARDED)
    is_automatic = _value(root, "auto-submitted").startswith("auto-")
    is_daemon = _is_by_daemon(root)
    if (has_subject and (is_daemon or is_null)) or (is_daemon and is_null):
        return "sure"
    if is_daemon:
        return "likely"
    if is_null or (has_subject and is_automatic):
        # RFC 3834 §3.3 recommends a null reverse-path for automatic replies, too.
        return "maybe" if is_automatic_reply(root) else "likely"
    return "maybe" if has_subject else ""


def is_automatic_reply(root: Part) -> bool:
    """Whether the header shows that a program answered a message (RFC 3834 §5).

    Programs older than Auto-Submitted show it with their own fields, or with
    Precedence.
    """
    if _value(root, "auto-submitted").startswith("auto-replied"):
        return True
    if any(_value(root, each) not in ("", "no") for each in _REPLY_FIELDS):
        return True
    if _value(root, "precedence") in ("auto_reply", "auto-reply"):
        return True
    return _value(root, "subject").startswith(_REPLY_SUBJECTS)


def _is_by_daemon(root: Part) -> bool:
    field = root.get("from")
    if field is None:
        return False
    name, address = next(iter(addresses(field.encoded[:_LOOKED_AT])), ("", ""))
    local = address.rpartition("@")[0] or address
    local = local.strip('"').lower()
    return local.startswith(_DAEMONS) or _has(f"{name} {local}".lower(), _DAEMON_NAMES)


def _has(text: str, words: tuple[str, ...]) -> bool:
    return any(each in text for each in words)


def _value(root: Part, name: str) -> str:
    field = root.get(name)
    return field.value[:_LOOKED_AT].strip().lower() if field else ""
