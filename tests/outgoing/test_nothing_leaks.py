"""Nothing reaches a next hop for whom the lists of its route do not allow, whatever is asked.

The next hops are the witnesses, and allow_oracle judges apart from the product. A new way by
which mail can leave is one more method of LeakWorld.
"""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial
from operator import itemgetter

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.next_hop import next_hop
from tests.outgoing.address_strategies import addresses, lists
from tests.outgoing.leak_world import EXTENSIONS, MARKER, LeakWorld
from tests.running import Mailsink

OWN_CHANGES = ("try_again", "try_guard")  # of lists, in the middle
ROUTES = ["pipelined", "stepwise"]
WAYS = [name for name in dir(LeakWorld) if name.startswith("try_")]


@pytest.fixture(scope="module")
def world(mailsink: Mailsink) -> Iterator[LeakWorld]:
    with (
        next_hop(*EXTENSIONS, "PIPELINING") as one,
        next_hop(*EXTENSIONS) as other,
        next_hop() as marker,
        next_hop(*EXTENSIONS, "PIPELINING") as taker,
    ):
        hops = {"pipelined": one, "stepwise": other, MARKER: marker}
        yield LeakWorld(mailsink, hops, taker)


@settings(max_examples=max(15, settings.default.max_examples // 100))
@given(st.data())
def test_only_whom_the_lists_allow(world: LeakWorld, data: st.DataObject) -> None:
    for name in ROUTES:
        world.allow(name, data.draw(lists, f"lists of {name}"))
    world.guard_by(data.draw(st.none() | lists.map(itemgetter(0)), "guard"))
    recipients = data.draw(addresses, "recipients")
    # No report goes back to <>.
    message = world.catch("", [*recipients, "z@elsewhere.test"])
    for _ in range(data.draw(st.integers(1, 3), "ways")):
        name = data.draw(st.sampled_from(ROUTES), "route")
        way = data.draw(st.sampled_from(WAYS), "way")
        if way not in OWN_CHANGES and data.draw(
            st.booleans(), "the lists change on the way"
        ):
            new = data.draw(lists, "new lists")
            stage = data.draw(st.sampled_from(["connect", "EHLO"]), "stage")
            world.while_it_waits(name, stage, partial(world.allow, name, new))
        given = data.draw(st.just(recipients) | addresses, "addresses")
        getattr(world, way)(message, name, given)
        world.check()


def test_what_is_allowed_goes_out(world: LeakWorld) -> None:
    """By every way: else the test above would see nothing."""
    to = ["ann@example.com"]
    world.guard_by(None)
    for name in ROUTES:
        world.allow(name, (["example.com"], []))
        for way in WAYS:
            message = world.catch("a@example.com", to)
            before = world.delivered
            getattr(world, way)(message, name, to)
            world.check()
            assert world.delivered > before, way
