# SPDX-License-Identifier: Apache-2.0
"""Files as text: size, encoding, and the signs that papers and word processors put for plain ones."""

from __future__ import annotations

import html
import re
import unicodedata
from pathlib import Path
from stat import S_ISREG
from typing import Any

from wincraft.errors import BadDocument, shorten

JsonObject = dict[str, Any]
"""A JSON object, as it was read."""

MAX_TEXT_BYTES = 2 * 2**20
"""Largest text file that is searched for matrices."""

_SIGNS = str.maketrans(
    dict.fromkeys("−‐‑–﹣－", "-")
    | dict.fromkeys("⁄∕", "/")
    | dict.fromkeys("·⋅×∙", "*")
    | dict.fromkeys("\u00a0\u2002\u2003\u2007\u2008\u2009\u200a\u202f\u3000", " ")
    | dict.fromkeys("\u200b\u2060\ufeff", None)
    | dict.fromkeys("′’‘", "'")
    | dict.fromkeys("“”", '"')
    | dict.fromkeys("ᵀ⊤", "^T")
    | {"＝": "=", "，": ",", "；": ";", "：": ":", "（": "(", "）": ")"}
)
_VULGAR = re.compile(r"(\d*)([¼½¾⅐-⅞])")
_ROOT = re.compile(r"√\s*(\d+|\([^()\n]{1,80}\))")
_MARKS = (
    (b"\xff\xfe\x00\x00", "utf-32"),
    (b"\x00\x00\xfe\xff", "utf-32"),
    (b"\xff\xfe", "utf-16"),
    (b"\xfe\xff", "utf-16"),
)
_CLOSING_TAG = re.compile(r"</(?:html|body|table|tr|td|div|p)\s{0,9}>", re.IGNORECASE)
_CELL = re.compile(r"\s{0,99}</?t[dh]\b[^<>]{0,300}>\s{0,99}", re.IGNORECASE)
_ROW = re.compile(r"\s{0,99}</?tr\b[^<>]{0,300}>\s{0,99}", re.IGNORECASE)
_EXPONENT = re.compile(r"<sup\b[^<>]{0,300}>", re.IGNORECASE)
_LINE = re.compile(r"</?(?:h\d|p|div|table|br|li|pre)\b[^<>]{0,300}>", re.IGNORECASE)
_TAG = re.compile(r"</?[a-zA-Z!][^<>]{0,300}>")
_CONTROL = re.compile(r"[\x00-\x08\x0e-\x1a\x1c-\x1f]")


def read_bytes(path: str | Path, limit: int) -> bytes:
    """The bytes of a file of at most `limit` bytes.

    Raises:
        BadDocument: what cannot be opened, is too large, or is no path.

    >>> read_bytes("absent.h", 2**20)
    Traceback (most recent call last):
    ...
    wincraft.errors.BadDocument: cannot read absent.h: No such file or directory; check the path
    """
    try:
        name = Path(path)
        about = name.stat()
        if about.st_size > limit:
            raise BadDocument(shorten(str(path), 120), f"it has more than {limit} bytes", "give the matrices only")
        with name.open("rb") as stream:
            content = stream.read((about.st_size if S_ISREG(about.st_mode) else limit) + 1)
    except OSError as error:
        raise BadDocument(shorten(str(path), 120), error.strerror or str(error), "check the path") from None
    except (ValueError, TypeError) as error:
        shown = shorten(ascii(path), 120)
        raise BadDocument(shown, f"this is no path ({error})", "give the name of a file") from None
    if len(content) > limit:
        raise BadDocument(shorten(str(path), 120), f"it has more than {limit} bytes", "give the matrices only")
    return content


def decode(content: bytes, path: str) -> str:
    r"""Bytes as text: UTF-8, UTF-16 or UTF-32 with a byte order mark, UTF-16 without one, else Latin-1.

    Raises:
        BadDocument: what is no text.

    >>> decode("AT = ½".encode("utf-16"), "f.txt")
    'AT = ½'
    """
    text = _decoded(content)
    if text is None or _CONTROL.search(text):
        raise BadDocument(path, "it is no text", "give JSON, .npz, .npy or a text file with the matrices")
    return text.replace("\r\n", "\n").replace("\r", "\n")


def _decoded(content: bytes) -> str | None:
    named = next((codec for mark, codec in _MARKS if content.startswith(mark)), None)
    if named is None and len(content) >= 4 and b"\x00" in content[:4]:
        named = "utf-16-be" if content[0] == 0 else "utf-16-le"
    for codec in (named,) if named else ("utf-8-sig", "latin-1"):
        try:
            return content.decode(codec)
        except UnicodeDecodeError:
            continue
    return None


def plain(text: str) -> str:
    """The text with minus signs, fractions, roots and transposes of papers spelled in ASCII.

    >>> plain("−½  1½  √2⁄2  Bᵀ")
    '-1/2  3/2  sqrt(2)/2  B^T'
    """
    if text.isascii():
        return text
    text = _VULGAR.sub(_fraction, text.translate(_SIGNS))
    return _ROOT.sub(lambda match: f"sqrt({match[1].strip('()')})", text)


def _fraction(match: re.Match[str]) -> str:
    numerator, denominator = unicodedata.normalize("NFKC", match[2]).split("⁄")
    whole = int(match[1][-6:] or 0)
    return f"{whole * int(denominator) + int(numerator or 1)}/{denominator}"


def without_markup(text: str) -> str:
    """The text of an HTML page; any other text as it is.

    >>> without_markup("<p>B<sup>T</sup></p><table><tr><td>1</td><td>&minus;1/2</td></tr></table>").split()
    ['B^T', '1', '−1/2']
    >>> without_markup("std::array<float, 4> a = {1, 2 < 3};")
    'std::array<float, 4> a = {1, 2 < 3};'
    """
    if not _CLOSING_TAG.search(text):
        return text
    text = _ROW.sub("\n", _CELL.sub("  ", text)).replace("\n\n", "\n")
    return html.unescape(_TAG.sub("", _LINE.sub("\n", _EXPONENT.sub("^", text))))
