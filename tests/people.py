"""Users, and clients signed in as them, for tests of accounts."""

from __future__ import annotations

from django.contrib.auth.models import Group
from django.test import Client

from inbox.access import accounts
from inbox.models import Inbox, Membership, Message, User
from tests.factories import recorded_message


def administrator(name: str = "root") -> User:
    """An administrator; from the first one on there are accounts."""
    made = User.objects.create_superuser(name)
    accounts.look()
    return made


def user(name: str, **roles: str) -> User:
    """A user with roles by the slugs of inboxes, which are made where they are missing."""
    made = User.objects.create_user(name)
    for slug, role in roles.items():
        Membership.objects.create(inbox=an_inbox(slug), user=made, role=role)
    return made


def group(name: str, *members: User, **roles: str) -> Group:
    """A group of users with roles, likewise."""
    made = Group.objects.create(name=name)
    made.user_set.add(*members)
    for slug, role in roles.items():
        Membership.objects.create(inbox=an_inbox(slug), group=made, role=role)
    return made


def an_inbox(slug: str) -> Inbox:
    return Inbox.objects.get_or_create(slug=slug, defaults={"name": slug})[0]


def mail_in(slug: str) -> Message:
    """A message in an inbox, with its transaction and session."""
    made, inbox = recorded_message(), an_inbox(slug)
    for each in (made, made.transaction, made.transaction.session):
        each.inbox = inbox
        each.save(update_fields=["inbox"])
    return made


def signed_in(user: User) -> Client:
    """A client with a session of this user."""
    client = Client()
    client.force_login(user)
    return client
