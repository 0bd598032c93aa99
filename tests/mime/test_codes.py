"""Codes and links that a mail was sent for, in mail as services send it."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from mailsink.mime import codes as codes_module
from mailsink.mime.codes import actions, codes
from mailsink.mime.links import of_html, of_text
from tests.growth import assert_linear


@pytest.mark.parametrize(
    ("subject", "text", "expected"),
    [
        ("Your sign-in code is 481 204", "", ["481204"]),
        ("", "Your verification code is 481204.", ["481204"]),
        ("", "Your verification code is:\n\n481204\n\nIt expires in 10 minutes.", ["481204"]),
        ("", "123456 is your Facebook confirmation code", ["123456"]),
        ("", "Use G-482913 as verification code", []),
        ("", "Enter this code to log in:\n\n    839-201\n", ["839-201"]),
        ("[GitHub] Please verify your device", "Verification code: 593821", ["593821"]),
        ("", "Your one-time PIN: 4821", ["4821"]),
        ("", "Ihr Bestätigungscode lautet 774920", ["774920"]),
        ("", "Ihr Einmalpasswort: 9F3K-22LM", ["9F3K-22LM"]),
        ("", "Votre code de vérification : 120934", ["120934"]),
        ("", "Su código de verificación es 558201", ["558201"]),
        ("", "Il tuo codice di verifica è 667788", ["667788"]),
        ("", "Seu código de verificação é 334455", ["334455"]),
        ("", "Ваш код подтверждения: 902817", ["902817"]),
        ("", "您的验证码是 482913，10分钟内有效。", ["482913"]),
        ("", "認証コード：\n\n７\n\n482913\n", ["482913"]),
        ("", "인증번호 [381920]를 입력하세요", ["381920"]),
        ("", "Your security code\n\nXKCD42\n", ["XKCD42"]),
        ("", "Your login code: AB12-CD34", ["AB12-CD34"]),
        ("", "Here is your OTP 00412389 for the transfer of 1200.00 EUR", ["00412389"]),
        ("", "Code 2024 was entered. Copyright 2024", ["2024"]),
        # None of these is a code.
        ("Your order 10482 is confirmed", "Thank you for your order 10482.", []),
        ("Invoice INV-2231 for November", "Total 648.00, due 30 days, invoice 20261", []),
        ("", "Call us: 030 123456 or +49 30 1234567", []),
        ("", "Copyright 2026 Shop. All rights reserved.", []),
        ("", "Only 38 pairs left of item 7035", []),
        ("", "Use promo code SUMMER20 for 20% off", []),
        ("", "Tracking code: see https://dhl.test/track/123456789", []),
        ("", "Our source code has 12000 lines since 2019", []),
        ("", "Visit https://shop.test/verify/123456 to verify", []),
        ("", "Your ticket 48213 was answered", []),
        ("", "It costs $1299 with code at checkout", []),
        ("", "Postal code: Berlin 10115", []),
    ],
)  # fmt: skip
def test_codes(subject: str, text: str, expected: list[str]) -> None:
    assert codes(subject, text) == expected


@pytest.mark.parametrize(
    ("html", "expected"),
    [
        ('<a href="https://a.test/confirm?token=9f8e7d6c5b4a">Confirm</a>', ["confirm"]),
        ('<a href="https://a.test/u/5b1f0c7e9a44d1e2b3">Verify your e-mail</a>', ["confirm"]),
        ('<a href="https://a.test/reset?token=5b1f0c7e9a">Choose a new one</a>', ["reset"]),
        ('<a href="https://a.test/magic/eyJhbGciOiJIUzI1NiJ9">Sign in</a>', ["sign in"]),
        ('<a href="https://a.test/login?next=/">Log in</a>', ["sign in"]),
        ('<a href="https://a.test/invite/Zx81Qw22Er45Ty66">Accept the invitation</a>', ["invitation"]),
        ('<a href="https://a.test/x?t=5b1f0c7e9a44d1"><b>Konto</b> aktivieren</a>', ["activate"]),
        ('<a href="https://a.test/x?token=abcdef123456"><img alt="Confirm my address" src=b.png></a>', ["confirm"]),
        ('<a href="https://a.test/go/x-5b1f0c7e9a44d1e2">Log in</a>', ["sign in"]),
        ('<a href="https://a.test/sign-in/x5b1f0c7e9a44d1e2!">Go</a>', []),
        # None of these is what the mail was sent for.
        ('<a href="https://a.test/unsubscribe?token=5b1f0c7e9a44d1e2">Unsubscribe</a>', []),
        ('<a href="https://a.test/">Our shop</a>', []),
        ('<a href="https://a.test/help/reset">How to reset your password</a>', []),
        ('<a href="mailto:help@a.test?subject=confirm">Confirm</a>', []),
        ('<a href="javascript:confirm(1)">Confirm</a>', []),
        ('<img src="https://a.test/confirm?token=5b1f0c7e9a44d1e2">', []),
        ('<a href="https://[bad/confirm?token=5b1f0c7e9a">Confirm</a>', []),
    ],
)  # fmt: skip
def test_actions(html: str, expected: list[str]) -> None:
    assert [each.kind for each in actions(of_html(html))] == expected


def test_actions_of_plain_text() -> None:
    text = "Reset it here: https://a.test/reset?token=5b1f0c7e9a. Or ignore this."
    (found,) = actions(of_text(text))
    assert found.url == "https://a.test/reset?token=5b1f0c7e9a"


@pytest.mark.parametrize(
    "work",
    [
        lambda size: codes("", "code " + "1234567 " * size),
        lambda size: codes("", "A1-" * size),
        lambda size: codes("code " * size, "code " * size),
        lambda size: actions(of_html(f'<a href="https://a.test/?{"a" * size}">go</a>')),
        lambda size: actions(
            of_html('<a href="https://a.test/reset?t=1a2b3c4d">' * size)
        ),
        lambda size: [
            codes_module._SECRET.search(f"/{each * size}!")
            for each in ("-1", "_a1", "=1-")
        ],
        lambda size: of_html("<a href='x'>" * size),
        lambda size: of_html("<img srcset='" + "a 1x," * size),
        lambda size: of_html('<p style="' + "url(" * size),
        lambda size: of_text("https://a.test/(" * size),
    ],
)
def test_hostile_text_takes_linear_time(work: Callable[[int], object]) -> None:
    assert_linear(work)
