"""Where the pages live."""

from __future__ import annotations

from django.urls import URLPattern, URLResolver, path

from inbox.views import (
    attempts,
    cases,
    findings,
    frame,
    inbox,
    message,
    sessions,
    settings,
    trace,
    welcome,
)

urlpatterns: list[URLPattern | URLResolver] = [
    path("", inbox.index),
    path("entries", inbox.entries),
    path("trash", inbox.trash),
    path("messages/<str:id>", message.page),
    path("messages/<str:id>/case", cases.of_message),
    path("messages/<str:id>/attempts", attempts.of_message),
    path("messages/<str:id>/mark", message.mark),
    path("messages/<str:id>/delete", message.delete),
    path("messages/<str:id>/restore", message.restore),
    path("messages/<str:id>/frame", frame.of_message),
    path("messages/<str:id>/parts/<str:signed>", frame.part),
    path("transactions/<str:id>", message.transaction),
    path("transactions/<str:id>/case", cases.of_transaction),
    path("transactions/<str:id>/attempts", attempts.of_transaction),
    path("transactions/<str:id>/frame", frame.of_transaction),
    path("sessions", sessions.index),
    path("sessions/rows", sessions.rows),
    path("sessions/<str:id>", sessions.session),
    path("sessions/<str:id>/head", sessions.head),
    path("sessions/<str:id>/exchanges", sessions.exchanges),
    path("sessions/<str:id>/replay", sessions.replay),
    path("sessions/<str:id>/trouble", sessions.trouble),
    path("sessions/<str:id>/exchanges/<int:seq>", sessions.exchange),
    path("sessions/<str:id>/case", cases.of_session),
    path("sessions/<str:id>/exchanges/<int:seq>/attempts", attempts.of_exchange),
    path("s/<str:short>", sessions.short),
    path("findings/mute", findings.mute),
    path("findings/unmute", findings.unmute),
    path("trace", trace.page),
    path("trace/answer", trace.answer),
    path("trace/sender", trace.sender),
    path("settings", settings.page),
    path("settings/change", settings.change),
    path("settings/addresses", settings.put_address),
    path("settings/addresses/remove", settings.remove_address),
    path("nothing-arriving", welcome.nothing_arriving),
    path("nothing-arriving/steps", welcome.steps),
    path("test-message", welcome.test_message),
]
