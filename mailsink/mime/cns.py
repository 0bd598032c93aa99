"""CNS 11643, Taiwan's national character set, mapped in runs to Big5.

Covers planes 1 and 2, which ISO-2022-CN (RFC 1922) and EUC-TW use; Python has a codec
for neither. Characters that Big5 lacks become U+FFFD. Never raises; linear time.
"""

from __future__ import annotations

import re
from functools import cache

import endec

# "from:to:number": this number of characters, from one cell of the plane on (94 in a
# row), equals the characters of Big5 from another cell on (157 in a row, the first row
# is 0xA1).
_RUNS = {
    1: (
        "0:0:5 6:6:15 21:23:2 24:22:1 29:29:44 73:74:1 74:73:1 75:75:21 98:98:1 100:100:27 "
        "127:128:1 128:127:1 130:130:14 146:146:2 148:149:1 149:148:1 150:150:4 155:21:1 "
        "156:156:78 282:234:29 312:264:1 314:266:142 3102:408:33 3290:471:17 3307:263:1 "
        "3308:489:86 3394:265:1 3395:576:1307 4702:1884:424 5126:1883:1 5127:2308:1876 "
        "7003:4571:1 7004:4184:387 7391:4572:525 7916:5286:1 7917:5097:105 8023:5203:83 "
        "8106:5287:84 8190:5517:1 8191:5371:54 8245:5426:1 8246:5425:1 8247:5427:90 "
        "8337:5518:354"
    ),
    2: (
        "0:6280:10 10:6291:33 43:6372:1 44:6324:48 92:6373:46 138:6586:1 139:6419:167 "
        "306:6587:1840 2146:9074:1 2147:8428:108 2255:8537:537 2792:8427:1 2793:9075:100 "
        "2893:8536:1 2894:9175:399 3293:9575:1637 4930:11761:1 4931:11212:146 5077:11899:1 "
        "5078:11358:287 5365:12508:1 5366:11645:116 5482:11762:137 5619:11900:104 "
        "5723:12425:1 5724:12004:222 5946:12227:198 6144:12426:82 6226:12509:86 6312:12226:1 "
        "6313:12595:8 6321:12604:153 6474:12758:56 6530:13114:1 6531:12814:113 6644:12603:1 "
        "6645:12927:142 6787:12757:1 6788:13069:45 6833:13115:71 6904:13380:1 6905:13186:194 "
        "7099:13381:490 7589:13914:1 7590:13871:43 7633:13915:1 7634:13917:11 7645:13916:1 "
        "7646:13928:4"
    ),
}
_NUMBERS = "".join(
    map(chr, [*range(0x2460, 0x246A), *range(0x2474, 0x247E), *range(0x2170, 0x217A)])
)
_NUMBERS_AT = 470  # in plane 1

_MAX_PIECES = 300_000  # runs of one set that are read; no real text has that many
_EUC = re.compile(
    rb"(?P<ascii>[\x00-\x7f]+)|(?P<first>(?:[\xa1-\xfe]{2})+)|(?P<second>(?:\x8e\xa2[\xa1-\xfe]{2})+)"
    rb"|\x8e\xa1|(?P<bad>[\x80-\xa0\xff]+|.)",
    re.DOTALL,
)


def decode(octets: bytes, plane: int) -> str:
    """Return the text of pairs of 7-bit or 8-bit octets of plane 1 or 2."""
    cells = _cells(plane)
    pairs = zip(octets[::2], octets[1::2], strict=False)
    found = [
        cells.get((a & 0x7F) * 94 + (b & 0x7F) - 0x21 * 95, "\ufffd")
        if (b & 0x7F) > 0x20
        else "\ufffd"
        for a, b in pairs
    ]
    return "".join(found) + "\ufffd" * (len(octets) % 2)


def euc(octets: bytes) -> str:
    """Return text in EUC-TW; undecodable octets become U+FFFD."""
    found: list[str] = []
    for number, token in enumerate(_EUC.finditer(octets)):
        if number == _MAX_PIECES:
            found.append(octets[token.start() :].decode("ascii", "replace"))
            break
        kind, text = token.lastgroup, token[0]
        if kind == "ascii":
            found.append(text.decode())
        elif kind == "first":
            found.append(decode(text, 1))
        elif kind == "second":
            found.append(decode(text.replace(b"\x8e\xa2", b""), 2))
        elif kind == "bad":
            found.append("\ufffd" * len(text))
    return "".join(found)


@cache
def _cells(plane: int) -> dict[int, str]:
    """Return the characters of a plane by their cells."""
    cells: dict[int, str] = {}
    for run in _RUNS[plane].split():
        start, big5, number = map(int, run.split(":"))
        for n in range(number):
            row, cell = divmod(big5 + n, 157)
            trail = cell + (0x40 if cell < 63 else 0xA1 - 63)
            octets = bytes([0xA1 + row, trail])
            cells[start + n] = endec.decode(octets, "big5", "replace")
    if plane == 1:
        cells |= {_NUMBERS_AT + n: each for n, each in enumerate(_NUMBERS)}
    return cells
