"""Finds the codes that a message was sent for, and its links to confirm, sign in or reset.

It uses patterns, in linear time; uncertain matches are left out.
"""

from __future__ import annotations

import re
from bisect import bisect_left
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from urllib.parse import unquote

from mailsink.mime.links import Reference, split

LOOKED_AT = 64 * 1024  # characters of text that are searched
_MOST = 3
Span = tuple[int, int]  # the beginning and the end of a match
_NEAR = 70  # characters between a code and the word that announces it

_WORD_OF_CODE = re.compile(
    r"one[- ]?time|\botp\b|\bpin\b|\bpasscode|verif|(?<!source )(?<!postal )(?<!zip )(?<!promo )(?<!error )(?<!qr )\bcodes?\b|\btoken\b|security\s+code|2fa|two[- ]factor"
    r"|bestätigungs|sicherheitscode|einmal|zugangscode|anmeldecode|\btan\b"
    r"|código|codigo|clave|vérification|code\s+d|codice|verifica|verificação"
    r"|\bkod\b|\bkode\b|\bkoodi|kód|код|пароль|κωδικ"
    r"|验证码|驗證碼|校验码|認証コード|確認コード|ワンタイム|인증|인증번호|رمز|קוד",
    re.IGNORECASE,
)
_WORD_OF_OTHER = re.compile(
    r"(?:order|invoice|bestell\w*|rechnung\w*|kunden\w*|customer|ticket|case|ref\w*|account|konto|article|artikel"
    r"|item|phone|tel|fax|zip|plz|postal|since|version|build|pull\s+request|issue|room|street|str\.?|gate|flight"
    r"|pedido|factura|commande|facture|ordine|promo\w*|discount|coupon|gutschein\w*|tracking|parcel|iban|isbn|vat)"
    r"[\s\w.:#-]{0,18}$",
    re.IGNORECASE,
)
_CANDIDATE = re.compile(
    r"(?<![\w#€$£¥%+.,/:=&?@-])"
    r"(?:(?P<digits>[0-9]{4,8})|(?P<halves>[0-9]{3}[ \u00a0-][0-9]{3})"
    r"|(?P<mixed>[A-Z0-9]{3,6}(?:-[A-Z0-9]{3,6}){1,2}|[A-Z0-9]{5,10}))"
    r"(?![\w€$£¥%@/]|[.,:-][0-9A-Za-z])"
)


@dataclass(frozen=True, slots=True)
class MessageAction:
    """A link that the mail was sent for. kind: one of ACTIONS."""

    kind: str
    url: str
    text: str


def codes(subject: str, text: str) -> list[str]:
    """Return the codes in a mail in the form to type, the likeliest first."""
    text = f"{subject}\n{text[:LOOKED_AT]}"
    words = [match.span() for match in _WORD_OF_CODE.finditer(text)]
    scored: dict[str, int] = {}
    for match in _CANDIDATE.finditer(text):
        if score := _score(text, match, words):
            code = re.sub("[ \u00a0]", "", match[0])
            scored[code] = max(score, scored.get(code, 0)) + 1
    return sorted(scored, key=lambda code: -scored[code])[:_MOST]


def _score(text: str, match: re.Match[str], words: Sequence[Span]) -> int:
    """Return how likely a candidate is a code; 0 if it is none.

    words: the places of the words that announce a code
    """
    place = bisect_left(words, match.span())
    distance = _distance(words[place - 1], match.start()) if place else _NEAR
    alone = _is_alone(text, match)
    if distance >= _NEAR and not _is_followed(text, match.end(), words, place, alone):
        return 0
    if _WORD_OF_OTHER.search(text, max(0, match.start() - _NEAR), match.start()):
        return 0
    if match["mixed"] and not _is_mixed(match[0], distance, alone):
        return 0
    if re.fullmatch(r"(?:19|20)[0-9]{2}", match[0]) and not (alone or distance < 4):
        return 0  # a year
    return 1 + 3 * alone + 2 * (distance < 20) + (match["digits"] is not None)


def _distance(word: Span, start: int) -> int:
    """Return the characters between a word and a candidate; _NEAR if it is too far."""
    is_near = start - _NEAR <= word[0] and word[1] <= start
    return start - word[1] if is_near else _NEAR


