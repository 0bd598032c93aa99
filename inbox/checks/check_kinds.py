"""The kinds of results of checks: one table of group, severity, words, fix and source."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from django.utils.translation import gettext_noop

from inbox.explain.severity import Severity

Group = Literal["content", "accessibility", "text", "size", "support"]

GROUPS: dict[Group, str] = {
    "content": gettext_noop("Left over from making it"),
    "text": gettext_noop("Text and header"),
    "accessibility": gettext_noop("Accessibility"),
    "size": gettext_noop("Size"),
    "support": gettext_noop("HTML and CSS"),
}
SEVERITY_WORDS: dict[Severity, str] = {
    "error": gettext_noop("error: people cannot read or use it"),
    "warning": gettext_noop(
        "warning: goes wrong in some email clients, or for some people"
    ),
    "info": gettext_noop("info: worth knowing, not wrong"),
}


@dataclass(frozen=True, slots=True)
class Authority:
    """The source that a check relies on."""

    title: str
    url: str


@dataclass(frozen=True, slots=True)
class CheckKind:
    """A kind of result; fix is "" where nothing need be done."""

    name: str
    group: Group
    severity: Severity
    title: str
    sentence: str
    fix: str
    source: Authority | None = None


def _wcag(number: str, title: str, slug: str) -> Authority:
    return Authority(
        f"WCAG 2.2, {number} {title}", f"https://www.w3.org/TR/WCAG22/#{slug}"
    )


def _rfc(number: int, section: str) -> Authority:
    url = f"https://www.rfc-editor.org/rfc/rfc{number}#section-{section}"
    return Authority(f"RFC {number} §{section}", url)


CANIEMAIL = Authority("Can I email", "https://www.caniemail.com/")
_GMAIL_SENDERS = Authority(
    "Email sender guidelines of Gmail", "https://support.google.com/mail/answer/81126"
)

_CONTENT = (
    CheckKind(
        "placeholder", "content", "error", gettext_noop("placeholder not filled in"),
        gettext_noop("Text that looks like a variable of a template reached the recipient."),
        gettext_noop("Look whether the template got this variable, and by this name."),
    ),
    CheckKind(
        "missing_value", "content", "warning", gettext_noop("looks like a missing value"),
        gettext_noop("A word stands there that programs write in place of a value that they lack."),
        gettext_noop("Look where this value comes from; give the template a word for when there is none."),
    ),
    CheckKind(
        "filler", "content", "warning", gettext_noop("filler text"),
        gettext_noop("Text that stands in for what was to be written, or a note to oneself."),
        gettext_noop("Write what is to stand here."),
    ),
    CheckKind(
        "local_link", "content", "error", gettext_noop("link to a private host"),
        gettext_noop("The link, or image, is at an address that only machines nearby reach."),
        gettext_noop("Set the address under which the application is reached from outside; it is often called base URL, host or domain."),
    ),
    CheckKind(
        "example_link", "content", "warning", gettext_noop("link to an example domain"),
        gettext_noop("The link's domain is kept free for examples and tests; nobody will ever be there."),
        gettext_noop("Link to the real address."),
        Authority("RFC 2606 §2 and §3", "https://www.rfc-editor.org/rfc/rfc2606#section-2"),
    ),
    CheckKind(
        "empty_link", "content", "warning", gettext_noop("link that leads nowhere"),
        gettext_noop("The link has no address, only #, or a script, which no email client runs."),
        gettext_noop("Give the link its address, or make it no link."),
    ),
    CheckKind(
        "relative_link", "content", "error", gettext_noop("link without a host"),
        gettext_noop("The address of the link, or image, is relative. A mail has no address of its own to which it could be joined."),
        gettext_noop("Write the whole address, with https:// and the host."),
    ),
)  # fmt: skip

_TEXT = (
    CheckKind(
        "no_subject", "text", "warning", gettext_noop("no subject"),
        gettext_noop("The mail has no Subject, or an empty one: lists of mail show it as “(no subject)”, and spam filters hold that against it."),
        gettext_noop("Set a Subject."), _rfc(5322, "3.6.5"),
    ),
    CheckKind(
        "no_text_part", "text", "warning", gettext_noop("no text part"),
        gettext_noop("There is HTML and no plain text beside it: watches, text readers and some notifications have nothing to show; spam filters hold that against a mail."),
        gettext_noop("Send multipart/alternative: the plain text first, then the HTML."), _rfc(2046, "5.1.4"),
    ),
    CheckKind(
        "empty_text_part", "text", "warning", gettext_noop("text part is empty"),
        gettext_noop("The plain text beside the HTML is empty: who reads the text reads nothing."),
        gettext_noop("Write into the text part what the HTML says."), _rfc(2046, "5.1.4"),
    ),
    CheckKind(
        "text_differs", "text", "warning", gettext_noop("text part says something else"),
        gettext_noop("Few of the words that the HTML shows are in the plain text, which is to say the same."),
        gettext_noop("Make the text part from the same data as the HTML."), _rfc(2046, "5.1.4"),
    ),
    CheckKind(
        "no_charset", "text", "warning", gettext_noop("no charset declared"),
        gettext_noop("The part holds letters beyond ASCII and does not say in which charset: email clients guess."),
        gettext_noop("Write charset=utf-8 into its Content-Type."), _rfc(2046, "4.1.2"),
    ),
    CheckKind(
        "charset_differs", "text", "warning", gettext_noop("two charsets declared"),
        gettext_noop("The <meta> element names another charset than the Content-Type field; who saves or forwards the HTML sees wrong letters."),
        gettext_noop("Name the same charset in both, best utf-8."), _rfc(2854, "6"),
    ),
    CheckKind(
        "no_list_unsubscribe", "text", "warning", gettext_noop("no List-Unsubscribe"),
        gettext_noop("The mail looks like one to many: large providers want a List-Unsubscribe field in such mail, and sort out, or refuse, what has none. Mail to one person about something they did needs none."),
        gettext_noop("Add List-Unsubscribe with an https address, and List-Unsubscribe-Post: List-Unsubscribe=One-Click."), _GMAIL_SENDERS,
    ),
    CheckKind(
        "not_one_click", "text", "warning", gettext_noop("unsubscribing takes more than a click"),
        gettext_noop("There is a List-Unsubscribe field, but one click does not do: that needs an https address in it, and the field List-Unsubscribe-Post beside it. Large providers want both in mail to many."),
        gettext_noop("Add List-Unsubscribe-Post: List-Unsubscribe=One-Click, and an https address that takes a POST."), _rfc(8058, "3.1"),
    ),
    CheckKind(
        "bad_list_unsubscribe", "text", "error", gettext_noop("List-Unsubscribe cannot be read"),
        gettext_noop("The field holds no address in angle brackets by https, http or mailto: email clients show no button."),
        gettext_noop("Write List-Unsubscribe: <https://…>, <mailto:…>."), _rfc(2369, "2"),
    ),
    CheckKind(
        "no_reply", "text", "info", gettext_noop("answers go nowhere"),
        gettext_noop("The sender's address says that nobody reads it, and there is no Reply-To."),
        gettext_noop("Set Reply-To to an address that somebody reads."), _rfc(5322, "3.6.2"),
    ),
    CheckKind(
        "emoji_in_subject", "text", "info", gettext_noop("emoji in the subject"),
        gettext_noop("Each system draws an emoji its own way, screen readers say its name, and older programs show a box."),
        "",
    ),
    CheckKind(
        "preview_text", "text", "info", gettext_noop("how lists of mail begin it"),
        gettext_noop("Lists of mail show the first words of the mail beside its subject."),
        gettext_noop("Where they say little, put a hidden preview line at the start of the HTML."),
    ),
)  # fmt: skip

_CARRIED = (
    CheckKind(
        "cid_without_part", "content", "error", gettext_noop("picture that is not in the mail"),
        gettext_noop("The HTML names a part by cid:, and no part has this Content-ID: email clients show a broken picture."),
        gettext_noop("Give the part the Content-ID that the HTML names, in angle brackets and not encoded; write in the HTML what stands between the brackets."),
        _rfc(2392, "2"),
    ),
    CheckKind(
        "part_without_reference", "content", "warning", gettext_noop("related part that the HTML does not name"),
        gettext_noop("The part is in a multipart/related and the HTML does not name it: some email clients list it as an attachment, others not at all."),
        gettext_noop("Put attachments into a multipart/mixed around the multipart/related; name pictures in the HTML by cid: and their Content-ID."),
        _rfc(2387, "3"),
    ),
)  # fmt: skip

_ACCESSIBILITY = (
    CheckKind(
        "image_without_alt", "accessibility", "warning", gettext_noop("image without alt"),
        gettext_noop("Screen readers say the file's name, and who sees no images sees nothing."),
        gettext_noop("Say in alt what the image tells; alt=\"\" if it is only ornament."),
        _wcag("1.1.1", "Non-text Content", "non-text-content"),
    ),
    CheckKind(
        "link_without_text", "accessibility", "error", gettext_noop("link without words"),
        gettext_noop("Nothing in the link can be read out: no text, and no image with an alt text."),
        gettext_noop("Put words in the link, an alt text in its image, or an aria-label on it."),
        _wcag("2.4.4", "Link Purpose (In Context)", "link-purpose-in-context"),
    ),
    CheckKind(
        "low_contrast", "accessibility", "warning", gettext_noop("text hard to make out"),
        gettext_noop("The contrast of text and background is below 4.5:1, or 3:1 for large text. Colours are taken from attributes, the rest as a white page with black text has it."),
        gettext_noop("Take a darker colour for the text, or a lighter one behind it."),
        _wcag("1.4.3", "Contrast (Minimum)", "contrast-minimum"),
    ),
    CheckKind(
        "small_text", "accessibility", "warning", gettext_noop("very small text"),
        gettext_noop("Text is set smaller than 10 px: hard to read, most of all on a phone."),
        gettext_noop("Use 14 px and more for what is to be read, 12 px at least for the rest."),
        _wcag("1.4.4", "Resize Text", "resize-text"),
    ),
    CheckKind(
        "no_lang", "accessibility", "warning", gettext_noop("language not declared"),
        gettext_noop("The HTML names no language: screen readers read it with the voice of another."),
        gettext_noop("Write <html lang=\"en\">; and the same on the first element inside <body>, since some webmail drops <html>."),
        _wcag("3.1.1", "Language of Page", "language-of-page"),
    ),
    CheckKind(
        "no_title", "accessibility", "info", gettext_noop("no title"),
        gettext_noop("The HTML has no <title>, which names the mail where it is opened in a browser."),
        gettext_noop("Write the subject into <title>."),
        _wcag("2.4.2", "Page Titled", "page-titled"),
    ),
    CheckKind(
        "heading_order", "accessibility", "warning", gettext_noop("heading skips a level"),
        gettext_noop("A heading comes right below one that is more than a level above it: who walks by headings looks for what is missing."),
        gettext_noop("Choose headings by what they are, and their size by CSS."),
        _wcag("1.3.1", "Info and Relationships", "info-and-relationships"),
    ),
    CheckKind(
        "layout_table", "accessibility", "warning", gettext_noop("layout table read as a table"),
        gettext_noop("A table without headings of rows or columns is there for layout; screen readers read its rows and cells out."),
        gettext_noop("Write role=\"presentation\" on tables that are for layout."),
        _wcag("1.3.1", "Info and Relationships", "info-and-relationships"),
    ),
)  # fmt: skip

_SIZE = (
    CheckKind(
        "clipped", "size", "error", gettext_noop("cut off by Gmail"),
        gettext_noop("Gmail shows the first 102 KB of HTML, then a link “View entire message”. The rest is not seen: often the link to unsubscribe and the pixel that counts openings."),
        gettext_noop("Make the HTML shorter: take out white space, comments and repeated styles."),
    ),
    CheckKind(
        "nearly_clipped", "size", "warning", gettext_noop("nearly cut off by Gmail"),
        gettext_noop("Gmail shows the first 102 KB of HTML. Links that are rewritten for counting clicks, or a longer name, can push it over."),
        gettext_noop("Make the HTML shorter: take out white space, comments and repeated styles."),
    ),
    CheckKind(
        "too_large", "size", "error", gettext_noop("too large for most"),
        gettext_noop("The mail as sent is over 25 MB, more than many providers send or take."),
        gettext_noop("Link to large files instead of attaching them. Base64 makes them longer by more than a third."),
    ),
    CheckKind(
        "large", "size", "warning", gettext_noop("too large for some"),
        gettext_noop("The mail as sent is over 10 MB, about the limit of Postfix as installed (10,240,000 bytes) and of many companies; others have 20 or 25 MB."),
        gettext_noop("Link to large files instead of attaching them. Base64 makes them longer by more than a third."),
        Authority("Postfix, message_size_limit", "https://www.postfix.org/postconf.5.html#message_size_limit"),
    ),
    CheckKind(
        "heavy_image", "size", "warning", gettext_noop("heavy image"),
        gettext_noop("An image inside the mail is over 500 KB: slow to open on a phone."),
        gettext_noop("Make it smaller, twice the size at which it is shown at most, and compress it."),
    ),
    CheckKind(
        "many_images", "size", "info", gettext_noop("many images"),
        gettext_noop("The HTML shows more than 30 images. Each from outside is a request of its own, and many programs show none until they are asked to."),
        gettext_noop("See that the mail can be read without them."),
    ),
    CheckKind(
        "long_subject", "size", "info", gettext_noop("long subject"),
        gettext_noop("The subject has more than 70 characters: lists of mail cut it, on a phone after about 40."),
        gettext_noop("Put what matters first."),
    ),
    CheckKind(
        "long_text_lines", "size", "info", gettext_noop("long lines in the text"),
        gettext_noop("Lines of the plain text are longer than the 78 characters that are advised; a few programs do not wrap them."),
        gettext_noop("Wrap the text, or send it as format=flowed."), _rfc(5322, "2.1.1"),
    ),
)  # fmt: skip

_SUPPORT = (
    CheckKind(
        "script", "support", "warning", gettext_noop("script in the HTML"),
        gettext_noop("No email client runs scripts; some filters sort such mail out."),
        gettext_noop("Take it out. JSON-LD (application/ld+json) is no script and may stay."),
        Authority("Markup in Gmail", "https://developers.google.com/workspace/gmail/markup"),
    ),
    CheckKind(
        "little_supported", "support", "warning", gettext_noop("most email clients lack it"),
        gettext_noop("Most of the email clients tested do not support this."),
        gettext_noop("See that the mail can be read without it."), CANIEMAIL,
    ),
    CheckKind(
        "partly_supported", "support", "info", gettext_noop("some email clients lack it"),
        gettext_noop("Some email clients do not support this, or only in part."),
        gettext_noop("See that the mail can be read without it."), CANIEMAIL,
    ),
)  # fmt: skip

KINDS: dict[str, CheckKind] = {
    kind.name: kind
    for kind in (*_CONTENT, *_CARRIED, *_TEXT, *_ACCESSIBILITY, *_SIZE, *_SUPPORT)
}
