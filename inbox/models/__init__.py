"""Mailsink's tables. Behaviour that writes two of them is in the other packages."""

from inbox.models.access import Membership, User
from inbox.models.account_link import AccountLink
from inbox.models.api_token import ApiToken
from inbox.models.audit import AuditEntry, AuditRetention
from inbox.models.discussion import Assignment, Comment
from inbox.models.finding import BodyFinding, Mute
from inbox.models.inbox import Inbox, SmtpCredential
from inbox.models.made_report import MadeReport, ReportTask
from inbox.models.message import (
    Message,
    MessageRead,
    ReadUpTo,
    RemoteHost,
    SavedSearch,
    SearchText,
    Tombstone,
)
from inbox.models.outgoing import (
    DerivingCursor,
    HeldDomain,
    OutgoingGuard,
    Release,
    ReleaseRecipient,
    ReleaseRule,
    ReleaseTry,
    Route,
)
from inbox.models.rule import Rule, RuleCount
from inbox.models.session import (
    Exchange,
    Fingerprint,
    Raw,
    Recipient,
    Server,
    Session,
    Transaction,
)
from inbox.models.share_link import ShareLink
from inbox.models.sign_in import (
    AuthenticatorApp,
    Passkey,
    ProviderIdentity,
    RecoveryCode,
)
from inbox.models.unsubscription import Unsubscription
from inbox.models.webhook import Webhook, WebhookDelivery, WebhookEvent

__all__ = [
    "AccountLink",
    "ApiToken",
    "Assignment",
    "AuditEntry",
    "AuditRetention",
    "AuthenticatorApp",
    "BodyFinding",
    "Comment",
    "DerivingCursor",
    "Exchange",
    "Fingerprint",
    "HeldDomain",
    "Inbox",
    "MadeReport",
    "Membership",
    "Message",
    "MessageRead",
    "Mute",
    "OutgoingGuard",
    "Passkey",
    "ProviderIdentity",
    "Raw",
    "ReadUpTo",
    "Recipient",
    "RecoveryCode",
    "Release",
    "ReleaseRecipient",
    "ReleaseRule",
    "ReleaseTry",
    "RemoteHost",
    "ReportTask",
    "Route",
    "Rule",
    "RuleCount",
    "SavedSearch",
    "SearchText",
    "Server",
    "Session",
    "ShareLink",
    "SmtpCredential",
    "Tombstone",
    "Transaction",
    "Unsubscription",
    "User",
    "Webhook",
    "WebhookDelivery",
    "WebhookEvent",
]
