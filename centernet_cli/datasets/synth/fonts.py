"""The fonts at hand: found by scanning folders, sorted into roles by their names, measured in ems.

Nothing is downloaded. With few fonts installed pages are plainer; with none, reportlab's Vera or Pillow's font is used.
"""

from __future__ import annotations

import os
import re
import sys
from dataclasses import dataclass, field
from functools import lru_cache
from pathlib import Path
from random import Random
from typing import TYPE_CHECKING

import numpy as np
from PIL import ImageFont

if TYPE_CHECKING:
    from collections.abc import Sequence

    import numpy.typing as npt

INK = 64
"""Coverage from which a pixel counts as ink."""
MEASURE_PX = 256
"""Size that text is measured at; large, so that hinting and rounding to pixels don't matter."""
BASIC = "aegnotxAMS0123456789(),.;:-"
"""What every font must have, whatever the language."""
# The first pattern that matches family or file name gives the role.
_ROLES = {
    "skip": (
        r"symbol|emoji|icon|math(?!ias)|music|dingbat|lgc|braille|jsmath|ornament|initials|lettrines|cmex"
        r"|cmsy|cmmi|cmbsy|esint|msam|msbm|rsfs|stmary|wasy|eufm|eurm|unifont|cuneiform|outline|shadow"
        r"|misaki|doto (thin|extra|light|medium|semi)|keyboard|nerdfont|capsule|wargames|nushu|quotation|combine"
        r"|ipa(ex|p|mj|ui)?(gothic|mincho)|japanese-|nanum(?! ?pen)|^un(batang|dinaru|dotum|graphic|gungseo|pilgi)"
        r"|clm|taamey|keter|makabi|shofar|lohit|amiri|scheherazade|ukai|uming"
        r"|d050000l|standardsymbols|swash|rune|fallback|lastresort|feyn|Noto(Sans|Serif)(?!-|Display|Mono)"
    ),
    "hand": (
        r"dancing|breip|bwht|kaushan|kristi|klee|joscelyn|colier|rufscript|sjfonts|delphine|stevehand|dkg"
        r"|femke|yusei|because we|bwht|humor|comic ?neue|comicneue|tomson|leckerli|typo ?script"
        r"|typoscript|chancery|z003|chorus|lobster|domestic|playful|hand|script|caveat|pacifico|marker"
        r"|patrick|scrawl|gribouille|jscott|schulschrift|mateja|cmfib|pecita|purisa|balker|junkyard"
        r"|fonetika|allison|gloria hallelujah|hurricane|indie ?flower|kalam|aurore|mansalva|meow|nanum ?(pen|brush)"
        r"|reenie|sacramento|schoolbell|shadows into|shantell|annie use|architects d|cedarville|covered by|damion"
        r"|delicious|gaegu|handlee|homemade|licorice|haviland|ms madi|neucha|oooh|rock salt|short stack|sriracha"
        r"|sue ellen|swanky|girl next|vibur|yomogi|kurenaido|ecolier|alex brush|delius|over the rainbow|zeyada"
        r"|waiting for|nothing you|crafty girls|coming soon|loved by|dawning|just me again"
    ),
    "black": (
        r"blankenburg|jessen|zainer|fraktur|gotic[oa]|gothic text|gamaliel|black ?letter|textur|schwabach"
        r"|oldania|essays?(?!1743)x|cloister"
    ),
    "type": (
        r"typewriter|courier|compagnon|gnutypewriter|nimbus ?mono|cmtt|typist|lmmono|cousine|freemono"
        r"|texgyrecursor|cursor|special elite"
    ),
    "mono": r"mono|(?<!juni)code|hack|inconsolata|anonymous|ocr[- ]?[ab]|terminus|vt323|dotgothic|doto",
    "display": (
        r"bebas|spartan|comfortaa|jura|dustin|isabella|condensedblack|yanone|kaffeesatz|caliban|cupola"
        r"|monofonto|caslonish"
    ),
    "serif": (
        r"(?<!sans[ -])serif|roman|times|garamond|libertine|junicode|charis|gentium|caladea|bodoni|didot|baskerv"
        r"|century|goudy|oldst|old standard|vollkorn|fanwood|termes|pagella|bonum|schola|c059|p052"
        r"|bookman|tribun|accanthis|essays|quattrocento(?!sans)|romande|artemisia|caslon|elstob|cardo"
        r"|medieval|tinos|antiqua|fell|ptf|paratype ?serif|berenis|averia ?serif|lmroman|dunhill|solomos"
    ),
    "sans": (
        r"sans|arial|helvet|lato|roboto|inter|cantarell|carlito|cabin|dosis|karla|switzera|heros|adventor"
        r"|nimbus|gothic|b612|tuffy|go-|ubuntu|vera|open|neohell|gillius|universalis|averia|ptsans|ptc"
        r"|pts|league|quicksand|oxygen|noto|urw|averiagwf"
    ),
}
_FOLDERS = {
    "linux": (
        "/usr/share/fonts",
        "/usr/local/share/fonts",
        "~/.local/share/fonts",
        "~/.fonts",
        "/usr/share/texmf/fonts/opentype",
    ),
    "darwin": ("/System/Library/Fonts", "/Library/Fonts", "~/Library/Fonts"),
    "win32": ("C:/Windows/Fonts", "~/AppData/Local/Microsoft/Windows/Fonts"),
}


