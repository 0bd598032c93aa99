"""Perl's Net::SMTP by BDAT: a binary message (RFC 3030), back byte for byte by the API."""

from __future__ import annotations

import random
from pathlib import Path

from tests.interop.clients import raw, run
from tests.interop.transcripts import Wire
from tests.programs import program
from tests.running import Mailsink

_SEND = r"""
my ($host, $port, $path, $size) = @ARGV;
open(my $file, '<:raw', $path) or die $!;
my $smtp = Net::SMTP->new($host, Port => $port, Hello => 'client.test') or die $@;
defined $smtp->supports('CHUNKING') or die 'CHUNKING is not offered';
$smtp->mail('a@example.com', Bits => 'binary', Size => -s $path) or die $smtp->message;
$smtp->to('b@example.com') or die $smtp->message;
while (read($file, my $chunk, $size) == $size) {
    $smtp->bdat($chunk) or die $smtp->message;
    print $smtp->message;
}
seek($file, $size * int((-s $path) / $size), 0);
read($file, my $rest, $size);
$smtp->bdatlast($rest // '') or die $smtp->message;
$smtp->quit;
"""

_HEADER = (
    b"From: Ann <a@example.com>\r\nTo: b@example.com\r\nSubject: Binary\r\n"
    b"MIME-Version: 1.0\r\nContent-Type: application/octet-stream\r\n"
    b"Content-Transfer-Encoding: binary\r\n\r\n"
)


def _send(server: Mailsink, path: Path, chunk: int) -> str:
    host, port = server.smtp
    perl = program("perl", "perl")
    return run(perl, "-MNet::SMTP", "-e", _SEND, host, str(port), str(path), str(chunk))


def test_net_smtp(mailsink: Mailsink, wire: Wire, tmp_path: Path) -> None:
    """Every octet there is, a bare CR and LF, a dot alone, NULs: nothing is touched."""
    octets = _HEADER + bytes(range(256)) + b"\r\n.\r\nQUIT\r\n\n.\n\r.\r\0\0"
    path = tmp_path / "mail"
    path.write_bytes(octets)
    _send(mailsink, path, 150)
    message = wire.message()
    assert raw(mailsink, message["id"]) == octets
    assert message["envelope"]["parameters"] == f"SIZE={len(octets)} BODY=BINARYMIME"
    chunks = [
        each for each in wire.sessions()[0]["exchanges"] if each["kind"] == "chunk"
    ]
    whole, rest = divmod(len(octets), 150)
    assert [each["octets"] for each in chunks] == [150] * whole + [rest]
    assert not any(set(each["flags"]) - {"pipelined"} for each in chunks)
    wire.matches("net-smtp-bdat")


def test_a_large_one(mailsink: Mailsink, wire: Wire, tmp_path: Path) -> None:
    """Three megabytes go by a file, not by memory; an empty chunk may be the last."""
    octets = _HEADER + random.Random(3).randbytes(3_000_000 - len(_HEADER))
    path = tmp_path / "mail"
    path.write_bytes(octets)
    told = _send(mailsink, path, 1_000_000)
    assert "Ok, 1000000 octets taken, 3000000 in all" in told
    assert raw(mailsink, wire.message()["id"]) == octets
    exchanges = wire.sessions()[0]["exchanges"]
    assert "BDAT 0 LAST" in [each["line"] for each in exchanges]


def test_a_client_that_dies_within_a_chunk(
    mailsink: Mailsink, wire: Wire, tmp_path: Path
) -> None:
    dies = _SEND.replace("$smtp->quit;", "").replace(
        "$smtp->bdatlast($rest // '') or die $smtp->message;",
        "$smtp->command('BDAT', 1000, 'LAST'); $smtp->rawdatasend('half'); exit 3;",
    )
    path = tmp_path / "mail"
    path.write_bytes(_HEADER)
    host, port = mailsink.smtp
    run(
        program("perl", "perl"),
        *("-MNet::SMTP", "-e", dies, host, str(port), str(path), str(len(_HEADER))),
        code=3,
    )
    (session,) = wire.sessions()
    last = session["exchanges"][-1]
    assert (last["line"], last["octets"]) == ("BDAT 1000 LAST", 4)
    assert "aborted_in_data" in last["flags"]
    (transaction,) = session["transactions"]
    assert transaction["outcome"] == "abandoned"
