"""Text to set: words of many languages from the system's word lists, or pseudo-words where there are none.

A detector sees shapes, not sense; what counts is the right mix of word lengths, capitals, accents, digits and scripts.
"""

from __future__ import annotations

import re
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING

from centernet_cli.datasets.synth.languages import SOLID, TABLE, alphabet, script_of

if TYPE_CHECKING:
    from random import Random

DICT_FOLDER = Path("/usr/share/dict")

_BLOCKS, _BLOCK_BYTES = 300, 700
_RUDE = re.compile(
    r"fuck|shit|cunt|nigg|bitch|whore|slut|rape|bugger|cock|piss|fag|wank|arse|hure|fick|putain|kurw|jeba|puta",
    re.IGNORECASE,
)


@lru_cache(maxsize=32)
def _dictionary(language: str) -> tuple[str, ...]:
    name = TABLE[language][1]
    path = DICT_FOLDER / name
    if not name or not path.is_file():
        return ()
    # Whole lists have up to millions of words: an even sample of blocks is as good and read at once.
    size, words = path.stat().st_size, []
    with path.open("rb") as file:
        for block in range(_BLOCKS):
            file.seek(size * block // _BLOCKS)
            words += file.read(_BLOCK_BYTES).decode("utf-8", "ignore").split()[1:-1]
    letters = set(alphabet(language))
    fitting = (word for word in dict.fromkeys(words) if 2 < len(word) < 15 and letters.issuperset(word.lower()))
    return tuple(word for word in fitting if not _RUDE.search(word))


@lru_cache(maxsize=32)
def _pieces(language: str) -> tuple[tuple[str, ...], tuple[str, ...]]:
    entry = TABLE[language]
    return tuple(entry[2].split()), tuple(entry[3].split())


class Words:
    """A source of words, sentences, names, numbers and dates in one language.

    Args:
        rng: Where chance comes from.
        language: One of `languages.LANGUAGES`.
        old: Long s and other habits of old print.
    """

    def __init__(self, rng: Random, language: str, *, old: bool = False) -> None:
        self.rng = rng
        self.language = language
        self.old = old
        self._common, self._syllables = _pieces(language)
        self._list = _dictionary(language)
        self.solid = script_of(language) in SOLID
        # A page repeats its own vocabulary; this also keeps the measuring cache small.
        self._vocabulary = [self._fresh() for _ in range(240)]

    def _fresh(self) -> str:
        rng = self.rng
        if self.solid:
            return "".join(rng.choice(self._syllables) for _ in range(rng.choice((1, 1, 2))))
        if self._list and rng.random() < 0.8:
            return rng.choice(self._list)
        return "".join(rng.choice(self._syllables) for _ in range(rng.choice((1, 2, 2, 3, 3, 4))))

    def word(self) -> str:
        """Return one word, as it stands inside a sentence."""
        rng = self.rng
        word = rng.choice(self._common) if rng.random() < 0.42 else rng.choice(self._vocabulary)
        if self.old and len(word) > 2:
            word = word[:-1].replace("s", "ſ") + word[-1]
        return word

    def sentence(self, low: int = 5, high: int = 22) -> list[str]:
        """Return the words of a sentence with capitals, marks and the odd number."""
        rng = self.rng
        words = [self.word() for _ in range(rng.randint(low, high) * (1 + self.solid))]
        for at in range(1, len(words)):
            roll = rng.random()
            if roll < 0.02:
                words[at] = self.number()
            elif roll < 0.06 or (self.language == "de" and roll < 0.25):
                words[at] = words[at][:1].upper() + words[at][1:]
            elif roll < 0.065:
                words[at] = words[at].upper()
            elif roll < 0.075:
                words[at] = "(" + words[at] + ")"
        for at in range(2, len(words) - 1):
            if rng.random() < 0.08:
                words[at] += rng.choice("、、，") if self.solid else rng.choice(",,,,;:")
        words[0] = words[0][:1].upper() + words[0][1:]
        words[-1] += "。" if self.solid else rng.choice("......?!")
        return words

    def paragraph(self, low: int = 30, high: int = 120) -> list[str]:
        """Return the words of a paragraph of `low` to `high` words or a little more."""
        wanted = self.rng.randint(low, high)
        words: list[str] = []
        while len(words) < wanted:
            words += self.sentence()
        return words

    def phrase(self, low: int = 1, high: int = 4) -> str:
        """Return a short phrase with a capital, as in labels and headings."""
        words = [self.word() for _ in range(self.rng.randint(low, high) * (1 + self.solid))]
        words[0] = self.rng.choice(self._vocabulary)
        text = " ".join(words)
        return text[:1].upper() + text[1:]

    def name(self) -> str:
        """Return a capitalised name of one to three words."""
        picked = [self.rng.choice(self._vocabulary).capitalize() for _ in range(self.rng.choice((1, 2, 2, 2, 3)))]
        if len(picked) == 3 and self.rng.random() < 0.5:
            picked[1] = picked[1][0] + "."
        return " ".join(picked)

    def number(self) -> str:
        """Return an integer as running text has it: often small, sometimes a year or thousands."""
        rng = self.rng
        roll = rng.random()
        if roll < 0.5:
            return str(rng.randint(1, 99))
        return str(rng.randint(1800, 2030)) if roll < 0.75 else f"{rng.randint(1000, 99999):,}"

    def amount(self, top: float = 2000.0) -> str:
        """Return an amount of money, without currency."""
        value = self.rng.random() ** 3 * top + 0.5
        text = f"{value:,.2f}"
        if self.language not in {"en", "la"}:
            text = text.replace(",", " ").replace(".", ",")
        return text

    def date(self) -> str:
        """Return a date in one of several styles."""
        rng = self.rng
        day, month, year = rng.randint(1, 28), rng.randint(1, 12), rng.randint(1960, 2030)
        return rng.choice(
            (
                f"{day:02}.{month:02}.{year}",
                f"{day:02}/{month:02}/{year}",
                f"{year}-{month:02}-{day:02}",
                f"{day}. {rng.choice(self._vocabulary)} {year}",
                f"{month}/{day}/{year % 100:02}",
            )
        )

    def code(self) -> str:
        """Return something like a reference, telephone or account number."""
        rng = self.rng
        return rng.choice(
            (
                f"{rng.choice('ABCDEFGHKLM')}{rng.choice('NPRSTUVW')}-{rng.randint(100, 99999)}",
                f"+{rng.randint(1, 99)} {rng.randint(100, 999)} {rng.randint(100, 999)} {rng.randint(100, 999)}",
                f"{rng.randint(10, 99)}/{rng.randint(1000, 99999)}",
                "".join(str(rng.randint(0, 9)) for _ in range(rng.randint(5, 12))),
            )
        )


_FOLIO_MARKS = (
    ("— ", " —"),
    ("— ", " —"),
    ("—  ", "  —"),
    ("– ", " –"),
    ("- ", " -"),
    ("-", "-"),
    ("[", "]"),
    ("(", ")"),
    (". ", " ."),
    ("* ", " *"),
    ("", "."),
)


def folio(rng: Random, number: int) -> str:
    """Return a page number as printers set it: often bare, else between dashes, dots, stars or brackets."""
    if rng.random() < 0.55:
        return str(number)
    left, right = rng.choice(_FOLIO_MARKS)
    return f"{left}{number}{right}"
