"""The paths of the pages, and their names.

An invalid id gets the same answer as a missing one, from the view `missing`.
"""

from __future__ import annotations

from django.urls import URLPattern, URLResolver, include, path

from inbox import converters
from inbox.views import (
    attachments,
    attempts,
    audit_pages,
    cases,
    chosen,
    compare,
    counts,
    discussing,
    findings,
    frame,
    guard,
    holding_mail,
    identity_provider_pages,
    imports,
    inbox,
    inline_parts,
    invitations,
    made_reports,
    mail_inboxes,
    members,
    message,
    provider_replies,
    release_rules,
    releasing,
    retries,
    rule_files,
    rule_trial,
    ruling,
    searches,
    second_factor_pages,
    sessions,
    settings,
    share_pages,
    shared,
    signing_in_pages,
    starttls,
    token_pages,
    trace,
    trash,
    users,
    webhooks,
    welcome,
)

converters.register()

_message = [
    path("compare-previous", compare.with_previous, name="message-compare-previous"),
    path("case", cases.of_message, name="message-case"),
    path("attempts", attempts.of_message, name="message-attempts"),
    path("reports", made_reports.of_message, name="message-reports"),
    path("mark", message.mark, name="message-mark"),
    path("marks", message.marks, name="message-marks"),
    path("assign", discussing.assign, name="message-assign"),
    path("comments", discussing.comment, name="message-comment"),
    path("comments/<uuid:comment>/delete", discussing.remove, name="comment-delete"),
    path("delete", message.delete, name="message-delete"),
    path("restore", message.restore, name="message-restore"),
    path("frame", frame.of_message, name="message-frame"),
    path("print", frame.print_message, name="message-print"),
    path("checks", message.checks_of_message, name="message-checks"),
    path("attachments.zip", attachments.of_message, name="message-attachments"),
    path("release", releasing.release, name="message-release"),
    path("unsubscribe", message.unsubscribe, name="message-unsubscribe"),
    path("remote-hosts", message.allow_images, name="message-remote-hosts"),
    path("parts/<str:signed>", inline_parts.part, name="message-part"),
]

_transaction = [
    path("case", cases.of_transaction, name="transaction-case"),
    path("attempts", attempts.of_transaction, name="transaction-attempts"),
    path("retries", retries.of_transaction, name="transaction-retries"),
    path("frame", frame.of_transaction, name="transaction-frame"),
    path("print", frame.print_transaction, name="transaction-print"),
    path("checks", message.checks_of_transaction, name="transaction-checks"),
]

_session = [
    path("head", sessions.head, name="session-head"),
    path("exchanges", sessions.exchanges, name="session-exchanges"),
    path("replay", sessions.replay, name="session-replay"),
    path("trouble", sessions.trouble, name="session-trouble"),
    path("case", cases.of_session, name="session-case"),
    path("exchanges/<int:seq>", sessions.exchange, name="exchange"),
    path(
        "exchanges/<int:seq>/attempts", attempts.of_exchange, name="exchange-attempts"
    ),
]

_outgoing = [
    path("routes", releasing.add_route, name="route-add"),
    path("routes/<str:name>", releasing.change_route, name="route"),
    path("routes/<str:name>/remove", releasing.remove_route, name="route-remove"),
    path("routes/<str:name>/try", releasing.try_route, name="route-try"),
    path("held", holding_mail.add, name="held-add"),
    path("held/<str:domain>", holding_mail.page, name="held"),
    path("held/<str:domain>/remove", holding_mail.remove, name="held-remove"),
    path("held/<str:domain>/send", holding_mail.send, name="held-send"),
    path("<uuid:id>/hold", holding_mail.hold_again, name="release-hold"),
    path("rules", release_rules.add_rule, name="release-rule-add"),
    path("rules/<uuid:id>", release_rules.change_rule, name="release-rule"),
    path("rules/<uuid:id>/up", release_rules.move_rule, name="release-rule-up"),
    path(
        "rules/<uuid:id>/remove", release_rules.remove_rule, name="release-rule-remove"
    ),
    path("guard", guard.page, name="guard"),
    path("<uuid:id>/cancel", releasing.cancel, name="release-cancel"),
    path("<uuid:id>/retry", releasing.retry, name="release-retry"),
]

_webhook = [
    path("change", webhooks.change, name="webhook-change"),
    path("remove", webhooks.remove, name="webhook-remove"),
    path("pause", webhooks.pause, name="webhook-pause"),
    path("resume", webhooks.resume, name="webhook-resume"),
    path("test", webhooks.test, name="webhook-test"),
    path("secret", webhooks.rotate, name="webhook-secret"),
    path("replay", webhooks.replay_failed, name="webhook-replay"),
    path("deliveries/<uuid:delivery>/replay", webhooks.replay, name="delivery-replay"),
]

