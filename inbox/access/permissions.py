"""The minimum role for each route, by its pattern and method; other routes are refused.

A role in an inbox also narrows the scope of the request to the inboxes where the caller
has this role. Routes for the whole server, rather than one inbox, need an
administrator.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from inbox.access.roles import Role

PUBLIC, SIGNED_IN = Role.PUBLIC, Role.SIGNED_IN
VIEWER, TESTER, MANAGER = Role.VIEWER, Role.TESTER, Role.MANAGER
ADMINISTRATOR = Role.ADMINISTRATOR

Methods = Mapping[str, Role]
Table = dict[str, Methods]


def least(route: str, method: str) -> Role | None:
    """Return the minimum role for a route (Django's pattern) and method; None: refused.

    HEAD counts as GET. A preflight (OPTIONS) carries no credentials, and shows no data.
    """
    if method == "OPTIONS":
        return PUBLIC if route in ROUTES else None
    return ROUTES.get(route, {}).get("GET" if method == "HEAD" else method)


def _all(methods: Methods, routes: str, below: str = "") -> Table:
    """Return a table of these routes, separated by spaces, all with the same methods."""
    return {f"{below}{each}": methods for each in routes.split()}


def _merged(tables: Iterable[Table]) -> Table:
    """Return the tables merged; a route in two of them has the methods of both."""
    merged: dict[str, dict[str, Role]] = {}
    for table in tables:
        for route, methods in table.items():
            known = merged.setdefault(route, {})
            twice = known.keys() & methods.keys()
            assert not twice, f"{route} has {twice} twice"
            known.update(methods)
    return dict(merged)


_READ = {"GET": VIEWER}
_TEST = {"POST": TESTER}
_MANAGE = {"POST": MANAGER}
_FORM = {"GET": TESTER, "POST": TESTER}
_MANAGE_FORM = {"GET": MANAGER, "POST": MANAGER}
_ADMINISTER = {"GET": ADMINISTRATOR, "POST": ADMINISTRATOR}

# MAILSINK_METRICS_FROM names the networks that may read the metrics.
_PUBLIC = _all({"GET": PUBLIC}, "health/live health/ready livez readyz metrics")

# Users are strangers until they have signed in. The setup link contains a secret.
_SIGNING_IN = _merged([
    _all({"GET": PUBLIC, "POST": PUBLIC}, "login setup/<str:key> invitations/<str:key>"),
    {"login/second": {"GET": PUBLIC, "POST": PUBLIC}},
    _all({"POST": PUBLIC}, "login/passkey login/passkey/challenge"),
    _all({"GET": PUBLIC}, "login/provider login/provider/return"),
    {"logout": {"POST": SIGNED_IN}, "account": {"GET": SIGNED_IN, "POST": SIGNED_IN}},
    {"account/confirm": {"GET": SIGNED_IN, "POST": SIGNED_IN}},
    {"account/second-factors": {"GET": SIGNED_IN}},
    {"account/second-factors/app": {"GET": SIGNED_IN, "POST": SIGNED_IN}},
    _all(
        {"POST": SIGNED_IN},
        "app/remove codes passkeys passkeys/challenge passkeys/<uuid:id>/remove",
        "account/second-factors/",
    ),
])  # fmt: skip

_PAGES = _merged([
    {"": _READ},
    _all(_READ, "entries entries/count counts compare trash trace nothing-arriving"),
    _all(_READ, "nothing-arriving/steps settings rules outgoing"),
    _all(_READ, "messages/<message:id> messages/<str:id> transactions/<id:id>"),
    _all(_READ, "sessions sessions/rows sessions/<id:id> sessions/<str:id>"),
    _all(_READ, "s/<short:short> s/<str:id>"),
    _all(
        _READ,
        "compare-previous case attempts reports marks frame print checks "
        "attachments.zip",
        "messages/<message:id>/",
    ),
    # Read marks are personal, so viewers set their own; other marks need a tester.
    {"messages/<message:id>/mark": {"POST": VIEWER}, "messages/chosen": {"POST": VIEWER}},
    {"messages/delete": {"GET": MANAGER}},
    _all(
        _TEST,
        "delete restore unsubscribe assign comments comments/<uuid:comment>/delete",
        "messages/<message:id>/",
    ),
    {"messages/<message:id>/release": _FORM},
    {"messages/<message:id>/remote-hosts": _MANAGE},
    # Frames send no cookies: their URL is signed, and valid for a day.
    {"messages/<message:id>/parts/<str:signed>": {"GET": PUBLIC}},
    _all(_READ, "case attempts retries frame print checks", "transactions/<id:id>/"),
    _all(
        _READ,
        "head exchanges replay trouble case exchanges/<int:seq> "
        "exchanges/<int:seq>/attempts",
        "sessions/<id:id>/",
    ),
    _all(_READ, "answer summary suggest", "trace/"),
    _all(_READ, "<uuid:id> <uuid:id>/frame", "trash/"),
    {"trash/restore": _TEST, "trash/empty": _MANAGE},
    _all(_TEST, "findings/mute findings/unmute test-message"),
    {"import": _FORM},
    {"searches": {"POST": VIEWER}},
    _all(_READ, "searches/check searches/counts"),
    _all({"POST": VIEWER}, "searches/<id:id>/rename searches/<id:id>/delete"),
    {"settings/mine": {"POST": SIGNED_IN}},
    _all(
        _MANAGE,
        "change strict resume remote-hosts remote-hosts/remove addresses "
        "addresses/remove",
        "settings/",
    ),
    {"settings/starttls": {"POST": ADMINISTRATOR}},
    _all({"GET": MANAGER}, "audit audit.csv audit.jsonl"),
    # A share link gives access to its object only, which the view checks.
    {"shared/<str:secret>": {"GET": PUBLIC}},
    _all({"GET": PUBLIC}, "frame raw parts/<int:n>", "shared/<str:secret>/"),
    {"shares": _READ, "shares/new": {"GET": VIEWER, "POST": VIEWER}},
    {"shares/<uuid:id>/revoke": {"POST": VIEWER}},
    {"account/tokens": {"GET": SIGNED_IN, "POST": SIGNED_IN}},
    {"account/tokens/<uuid:id>/revoke": {"POST": SIGNED_IN}},
    {"inboxes": {"GET": VIEWER, "POST": ADMINISTRATOR}},
    {"inboxes/<str:slug>": {"GET": MANAGER}},
    _all(
        _MANAGE,
        "change conditions credentials credentials/<str:username>/rotate "
        "credentials/<str:username>/revoke members members/<int:id>/change "
        "members/<int:id>/remove",
        "inboxes/<str:slug>/",
    ),
    {"inboxes/<str:slug>/delete": {"POST": ADMINISTRATOR}},
    {"inboxes/deleted/<int:key>/restore": {"POST": ADMINISTRATOR}},
    # Inviting an administrator, or into inboxes of others, needs an administrator.
    _all(_MANAGE, "invitations invitations/<uuid:id>/revoke"),
    {"users": _ADMINISTER},
    _all(
        {"POST": ADMINISTRATOR},
        "users/<int:id>/change users/<int:id>/password-link users/<int:id>/delete "
        "users/<int:id>/second-factors/remove "
        "groups groups/<int:id>/change groups/<int:id>/delete",
    ),
])  # fmt: skip

_RULES = _merged([
    _all(_READ, "try providers rules.<str:form> scenarios/<str:name>/report", "rules/"),
    _all(_FORM, "new import <str:id>", "rules/"),
    _all(
        _TEST,
        "preview switch speed scenarios/<str:name> <str:id>/switch <str:id>/move "
        "<str:id>/remove",
        "rules/",
    ),
])  # fmt: skip

_OUT = _merged([
    _all(
        _ADMINISTER,
        "routes routes/<str:name> rules rules/<uuid:id> guard",
        "outgoing/",
    ),
    _all(
        {"POST": ADMINISTRATOR},
        "routes/<str:name>/remove routes/<str:name>/try rules/<uuid:id>/up "
        "rules/<uuid:id>/remove",
        "outgoing/",
    ),
    _all(_MANAGE_FORM, "held held/<str:domain>", "outgoing/"),
    _all(_MANAGE, "held/<str:domain>/remove held/<str:domain>/send", "outgoing/"),
    _all(_TEST, "<uuid:id>/hold <uuid:id>/cancel <uuid:id>/retry", "outgoing/"),
    {"webhooks": {"GET": MANAGER}, "webhooks/<uuid:id>": {"GET": MANAGER}},
    _all(_MANAGE_FORM, "webhooks/add webhooks/<uuid:id>/change"),
    _all(
        _MANAGE,
        "remove pause resume test secret replay deliveries/<uuid:delivery>/replay",
        "webhooks/<uuid:id>/",
    ),
])  # fmt: skip

_V3_READING = _merged([
    _all(
        {"GET": SIGNED_IN}, "openapi.json docs asyncapi.json rules/provider-replies"
    ),
    _all(_READ, "messages messages/wait messages/archive messages/<id> tags info"),
    _all(
        _READ,
        "findings checks compare/<other> attempts case raw html text headers links "
        "parts parts/<int:n> parts/<int:n>/files parts/<int:n>/files/<int:file> "
        "unsubscribe screenshot retries comments",
        "messages/<id>/",
    ),
    _all(_READ, "sessions sessions/<id> transactions transactions/<id> trace events"),
    _all(
        _READ,
        "exchanges exchanges/<int:seq> timeline findings replay case "
        "exchanges.jsonl exchanges.txt",
        "sessions/<id>/",
    ),
    _all(_READ, "attempts case raw retries", "transactions/<id>/"),
    _all(_READ, "inboxes inboxes/<slug> inboxes/<slug>/remote-hosts mutes"),
    _all(_READ, "saved-searches saved-searches/<id> releases releases/<id>"),
    _all(_READ, "rules rules/export rules/scenarios rules/<id>"),
    _all(_READ, "rules/scenarios/<name>/report"),
    _all({"GET": TESTER}, "routes routes/<name> guard guard/today"),
    _all({"GET": MANAGER}, "held held/<domain> held/<domain>/releases"),
    _all({"GET": MANAGER}, "webhooks webhooks/<id> webhooks/<id>/deliveries"),
    _all({"GET": MANAGER}, "webhooks/<id>/deliveries/<delivery>"),
    _all({"GET": MANAGER}, "inboxes/<slug>/credentials inboxes/<slug>/members"),
    _all({"GET": MANAGER}, "inboxes/<slug>/members/<id> invitations invitations/<id>"),
    _all({"GET": ADMINISTRATOR}, "users users/<id> groups groups/<id>"),
    _all({"GET": ADMINISTRATOR}, "release-rules release-rules/<id> starttls-withheld"),
])  # fmt: skip

_V3_CHANGING = _merged([
    # Deleting much at once needs a manager (inbox.access.emptying); read marks are
    # personal.
    {"messages": {"POST": TESTER, "DELETE": TESTER, "PATCH": VIEWER}},
    {"messages/<id>": {"PATCH": VIEWER, "DELETE": TESTER}},
    _all(_TEST, "restore unsubscribe release comments", "messages/<id>/"),
    # For one's own comments; those of others need a manager (inbox.access.assigning).
    {"messages/<id>/comments/<comment>": {"DELETE": TESTER}},
    {"sessions/<id>": {"DELETE": TESTER}},
    {"releases/<id>": {"DELETE": TESTER}},
    _all(_TEST, "releases/<id>/retry releases/<id>/hold mutes"),
    {"mutes/<id>": {"DELETE": TESTER}},
    _all(_TEST, "rules rules/import rules/order rules/speed"),
    _all(_TEST, "rules/<id>/move"),
    {"rules/dry-run": {"POST": VIEWER}},
    {"rules/<id>": {"PATCH": TESTER, "DELETE": TESTER}},
    {"rules/scenarios/<name>": {"POST": TESTER, "DELETE": TESTER}},
    {"saved-searches": {"POST": VIEWER}},
    {"saved-searches/<id>": {"PATCH": VIEWER, "DELETE": VIEWER}},
    {"inboxes": {"POST": ADMINISTRATOR}},
    {"inboxes/<slug>": {"PATCH": MANAGER, "DELETE": ADMINISTRATOR}},
    {"inboxes/<slug>/restore": {"POST": ADMINISTRATOR}},
    _all(_MANAGE, "inboxes/<slug>/credentials"),
    _all(_MANAGE, "inboxes/<slug>/credentials/<username>/rotate"),
    {"inboxes/<slug>/credentials/<username>": {"DELETE": MANAGER}},
    _all(_MANAGE, "inboxes/<slug>/members invitations"),
    {"inboxes/<slug>/members/<id>": {"PATCH": MANAGER, "DELETE": MANAGER}},
    {"invitations/<id>": {"DELETE": MANAGER}},
    _all({"POST": ADMINISTRATOR}, "users groups users/<id>/password-link"),
    _all({"PATCH": ADMINISTRATOR, "DELETE": ADMINISTRATOR}, "users/<id> groups/<id>"),
    {"users/<id>/second-factors": {"DELETE": ADMINISTRATOR}},
    {"inboxes/<slug>/remote-hosts": _MANAGE},
    {"inboxes/<slug>/remote-hosts/<host>": {"DELETE": MANAGER}},
    _all(_MANAGE, "held held/<domain>/send"),
    {"held/<domain>": {"PATCH": MANAGER, "DELETE": MANAGER}},
    _all(_MANAGE, "webhooks webhooks/<id>/secret webhooks/<id>/replay"),
    _all(_MANAGE, "webhooks/<id>/test webhooks/<id>/deliveries/<delivery>/replay"),
    {"webhooks/<id>": {"PATCH": MANAGER, "DELETE": MANAGER}},
    _all({"POST": ADMINISTRATOR}, "routes routes/<name>/try release-rules"),
    _all({"PATCH": ADMINISTRATOR, "DELETE": ADMINISTRATOR}, "routes/<name>"),
    _all({"PATCH": ADMINISTRATOR, "DELETE": ADMINISTRATOR}, "release-rules/<id>"),
    {"guard": {"PATCH": ADMINISTRATOR}},
    {"starttls-withheld": {"DELETE": ADMINISTRATOR}},
    {"tokens": {"GET": SIGNED_IN, "POST": SIGNED_IN}},
    {"audit": {"GET": MANAGER}},
    {"shares": {"GET": VIEWER, "POST": VIEWER}},
    {"shares/<id>": {"GET": VIEWER, "DELETE": VIEWER}},
    {"tokens/<id>": {"GET": SIGNED_IN, "DELETE": SIGNED_IN}},
])  # fmt: skip

_MAILPIT = _merged([
    _all({"GET": SIGNED_IN}, "swagger.json webui", "api/v1/"),
    {"api/v1/": {"GET": SIGNED_IN}},
    {"api/v1/messages": {"GET": VIEWER, "PUT": VIEWER, "DELETE": TESTER}},
    {"api/v1/search": {"GET": VIEWER, "DELETE": TESTER}},
    {"api/v1/message/<str:id>": _READ},
    _all(
        _READ,
        "headers raw part/<str:number> part/<str:number>/thumb html-check link-check",
        "api/v1/message/<str:id>/",
    ),
    _all(_TEST, "api/v1/message/<str:id>/release api/v1/send"),
    {"api/v1/tags": {"GET": VIEWER, "PUT": TESTER}},
    {"api/v1/tags/<path:tag>": {"PUT": TESTER, "DELETE": TESTER}},
    {"api/v1/info": _READ},
    {"api/v1/chaos": {"GET": TESTER, "PUT": TESTER}},
    _all(_READ, "view/<str:id>.html view/<str:id>.txt view/<str:id>"),
    {"^/+(?P<rest>view/.+)$": _READ},
])  # fmt: skip

_MAILHOG = _merged([
    {"api/v1/messages/<str:id>": {"GET": VIEWER, "DELETE": TESTER}},
    _all(_READ, "download mime/part/<int:number>/download", "api/v1/messages/<str:id>/"),
    {"api/v1/messages/<str:id>/release": _TEST},
    _all(_READ, "api/v1/events api/v2/messages api/v2/search"),
    {"api/v2/outgoing-smtp": {"GET": TESTER}},
    {"api/v2/jim": dict.fromkeys(("GET", "PUT", "DELETE", "POST"), TESTER)},
    # Routes that answer with empty results
    _all(
        dict.fromkeys(("GET", "POST", "PUT", "DELETE", "PATCH"), SIGNED_IN),
        "api/v2(?:/.*)?$ api/v1(?:/.*)?$",
    ),
])  # fmt: skip

ROUTES = _merged([
    _PUBLIC,
    _SIGNING_IN,
    _PAGES,
    _RULES,
    _OUT,
    {f"api/v3/{route}": methods for route, methods in _V3_READING.items()},
    {f"api/v3/{route}": methods for route, methods in _V3_CHANGING.items()},
    {"api/v3/": {"GET": SIGNED_IN}},
    _MAILPIT,
    _MAILHOG,
])  # fmt: skip

# Topics of websockets, by their beginning; the other dialects send messages.
TOPICS: Mapping[str, Role] = {
    "messages": VIEWER,
    "sessions": VIEWER,
    "session:": VIEWER,
}

# The tools of agents, each of which calls API v3 as the agent's user.
TOOLS = SIGNED_IN