@lru_cache(maxsize=512)
def load_font(path: str, size: float) -> ImageFont.FreeTypeFont:
    """Open a font file at a size in pixels (basic layout, so that every machine spaces alike)."""
    return ImageFont.truetype(path, size, layout_engine=ImageFont.Layout.BASIC)


def _drawn(path: str, size: float, char: str) -> tuple[npt.NDArray[np.uint8], int, int] | None:
    mask, (left, top) = load_font(path, size).getmask2(char, "L", anchor="ls")
    width, height = mask.size
    if not width or not height:
        return None
    return np.frombuffer(bytes(mask), np.uint8).reshape(height, width), int(left), int(top)


@lru_cache(maxsize=20000)
def glyph_mask(path: str, size: float, char: str) -> tuple[npt.NDArray[np.uint8], int, int] | None:
    """Return a letter's mask `(h, w)` with its left and top from the origin on the baseline; None for blanks."""
    return _drawn(path, size, char)


@dataclass(slots=True, eq=False)
class Face:
    """One font file with measures of words in ems, origin at the left end of the baseline, y down."""

    path: str
    family: str
    style: str
    shaped: bool = False
    """Whether words are drawn as a whole (`scripts.ScriptFace`), not letter by letter."""
    _words: dict[str, tuple[float, tuple[float, float, float, float]]] = field(default_factory=dict)
    _glyphs: dict[str, tuple[float, tuple[float, float, float, float]]] = field(default_factory=dict)
    _scripts: dict[str, bool] = field(default_factory=dict)

    def measure(self, text: str) -> tuple[float, tuple[float, float, float, float]]:
        """Return advance width and ink box `(x0, y0, x1, y1)` of `text`, in ems; letters are set without kerning."""
        found = self._words.get(text)
        if found is None:
            x, left, top, right, bottom = 0.0, 1e9, 1e9, -1e9, -1e9
            for char in text:
                advance, (x0, y0, x1, y1) = self._glyph(char)
                if x1 > x0 and y1 > y0:
                    left, top, right, bottom = min(left, x + x0), min(top, y0), max(right, x + x1), max(bottom, y1)
                x += advance
            found = (x, (left, top, right, bottom) if right > left else (0.0, 0.0, x, 0.0))
            if len(self._words) > 50000:
                self._words.clear()
            self._words[text] = found
        return found

    def _glyph(self, char: str) -> tuple[float, tuple[float, float, float, float]]:
        found = self._glyphs.get(char)
        if found is None:
            advance = load_font(self.path, MEASURE_PX).getlength(char) / MEASURE_PX
            # Pillow's own box reaches from the origin to the advance; the ink is in the mask.
            box, mask = (0.0, 0.0, 0.0, 0.0), _drawn(self.path, MEASURE_PX, char)
            if mask is not None:
                ink, left, top = mask
                rows, columns = np.flatnonzero(ink.max(axis=1) >= INK), np.flatnonzero(ink.max(axis=0) >= INK)
                if len(rows) and len(columns):
                    scale = 1.0 / MEASURE_PX
                    box = (
                        (left + int(columns[0])) * scale,
                        (top + int(rows[0])) * scale,
                        (left + int(columns[-1]) + 1) * scale,
                        (top + int(rows[-1]) + 1) * scale,
                    )
            found = (advance, box)
            self._glyphs[char] = found
        return found

    def advances(self, text: str) -> list[float]:
        """Return the left end of every letter, in ems."""
        places, x = [], 0.0
        for char in text:
            places.append(x)
            x += self._glyph(char)[0]
        return places

    def width(self, text: str) -> float:
        """Return the advance width in ems."""
        return self.measure(text)[0]

    def covers(self, chars: str) -> bool:
        """Tell whether the font draws all of `chars`."""
        known = self._scripts.get(chars)
        if known is None:
            known = self._check(chars)
            self._scripts[chars] = known
        return known

    def _check(self, chars: str) -> bool:
        try:
            font = load_font(self.path, 24)
            missing = bytes(font.getmask("\ue0f3"))
            masks = [bytes(font.getmask(char)) for char in chars]
        except (OSError, ValueError):
            return False
        return all(mask and any(mask) and mask != missing for mask in masks)


@dataclass(frozen=True, slots=True)
class Family:
    """Faces of one design; bold and italic fall back to regular."""

    name: str
    role: str
    regular: Face
    bold: Face
    italic: Face


def font_folders() -> list[Path]:
    """Return the folders that are searched: `CENTERNET_FONTS` (a path list) alone if set, else the system's."""
    chosen = os.environ.get("CENTERNET_FONTS")
    names: Sequence[str] = chosen.split(os.pathsep) if chosen else _FOLDERS.get(sys.platform, _FOLDERS["linux"])
    return [Path(name).expanduser() for name in names if name]


def _role(name: str) -> str:
    for role, pattern in _ROLES.items():
        if re.search(pattern, name, re.IGNORECASE):
            return role
    return "other"