_rules = [
    path("new", ruling.add, name="rule-add"),
    path("preview", ruling.preview, name="rule-preview"),
    path("try", rule_trial.page, name="rules-try"),
    path("import", rule_files.take, name="rules-import"),
    path("providers", provider_replies.page, name="provider-replies"),
    path("rules.<str:form>", rule_files.export, name="rules-export"),
    path("switch", ruling.switch_all, name="rules-switch"),
    path("speed", ruling.set_speed, name="rules-speed"),
    path("scenarios/<str:name>", ruling.switch_scenario, name="scenario-switch"),
    path("scenarios/<str:name>/report", retries.of_scenario, name="scenario-report"),
    path("<str:id>", ruling.change, name="rule"),
    path("<str:id>/switch", ruling.switch, name="rule-switch"),
    path("<str:id>/move", ruling.move, name="rule-move"),
    path("<str:id>/remove", ruling.remove, name="rule-remove"),
]

_settings = [
    path("change", settings.change, name="settings-change"),
    path("strict", settings.change_strict, name="settings-strict"),
    path("resume", settings.resume, name="settings-resume"),
    path("mine", settings.save_mine, name="settings-mine"),
    path("remote-hosts", settings.allow_host, name="remote-host-add"),
    path("remote-hosts/remove", settings.forbid_host, name="remote-host-remove"),
    path("addresses", settings.put_address, name="address-put"),
    path("addresses/remove", settings.remove_address, name="address-remove"),
    path("starttls", starttls.offer_again, name="starttls-offer"),
]

_mail_inbox = [
    path("change", mail_inboxes.change, name="mail-inbox-change"),
    path("conditions", mail_inboxes.change_conditions, name="mail-inbox-conditions"),
    path("credentials", mail_inboxes.add_credential, name="credential-add"),
    path(
        "credentials/<str:username>/rotate",
        mail_inboxes.rotate,
        name="credential-rotate",
    ),
    path(
        "credentials/<str:username>/revoke",
        mail_inboxes.revoke,
        name="credential-revoke",
    ),
    path("delete", mail_inboxes.delete, name="mail-inbox-delete"),
    path("members", members.add, name="member-add"),
    path("members/<int:id>/change", members.change, name="member-change"),
    path("members/<int:id>/remove", members.remove, name="member-remove"),
]

_users = [
    path("<int:id>/change", users.change, name="user-change"),
    path("<int:id>/password-link", users.password_link, name="user-password-link"),
    path("<int:id>/delete", users.delete, name="user-delete"),
    path(
        "<int:id>/second-factors/remove",
        users.remove_second_factors,
        name="user-second-factors-remove",
    ),
]

_second_factors = [
    path("app", second_factor_pages.app, name="app"),
    path("app/remove", second_factor_pages.remove_app, name="app-remove"),
    path("codes", second_factor_pages.renew_codes, name="recovery-codes"),
    path("passkeys", second_factor_pages.add_passkey, name="passkey-add"),
    path(
        "passkeys/challenge",
        second_factor_pages.challenge,
        name="passkey-challenge",
    ),
    path(
        "passkeys/<uuid:id>/remove",
        second_factor_pages.remove_passkey,
        name="passkey-remove",
    ),
]

_login = [
    path("second", signing_in_pages.second_step, name="login-second"),
    path("passkey", signing_in_pages.by_passkey, name="login-passkey"),
    path("passkey/challenge", signing_in_pages.challenge, name="login-challenge"),
    path("provider", identity_provider_pages.begin, name="login-provider"),
    path("provider/return", identity_provider_pages.end, name="login-provider-return"),
]

_groups = [
    path("<int:id>/change", users.change_group, name="group-change"),
    path("<int:id>/delete", users.delete_group, name="group-delete"),
]

