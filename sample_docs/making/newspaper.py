"""A newspaper page in English: six columns, more than three hundred lines. Everything in it is invented."""

from __future__ import annotations

from dataclasses import replace

from making.tools import block, chance, flow, look, sans, serif

from centernet_cli.datasets.synth.display import Sheet
from centernet_cli.datasets.synth.figures import draw_photo
from centernet_cli.datasets.synth.flow import Flow
from centernet_cli.datasets.synth.typeset import Frame, Look, set_paragraph

BRIDGE = (
    """The old swing bridge at Harrow Quay turned for the last time on Tuesday evening. Some four hundred people stood in the rain to watch the
    keeper, Mr Tobias Fenn, walk the length of the span with his lantern, as he has done on every working day for thirty-one years.""",
    """The bridge was built in 1887 to let the grain ships through to the upper basin. In its best years it opened eleven times a day. Last year
    it opened nine times in all, and four of those were for photographs.""",
    """"She never once stuck," Mr Fenn said afterwards. "She groaned, and she complained of the cold, but she always came round in the end. I
    cannot say the same for every member of the harbour board.\"""",
    """From Monday the road will be carried by a fixed bridge of steel and concrete two hundred yards to the east. The board had hoped to open it
    in March; a shipment of bolts in the wrong size delayed the work by six weeks.""",
    """What becomes of the old span is not settled. The museum would like the turning gear, the rowing club would like the keeper's cabin, and a
    company from Eastmarch has offered to buy the whole of it for scrap. The council will hear all three on the ninth.""",
    """Mr Fenn has been offered a post in the toll office, with a chair and a stove. He has not yet said whether he will take it. "I am used to
    weather," he told this newspaper.""",
)
SCHOOL = (
    """Pupils of the Mill Lane school have counted every tree within the town walls. There are 2,318 of them, which is 140 more than the council
    believed and 60 fewer than it claimed in its last report.""",
    """The count took two terms. Each class was given a quarter of the town and a ball of red wool, and a piece of wool was tied to every tree
    that had been entered in the book, so that none was counted twice.""",
    """Lime trees lead with 611, before planes, chestnuts and the pear trees of Abbey Street. The oldest is thought to be the yew behind the
    courthouse. The smallest, a walnut of eleven inches, was planted by the children themselves and counted with some pride.""",
    """The head teacher, Mrs Odile Pram, says that the next count will be of chimneys.""",
)
FERRY = (
    """The noon ferry to Saint Orrin was held at the pier for two hours on Wednesday by a swarm of bees, which had settled on the wheelhouse
    window shortly before the bell.""",
    """Passengers were led back to the waiting room while a member of the crew rowed ashore for Miss Lettice Crane, who keeps hives above the
    lighthouse. She arrived with a straw basket and a bed sheet, and asked for silence.""",
    """By two o'clock the bees were in the basket and the basket was in the bow. The captain entered them in the log as "passengers, about nine
    thousand, no luggage". They were not charged.""",
)
COUNCIL = (
    """The council agreed by eleven votes to eight to keep the reading room in Castle Street open on Sundays for a further year. The cost of heating
    it was the chief point of argument.""",
    """Mr Aldous Peake said that he had visited on three Sundays in January and met the same two readers each time, one of whom was asleep. Mrs
    Harker replied that she had been the other one, and that a town which could not afford a stove for its readers should sell its brass band.""",
    """A motion to sell the brass band was not put to the vote.""",
)
MUSEUM = (
    """A drawer that had not been opened since the war has given the town museum its best find in years. Behind a stack of tram tickets lay forty
    glass plates with views of the fish market, taken, it seems, by the market's own clerk.""",
    """The plates show stalls, scales and faces, many of them with names scratched along the edge. Prints will hang in the long gallery from the
    first of the month, and visitors who know a face are asked to leave a note.""",
    """So far eleven persons have been named, among them the grandmother of the present mayor, holding a very large cod.""",
)
LETTERS = (
    """Sir, Your correspondent complains that the clock of Saint Bride's is four minutes slow. It has been four minutes slow since 1902, and the
    whole parish has learned to be four minutes late. To correct it now would be to make us all early. I beg that it be left alone. A. Rudge, Tanner's Row.""",
    """Sir, May I ask through your columns who has been leaving baskets of plums on the doorsteps of Chapel Hill? There has been one on mine every
    Friday in September. I do not complain. I should only like to return the baskets. Grateful, Chapel Hill.""",
)
CHESS = (
    """The match for the district cup ended at half past one in the morning with a draw by agreement, after both players had been seen to nod. Miss
    Ingrid Sole keeps the cup for the third year.""",
    """The decisive game was the fourth, in which Mr Pell gave up a rook for the attack and found, some ten moves later, that there was no attack.""",
)
STORY = (
    """The buttonmaker's daughter had been told never to open the green cupboard, and so she knew exactly what was in it: forty drawers, each
    with a single button, and under every button a folded paper with a name.""",
    """That evening the wind took a slate from the roof, and her father went up with a lamp to see to it. She had the time it takes to climb
    two ladders and come down again. She chose the ninth drawer, because it stood a finger's breadth open, as if someone had been there before her.""",
    """The button was of bone and the name was her own. Below it, in a hand that she did not know, stood a date eleven days from now, and the
    words: not before the ferry.""",
    """She heard the second ladder creak. She closed the drawer, though not quite, and went to put the kettle on; and all the while she thought
    of the ferry, which had not called at their island since she was four years old.""",
    """"A bad slate," said her father in the doorway, shaking the rain from his hat. "It will hold until spring." Then he looked at the cupboard,
    and then at her, and asked whether anyone had come to the door. (To be continued.)""",
)
WEATHER = (
    """Wind from the south-west, fresh at first, dropping towards evening. Showers before noon, then bright spells. Warmest at the quay, 13 degrees;
    coldest on Barrow Top, 6. Fog is likely on the river after midnight, and masters of small craft are asked to carry a bell.""",
)
FILES = (
    """Fifty years ago this week the first tram ran from the quay to the station. It carried the mayor, the band and two sheep that could not be
    persuaded to get off. The journey took nineteen minutes and was thought dangerously fast.""",
    """Twenty-five years ago the river froze from bank to bank. A dance was held on the ice by lantern light, and Mr Crumb of Market Row roasted
    chestnuts in an anchor chain locker. The thaw came on the Sunday, during the second hymn.""",
)
PRICES = (
    "Wheat, sack|41.20",
    "Barley, sack|33.75",
    "Oats, sack|29.10",
    "Hay, ton|88.00",
    "Butter, lb.|2.14",
    "Cheese, lb.|1.96",
    "Eggs, dozen|1.35",
    "Herring, box|17.40",
    "Cod, stone|9.85",
    "Potatoes, cwt.|6.20",
    "Apples, box|8.05",
    "Wool, lb.|3.40",
    "Coal, ton|72.50",
    "Lamp oil, gal.|1.18",
    "Timber, load|64.00",
    "Rope, fathom|0.92",
)
TIDES = (
    "Mon. 3.12|15.40",
    "Tues. 4.01|16.29",
    "Wed. 4.55|17.20",
    "Thur. 5.48|18.11",
    "Fri. 6.40|19.04",
    "Sat. 7.33|19.58",
    "Sun. 8.30|20.55",
)
TRAINS = (
    "Eastmarch|6.15",
    "Port Ellery|7.02",
    "Saint Orrin|7.40",
    "Eastmarch|9.15",
    "Long Barrow|10.05",
    "Port Ellery|12.30",
    "Eastmarch|14.15",
    "Long Barrow|16.20",
    "Saint Orrin|17.45",
    "Port Ellery|19.10",
)
NOTICES = (
    "LOST, on the tow path, a grey umbrella with a duck's head. Reward. Mrs Lamb, 4 Weir Street.",
    "PIANO lessons given. Patient teacher, two pianos. Box 17 at this office.",
    "WANTED, a steady lad for the bakery. Must rise early. Apply Crumb & Daughter, Market Row.",
    "FOR SALE, a rowing boat, sound, with one oar. Fenn, Harrow Quay.",
    "THE EVENING CLASS in book-keeping meets on Thursdays at the Institute. Three places are left.",
    "FOUND, a parrot, speaks some French. Harbour police.",
    "ROOMS to let above the chandler's shop, view of the basin, no smoke. Enquire within.",
)
_WIDTH, _HEIGHT = 792.0, 1120.0


