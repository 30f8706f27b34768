"""Text to set: words of many languages from the system's word lists, or pseudo-words where there are none.

A detector sees shapes, not sense; what counts is the right mix of word lengths, capitals, accents, digits and scripts.
"""

from __future__ import annotations

from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from random import Random

DICT_FOLDER = Path("/usr/share/dict")

# Each language: script, name of a system word list, its short frequent words, syllables for pseudo-words.
_LANGUAGES: dict[str, tuple[str, str, str, str]] = {
    "en": (
        "latin",
        "american-english",
        "the of and to in a is that for it was on with as be at by this have from or",
        "ing er tion st con pre ment ly ra ti lo ca the ou ght ea sh ne ro de ma ble po ted wa qu ex",
    ),
    "de": (
        "latin",
        "ngerman",
        "der die und in den von zu das mit sich des auf für ist im dem nicht ein als auch",
        "ung ge ver sch keit en ber lich ten ein stä ö füh rei ße nau ach ter kön haus bür wer",
    ),
    "fr": (
        "latin",
        "french",
        "de la le et les des en un du une que est pour qui dans à par plus pas au sur ne",
        "tion ment é ré com eur aux è ou ais ité que ain ço ver lle î mar roi sem ble ance",
    ),
    "es": (
        "latin",
        "spanish",
        "de la que el en y a los se del las un por con no una su para es al lo como más",
        "ción ado mente ñ ar re co tra es ía dor pe lla ino ción qui ter val mo ju ez",
    ),
    "it": (
        "latin",
        "italian",
        "di e il la che in a per un è del si le una con i non da al sono come più nel",
        "zione men to re co gli sta ro ità per vo la sci no gno tte ma ri do fo",
    ),
    "pl": (
        "latin",
        "polish",
        "w i na z się do nie jest że o to od przez po jak dla ale tym oraz był za być",
        "nie prze ość ą sz cz rz owa ski ł ę ania ó za po stwo dzie kra no wie ży",
    ),
    "cs": (
        "latin",
        "",
        "a v se na je že o s z do i to k ve pro za by jako po od které jsou byl podle",
        "ní ost př ě ova š ž ř ství ko za ted né ru ho vý ch ů pro da",
    ),
    "pt": (
        "latin",
        "portuguese",
        "de a o que e do da em um para é com não uma os no se na por mais as dos",
        "ção ões mente ar ro lha nho ê pre de ra to ma co ã vi ter es",
    ),
    "nl": (
        "latin",
        "dutch",
        "de van het een en in is dat op te zijn met voor niet aan er om ook als dan maar",
        "ing ver ij sch oe aa ge heid lijk ter ber ui nd ste ken voor",
    ),
    "sv": (
        "latin",
        "swedish",
        "och i att det som en på är av för med till den har de inte om ett men var",
        "ning het för å ä ö lig sk an ter kom mar rik sjö ande st",
    ),
    "hu": (
        "latin",
        "",
        "a az és hogy nem is egy ez meg de van volt csak el még mint ki be ha vagy",
        "ság ő ű ás ok ban tel ész gy ny sz ék ó meg lő kö ve",
    ),
    "tr": (
        "latin",
        "",
        "ve bir bu da de için ile çok daha gibi olarak ne o kadar sonra en var olan",
        "lar ler ı ş ğ mak ci ği dan ü ö yor ka si baş gün",
    ),
    "ru": (
        "cyrillic",
        "",
        "и в не на я быть он с что а по это она этот к но они мы весь который из у",
        "ние ость про ста ров ый ая тель ком при ре щи жа ны во ци ского дев ша бо",
    ),
    "uk": (
        "cyrillic",
        "ukrainian",
        "і в на не що з до та я у як за це від він про але для й був вони",
        "ння ість про ськ ї є ько при ста ві ти ли го ва ре ці",
    ),
    "bg": (
        "cyrillic",
        "bulgarian",
        "на и да се в за от не с по е че са като до при си ще или само",
        "ние ост та ски пре ра во ща ят ко на ба че ли то",
    ),
    "el": (
        "greek",
        "",
        "και το της την του να η με που τα για από σε ο στο δεν είναι οι θα τον μια ως",
        "ση ος ία ων τη κα ρο ές με λό γο πο ύ παρα μα τι κός ής δια",
    ),
    "la": (
        "latin",
        "",
        "et in est non ad ut cum quod sed ex si qui de per aut nec enim quam ab hoc ac",
        "us um ae ti o nis que re bus tur ra men ius ter per con di vir",
    ),
}
LANGUAGES = tuple(_LANGUAGES)
_EXTRA = {
    "de": "äöüßÄÖÜ",
    "fr": "éèêëàâçîïôûùœÉÀ",
    "es": "áéíóúñüÁÉ¿",
    "it": "àèéìòù",
    "pl": "ąćęłńóśźżŁŚŻ",
    "cs": "áčďéěíňóřšťúůýžČŘŠ",
    "pt": "áâãàçéêíóôõúÁ",
    "nl": "éëï",
    "sv": "åäöÅÖ",
    "hu": "áéíóöőúüűÁ",
    "tr": "çğıöşüİŞ",
    "ru": "абвгдеёжзийклмнопрстуфхцчшщъыьэюяАБВГДЖЗИЛМНПРСТУШЯ",
    "uk": "абвгґдеєжзиіїйклмнопрстуфхцчшщьюяАБВГДЄЖЗІЇЛМНПРСТУШЯ",
    "bg": "абвгдежзийклмнопрстуфхцчшщъьюяАБВГДЖЗИЛМНПРСТУ",
    "el": "αβγδεζηθικλμνξοπρστυφχψωςάέήίόύώΑΒΓΔΕΖΗΘΚΛΜΝΞΠΡΣΤΦΩ",
}
_BLOCKS, _BLOCK_BYTES = 300, 700
_PLAIN = "abcdefghijklmnopqrstuvwxyz"


@lru_cache(maxsize=32)
def _dictionary(language: str) -> tuple[str, ...]:
    name = _LANGUAGES[language][1]
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
    return tuple(word for word in dict.fromkeys(words) if 2 < len(word) < 15 and letters.issuperset(word.lower()))


def alphabet(language: str) -> str:
    """Return the letters a font must have to set a language."""
    extra = _EXTRA.get(language, "")
    return extra if script_of(language) != "latin" else _PLAIN + extra


@lru_cache(maxsize=32)
def _pieces(language: str) -> tuple[tuple[str, ...], tuple[str, ...]]:
    entry = _LANGUAGES[language]
    return tuple(entry[2].split()), tuple(entry[3].split())


def script_of(language: str) -> str:
    """Return `latin`, `cyrillic` or `greek`."""
    return _LANGUAGES[language][0]


class Words:
    """A source of words, sentences, names, numbers and dates in one language.

    Args:
        rng: Where chance comes from.
        language: One of `LANGUAGES`.
        old: Long s and other habits of old print.
    """

    def __init__(self, rng: Random, language: str, *, old: bool = False) -> None:
        self.rng = rng
        self.language = language
        self.old = old
        self._common, self._syllables = _pieces(language)
        self._list = _dictionary(language)
        # A page repeats its own vocabulary; this also keeps the measuring cache small.
        self._vocabulary = [self._fresh() for _ in range(240)]

    def _fresh(self) -> str:
        rng = self.rng
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
        words = [self.word() for _ in range(rng.randint(low, high))]
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
                words[at] += rng.choice(",,,,;:")
        words[0] = words[0][:1].upper() + words[0][1:]
        words[-1] += rng.choice("......?!")
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
        words = [self.word() for _ in range(self.rng.randint(low, high))]
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
