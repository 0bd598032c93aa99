"""The sections that findings refer to, with titles; tests compare these with the RFCs."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class RfcSection:
    """A section of an RFC, or an appendix with its letter."""

    rfc: int
    number: str
    title: str

    def __str__(self) -> str:
        return f"RFC {self.rfc} §{self.number}"

    @property
    def url(self) -> str:
        """The URL of its text."""
        anchor = "appendix" if self.number[0].isalpha() else "section"
        return f"https://www.rfc-editor.org/rfc/rfc{self.rfc}#{anchor}-{self.number}"


LINES = RfcSection(5321, "2.3.8", "Lines")
INITIATION = RfcSection(5321, "3.1", "Session Initiation")
BLIND_COPIES = RfcSection(5321, "7.2", '"Blind" Copies')
HELLO = RfcSection(5321, "4.1.1.1", "Extended HELLO (EHLO) or HELLO (HELO)")
QUIT = RfcSection(5321, "4.1.1.10", "QUIT (QUIT)")
ARGUMENTS = RfcSection(5321, "4.1.2", "Command Argument Syntax")
LITERALS = RfcSection(5321, "4.1.3", "Address Literals")
ORDER = RfcSection(5321, "4.1.4", "Order of Commands")
DOMAINS = RfcSection(5321, "2.3.5", "Domain Names")
MAILBOX = RfcSection(5321, "2.3.11", "Mailbox and Address")
TERMINATING = RfcSection(5321, "3.8", "Terminating Sessions and Connections")
TRANSPARENCY = RfcSection(5321, "4.5.2", "Transparency")
SIZES = RfcSection(5321, "4.5.3.1", "Size Limits and Minimums")
TEXT_LINE = RfcSection(5321, "4.5.3.1.6", "Text Line")
STRATEGY = RfcSection(5321, "4.5.4.1", "Sending Strategy")
SOURCE_ROUTES = RfcSection(5321, "C", "Source Routes")
FIELDS = RfcSection(5322, "3.6", "Field Definitions")
DATE = RfcSection(5322, "3.6.1", "The Origination Date Field")
DATE_FORMAT = RfcSection(5322, "3.3", "Date and Time Specification")
ORIGINATOR = RfcSection(5322, "3.6.2", "Originator Fields")
IDENTIFICATION = RfcSection(5322, "3.6.4", "Identification Fields")
HEADER_FIELDS = RfcSection(5322, "2.2", "Header Fields")
BODY = RfcSection(5322, "2.3", "Body")
BASE64 = RfcSection(2045, "6.8", "Base64 Content-Transfer-Encoding")
PIPELINING = RfcSection(2920, "3", "The Pipelining Service Extension")
PIPELINING_CLIENT = RfcSection(2920, "3.1", "Client use of pipelining")
DECLARED_SIZE = RfcSection(1870, "6.3", "Messages larger than the declared size")
EIGHTBIT = RfcSection(6152, "3", "The 8bit-MIMEtransport Service Extension")
SMTPUTF8 = RfcSection(6531, "3.2", "The SMTPUTF8 Extension")
CHUNKING = RfcSection(3030, "2", "Framework for the Large Message Extensions")
BINARY = RfcSection(3030, "3", "Framework for the Binary Service Extension")
STARTTLS = RfcSection(3207, "4", "The STARTTLS Command")
TLS_SECURITY = RfcSection(3207, "6", "Security Considerations")
AUTH = RfcSection(4954, "4", "The AUTH Command")
AUTH_SECURITY = RfcSection(4954, "9", "Security Considerations")
PLAIN = RfcSection(4616, "2", "PLAIN SASL Mechanism")
IMPLICIT_TLS = RfcSection(8314, "3.3", "Implicit TLS for SMTP Submission")
