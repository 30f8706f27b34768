"""A German letter, a French invoice, a Polish form filled in by hand, a Spanish till receipt."""

from __future__ import annotations

from making.tools import A4, block, chance, flow, hand_face, look, mono, paragraph, sans, serif

from centernet_cli.datasets.synth.display import Sheet, union
from centernet_cli.datasets.synth.hand import Hand, write
from centernet_cli.datasets.synth.strokes import Script
from centernet_cli.datasets.synth.tables import Column, TableStyle, draw_table
from centernet_cli.datasets.synth.typeset import Frame

LETTER = (
    """herzlichen Dank für Ihre Anfrage vom 3. Mai. Wir freuen uns, dass Sie die alten Kirchenbücher Ihrer Gemeinde erfassen lassen möchten,
    und senden Ihnen heute unser Angebot.""",
    """Es handelt sich um vierzehn Bände aus den Jahren 1712 bis 1904 mit zusammen etwa 5.300 Seiten. Die Bände sind in gutem Zustand; nur bei
    zweien ist der Rücken gebrochen, so dass wir sie nicht flach auflegen können. Wir schlagen vor, diese beiden mit der Buchwippe aufzunehmen.""",
    """Die Aufnahme dauert rund drei Wochen und kann in Ihrem Gemeindehaus stattfinden. Anschließend erhalten Sie die Bilder sowie eine Datei, in
    der jede Zeile mit ihrer Lage auf der Seite verzeichnet ist. Das Lesen der Handschriften selbst gehört nicht zu diesem Angebot.""",
    """Für Rückfragen stehe ich Ihnen gern zur Verfügung; am besten erreichen Sie mich vormittags. An dieses Angebot halten wir uns bis Ende
    August gebunden.""",
)


def letter() -> Sheet:
    """The letter."""
    sheet = Sheet(*A4)
    style = look("letter", serif(), sans(), 11.0, 14.6, align="left", gap=9.0)
    margin, width = 71.0, A4[0] - 142.0
    block(sheet, "header", ["Schriftbild & Söhne"], sans().bold, 19, 14, margin, 64, colour=(110, 30, 40))
    block(
        sheet,
        "header",
        ["Werkstatt für Buchaufnahmen · Am Alten Hafen 12 · 18055 Rostock"],
        sans().regular,
        8.5,
        10,
        margin,
        79,
        colour=(90, 90, 90),
    )
    sheet.rule(margin, 87, margin + width, 87, width=1.0, colour=(110, 30, 40))
    block(
        sheet,
        "text",
        ["Evangelische Kirchengemeinde Lindenau", "Frau Pastorin Katharina Vogt", "Kirchstraße 4", "17268 Lindenau"],
        serif().regular,
        11,
        14.6,
        margin,
        140,
    )
    block(sheet, "text", ["Rostock, den 21. Mai 2024"], serif().regular, 11, 14.6, margin + width, 226, align="right")
    block(sheet, "title", ["Angebot: Aufnahme von vierzehn Kirchenbüchern"], serif().bold, 11.5, 14.6, margin, 262)
    pour = flow("letter", sheet, style, [Frame(margin, 276, width, 720)], "de")
    pour.paragraph("Sehr geehrte Frau Pastorin Vogt,".split())
    for text in LETTER:
        pour.paragraph(text.split())
    pour.paragraph("Mit freundlichen Grüßen".split())
    y = pour.frame.y
    name = Hand(None, 30, 0.28, 1.15, 0, 0.4, 0.05, 0.3, (25, 40, 120), Script(11))
    write(sheet, chance("letter"), margin + 8, y + 30, "Brandmeyer", name, width=150, line=False)
    block(sheet, "text", ["Henrik Brandmeyer", "Leiter der Werkstatt"], serif().regular, 11, 14.6, margin, y + 62)
    footer = ["Telefon 0381 555 0148", "Ust-IdNr. DE 000 000 000", "Bank: Hafenbank Rostock"]
    for at, text in enumerate(footer):
        block(
            sheet, "footer", [text], sans().regular, 7.8, 9, margin + at * width / 2.6, A4[1] - 42, colour=(90, 90, 90)
        )
    return sheet


