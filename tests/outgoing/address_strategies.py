"""Made-up addresses and lists of a route that nearly fit each other, in all ways of writing."""

from __future__ import annotations

from hypothesis import strategies as st

_LOCALS = [
    *("ann", "Ann", "bob", "ann+x", "a.b", '"ann"', '"a\\nn"', '"ann@evil.test"'),
    *("ann%evil.test", "evil.test!ann", '"ann%evil.test"', "ann%evil.test%b.test"),
    *("björn", "BJÖRN", "\u017fam", "sam", "\u212aay", "kay", '"ann smith"', '""'),
    *("ann*", "?nn", "ann(comment)", "ann,bob", "ann:x", "ann\u200b", "ann\u3000"),
]
_DOMAINS = [
    *("example.com", "EXAMPLE.com", "example.com.", "sub.example.com", "evil.test"),
    *("evil-example.com", "example.com.evil.test", "example\u3002com", "example"),
    *("bücher.example", "BÜCHER.example", "xn--bcher-kva.example", "XN--BCHER-KVA.example"),
    *("straße.example", "strasse.example", "xn--strae-oqa.example", "a_b.example"),
    *("[127.0.0.1]", "[127.0.0.01]", "[IPv6:::1]", "[IPv6:0::1]", "[ipv6:::FFFF:127.0.0.1]"),
    *("\uff45xample.com", "e\u00adxample.com", "\u0131.example", "\u0130.example"),
]  # fmt: skip

_local, _domain = st.sampled_from(_LOCALS), st.sampled_from(_DOMAINS)
_source_route = st.builds("@relay.test,@{}:{}@{}".format, _domain, _local, _domain)
address = st.builds("{}@{}".format, _local, _domain)
addresses = st.lists(
    address | _source_route | st.text(max_size=12), min_size=1, max_size=5
)

_host = _domain | st.sampled_from(
    ["*", "*.com", "*.example.com", "?xample.com", "*ücher.example", "xn--*", "*.test"]
)
_user = _local | st.sampled_from(["*", "a*", "?nn", "*%*", '"*"', "*!*"])
patterns = _host | st.builds("{}@{}".format, _user, _host)
lists = st.tuples(st.lists(patterns, max_size=4), st.lists(patterns, max_size=2))
