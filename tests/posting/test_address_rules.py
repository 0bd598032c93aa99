"""Addresses that webhooks may not call, however they are written."""

from __future__ import annotations

import ipaddress

import pytest

from mailsink.posting.address_rules import refusal

REFUSED = {
    "127.0.0.1": "loopback", "127.255.255.254": "loopback", "::1": "loopback",
    "0.0.0.0": "unspecified", "::": "unspecified",
    "10.0.0.1": "private", "172.16.0.1": "private", "172.31.255.255": "private",
    "192.168.1.1": "private", "fc00::1": "private", "fd00:ec2::254": "private",
    "fec0::1": "private", "192.0.0.192": "private", "198.18.0.1": "private",
    "240.0.0.1": "private", "255.255.255.255": "private", "2001:db8::1": "private",
    "168.63.129.16": "private",
    "100.64.0.1": "no public", "100.100.100.200": "no public",
    "169.254.169.254": "link-local", "fe80::1": "link-local", "fe80::1%eth0": "a link",
    "2600::1%1": "a link",
    "224.0.0.1": "multicast", "239.255.255.250": "multicast", "ff02::1": "multicast",
    "ff0e::1": "multicast",
    "::ffff:127.0.0.1": "IPv4-mapped", "::ffff:8.8.8.8": "IPv4-mapped",
    "::127.0.0.1": "IPv4-compatible",
    "64:ff9b::7f00:1": "NAT64", "64:ff9b::808:808": "NAT64", "64:ff9b:1::1": "NAT64",
    "2002:7f00:1::": "6to4", "2001:0:1::1": "Teredo",
    "no address": "no IP address", "1.2.3": "no IP address", "0x7f.1": "no IP address",
}  # fmt: skip
PUBLIC = ("8.8.8.8", "1.1.1.1", "2606:4700::1111", "2a00:1450:4001::1", "172.32.0.1")


@pytest.mark.parametrize(("address", "why"), REFUSED.items())
def test_refused(address: str, why: str) -> None:
    assert why in refusal(address)


@pytest.mark.parametrize("address", PUBLIC)
def test_public(address: str) -> None:
    assert refusal(address) == ""


def test_a_setting_allows_what_it_names_and_no_more() -> None:
    allowed = [ipaddress.ip_network(each) for each in ("10.0.0.0/8", "fd00::/8")]
    assert refusal("10.1.2.3", allowed) == refusal("fd00::1", allowed) == ""
    for other in ("11.0.0.1", "8.8.8.8"):
        assert refusal(other, allowed) == ""
    for other in ("192.168.0.1", "127.0.0.1", "fc00::1", "::ffff:10.1.2.3"):
        assert refusal(other, allowed)