def invoice() -> Sheet:
    """The invoice."""
    sheet = Sheet(*A4)
    style = look("invoice", sans(), sans(), 9.5, 12.6, align="left", gap=5.0)
    margin, width = 51.0, A4[0] - 102.0
    sheet.ellipse((margin, 44, margin + 40, 84), width=0, fill=(30, 110, 80))
    sheet.ellipse((margin + 12, 56, margin + 28, 72), width=0, fill=(255, 255, 255))
    sheet.region("figure", [(margin, 44, margin + 40, 84)])
    block(
        sheet,
        "text",
        ["Imprimerie du Vieux Pont", "14, quai des Tanneurs", "67000 Strasbourg"],
        sans().regular,
        9.5,
        12.6,
        margin + 54,
        56,
    )
    block(sheet, "title", ["FACTURE"], sans().bold, 22, 20, margin + width, 66, align="right", colour=(30, 110, 80))
    block(
        sheet,
        "text",
        ["Librairie des Trois Marches", "À l'attention de Mme Élodie Garnier", "3, place de l'Église", "68000 Colmar"],
        sans().regular,
        10,
        13,
        margin,
        138,
    )
    facts = (
        ("Numéro :", "2024-0317"),
        ("Date :", "12 avril 2024"),
        ("Échéance :", "12 mai 2024"),
        ("Référence client :", "LTM-88"),
    )
    y, boxes = 138.0, []
    for label, value in facts:
        a = sheet.text(margin + width - 190, y, label, sans().bold, 9.5)
        b = sheet.text(margin + width, y, value, sans().regular, 9.5, align="right")
        boxes += [a, b]
        y += 13
    sheet.region("text", boxes)
    cells = [
        ["Réf.", "Désignation", "Qté", "Prix unitaire", "Montant HT"],
        ["A-102", "Affiches 40 × 60 cm, papier couché 170 g", "50", "3,20 €", "160,00 €"],
        ["A-115", "Marque-pages, impression recto verso", "500", "0,18 €", "90,00 €"],
        ["B-031", "Brochure de 24 pages, agrafée, couverture pelliculée", "200", "2,45 €", "490,00 €"],
        ["B-040", "Cartes de visite, coins arrondis", "250", "0,22 €", "55,00 €"],
        ["S-001", "Mise en page, par heure", "6", "48,00 €", "288,00 €"],
        ["S-009", "Livraison à Colmar", "1", "25,00 €", "25,00 €"],
    ]
    table = TableStyle(
        family=sans(),
        size=9.2,
        rules="horizontal",
        pad_x=0.7,
        pad_y=0.45,
        rule=(170, 170, 170),
        head_fill=(30, 110, 80),
        head_ink=(255, 255, 255),
    )
    box = draw_table(
        sheet,
        table,
        [Column(0.8, "left"), Column(3.6, "left"), Column(0.7, "right"), Column(1.2, "right"), Column(1.2, "right")],
        cells,
        margin,
        222,
        width,
        700,
    )
    y = (box[3] if box is not None else 400) + 20
    boxes = []
    for label, value, face in (
        ("Total HT", "1 108,00 €", sans().regular),
        ("TVA 20 %", "221,60 €", sans().regular),
        ("Total TTC", "1 329,60 €", sans().bold),
    ):
        boxes += [
            sheet.text(margin + width - 180, y, label, face, 10),
            sheet.text(margin + width - 6, y, value, face, 10, align="right"),
        ]
        y += 16
    sheet.region("text", boxes)
    frame = Frame(margin, y + 24, width, 780)
    paragraph(
        sheet,
        "text",
        "Paiement par virement à trente jours. Merci d'indiquer le numéro de la facture avec votre règlement. Pas d'escompte en cas de paiement anticipé.",
        style,
        frame,
    )
    frame.y += 6
    paragraph(
        sheet,
        "text",
        "En cas de retard, une indemnité forfaitaire de quarante euros est due pour frais de recouvrement.",
        style,
        frame,
        size=8.5,
    )
    block(
        sheet,
        "footer",
        ["Imprimerie du Vieux Pont · société fictive · tous les noms sont inventés"],
        sans().regular,
        7.5,
        9,
        A4[0] / 2,
        A4[1] - 36,
        align="center",
        colour=(110, 110, 110),
    )
    return sheet


_FIELDS = (
    (("Imię", "Zofia", 0.5), ("Nazwisko", "Kwiatkowska", 0.5)),
    (("Data urodzenia", "14.09.1961", 0.35), ("Miejsce urodzenia", "Nowy Sącz", 0.65)),
    (("Ulica, nr domu", "Ogrodowa 7 m. 3", 0.6), ("Kod i miejscowość", "31-155 Kraków", 0.4)),
    (("Telefon", "600 555 019", 0.4), ("Adres poczty", "zofia.k", 0.6)),
)