def newspaper() -> Sheet:
    """The newspaper page."""
    sheet = Sheet(_WIDTH, _HEIGHT, (247, 243, 232))
    style = look("newspaper", serif(), serif(), 9.7, 10.7, indent=8.0)
    style = replace(style, head_scale=2.1, head_align="center")
    margin, gutter = 34.0, 13.0
    width = _WIDTH - 2 * margin
    y = _masthead(sheet, margin, width)
    wide = (width - 5 * gutter) / 6
    xs = [margin + k * (wide + gutter) for k in range(6)]
    bottom = _HEIGHT - 40
    split = y + 470
    # Above: the bridge over three columns, then three columns of short pieces. Below: six columns.
    lead = Frame(xs[0], y, 3 * wide + 2 * gutter, split)
    _head(sheet, lead, style, "HARROW QUAY BRIDGE TURNS FOR THE LAST TIME", 25)
    _picture(sheet, Frame(xs[1], lead.y, 2 * wide + gutter, lead.y + 190), style)
    frames = [Frame(xs[0], lead.y, wide, split), *[Frame(x, lead.y + 222, wide, split) for x in xs[1:3]]]
    pour = flow("newspaper", sheet, replace(style, head_scale=1.5), frames)
    for text in BRIDGE:
        pour.paragraph(text.split())
    side = flow("newspaper-side", sheet, replace(style, head_scale=1.5), [Frame(x, y, wide, split) for x in xs[3:]])
    _story(side, "Every Tree Has Been Counted", SCHOOL)
    _story(side, "Nine Thousand Aboard", FERRY)
    _story(side, "Castle Street Stays Open", COUNCIL)
    _story(side, "A Draw at Midnight", CHESS)
    _story(side, "The Weather", WEATHER)
    for x in xs[1:]:
        sheet.rule(x - gutter / 2, split + 12, x - gutter / 2, bottom, width=0.5)
    for x in xs[3:]:
        sheet.rule(x - gutter / 2, y, x - gutter / 2, split - 4, width=0.5)
    sheet.rule(margin, split + 6, margin + width, split + 6, width=1.2)
    below = flow(
        "newspaper-below", sheet, replace(style, head_scale=1.5), [Frame(x, split + 14, wide, bottom) for x in xs[:5]]
    )
    _story(below, "Plates From a Forgotten Drawer", MUSEUM)
    _listing(below, "Market Prices", PRICES)
    _story(below, "Letters to the Editor", LETTERS)
    _listing(below, "High Water", TIDES)
    _listing(below, "Trains From the Quay", TRAINS)
    _story(below, "Notices", NOTICES)
    _story(below, "The Buttonmaker's Daughter, Chapter Nine", STORY)
    _story(below, "From Our Files", FILES)
    _advertisement(sheet, xs[5], wide, split + 14, bottom)
    block(
        sheet,
        "footer",
        ["Printed and published at 9 Weir Street. Every word on this page is invented."],
        serif().italic,
        8,
        10,
        _WIDTH / 2,
        _HEIGHT - 20,
        align="center",
    )
    return sheet


