"""The kinds of results of checks: a table of group, severity, words, fix and source."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from django.utils.translation import gettext_noop

from inbox.explain.severity import Severity

Group = Literal["content", "accessibility", "text", "size", "support"]

GROUPS: dict[Group, str] = {
    "content": gettext_noop("Template leftovers"),
    "text": gettext_noop("Text and header"),
    "accessibility": gettext_noop("Accessibility"),
    "size": gettext_noop("Size"),
    "support": gettext_noop("HTML and CSS"),
}
SEVERITY_WORDS: dict[Severity, str] = {
    "error": gettext_noop("Error: people cannot read or use it"),
    "warning": gettext_noop("Warning: fails in some email clients, or for some people"),
    "info": gettext_noop("Info: worth knowing, not wrong"),
}


@dataclass(frozen=True, slots=True)
class Authority:
    """The source that a check relies on."""

    title: str
    url: str


@dataclass(frozen=True, slots=True)
class CheckKind:
    """A kind of result; fix is "" if no fix is needed."""

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
        "placeholder", "content", "error", gettext_noop("unreplaced placeholder"),
        gettext_noop("The mail contains text that looks like a template variable."),
        gettext_noop("Pass this variable to the template, under the name that the template uses."),
    ),
    CheckKind(
        "missing_value", "content", "warning", gettext_noop("possibly missing value"),
        gettext_noop("The mail contains a word that programs print for a missing value."),
        gettext_noop("Find out where the value comes from, and give the template a default for a missing value."),
    ),
    CheckKind(
        "filler", "content", "warning", gettext_noop("filler text"),
        gettext_noop("The mail contains filler text, or a note by its author."),
        gettext_noop("Replace the placeholder text."),
    ),
    CheckKind(
        "local_link", "content", "error", gettext_noop("link to a private host"),
        gettext_noop("The link or image has an address that only machines nearby can reach."),
        gettext_noop("Set the public address of your application; the setting is often called base URL, host or domain."),
    ),
    CheckKind(
        "example_link", "content", "warning", gettext_noop("link to an example domain"),
        gettext_noop("The link's domain is reserved for examples and tests, so no server will ever answer there."),
        gettext_noop("Link to the real address."),
        Authority("RFC 2606 §2 and §3", "https://www.rfc-editor.org/rfc/rfc2606#section-2"),
    ),
    CheckKind(
        "empty_link", "content", "warning", gettext_noop("link that leads nowhere"),
        gettext_noop("The link has no address, only #, or a script, which no email client runs."),
        gettext_noop("Give the link its address, or remove the link."),
    ),
    CheckKind(
        "relative_link", "content", "error", gettext_noop("link without a host"),
        gettext_noop("The address of the link or image is relative, and a mail has no address of its own to complete it."),
        gettext_noop("Write the full address, with https:// and the host."),
    ),
)  # fmt: skip

_TEXT = (
    CheckKind(
        "no_subject", "text", "warning", gettext_noop("no subject"),
        gettext_noop("The mail has no Subject, or an empty one: lists of mail show it as “(no subject)”, and spam filters count that against it."),
        gettext_noop("Set a Subject."), _rfc(5322, "3.6.5"),
    ),
    CheckKind(
        "no_text_part", "text", "warning", gettext_noop("no text part"),
        gettext_noop("The mail has HTML but no plain text: watches, text readers and some notifications have nothing to show, and spam filters count that against it."),
        gettext_noop("Send multipart/alternative: the plain text first, then the HTML."), _rfc(2046, "5.1.4"),
    ),
    CheckKind(
        "empty_text_part", "text", "error", gettext_noop("text part is empty"),
        gettext_noop("The plain text beside the HTML is empty, so people who read the text see nothing."),
        gettext_noop("Put the content of the HTML into the text part."), _rfc(2046, "5.1.4"),
    ),
    CheckKind(
        "text_differs", "text", "warning", gettext_noop("text part differs from the HTML"),
        gettext_noop("Few of the words in the HTML are in the plain text, which should say the same."),
        gettext_noop("Make the text part from the same data as the HTML."), _rfc(2046, "5.1.4"),
    ),
    CheckKind(
        "no_charset", "text", "warning", gettext_noop("no charset declared"),
        gettext_noop("The part contains non-ASCII letters but names no charset, so email clients guess."),
        gettext_noop("Write charset=utf-8 into its Content-Type."), _rfc(2046, "4.1.2"),
    ),
    CheckKind(
        "undecodable_text", "text", "error", gettext_noop("text is not in its charset"),
        gettext_noop("The part has bytes that are not in its declared charset, or declares a charset that does not exist: email clients show wrong letters."),
        gettext_noop("Encode the text in the charset that Content-Type names, preferably utf-8."), _rfc(2046, "4.1.2"),
    ),
    CheckKind(
        "charset_differs", "text", "warning", gettext_noop("two charsets declared"),
        gettext_noop("The <meta> element names another charset than the Content-Type field; letters turn out wrong when the HTML is saved or forwarded."),
        gettext_noop("Name the same charset in both, preferably utf-8."), _rfc(2854, "6"),
    ),
    CheckKind(
        "no_list_unsubscribe", "text", "warning", gettext_noop("no List-Unsubscribe"),
        gettext_noop("The mail looks like bulk mail. Large providers require a List-Unsubscribe field in it, and may filter or refuse mail without one. Mail to one person about something they did needs none."),
        gettext_noop("Add List-Unsubscribe with an https address, and List-Unsubscribe-Post: List-Unsubscribe=One-Click."), _GMAIL_SENDERS,
    ),
    CheckKind(
        "not_one_click", "text", "warning", gettext_noop("no one-click unsubscribe"),
        gettext_noop("The mail has List-Unsubscribe, but one-click unsubscribing needs an https address in it, and a List-Unsubscribe-Post field too. Large providers require both in bulk mail."),
        gettext_noop("Add List-Unsubscribe-Post: List-Unsubscribe=One-Click, and an https address that accepts a POST."), _rfc(8058, "3.1"),
    ),
    CheckKind(
        "bad_list_unsubscribe", "text", "error", gettext_noop("List-Unsubscribe cannot be read"),
        gettext_noop("The field has no https, http or mailto address in angle brackets, so email clients show no button."),
        gettext_noop("Write List-Unsubscribe: <https://…>, <mailto:…>."), _rfc(2369, "2"),
    ),
    CheckKind(
        "no_reply", "text", "info", gettext_noop("replies go nowhere"),
        gettext_noop("The sender's address looks like one that nobody reads, and there is no Reply-To."),
        gettext_noop("Set Reply-To to an address that somebody reads."), _rfc(5322, "3.6.2"),
    ),
    CheckKind(
        "emoji_in_subject", "text", "info", gettext_noop("emoji in the subject"),
        gettext_noop("Each system draws emoji differently, screen readers read their names, and older programs show a box."),
        "",
    ),
    CheckKind(
        "preview_text", "text", "info", gettext_noop("preview text"),
        gettext_noop("Lists of mail show the first words of the mail beside its subject."),
        gettext_noop("If they say little, put a hidden preview line at the start of the HTML."),
    ),
)  # fmt: skip

_CARRIED = (
    CheckKind(
        "cid_without_part", "content", "error", gettext_noop("inline image is missing"),
        gettext_noop("The HTML refers to an image by cid:, but no part has this Content-ID, so email clients show a broken image."),
        gettext_noop("Give the part the Content-ID that the HTML uses, in angle brackets and unencoded; the HTML has it without the brackets."),
        _rfc(2392, "2"),
    ),
    CheckKind(
        "part_without_reference", "content", "warning", gettext_noop("related part that the HTML does not use"),
        gettext_noop("The part is in a multipart/related, but the HTML does not refer to it: some email clients list it as an attachment, others do not show it."),
        gettext_noop("Put attachments into a multipart/mixed around the multipart/related; refer to images in the HTML by cid: and their Content-ID."),
        _rfc(2387, "3"),
    ),
)  # fmt: skip

_ACCESSIBILITY = (
    CheckKind(
        "image_without_alt", "accessibility", "warning", gettext_noop("image without alt"),
        gettext_noop("Screen readers read the file's name, and people who block images see nothing."),
        gettext_noop("Describe the image in alt, or write alt=\"\" if it is decoration."),
        _wcag("1.1.1", "Non-text Content", "non-text-content"),
    ),
    CheckKind(
        "link_without_text", "accessibility", "error", gettext_noop("link without text"),
        gettext_noop("The link has nothing that a screen reader can read: no text, and no image with an alt text."),
        gettext_noop("Put text in the link, an alt text on its image, or an aria-label on the link."),
        _wcag("2.4.4", "Link Purpose (In Context)", "link-purpose-in-context"),
    ),
    CheckKind(
        "low_contrast", "accessibility", "warning", gettext_noop("low contrast"),
        gettext_noop("The contrast of text and background is below 4.5:1, or 3:1 for large text. Colours that are not set count as black on white."),
        gettext_noop("Use a darker text colour, or a lighter background."),
        _wcag("1.4.3", "Contrast (Minimum)", "contrast-minimum"),
    ),
    CheckKind(
        "small_text", "accessibility", "warning", gettext_noop("very small text"),
        gettext_noop("Text is smaller than 10 px, which is hard to read, above all on a phone."),
        gettext_noop("Use at least 14 px for the main text, and 12 px for the rest."),
        _wcag("1.4.4", "Resize Text", "resize-text"),
    ),
    CheckKind(
        "no_lang", "accessibility", "warning", gettext_noop("language not declared"),
        gettext_noop("The HTML declares no language, so screen readers may read it with the wrong voice."),
        gettext_noop("Write <html lang=\"en\">; and the same on the first element inside <body>, since some webmail drops <html>."),
        _wcag("3.1.1", "Language of Page", "language-of-page"),
    ),
    CheckKind(
        "no_title", "accessibility", "info", gettext_noop("no title"),
        gettext_noop("The HTML has no <title>, which names the mail when it is opened in a browser."),
        gettext_noop("Write the subject into <title>."),
        _wcag("2.4.2", "Page Titled", "page-titled"),
    ),
    CheckKind(
        "heading_order", "accessibility", "warning", gettext_noop("heading skips a level"),
        gettext_noop("A heading is more than one level below the heading before it; people who navigate by headings look for the level in between."),
        gettext_noop("Choose heading levels by structure, and set their size with CSS."),
        _wcag("1.3.1", "Info and Relationships", "info-and-relationships"),
    ),
    CheckKind(
        "layout_table", "accessibility", "warning", gettext_noop("layout table read as a table"),
        gettext_noop("The table has no header cells, so it is for layout; screen readers still announce its rows and cells."),
        gettext_noop("Put role=\"presentation\" on layout tables."),
        _wcag("1.3.1", "Info and Relationships", "info-and-relationships"),
    ),
)  # fmt: skip

_SIZE = (
    CheckKind(
        "clipped", "size", "error", gettext_noop("cut off by Gmail"),
        gettext_noop("Gmail shows the first 102 KB of HTML, then a link “View entire message”. The rest is hidden, often with the unsubscribe link and the tracking pixel."),
        gettext_noop("Shorten the HTML: remove white space, comments and repeated styles."),
    ),
    CheckKind(
        "nearly_clipped", "size", "warning", gettext_noop("nearly cut off by Gmail"),
        gettext_noop("Gmail shows the first 102 KB of HTML. Tracking links or a longer name can push it over."),
        gettext_noop("Shorten the HTML: remove white space, comments and repeated styles."),
    ),
    CheckKind(
        "too_large", "size", "error", gettext_noop("too large for most servers"),
        gettext_noop("The mail as sent is over 25 MB, more than many providers send or accept."),
        gettext_noop("Link to large files instead of attaching them. Base64 makes them a third larger."),
    ),
    CheckKind(
        "large", "size", "warning", gettext_noop("too large for some servers"),
        gettext_noop("The mail as sent is over 10 MB, about the limit of Postfix as installed (10,240,000 bytes) and of many companies; others have 20 or 25 MB."),
        gettext_noop("Link to large files instead of attaching them. Base64 makes them a third larger."),
        Authority("Postfix, message_size_limit", "https://www.postfix.org/postconf.5.html#message_size_limit"),
    ),
    CheckKind(
        "heavy_image", "size", "warning", gettext_noop("heavy image"),
        gettext_noop("An image inside the mail is over 500 KB, which is slow to load on a phone."),
        gettext_noop("Scale it to at most twice its displayed size, and compress it."),
    ),
    CheckKind(
        "many_images", "size", "info", gettext_noop("many images"),
        gettext_noop("The HTML shows more than 30 images. Each remote one is a request of its own, and many email clients show none until asked to."),
        gettext_noop("Make sure that the mail can be read without them."),
    ),
    CheckKind(
        "long_subject", "size", "info", gettext_noop("long subject"),
        gettext_noop("The subject has more than 70 characters: lists of mail cut it, on a phone after about 40."),
        gettext_noop("Put what matters first."),
    ),
    CheckKind(
        "long_text_lines", "size", "info", gettext_noop("long lines in the text"),
        gettext_noop("Lines of the plain text exceed the recommended 78 characters; a few email clients do not wrap them."),
        gettext_noop("Wrap the text, or send it as format=flowed."), _rfc(5322, "2.1.1"),
    ),
)  # fmt: skip

_SUPPORT = (
    CheckKind(
        "script", "support", "warning", gettext_noop("script in the HTML"),
        gettext_noop("No email client runs scripts, and some filters reject such mail."),
        gettext_noop("Remove it. JSON-LD (application/ld+json) is not a script and may stay."),
        Authority("Markup in Gmail", "https://developers.google.com/workspace/gmail/markup"),
    ),
    CheckKind(
        "little_supported", "support", "warning", gettext_noop("not supported by most email clients"),
        gettext_noop("Most of the email clients tested do not support this."),
        gettext_noop("Make sure that the mail can be read without it."), CANIEMAIL,
    ),
    CheckKind(
        "partly_supported", "support", "info", gettext_noop("not supported by some email clients"),
        gettext_noop("Some email clients do not support this, or only in part."),
        gettext_noop("Make sure that the mail can be read without it."), CANIEMAIL,
    ),
)  # fmt: skip

KINDS: dict[str, CheckKind] = {
    kind.name: kind
    for kind in (*_CONTENT, *_CARRIED, *_TEXT, *_ACCESSIBILITY, *_SIZE, *_SUPPORT)
}
