"""A two-column paper in English and a page of a report in Italian."""

from __future__ import annotations

from making.tools import A4, block, chance, flow, look, paragraph, sans, serif

from centernet_cli.datasets.synth.display import Sheet
from centernet_cli.datasets.synth.figures import draw_photo
from centernet_cli.datasets.synth.tables import Column, TableStyle, draw_table
from centernet_cli.datasets.synth.typeset import Frame

ABSTRACT = """Pages of letters, ledgers and newspapers are read by machines only after their lines have been found. We ask how thin
a line may be before a detector loses it. On a set of made pages whose boxes are known exactly, the share of found lines stays
above ninety-five per cent down to nine pixels of height and falls steeply below six. Doubling the resolution moves the fall, not
its shape. We conclude that the size of the picture should follow the smallest print on it."""

INTRODUCTION = (
    """A scanner knows nothing of reading. It hands over a picture in which a headline and a speck of dust are equal, and whoever wants
    the words must first say where they are. The first step of most readers is therefore to draw a box around every line.""",
    """Boxes are drawn well on clean book pages. Dense newspapers, till receipts and forms filled in by hand remain harder, and among the
    reasons the plainest is size: a page of a daily paper holds a thousand lines where a novel holds thirty, and both are shrunk to the
    same number of pixels before a network looks at them.""",
    """This note measures the loss. We keep everything equal but the height of the letters, count which lines are found, and draw the curve.""",
)
METHOD = (
    """Each page is set from a list of words in one of forty fonts, at a size between five and fourteen points. The place of every line is
    known from the outlines of its letters, so that no person has to draw a box and no two persons can differ about it.""",
    """Pages are then printed, in the sense that noise, blur and uneven light are added to the picture. A line counts as found when a box
    covers it with an overlap of at least one half; a box counts as false when no line claims it.""",
)
RESULTS = (
    """Table 1 gives the shares by height. Down to nine pixels the curve in Figure 1 is flat. Between nine and six it bends, and below six
    pixels, where a letter is hardly more than a smudge, one line in three is lost.""",
    """False boxes behave differently. They are rare at every size, and most of them are halves of a line that was cut at a wide gap between
    two words. Joining boxes on one baseline removes about half of these errors and costs nothing.""",
    """When all pages are shown at twice the size, the curve moves to the left by almost exactly a factor of two. The network does not care
    how large a page is, only how many pixels it gets for a letter.""",
)
DISCUSSION = (
    """Who chooses the size of the picture chooses what can be read from it. It is tempting to choose it once, for the pages at hand, and to
    forget it; a newspaper then looks like an empty sheet, and nobody is told.""",
    """A simple remedy is to look at the page twice: once small, to learn how high its lines are, and once as large as the smallest of them
    requires. On our pages this costs a third more time and loses nothing.""",
)
REFERENCES = (
    "[1] A. Lindqvist and R. Moreau. Finding lines on crowded pages. Notes on Reading Machines 4, 2019.",
    "[2] T. Okafor. How small can print be? Journal of Made Examples 11, pages 31–47, 2021.",
    "[3] P. Weiss, H. Weiss. Newspapers as pictures. Proceedings of the Third Workshop on Columns, 2022.",
    "[4] M. Ferreira. A catalogue of receipts. Technical report 88, 2023.",
)