def style_kind(style: str) -> str:
    """Return `regular`, `bold`, `italic`, `thin` or `other` for a style's name."""
    low = style.lower()
    slanted = "italic" in low or "oblique" in low or "slanted" in low
    heavy = re.search(r"bold|black|heavy|semi|demi|extra|ultra", low) is not None
    thin = re.search(r"thin|hairline|light|condensed|narrow|caps|extralight|unslanted", low) is not None
    if heavy and slanted:
        return "other"
    if heavy:
        return "bold"
    if slanted:
        return "italic"
    return "thin" if thin else "regular"


def _font_files(folders: Sequence[Path]) -> list[Path]:
    found = {
        path.resolve(): path
        for folder in folders
        for path in sorted(folder.rglob("*"))
        if path.suffix.lower() in {".ttf", ".otf", ".woff", ".ttc"} and path.is_file()
    }
    return sorted(found.values(), key=lambda path: (path.name, str(path)))


def _last_resort() -> list[Path]:
    try:
        import reportlab
    except ImportError:
        return []
    return sorted((Path(reportlab.__file__).parent / "fonts").glob("Vera*.ttf"))


def font_name(path: Path) -> tuple[str, str] | None:
    """Return a font file's family and style; None if it is no font."""
    try:
        family, style = ImageFont.truetype(str(path), 16).getname()
    except OSError:
        return None
    return family or path.stem, style or "Regular"


def _group(paths: Sequence[Path]) -> list[Family]:
    styles: dict[tuple[str, str], dict[str, Face]] = {}
    for path in paths:
        named = font_name(path)
        if named is None:
            continue
        family, style = named
        role = _role(f"{family} {path.name}")
        kind = style_kind(style + " " + path.stem.rpartition("-")[2])
        if role == "skip" or kind == "other":
            continue
        faces = styles.setdefault((family, role), {})
        # Packages for the web come as one file for each script: the one with the basic letters counts.
        if kind not in faces or not faces[kind].covers(BASIC):
            faces[kind] = Face(str(path), family, style)
    families = []
    for (name, role), faces in sorted(styles.items()):
        regular = faces.get("regular") or faces.get("thin") or faces.get("bold") or faces["italic"]
        if regular.covers(BASIC):
            families.append(Family(name, role, regular, faces.get("bold", regular), faces.get("italic", regular)))
    return families


class FontBook:
    """Families sorted by role.

    Args:
        folders: Where to look; None: `font_folders()`.
    """

    def __init__(self, folders: Sequence[Path] | None = None) -> None:
        self._paths = _font_files(font_folders() if folders is None else folders)
        self._scripts: dict[str, list[Family]] = {}
        families = _group([path for path in self._paths if path.suffix.lower() != ".ttc"])
        self.families: list[Family] = families or _group(_last_resort())
        if not self.families:
            face = Face(_pillow_font(), "Pillow", "Regular")
            self.families = [Family("Pillow", "sans", face, face, face)]

    def script(self, script: str) -> list[Family]:
        """Return the families of another script (`languages.OTHER_SCRIPTS`); looked for when first asked."""
        if script not in self._scripts:
            from centernet_cli.datasets.synth.languages import SOLID, TABLE, alphabet
            from centernet_cli.datasets.synth.scripts import script_families

            language = next(name for name, entry in TABLE.items() if entry[0] == script)
            latin = self.pick(Random(0), ("sans",)).regular
            self._scripts[script] = script_families(
                self._paths, script, alphabet(language), latin, solid=script in SOLID
            )
        return self._scripts[script]

    def summary(self) -> dict[str, int]:
        """Return the number of families for each role."""
        counts: dict[str, int] = {}
        for family in self.families:
            counts[family.role] = counts.get(family.role, 0) + 1
        return dict(sorted(counts.items()))

    def pick(self, rng: Random, roles: Sequence[str], chars: str = BASIC) -> Family:
        """Return a random family of one of `roles` that has `chars`; of any role, failing that."""
        pool = [family for family in self.families if family.role in roles] or self.families
        for _ in range(60):
            family = rng.choice(pool)
            if all(face.covers(chars) for face in (family.regular, family.bold, family.italic)):
                return family
        ordinary = [family for family in self.families if family.role in {"serif", "sans", "mono", "type"}]
        return next((family for family in ordinary if family.regular.covers(chars)), rng.choice(self.families))

    def named(self, *names: str) -> Family:
        """Return the first family whose name is one of `names`; the first serif, failing that."""
        known = {family.name: family for family in self.families}
        for name in names:
            if name in known:
                return known[name]
        return next((family for family in self.families if family.role == "serif"), self.families[0])


def _pillow_font() -> str:
    import tempfile

    font = ImageFont.load_default(16)
    data = getattr(getattr(font, "path", None), "getvalue", lambda: b"")()
    path = Path(tempfile.gettempdir()) / "centernet-default.ttf"
    path.write_bytes(data)
    return str(path)


@lru_cache(maxsize=1)
def default_book() -> FontBook:
    """Return the system's fonts, scanned once in a process."""
    return FontBook()
