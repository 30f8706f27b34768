"""What a layout function gets to work with, and choices that several of them share."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from centernet_cli.datasets.synth.display import BLACK, Colour, Sheet
from centernet_cli.datasets.synth.fonts import BASIC, Family, FontBook
from centernet_cli.datasets.synth.hand import Hand, random_hand
from centernet_cli.datasets.synth.languages import OTHER_SCRIPTS, SOLID, alphabet, script_of
from centernet_cli.datasets.synth.typeset import Look, random_look
from centernet_cli.datasets.synth.words import Words

if TYPE_CHECKING:
    from collections.abc import Sequence
    from random import Random

LANGUAGE_WEIGHTS = {
    "en": 6.0,
    "de": 3.0,
    "fr": 3.0,
    "es": 2.0,
    "it": 1.5,
    "pl": 3.0,
    "cs": 1.0,
    "pt": 1.5,
    "nl": 1.0,
    "sv": 1.0,
    "hu": 1.0,
    "tr": 1.0,
    "ru": 2.0,
    "uk": 1.0,
    "bg": 0.5,
    "el": 1.5,
    "la": 0.5,
    "ar": 0.5,
    "he": 0.4,
    "hi": 0.4,
    "zh": 0.6,
    "ja": 0.6,
    "ko": 0.4,
}
_HAND_LETTERS = BASIC + alphabet("en")
PAPERS = ((595.3, 841.9), (595.3, 841.9), (612.0, 792.0), (419.5, 595.3), (612.0, 1008.0), (595.3, 760.0))


class Context:
    """Chance, words and fonts for one page.

    Args:
        rng: The page's own random stream.
        book: Fonts.
        language: One of `languages.LANGUAGES`; None: by chance.
        old: Old spelling.
    """

    def __init__(self, rng: Random, book: FontBook, *, language: str | None = None, old: bool = False) -> None:
        self.rng = rng
        self.book = book
        self.language = language or self._language()
        self.script = script_of(self.language)
        self.words = Words(rng, self.language, old=old)
        self.chars = BASIC + alphabet(self.language)
        self.plain = self.language in {"en", "la"}

    def _language(self) -> str:
        """Return a language by chance; one whose script no font draws counts as English."""
        drawn = self.rng.choices(list(LANGUAGE_WEIGHTS), list(LANGUAGE_WEIGHTS.values()))[0]
        script = script_of(drawn)
        return drawn if script not in OTHER_SCRIPTS or self.book.script(script) else "en"

    def family(self, *roles: str) -> Family:
        """Return a random family of these roles that has the language's letters; of any role in other scripts."""
        if self.script in OTHER_SCRIPTS and (families := self.book.script(self.script)):
            return self.rng.choice(families)
        return self.book.pick(self.rng, roles, self.chars)

    def look(
        self,
        *,
        roles: Sequence[str] = ("serif", "serif", "sans"),
        size: float | None = None,
        accent: Colour | None = None,
    ) -> Look:
        """Return a random typography."""
        body = self.family(self.rng.choice(roles))
        head = body if self.rng.random() < 0.5 else self.family("sans", "serif")
        colour = accent or (BLACK if self.rng.random() < 0.65 else self.dark())
        ink = (
            BLACK
            if self.rng.random() < 0.8
            else self.rng.choice(((40, 40, 40), (60, 60, 60), (35, 31, 32), (20, 30, 60)))
        )
        return random_look(self.rng, body, head, size=size, accent=colour, ink=ink)

    def dark(self) -> Colour:
        """Return a random dark colour."""
        return self.rng.choice(
            ((0, 60, 130), (130, 20, 30), (20, 90, 60), (80, 40, 110), (160, 80, 0), (30, 30, 90), (90, 90, 90))
        )

    def light(self) -> Colour:
        """Return a random light colour."""
        return self.rng.choice(
            (
                (235, 235, 235),
                (225, 235, 248),
                (248, 240, 220),
                (228, 245, 232),
                (250, 230, 230),
                (255, 250, 205),
                (240, 232, 248),
            )
        )

    def paper(self) -> Colour:
        """Return a background, mostly white."""
        roll = self.rng.random()
        if roll < 0.8:
            return (255, 255, 255)
        return self.rng.choice(((252, 250, 244), (255, 252, 235), (240, 246, 252), (246, 238, 224), (238, 238, 238)))

    def sheet(self, size: tuple[float, float] | None = None, paper: Colour | None = None) -> Sheet:
        """Return an empty page of a usual size, sometimes landscape."""
        width, height = size or self.rng.choice(PAPERS)
        return Sheet(width, height, paper or self.paper(), facts={"language": self.language})

    def hand(self, size: float, *, steady: bool = False) -> Hand:
        """Return a random writer; fonts that lack the language's accents write Latin letters without them."""
        latin = self.script == "latin"
        faces = [
            family.regular
            for family in self.book.families
            if family.role == "hand" and family.regular.covers(_HAND_LETTERS if latin else self.chars)
        ]
        plain = frozenset(face.path for face in faces if not face.covers(self.chars))
        hand = random_hand(self.rng, faces, size, steady=steady, plain=plain)
        return replace(hand, gap=0.05) if self.script in SOLID else hand
