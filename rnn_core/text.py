"""Text becomes tokens, and tokens become ids.

A token is one user-perceived character: a grapheme cluster of the NFC-normalised text, so 한, é, 👩‍🚀 and 🇰🇷 are
one token each. The vocabulary is in order of first appearance, never in the order of a set: the same text gives the
same ids in every process.

Source: Unicode Standard Annex 29 (grapheme clusters, through the ``regex`` package) and Annex 15 (NFC).
"""

from __future__ import annotations

import unicodedata
from collections.abc import Iterable
from dataclasses import dataclass
from functools import lru_cache

import numpy as np
import numpy.typing as npt
import regex

PADDING = -100
"""The id of "no token here": what torch's cross_entropy ignores by default."""

_CLUSTER = regex.compile(r"\X")
_LINE_END = regex.compile(r"\r\n|\r|\n")
_CONTROL_PICTURES = {code: 0x2400 + code for code in range(0x21)} | {0x7F: 0x2421}
_UNSEEN = regex.compile(r"[\p{Default_Ignorable_Code_Point}\p{C}\p{Z}]+")
_LABEL_LENGTH = 12
_SHORT_NAMES = {
    "\t": "⇥",
    "\u00a0": "nbsp",
    "\u00ad": "shy",
    "\u200b": "zwsp",
    "\u200c": "zwnj",
    "\u200d": "zwj",
    "\u200e": "lrm",
    "\u200f": "rlm",
    "\u202a": "lre",
    "\u202b": "rle",
    "\u202c": "pdf",
    "\u202d": "lro",
    "\u202e": "rlo",
    "\u202f": "nnbsp",
    "\u2060": "wj",
    "\u2066": "lri",
    "\u2067": "rli",
    "\u2068": "fsi",
    "\u2069": "pdi",
    "\u3000": "idsp",
    "\ufeff": "bom",
}
"""Unicode's own abbreviations of what one cannot see: a column of a table is as wide as one of them."""


class UnknownTokenError(ValueError):
    """A token or an id that the vocabulary does not hold."""


def canonical_text(text: str) -> str:
    r"""Return the one form of ``text`` among all that give the same tokens: NFC, no blank lines, a LF between lines.

    >>> canonical_text("cafe\u0301\r\n\r\nnoon\n")
    'café\nnoon'

    Returns: a string whose canonical form is itself, with the ``split_lines`` of ``text``.
    Source: Unicode Standard Annex 15 (NFC).
    """
    return "\n".join(line_texts(unicodedata.normalize("NFC", text)))


def split_tokens(line: str) -> tuple[str, ...]:
    """The grapheme clusters of one line after NFC; joined, they give the NFC text again."""
    return tuple(_CLUSTER.findall(unicodedata.normalize("NFC", line)))


def line_texts(text: str) -> tuple[str, ...]:
    """The lines of ``text``, ended by LF, CRLF or CR; blank ones carry no sequence and are left out."""
    return tuple(line for line in _LINE_END.split(text) if line)


@lru_cache(maxsize=256)
def split_lines(text: str) -> tuple[tuple[str, ...], ...]:
    """The tokens of every line of ``text``: the batch."""
    return tuple(map(split_tokens, line_texts(text)))


def visible(token: str) -> str:
    """A label for a token that one could not see by itself: a space is ␣, NUL is ␀, a lone accent sits on a ◌.

    A tab is ⇥. Invisible and direction-changing characters have the short name that Unicode gives them ("nbsp"), or
    else their code point; ``full_name`` says more. The label is for the eye only; it is not
    escaped for any markup, and never used in place of the token.
    """
    if token == " ":
        return "␣"
    label = _name(token) or _glyph(token)
    return label if len(label) <= _LABEL_LENGTH else label[: _LABEL_LENGTH - 1] + "…"


def row_label(token: str) -> str:
    """Return the label of a token that stands in a row with others: a name of several letters is in ⟨⟩.

    >>> "".join(map(row_label, "a\\u00a0\\u200b\\tb"))
    'a⟨nbsp⟩⟨zwsp⟩⇥b'
    """
    return f"⟨{visible(token)}⟩" if token != " " and len(_name(token)) > 1 else visible(token)


def _name(token: str) -> str:
    """Return the name that stands in the place of a token that one cannot see; "" for others."""
    glyph = _glyph(token)
    code_points = " ".join(f"U+{ord(character):04X}" for character in glyph) if _UNSEEN.fullmatch(glyph) else ""
    return _SHORT_NAMES.get(token, code_points)


def _glyph(token: str) -> str:
    """Return ``token`` with pictures of its control characters, and a ◌ below a lone accent."""
    glyph = token.translate(_CONTROL_PICTURES)
    return "◌" + glyph if unicodedata.category(glyph[:1] or " ") in {"Mn", "Me", "Mc"} else glyph


def full_name(token: str) -> str:
    """Return code point and Unicode name of each character of a token that has a label in its place; "" for others.

    >>> full_name("\\u00a0"), full_name("a")
    ('U+00A0 NO-BREAK SPACE', '')
    """
    if visible(token) == token:
        return ""
    names = (f"U+{ord(character):04X} {unicodedata.name(character, '')}".rstrip() for character in token)
    return " + ".join(names)


@dataclass(frozen=True, slots=True)
class Vocabulary:
    """The distinct tokens of a text, in order of first appearance; a token's id is its place.

    Attributes:
        tokens: V distinct tokens.
    """

    tokens: tuple[str, ...]

    @classmethod
    def from_text(cls, text: str) -> Vocabulary:
        """The vocabulary of all lines of ``text`` ("hello" gives h, e, l, o)."""
        return cls(tuple(dict.fromkeys(token for line in split_lines(text) for token in line)))

    def __len__(self) -> int:
        return len(self.tokens)

    def encode(self, tokens: str | Iterable[str]) -> npt.NDArray[np.int64]:
        """The ids of ``tokens``; a string is split into tokens first.

        Returns: int64 array (T,), each in 0…V−1; ``decode`` gives the text back.
        Raises: UnknownTokenError naming the token.
        """
        id_of = {token: index for index, token in enumerate(self.tokens)}
        try:
            ids = [id_of[token] for token in (split_tokens(tokens) if isinstance(tokens, str) else tokens)]
        except KeyError as error:
            raise UnknownTokenError(
                f"token must be one of the vocabulary's {len(self)}, got {error.args[0]!r}"
            ) from None
        return np.array(ids, dtype=np.int64)

    def decode(self, ids: Iterable[int]) -> str:
        """The text of ``ids``; PADDING is left out.

        Raises: UnknownTokenError naming the first id outside 0…V−1.
        """
        known = [int(index) for index in ids if index != PADDING]
        for index in known:
            if not 0 <= index < len(self.tokens):
                raise UnknownTokenError(f"id must be 0…{len(self) - 1}, got {index}")
        return "".join(self.tokens[index] for index in known)

    def one_hot(self, ids: npt.ArrayLike) -> npt.NDArray[np.float32]:
        """A row of zeros with a single 1 at the id, for every id.

        Args:
            ids: integers of any shape (…), each 0…V−1 or PADDING.
        Returns: float32 array (…, V); rows sum to 1, rows of PADDING to 0.
        """
        ids_array = np.asarray(ids)
        hot: npt.NDArray[np.bool_] = ids_array[..., None] == np.arange(len(self.tokens))
        return hot.astype(np.float32)