urlpatterns: list[URLPattern | URLResolver] = [
    path("", inbox.index, name="inbox"),
    path("entries", inbox.entries, name="entries"),
    path("entries/count", inbox.count, name="entries-count"),
    path("counts", counts.counts, name="counts"),
    path("searches", searches.save, name="search-save"),
    path("searches/check", searches.check, name="search-check"),
    path("searches/counts", searches.counts, name="search-counts"),
    path("searches/<id:id>/rename", searches.rename, name="search-rename"),
    path("searches/<id:id>/delete", searches.delete, name="search-delete"),
    path("compare", compare.page, name="compare"),
    path("import", imports.page, name="import"),
    path("trash", trash.page, name="trash"),
    path("trash/restore", trash.restore, name="trash-restore"),
    path("trash/empty", trash.empty, name="trash-empty"),
    path("trash/<uuid:id>", trash.message, name="trash-message"),
    path("trash/<uuid:id>/frame", frame.of_deleted, name="trash-frame"),
    path("messages/chosen", chosen.act, name="messages-chosen"),
    path("messages/delete", chosen.much, name="messages-much"),
    path("messages/<message:id>", message.page, name="message"),
    path("messages/<message:id>/", include(_message)),
    path("messages/<str:id>", message.missing),
    path("transactions/<id:id>", message.transaction, name="transaction"),
    path("transactions/<id:id>/", include(_transaction)),
    path("sessions", sessions.index, name="sessions"),
    path("sessions/rows", sessions.rows, name="session-rows"),
    path("sessions/<id:id>", sessions.session, name="session"),
    path("sessions/<id:id>/", include(_session)),
    path("sessions/<str:id>", sessions.missing),
    path("s/<short:short>", sessions.short, name="short"),
    path("s/<str:id>", sessions.missing),
    path("findings/mute", findings.mute, name="finding-mute"),
    path("findings/unmute", findings.unmute, name="finding-unmute"),
    path("trace", trace.page, name="trace"),
    path("trace/answer", trace.answer, name="trace-answer"),
    path("trace/summary", trace.summary, name="trace-summary"),
    path("trace/suggest", trace.suggest, name="trace-suggest"),
    path("outgoing", releasing.page, name="outgoing"),
    path("outgoing/", include(_outgoing)),
    path("webhooks", webhooks.page, name="webhooks"),
    path("webhooks/add", webhooks.add, name="webhook-add"),
    path("webhooks/<uuid:id>", webhooks.history, name="webhook"),
    path("webhooks/<uuid:id>/", include(_webhook)),
    path("rules", ruling.page, name="rules"),
    path("rules/", include(_rules)),
    path("inboxes", mail_inboxes.page, name="mail-inboxes"),
    path(
        "inboxes/deleted/<int:key>/restore",
        mail_inboxes.restore,
        name="mail-inbox-restore",
    ),
    path("inboxes/<str:slug>", mail_inboxes.one, name="mail-inbox"),
    path("inboxes/<str:slug>/", include(_mail_inbox)),
    path("settings", settings.page, name="settings"),
    path("settings/", include(_settings)),
    path("login", signing_in_pages.sign_in, name="login"),
    path("login/", include(_login)),
    path("logout", signing_in_pages.sign_out, name="logout"),
    path("account", signing_in_pages.account, name="account"),
    path("account/confirm", second_factor_pages.confirm, name="account-confirm"),
    path("account/second-factors", second_factor_pages.page, name="second-factors"),
    path("account/second-factors/", include(_second_factors)),
    path("setup/<str:key>", signing_in_pages.set_up, name="setup"),
    path("users", users.page, name="users"),
    path("users/", include(_users)),
    path("groups", users.add_group, name="group-add"),
    path("groups/", include(_groups)),
    path("invitations", invitations.add, name="invitation-add"),
    path("invitations/<uuid:id>/revoke", invitations.revoke, name="invitation-revoke"),
    path("invitations/<str:key>", invitations.open_link, name="invitation"),
    path("audit", audit_pages.page, name="audit"),
    path("audit.csv", audit_pages.as_csv, name="audit-csv"),
    path("audit.jsonl", audit_pages.as_lines, name="audit-lines"),
    path("account/tokens", token_pages.page, name="tokens"),
    path("account/tokens/<uuid:id>/revoke", token_pages.revoke, name="token-revoke"),
    path("shares", share_pages.page, name="shares"),
    path("shares/new", share_pages.add, name="share-add"),
    path("shares/<uuid:id>/revoke", share_pages.revoke, name="share-revoke"),
    path("shared/<str:secret>", shared.page, name="shared"),
    path("shared/<str:secret>/frame", shared.frame, name="shared-frame"),
    path("shared/<str:secret>/raw", shared.raw, name="shared-raw"),
    path("shared/<str:secret>/parts/<int:n>", shared.part, name="shared-part"),
    path("nothing-arriving", welcome.nothing_arriving, name="nothing-arriving"),
    path("nothing-arriving/steps", welcome.steps, name="nothing-arriving-steps"),
    path("test-message", welcome.test_message, name="test-message"),
]
