"""What the words of a header mean: accents and capitals gone, compounds taken apart, each word to its concepts."""

from __future__ import annotations

import re
import tomllib
import unicodedata
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any, Final

_LETTERS: Final = str.maketrans(
    {"ø": "o", "æ": "a", "œ": "o", "ß": "ss", "ł": "l", "đ": "d", "\u0131": "i", "№": " no ", "°": "o "}
)
_HUMPS = re.compile(r"(?<=[a-z])(?=[A-Z])|(?<=[A-Z])(?=[A-Z][a-z])")
_WORD = re.compile(r"\w+")
_ENTRIES = re.compile(r"'[^']*'|\S+")
_LONGEST_PHRASE: Final = 4
_SHORTEST_PART: Final = 3
#: What German and its neighbours put between the parts of a compound.
_LINKS: Final = ("", "s", "n", "es", "en", "e")
#: Endings of plurals, genitives and articles that a word may have beside the form in the lexicon.
_ENDINGS: Final = ("s", "ens", "ets", "es", "en", "n", "et", "er", "e", "a", "i", "y")
_LONGEST_WORD: Final = 40


@dataclass(frozen=True, slots=True)
class Token:
    """One word of a header with all that it may mean; no concept at all for a word that nobody knows."""

    text: str
    concepts: frozenset[str]


def plain_words(text: str) -> tuple[str, ...]:
    """Return the words of a text in small plain letters: `Lief.-Art.Nr` and `liefArtNr` are the same."""
    folded = unicodedata.normalize(
        "NFKD", text.casefold().translate(_LETTERS).replace("#", " no ").replace("%", " percent ")
    )
    letters = "".join(each for each in folded if not unicodedata.combining(each))
    words = re.findall(r"[^\W\d_]+|[0-9]+", re.sub(r"(?<=[a-z])(?=[0-9]{1,2}\b)", "", letters).replace("'", " "))
    return tuple(_umlauts(word) for word in words)


def _umlauts(word: str) -> str:
    return word.replace("ae", "a").replace("oe", "o").replace("ue", "u")


@cache
def data(name: str) -> dict[str, Any]:
    """Return one of the tables beside this file."""
    return tomllib.loads(Path(__file__).with_name(f"{name}.toml").read_text("utf-8"))


@cache
def _lexicon() -> dict[tuple[str, ...], frozenset[str]]:
    found: dict[tuple[str, ...], set[str]] = {}
    for concept, entries in data("lexicon").items():
        for entry in _ENTRIES.findall(entries):
            words = plain_words(entry.strip("'"))
            if words:
                found.setdefault(words, set()).add(concept)
    return {words: frozenset(concepts) for words, concepts in found.items()}


@cache
def tokens(header: str) -> tuple[Token, ...]:
    """Return what a header is made of, without the words that say nothing."""
    words = plain_words(_WORD.sub(lambda match: _without_humps(match[0]), header[:200]))
    made: list[Token] = []
    at = 0
    while at < len(words):
        length = next((n for n in range(_LONGEST_PHRASE, 0, -1) if words[at : at + n] in _lexicon()), 0)
        if length:
            made.append(Token(" ".join(words[at : at + length]), _lexicon()[words[at : at + length]]))
        else:
            made.extend(_taken_apart(words[at]))
        at += max(length, 1)
    dated = len(words) > 1 and words[-1] in ("at", "on") and " " not in header.strip()
    if dated and not any("updated" in token.concepts for token in made):  # confirmedAt, shipped_on
        made.append(Token(words[-1], frozenset({"date"})))
    return tuple(token for token in made if "stop" not in token.concepts and not token.text.isdigit())


def _without_humps(word: str) -> str:
    """Take `qtyAvailable` apart, but leave `MwSt` and `EAN13` whole."""
    return word if word.isupper() or plain_words(word) in _lexicon() else _HUMPS.sub(" ", word)


def known(header: str) -> int:
    """Return how many words of a text are known."""
    return sum(1 for token in tokens(header) if token.concepts)


@cache
def _taken_apart(word: str) -> tuple[Token, ...]:
    """Return the parts of a compound such as `lagerbestand` or `qtyavailable`; the word itself when it is none."""
    parts = _parts(word, 0) if len(word) <= _LONGEST_WORD else None
    if parts is None:
        stems = (word.removesuffix(ending) for ending in _ENDINGS if word.endswith(ending))
        return (Token(word, next((_lexicon()[(stem,)] for stem in stems if (stem,) in _lexicon()), frozenset())),)
    return tuple(Token(part, _lexicon()[(part,)]) for part in parts)


def _is_short(part: str) -> bool:
    """Whether it says too little inside a word; where one sign is a word (Chinese, Japanese), one is enough."""
    return len(part) < (_SHORTEST_PART if part.casefold() != part.upper() else 1)


def _parts(word: str, start: int) -> tuple[str, ...] | None:
    """Return the fewest known words that make up the rest of a word."""
    if start == len(word):
        return ()
    best: tuple[str, ...] | None = None
    for end in range(len(word), start, -1):
        part = word[start:end]
        if (part,) not in _lexicon() or (_is_short(part) and part not in ("nr", "no", "id")):
            continue
        for link in _LINKS:
            if word.startswith(link, end) and (not link or end + len(link) < len(word)):
                rest = _parts(word, end + len(link))
                if rest is not None and (best is None or len(rest) + 1 < len(best)):
                    best = (part, *rest)
    return best