_SHOP = (
    ("CRUMB", 22, True),
    ("& DAUGHTER", 14.5, True),
    ("Bakers since 1871", 9, False),
    ("", 14, False),
    ("Farmhouse loaves", 11, False),
    ("Rye and barley bread", 10, False),
    ("Seed cake", 13, True),
    ("Currant buns", 13, True),
    ("Honey biscuits", 12, False),
    ("", 14, False),
    ("baked twice daily,", 9.5, False),
    ("at five and at noon", 9.5, False),
    ("", 14, False),
    ("TODAY ONLY", 14, True),
    ("a dozen buns", 12, False),
    ("for the price of ten", 10.5, False),
    ("", 14, False),
    ("Orders taken for", 9.5, False),
    ("weddings, launchings", 9.5, False),
    ("and other occasions", 9.5, False),
    ("", 14, False),
    ("4 MARKET ROW", 12, True),
    ("next to the pump", 9.5, False),
)


def _advertisement(sheet: Sheet, x: float, width: float, top: float, bottom: float) -> None:
    """Fill a column with a framed advertisement."""
    sheet.rect((x, top, x + width, bottom), width=1.6)
    sheet.rect((x + 3, top + 3, x + width - 3, bottom - 3), width=0.5)
    y, boxes = top + 16.0, []
    for text, size, heavy in _SHOP:
        y += size * 1.45
        if text:
            boxes.append(
                sheet.text(x + width / 2, y, text, serif().bold if heavy else serif().regular, size, align="center")
            )
    sheet.region("text", boxes)


