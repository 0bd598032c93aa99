"""Perl's Net::SMTP, as it comes with Perl."""

from __future__ import annotations

from tests.interop.clients import MAIL, MAIL_TEXT, raw, run
from tests.interop.transcripts import Wire
from tests.programs import program
from tests.running import Mailsink

_SEND = r"""
my ($host, $port, $mail) = @ARGV;
my $smtp = Net::SMTP->new($host, Port => $port, Hello => "client.test") or die $@;
$smtp->mail('a@example.com') or die $smtp->message;
my @taken = $smtp->recipient('b@example.com', 'c d@example.com', {SkipBad => 1});
print scalar(@taken);
$smtp->data($mail) or die $smtp->message;
$smtp->quit;
"""


def test_net_smtp(mailsink: Mailsink, wire: Wire) -> None:
    """Sends to who is left when a recipient is refused."""
    host, port = mailsink.smtp
    perl = program("perl", "perl")
    taken = run(perl, "-MNet::SMTP", "-e", _SEND, host, str(port), MAIL_TEXT)
    assert taken == "1"
    assert raw(mailsink, wire.message()["id"]) == MAIL
    wire.matches("net-smtp")


_SEND_BY_TLS = r"""
my ($host, $port, $certificate, $mail) = @ARGV;
my %tls = (SSL_ca_file => $certificate, SSL_verifycn_name => "mx.test");
my $smtp = Net::SMTP->new($host, Port => $port, Hello => "client.test") or die $@;
$smtp->starttls(%tls) or die $smtp->message;
$smtp->mail('a@example.com') or die $smtp->message;
$smtp->to('b@example.com') or die $smtp->message;
$smtp->data($mail) or die $smtp->message;
$smtp->quit;
"""


def test_net_smtp_starttls(mailsink: Mailsink, wire: Wire, certificate: str) -> None:
    """Turns to TLS by STARTTLS (RFC 3207)."""
    host, port = mailsink.smtp
    perl = (program("perl", "perl"), "-MNet::SMTP", "-e", _SEND_BY_TLS)
    run(*perl, host, str(port), certificate, MAIL_TEXT)
    assert raw(mailsink, wire.message()["id"]) == MAIL
    wire.matches("net-smtp-starttls")