def paper() -> Sheet:
    """The two-column paper."""
    sheet = Sheet(*A4)
    style = look("paper", serif(), serif(), 9.6, 11.5, indent=11.0)
    margin, width, bottom = 54.0, A4[0] - 108.0, A4[1] - 62.0
    block(sheet, "header", ["Notes on Reading Machines 7 (2024)"], serif().italic, 8.5, 10, margin, 40)
    block(sheet, "header", ["112"], serif().regular, 8.5, 10, margin + width, 40, align="right")
    block(
        sheet,
        "title",
        ["How Thin May a Line Be?", "Letter Height and the Detection of Text Lines"],
        serif().bold,
        17,
        21,
        A4[0] / 2,
        84,
        align="center",
    )
    block(
        sheet,
        "text",
        ["Ada Marlowe, Jonas Brandt and Ilse Okonkwo"],
        serif().regular,
        11,
        13,
        A4[0] / 2,
        130,
        align="center",
    )
    frame = Frame(margin + 36, 148, width - 72, bottom)
    block(sheet, "title", ["Abstract"], serif().bold, 10, 12, A4[0] / 2, 158, align="center")
    frame.y = 164
    paragraph(sheet, "text", ABSTRACT, style, frame, indent=0.0, size=9.0, leading=10.8)
    top = frame.y + 16
    wide = (width - 20) / 2
    pour = flow("paper", sheet, style, [Frame(margin, top, wide, bottom), Frame(margin + wide + 20, top, wide, bottom)])
    pour.heading(2, "1  Introduction")
    for text in INTRODUCTION:
        pour.paragraph(text.split())
    pour.gap(6)
    pour.heading(2, "2  Method")
    for text in METHOD:
        pour.paragraph(text.split())
    pour.gap(6)
    pour.heading(2, "3  Results")
    pour.paragraph(RESULTS[0].split())
    _curve(sheet, pour.frame)
    pour.caption(
        "figure", "Figure 1. Share of lines found by height in pixels, page sizes 1 and 2.".split(), align="left"
    )
    pour.gap(8)
    pour.paragraph(RESULTS[1].split())
    pour.gap(8)
    pour.caption("table", "Table 1. Lines found and false boxes in a hundred lines.".split(), align="left")
    pour.gap(4)
    cells = [
        ["Height", "Lines", "Found", "False"],
        ["4 px", "2,140", "48.2", "3.1"],
        ["6 px", "3,975", "79.6", "2.7"],
        ["9 px", "5,210", "95.3", "1.9"],
        ["12 px", "5,466", "97.8", "1.6"],
        ["18 px", "4,031", "98.4", "1.5"],
    ]
    table = TableStyle(family=serif(), size=8.8, rules="booktabs", pad_x=0.9, pad_y=0.1, rule_width=0.6)
    box = draw_table(
        sheet, table, [Column(1, "left"), *[Column(1, "right")] * 3], cells, pour.frame.x, pour.frame.y, wide, bottom
    )
    if box is not None:
        pour.frame.y = box[3] + 12
    pour.paragraph(RESULTS[2].split())
    pour.gap(6)
    pour.heading(2, "4  Discussion")
    for text in DISCUSSION:
        pour.paragraph(text.split())
    pour.gap(6)
    pour.heading(2, "References")
    for entry in REFERENCES:
        pour.paragraph(entry.split(), style=style.text(size=8.4, leading=9.8, indent=-14.0))
    return sheet


def _curve(sheet: Sheet, frame: Frame) -> None:
    """Draw two curves with axes and labels."""
    top, left, right = frame.y + 10, frame.x + 30, frame.x + frame.width - 6
    bottom = top + 92
    face = sans().regular
    for step in range(6):
        y = bottom - (bottom - top) * step / 5
        sheet.rule(left, y, right, y, width=0.3, colour=(185, 185, 185))
        sheet.text(left - 4, y + 2.4, f"{step * 20}", face, 6.8, align="right")
    heights = (3, 6, 9, 12, 15, 18)
    for at, height in enumerate(heights):
        sheet.text(left + (right - left) * at / 5, bottom + 10, str(height), face, 6.8, align="center")
    sheet.rule(left, top, left, bottom, width=0.8)
    sheet.rule(left, bottom, right, bottom, width=0.8)
    for found, colour in (
        ((31, 79, 95, 98, 98.3, 98.5), (20, 70, 150)),
        ((79, 97, 98.2, 98.5, 98.6, 98.6), (190, 80, 20)),
    ):
        points = [
            (left + (right - left) * at / 5, bottom - (bottom - top) * share / 100) for at, share in enumerate(found)
        ]
        sheet.poly(points, width=1.4, colour=colour)
        for x, y in points:
            sheet.ellipse((x - 1.8, y - 1.8, x + 1.8, y + 1.8), width=0, fill=colour)
    sheet.text((left + right) / 2, bottom + 20, "height of a line, pixels", face, 6.8, align="center")
    sheet.region("figure", [(left - 20, top - 4, right + 4, bottom + 22)])
    frame.y = bottom + 28


