"""The mail that a user receives."""

import pytest


@pytest.mark.parametrize("number", range(4))
def test_the_code_is_in_the_mail(client, mail, number):
    address = f"ann{number}@example.com"
    code = client.post("/sign-up", {"email": address}).content.decode()
    message = mail.wait(to=address)
    assert message.codes == [code]
    assert message.link("/confirm") == f"https://shop.test/confirm?to={address}"
    assert [each.id for each in mail.all()] == [message.id]


def test_nobody_else_gets_it(client, mail):
    client.post("/sign-up", {"email": "ann@example.com"})
    mail.wait(subject="verification code")
    mail.assert_none(to="bob@example.com")