def _is_followed(
    text: str, end: int, words: Sequence[Span], place: int, alone: bool
) -> bool:
    """Whether a word that announces a code follows in the same paragraph, near enough."""
    following = next(
        (span for span in words[place : place + 2] if span[0] >= end), None
    )
    if following is None or following[1] > end + _NEAR:
        return False
    near = alone or following[0] - end < 40
    return near and "\n\n" not in text[end : following[0]]


def _is_mixed(text: str, distance: int, alone: bool) -> bool:
    letters, digits = re.search("[A-Z]", text), re.search("[0-9]", text)
    if not letters or (not digits and not alone):
        return False
    return alone or distance < 25


def _is_alone(text: str, match: re.Match[str]) -> bool:
    """Whether a candidate is alone on its line."""
    start = text.rfind("\n", 0, match.start()) + 1
    end = text.find("\n", match.end())
    line = text[start : end if end >= 0 else len(text)]
    return len(line) < 200 and line.strip(" \t\u00a0*_-:.") == match[0]


# Matched against the text of a link, or its URL; the first match gives the kind.
ACTIONS: dict[str, re.Pattern[str]] = {
    kind: re.compile(pattern, re.IGNORECASE)
    for kind, pattern in {
        "reset": r"reset|recover|forgot|passwor[dt]|passwort|kennwort|zurücksetz|contraseña|mot\s+de\s+passe|réinitialis|пароль|パスワード|重置|密码",
        "confirm": r"confirm|verif|validat|bestätig|verifizier|confirmer|verificar|conferm|подтвер|確認|认证|验证|인증",
        "activate": r"activat|aktivier|activer|activar|attiva|register|registrier|complete\s+(?:your\s+)?(?:sign|regist)|set\s+up\s+your",
        "sign in": r"sign[-_ ]?in|log[-_ ]?in|magic|anmelden|einloggen|connexion|connecter|iniciar\s+sesi|accedi|войти|ログイン|登录",
        "invitation": r"invit|einlad|accept|annehmen|join\b|beitreten|rejoindre|unirse",
    }.items()
}  # fmt: skip
_NOT_FOR = re.compile(
    r"unsubscribe|abmelden|abbestell|privacy|datenschutz|imprint|impressum|terms|preferences|help|support|contact|faq"
    r"|\.(?:png|jpe?g|gif|css|svg)$|view[-_ ]?(?:in|online)|browser",
    re.IGNORECASE,
)
# A run of letters, digits, "_" and "-" is tried once: at its beginning, or after its
# first "_" or "-". Tried after each of them, a run would take quadratic time.
_SECRET = re.compile(
    r"""(?<![A-Za-z0-9_-])(?:^|(?<=[=/.])|[A-Za-z0-9]*+[_-])
        (?=[A-Za-z_-]*+[0-9])[A-Za-z0-9_-]{16,}+(?:$|[?&\#/.])
    |[?&\#](?:token|code|key|t|otp|signature|sig|hash|ticket)=[^&]{6}""",
    re.IGNORECASE | re.VERBOSE,
)


def actions(references: Iterable[Reference]) -> list[MessageAction]:
    """Return the links that a mail was sent for, the likeliest first."""
    best: dict[str, tuple[int, MessageAction]] = {}
    for each in references:
        for score, action in _weighed(each):
            if action.url not in best or best[action.url][0] < score:
                best[action.url] = (score, action)
    found = sorted(best.values(), key=lambda scored: -scored[0])
    return [action for _, action in found][:_MOST]


def _weighed(reference: Reference) -> Iterator[tuple[int, MessageAction]]:
    parts = split(reference.url) if reference.kind == "link" else None
    if parts is None:
        return
    way = unquote(f"{parts.path}?{parts.query}#{parts.fragment}")[:1000]
    if _NOT_FOR.search(reference.text) or _NOT_FOR.search(unquote(parts.path)[:1000]):
        return
    secret = bool(_SECRET.search(way))
    for kind, pattern in ACTIONS.items():
        said, leads = bool(pattern.search(reference.text)), bool(pattern.search(way))
        score = 3 * said + 2 * leads + 3 * secret
        if (said or leads) and score >= 5:
            yield score, MessageAction(kind, reference.url, reference.text)
            return