INTRO = """Nel corso dell'anno la biblioteca comunale ha completato il trasloco nella nuova sede di via dei Mulini. I lavori, iniziati in
marzo, hanno richiesto sette mesi; il servizio di prestito è rimasto aperto in due sale provvisorie e le visite, contro ogni
previsione, sono aumentate."""
POINTS = (
    "sala di lettura di quaranta posti, aperta anche la sera;",
    "deposito climatizzato per il fondo antico, circa seimila volumi stampati prima del 1830;",
    "laboratorio di digitalizzazione con due postazioni, che lavora anche per le scuole della provincia;",
    "spazio per i bambini sotto i sei anni, con scaffali bassi e tappeti.",
)
AFTER = (
    """La tabella 3 confronta i dati principali con quelli dell'anno precedente. Il numero dei prestiti cresce soprattutto tra i lettori
    più giovani, mentre le consultazioni in sede restano stabili. Diminuiscono per la terza volta i prestiti di film, ormai poco richiesti.""",
    """Per il prossimo anno il consiglio propone di non allargare gli orari, ma di dedicare le ore disponibili alla catalogazione dei
    doni, che da tempo occupano due stanze del primo piano. La spesa prevista è di 38 400 euro, coperta per metà dalla regione.""",
)


def report() -> Sheet:
    """The report page with table, figure, caption and list."""
    sheet = Sheet(*A4)
    accent = (20, 90, 110)
    style = look("report", sans(), sans(), 10.0, 13.6, accent=accent, align="left", gap=6.0)
    margin, width, bottom = 64.0, A4[0] - 128.0, A4[1] - 70.0
    block(
        sheet, "header", ["Biblioteca comunale di Montelupo"], sans().regular, 8.5, 10, margin, 42, colour=(90, 90, 90)
    )
    block(
        sheet,
        "header",
        ["Relazione annuale 2024"],
        sans().regular,
        8.5,
        10,
        margin + width,
        42,
        align="right",
        colour=(90, 90, 90),
    )
    sheet.rule(margin, 48, margin + width, 48, width=0.6, colour=accent)
    pour = flow("report", sheet, style, [Frame(margin, 64, width, bottom)], "it")
    pour.heading(1, "2. La nuova sede")
    pour.paragraph(INTRO.split())
    pour.paragraph("I nuovi spazi comprendono:".split())
    pour.list_(items=[point.split() for point in POINTS])
    frame = pour.frame
    frame.y += 6
    picture = (margin + 40, frame.y, margin + width - 40, frame.y + 150)
    draw_photo(sheet, chance("report-photo"), picture)
    sheet.region("figure", [picture])
    frame.y += 156
    pour.caption(
        "figure",
        "Figura 2. La sala di lettura vista dal ballatoio, pochi giorni prima dell'apertura.".split(),
        align="center",
    )
    pour.gap(12)
    pour.heading(2, "2.1 I numeri dell'anno")
    pour.paragraph(AFTER[0].split())
    pour.gap(2)
    pour.caption("table", "Tabella 3. Servizi principali, confronto con il 2023.".split(), align="left")
    pour.gap(4)
    cells = [
        ["Servizio", "2023", "2024", "Variazione"],
        ["Visite", "41 210", "46 885", "+13,8 %"],
        ["Prestiti di libri", "28 374", "31 020", "+9,3 %"],
        ["Prestiti di film", "3 918", "3 127", "−20,2 %"],
        ["Consultazioni in sede", "7 455", "7 490", "+0,5 %"],
        ["Nuove tessere", "1 102", "1 683", "+52,7 %"],
    ]
    table = TableStyle(
        family=sans(), size=9.2, rules="grid", pad_x=0.9, pad_y=0.22, rule=(130, 150, 155), head_fill=(222, 236, 240)
    )
    box = draw_table(
        sheet,
        table,
        [Column(2.2, "left"), Column(1, "right"), Column(1, "right"), Column(1.1, "right")],
        cells,
        margin,
        frame.y,
        width,
        bottom,
    )
    if box is not None:
        frame.y = box[3] + 12
    pour.paragraph(AFTER[1].split())
    block(sheet, "footer", ["7"], sans().regular, 9, 10, A4[0] / 2, A4[1] - 38, align="center")
    return sheet