def form() -> Sheet:
    """The form, with entries by hand."""
    rng = chance("form")
    sheet = Sheet(*A4)
    letters = "".join(entry for row in _FIELDS for _, entry, _ in row) + "ąęPZ"
    face = hand_face(letters.replace(" ", ""), "Comic Neue", "Klee One")
    pen = Hand(face, 16, 0.08, 0.95, 0, 0.35, 0.03, 0.35, (25, 40, 120))
    margin, width = 54.0, A4[0] - 108.0
    block(sheet, "header", ["Druk BM-2"], sans().regular, 8, 10, margin + width, 44, align="right")
    block(sheet, "title", ["WNIOSEK O WYDANIE KARTY CZYTELNIKA"], sans().bold, 14, 16, A4[0] / 2, 74, align="center")
    frame = Frame(margin, 84, width, 200)
    style = look("form", sans(), sans(), 8.6, 10.6, align="left")
    paragraph(
        sheet,
        "text",
        "Prosimy wypełnić drukowanymi lub czytelnymi literami. Pola zaznaczone gwiazdką są dobrowolne. Kartę odbiera się osobiście, po okazaniu dokumentu.",
        style,
        frame,
    )
    y = 124.0
    for number, title in ((1, "Dane osobowe"), (2, "Rodzaj karty"), (3, "Oświadczenie")):
        sheet.rect((margin, y, margin + width, y + 16), width=0, fill=(222, 222, 222))
        block(sheet, "title", [f"{number}. {title}"], sans().bold, 9.5, 12, margin + 4, y + 11.5)
        y += 22
        if number == 1:
            y = _fields(sheet, rng, pen, margin, width, y)
        elif number == 2:
            y = _choices(sheet, margin, y)
        else:
            frame = Frame(margin, y, width, y + 80)
            paragraph(
                sheet,
                "text",
                "Oświadczam, że znam regulamin wypożyczalni i zobowiązuję się zwracać książki w terminie. Za książkę zagubioną lub zniszczoną zapłacę jej wartość albo oddam taki sam egzemplarz.",
                style,
                frame,
            )
            y = frame.y + 8
    y = _table(sheet, rng, pen, margin, width, y)
    for x, label, entry in (
        (margin, "miejscowość i data", "Kraków, 3.06.2024"),
        (margin + width - 200, "podpis czytelnika", "Z. Kwiatkowska"),
    ):
        sheet.rule(x, y + 60, x + 200, y + 60, width=0.6, dash=1.5)
        boxes = [sheet.text(x + 100, y + 70, label, sans().regular, 7.5, align="center")]
        written = write(sheet, rng, x + 16, y + 56, entry, pen, width=180)
        sheet.region("text", boxes if written is None else [*boxes, written])
    block(sheet, "footer", ["Biblioteka Miejska, filia nr 9"], sans().regular, 8, 10, margin, A4[1] - 34)
    return sheet


def _fields(sheet: Sheet, rng: object, pen: Hand, x: float, width: float, y: float) -> float:
    import random

    assert isinstance(rng, random.Random)
    for row in _FIELDS:
        left = x
        for label, entry, share in row:
            right = left + width * share
            sheet.rect((left, y, right, y + 34), width=0.7)
            box = sheet.text(left + 4, y + 9, label, sans().regular, 7.2)
            written = write(sheet, rng, left + 14, y + 28, entry, pen, width=right - left - 20)
            sheet.region("text", [box] if written is None else [box, written])
            left = right
        y += 34
    boxes = [sheet.text(x, y + 24, "PESEL", sans().regular, 8.6)]
    digits = []
    for at, digit in enumerate("61091400000"):
        cell = x + 44 + at * 18
        sheet.rect((cell, y + 10, cell + 18, y + 30), width=0.6)
        found = write(sheet, rng, cell + 4, y + 26, digit, pen, line=False)
        if found is not None:
            digits.append(found)
    boxes.append(sheet.add_line(digits))
    sheet.region("text", boxes)
    return y + 46


def _choices(sheet: Sheet, x: float, y: float) -> float:
    for at, (label, ticked) in enumerate(
        (("zwykła, bezpłatna", True), ("rodzinna, do pięciu osób", False), ("okresowa, na trzy miesiące", False))
    ):
        top = y + at * 17
        sheet.rect((x + 4, top, x + 13, top + 9), width=0.8)
        if ticked:
            sheet.rule(x + 3, top + 1, x + 14, top + 10, width=1.3, colour=(25, 40, 120))
            sheet.rule(x + 3, top + 10, x + 15, top - 1, width=1.3, colour=(25, 40, 120))
        sheet.region("text", [sheet.text(x + 22, top + 8, label, sans().regular, 9.5)])
    return y + 60


