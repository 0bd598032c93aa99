"""Mail libraries of other languages: small programs that send one mail each.

Each takes HOST PORT TRUST CONTENT. TRUST is `none` (no TLS), `system` (STARTTLS, with
the certificates that the system trusts), or the path of a certificate to trust beside.
CONTENT is `text`, or `html` for the same with an HTML alternative. tools/interop builds
those that have to be.
"""

from __future__ import annotations

import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from tests.programs import program

_HERE = Path(__file__).parent
_BUILT = _HERE.parent.parent / ".cache" / "interop"


@dataclass(frozen=True)
class Library:
    """One library.

    name: as findings name it; command: what begins its program's command line
    alternatives: whether it writes an HTML alternative by itself
    checks: whether it refuses a certificate that nobody it trusts has signed
    """

    name: str
    command: Callable[[], list[str]]
    alternatives: bool = True
    checks: bool = True


def _script(interpreter: str, package: str, script: str) -> Callable[[], list[str]]:
    return lambda: [program(interpreter, package), str(_HERE / script)]


def _built(*path: str) -> Callable[[], list[str]]:
    return lambda: [str(_BUILT.joinpath(*path))]


def _java(name: str) -> Callable[[], list[str]]:
    folders = f"{_BUILT}/java/classes:{_BUILT}/java/dependency/*"
    return lambda: [program("java", "default-jre-headless"), "-cp", folders, name]


def _python(script: str) -> Callable[[], list[str]]:
    return lambda: [
        "env",
        f"PYTHONPATH={_BUILT}/python",
        sys.executable,
        str(_HERE / "python" / script),
    ]


LIBRARIES = {
    "net-smtp": Library("Go's net/smtp", _built("go", "netsmtp"), alternatives=False),
    "go-mail": Library("go-mail", _built("go", "gomail")),
    "lettre": Library("Rust's lettre", _built("rust", "debug", "interop")),
    "angus-mail": Library("JavaMail (Jakarta Mail)", _java("AngusMail")),
    "vertx-mail": Library("Vert.x mail client", _java("VertxMail")),
    "phpmailer": Library("PHPMailer", _script("php", "php-cli", "php/phpmailer.php")),
    "symfony-mailer": Library(
        "Symfony Mailer (Laravel)", _script("php", "php-cli", "php/symfony.php")
    ),
    "ruby-mail": Library(
        "Ruby's mail gem (Rails)", _script("ruby", "ruby", "ruby/mail.rb")
    ),
    "email-sender": Library(
        "Perl's Net::SMTP (Email::Sender)",
        _script("perl", "perl", "perl/sender.pl"),
        alternatives=False,
    ),
    "emailjs": Library(
        "emailjs", _script("node", "nodejs", "node/emailjs.js"), checks=False
    ),
    "yagmail": Library("yagmail", _python("yag.py"), alternatives=False),
    "flask-mail": Library("Flask-Mail", _python("flaskmail.py"), checks=False),
    "mutt": Library("mutt", _script("sh", "dash", "shell/mutt.sh"), alternatives=False),
    "git": Library(
        "git send-email", _script("sh", "dash", "shell/git.sh"), alternatives=False
    ),
}
