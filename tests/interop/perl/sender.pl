# Sends one mail by Email::Sender: see the arguments in tests/interop/libraries.py.
use strict;
use warnings;
use Email::Sender::Simple qw(sendmail);
use Email::Sender::Transport::SMTP;
use Email::Simple;
use Email::Simple::Creator;

my ($host, $port, $trust) = @ARGV;
my $mail = Email::Simple->create(
    header => [
        From    => 'Shop <shop@example.com>',
        To      => 'bob@example.com',
        Subject => 'Order 17',
    ],
    body => "Thank you.\n",
);
my $transport = Email::Sender::Transport::SMTP->new(
    {
        hosts       => [$host],
        port        => $port,
        ssl         => $trust eq 'none' ? 0 : 'starttls',
        ssl_options => $trust =~ m{/} ? { SSL_ca_file => $trust } : {},
    }
);
sendmail($mail, { transport => $transport });