def _table(sheet: Sheet, rng: object, pen: Hand, x: float, width: float, y: float) -> float:
    """Books asked for: a printed head, rows by hand."""
    import random

    assert isinstance(rng, random.Random)
    edges = [x, x + 30, x + width * 0.62, x + width]
    rows = (
        ("Lp.", "Tytuł książki", "Autor"),
        ("1", "Noce i dnie, t. 1", "M. Dąbrowska"),
        ("2", "Lalka", "B. Prus"),
        ("3", "", ""),
    )
    top = y
    for n, row in enumerate(rows):
        for k, text in enumerate(row):
            sheet.rect((edges[k], y, edges[k + 1], y + 24), width=0.7, fill=(238, 238, 238) if n == 0 else None)
            if n == 0 or k == 0:
                sheet.text(edges[k] + 6, y + 15.5, text, sans().bold if n == 0 else sans().regular, 9)
            elif text:
                write(sheet, rng, edges[k] + 8, y + 18, text, pen, width=edges[k + 1] - edges[k] - 12)
        y += 24
    sheet.region("table", [(x, top, x + width, y)])
    return y


_ITEMS = (
    ("PAN DE PUEBLO", "1,85"),
    ("ACEITE OLIVA 1L", "8,95"),
    ("TOMATE RAMA", "2,34"),
    ("  1,174 kg x 1,99", ""),
    ("QUESO CURADO", "6,40"),
    ("YOGUR NATURAL X8", "1,75"),
    ("ATÚN CLARO PACK 3", "3,99"),
    ("CAFÉ MOLIDO 250G", "3,29"),
    ("NARANJAS MALLA", "3,50"),
    ("  DTO. FRUTA", "-0,50"),
    ("BOLSA PAPEL", "0,15"),
)


def receipt() -> Sheet:
    """The till receipt."""
    face, bold, size = mono().regular, mono().bold, 9.0
    sheet = Sheet(216.0, 420.0, (252, 251, 246))
    y = block(sheet, "text", ["SUPER LA ESQUINA"], bold, 14, 15, 108, 30, align="center")
    y = block(
        sheet,
        "text",
        ["Calle del Molino, 23", "41003 Sevilla", "C.I.F. B-00000000", "Tel. 955 555 014"],
        face,
        size,
        11.5,
        108,
        y,
        align="center",
    )
    y += 6
    y = _pairs(sheet, "text", (("Fecha: 08/06/2024", "19:42"), ("Ticket: 004871", "Caja: 3")), y)
    sheet.rule(12, y - 4, 204, y - 4, width=0.7, dash=3.0)
    y = _pairs(sheet, "table", _ITEMS, y + 8)
    sheet.rule(12, y - 4, 204, y - 4, width=0.7, dash=3.0)
    a, b = sheet.text(12, y + 12, "TOTAL EUR", bold, 13), sheet.text(204, y + 12, "31,72", bold, 13, align="right")
    sheet.region("text", [a, b])
    y = _pairs(
        sheet, "text", (("ENTREGADO", "40,00"), ("CAMBIO", "8,28"), ("IVA 4%", "0,79"), ("IVA 10%", "1,02")), y + 30
    )
    y = block(
        sheet,
        "text",
        ["ARTÍCULOS VENDIDOS: 10", "¡GRACIAS POR SU COMPRA!", "Cambios con ticket, 15 días"],
        face,
        size,
        12,
        108,
        y + 10,
        align="center",
    )
    rng, x = chance("receipt"), 42.0
    while x < 174:
        wide = rng.choice((0.8, 0.8, 1.5, 2.3))
        sheet.rect((x, y + 2, x + wide, y + 34), width=0, fill=(20, 20, 20))
        x += wide + rng.choice((0.8, 1.4, 2.0))
    sheet.region("figure", [(42, y + 2, x, y + 34)])
    sheet.region("text", [sheet.text(108, y + 46, "8400000048715", face, size, align="center")])
    sheet.height = y + 66
    return sheet


def _pairs(sheet: Sheet, label: str, rows: tuple[tuple[str, str], ...], y: float) -> float:
    boxes = []
    for left, right in rows:
        shift = (len(left) - len(left.lstrip())) * 5.4
        boxes.append(sheet.text(12 + shift, y, left.strip(), mono().regular, 9.0))
        if right:
            boxes.append(sheet.text(204, y, right, mono().regular, 9.0, align="right"))
        y += 12
    sheet.region(label, [union(boxes)])
    return y
