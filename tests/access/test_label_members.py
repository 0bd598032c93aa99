"""The members of an inbox of a label are those of the inbox that it is a label of."""

from __future__ import annotations

import pytest

from inbox.access import memberships
from inbox.access.memberships import of_user
from inbox.access.roles import Role
from inbox.mailbox import label_inboxes
from inbox.mailbox.scope import ALL
from inbox.models import Membership
from tests import people

pytestmark = pytest.mark.django_db


def test_who_leaves_an_inbox_leaves_those_of_its_labels() -> None:
    ann, bob = people.user("ann", shop="tester"), people.user("bob", shop="viewer")
    people.group("qa", ann, bob, shop="viewer")
    label_inboxes.make("shop", "x")
    labelled = people.an_inbox("shop-x").pk
    assert of_user(ann).roles[labelled] is Role.TESTER
    (of_ann, of_bob) = Membership.objects.filter(inbox__slug="shop", group=None)
    memberships.change(ALL, "shop", of_ann.pk, "manager")
    assert of_user(ann).roles[labelled] is Role.MANAGER
    memberships.remove(ALL, "shop", of_ann.pk)
    assert of_user(ann).roles[labelled] is Role.VIEWER  # by the group
    memberships.remove(ALL, "shop", of_bob.pk)
    of_group = Membership.objects.get(inbox__slug="shop")
    memberships.remove(ALL, "shop", of_group.pk)
    assert not of_user(ann).roles
    assert not of_user(bob).roles


def test_another_inbox_of_the_same_member_stays() -> None:
    ann = people.user("ann", shop="viewer", other="manager")
    one = Membership.objects.get(inbox__slug="shop")
    memberships.remove(ALL, "shop", one.pk)
    assert of_user(ann).roles == {people.an_inbox("other").pk: Role.MANAGER}