def _masthead(sheet: Sheet, margin: float, width: float) -> float:
    block(sheet, "title", ["The Harrow Quay Messenger"], serif().bold, 46, 40, _WIDTH / 2, 74, align="center")
    sheet.rule(margin, 90, margin + width, 90, width=1.4)
    for text, x, align in (
        ("No. 14,207", margin, "left"),
        ("THURSDAY, OCTOBER 3", _WIDTH / 2, "center"),
        ("PRICE TWO PENCE", margin + width, "right"),
    ):
        block(sheet, "header", [text], serif().regular, 9, 10, x, 101, align=align)
    sheet.rule(margin, 106, margin + width, 106, width=0.6)
    return 116.0


def _head(sheet: Sheet, frame: Frame, style: Look, text: str, size: float) -> None:
    boxes: list[tuple[float, float, float, float]] = []
    set_paragraph(
        sheet, text.split(), style.heading(0).at(size=size, leading=size * 1.1, align="center"), frame, boxes=boxes
    )
    sheet.region("title", boxes)
    frame.y += 6


def _picture(sheet: Sheet, frame: Frame, style: Look) -> None:
    box = (frame.x, frame.y, frame.x + frame.width, frame.bottom)
    draw_photo(sheet, chance("newspaper-photo"), box, grey=True)
    sheet.region("figure", [box])
    below = Frame(frame.x, frame.bottom + 3, frame.width, frame.bottom + 40)
    boxes: list[tuple[float, float, float, float]] = []
    caption = "The span at dusk on Tuesday, seen from the chandler's window. Mr Fenn's lantern is the small light at the left."
    set_paragraph(
        sheet,
        caption.split(),
        style.text(face=sans().regular, size=8.0, leading=9.4, align="left", indent=0.0),
        below,
        boxes=boxes,
    )
    sheet.region("caption", boxes)


def _story(pour: Flow, title: str, texts: tuple[str, ...]) -> None:
    if pour.full:
        return
    pour.heading(0, title)
    for text in texts:
        pour.paragraph(text.split())
    pour.gap(7)


def _listing(pour: Flow, title: str, rows: tuple[str, ...]) -> None:
    """Set names left and figures right, as a table without rules."""
    if not pour.need(len(rows) * 10.4 + 30):
        return
    pour.heading(0, title)
    frame, face = pour.frame, serif().regular
    boxes = []
    for row in rows:
        left, _, right = row.partition("|")
        base = frame.y + 8.2
        boxes += [
            pour.sheet.text(frame.x + 2, base, left, face, 9.2),
            pour.sheet.text(frame.x + frame.width - 2, base, right, face, 9.2, align="right"),
        ]
        frame.y += 10.4
    pour.sheet.region("table", boxes)
    pour.gap(8)
