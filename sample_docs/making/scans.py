"""Pages for scanning: minutes of a meeting in Greek (two pages), a shopping note by hand, an old German book page."""

from __future__ import annotations

from making.tools import A4, block, chance, flow, hand_face, look, mono

from centernet_cli.datasets.synth.display import Sheet
from centernet_cli.datasets.synth.fonts import default_book
from centernet_cli.datasets.synth.hand import Hand, write
from centernet_cli.datasets.synth.strokes import Script
from centernet_cli.datasets.synth.typeset import Frame, set_paragraph

OPENING = """Σήμερα, Παρασκευή 14 Ιουνίου, στις επτά το απόγευμα, συνεδρίασε στην αίθουσα του παλιού σχολείου το συμβούλιο του συλλόγου. Παρόντα ήταν
πέντε από τα επτά μέλη· η ταμίας και ο γραμματέας είχαν ενημερώσει ότι θα λείψουν."""
POINTS = (
    "έγκριση των πρακτικών της προηγούμενης συνεδρίασης·",
    "επισκευή της στέγης πριν από τον χειμώνα·",
    "ετήσια εκδρομή των μελών στο νησί·",
    "αγορά νέων βιβλίων για τη δανειστική βιβλιοθήκη.",
)
REST = (
    """Τα πρακτικά διαβάστηκαν και εγκρίθηκαν χωρίς αλλαγές. Για τη στέγη ζητήθηκαν τρεις προσφορές. Η πρώτη είναι φθηνότερη, όμως ο τεχνίτης δεν μπορεί
    να αρχίσει πριν από τον Νοέμβριο. Το συμβούλιο αποφάσισε να προτιμήσει τη δεύτερη, με την προϋπόθεση ότι οι εργασίες θα τελειώσουν ως το τέλος
    του Σεπτεμβρίου.""",
    """Η εκδρομή ορίστηκε για την τελευταία Κυριακή του Αυγούστου. Το πλοίο φεύγει στις οκτώ το πρωί. Κάθε μέλος μπορεί να φέρει έναν φίλο· τα παιδιά
    κάτω των δώδεκα ετών ταξιδεύουν δωρεάν.""",
)
SECOND = (
    """Για τη βιβλιοθήκη προτάθηκαν σαράντα τίτλοι. Επειδή τα χρήματα φτάνουν για τους μισούς, συμφωνήθηκε να ψηφίσουν τα μέλη στην επόμενη συνάντηση.
    Ο κατάλογος θα αναρτηθεί στον πίνακα της εισόδου.""",
    """Η πρόεδρος ευχαρίστησε τους νέους που έβαψαν τα κάγκελα της αυλής και ζήτησε εθελοντές για το καθάρισμα του πηγαδιού. Δήλωσαν συμμετοχή τέσσερις.""",
    """Στο τέλος έγινε συζήτηση για το μουσικό σχήμα του συλλόγου. Οι πρόβες θα γίνονται στο εξής κάθε Τετάρτη, ώστε να μη συμπίπτουν με τα μαθήματα χορού.
    Τα όργανα που χρειάζονται επισκευή θα σταλούν στην πόλη μέσα στον Ιούλιο.""",
    """Η συνεδρίαση έκλεισε στις εννέα και τέταρτο. Η επόμενη ορίστηκε για την Παρασκευή 12 Ιουλίου, την ίδια ώρα.""",
)


def minutes() -> list[Sheet]:
    """The two pages of the minutes."""
    pages = []
    for number, texts in ((1, REST), (2, SECOND)):
        sheet = Sheet(*A4)
        style = look("minutes", mono(), mono(), 10.6, 17.0, align="left", gap=8.0)
        block(sheet, "header", ["Σύλλογος Φίλων του Βιβλίου"], mono().regular, 9, 11, 70, 48)
        pour = flow(f"minutes-{number}", sheet, style, [Frame(70, 78, A4[0] - 140, A4[1] - 110)], "el")
        if number == 1:
            pour.heading(2, "ΠΡΑΚΤΙΚΑ ΣΥΝΕΔΡΙΑΣΗΣ")
            pour.paragraph(OPENING.split())
            pour.paragraph("Θέματα:".split())
            pour.list_(items=[point.split() for point in POINTS])
        for text in texts:
            pour.paragraph(text.split())
        if number == 2:
            y = pour.frame.y + 40
            for x, role in ((70, "Η πρόεδρος"), (340, "Ένα μέλος")):
                block(sheet, "text", [role], mono().regular, 10.6, 12, x, y)
                pen = Hand(None, 26, 0.3, 1.2, 0, 0.5, 0.05, 0.3, (30, 40, 110), Script(3 if x == 70 else 13))
                write(
                    sheet,
                    chance(f"minutes{x}"),
                    x,
                    y + 42,
                    "Papadia" if x == 70 else "Stavros",
                    pen,
                    width=150,
                    line=False,
                )
        block(sheet, "footer", [f"- {number} -"], mono().regular, 9.5, 11, A4[0] / 2, A4[1] - 50, align="center")
        pages.append(sheet)
    return pages


NOTE = (
    "Dear Margaret,",
    "",
    "the plums are ready and so is the",
    "ladder. Come on Saturday if the rain",
    "holds off, and bring the big baskets,",
    "the ones with the blue handles.",
    "",
    "For the jam we still need",
    "4 lbs of sugar",
    "two lemons",
    "a dozen jars with lids",
    "",
    "Peter has promised to mend the stove",
    "by then, but he has promised that",
    "since Easter. If he has not, we shall",
    "cook at your house and carry the",
    "jars home in the cart.",
    "",
    "With love from all of us, and from",
    "the dog, who found your glove,",
    "Eleanor",
)


def note() -> Sheet:
    """The handwritten note on ruled paper."""
    rng = chance("note")
    sheet = Sheet(420.0, 595.0, (250, 246, 232))
    face = hand_face("".join(NOTE).replace(" ", ""), "Breip", "Rufscript", "Klee One", "Dancing Script")
    pen = Hand(face, 19, 0.05, 1.0, 1, 0.6, 0.05, 0.32, (25, 40, 120))
    pitch, y = 24.0, 60.0
    for row in range(22):
        sheet.rule(0, 63 + row * pitch, 420, 63 + row * pitch, width=0.5, colour=(175, 195, 220))
    sheet.rule(52, 0, 52, 595, width=0.7, colour=(225, 130, 140))
    boxes = []
    for text in (*NOTE, ""):
        listed = bool(text) and (text[0].isdigit() or text in {"two lemons", "a dozen jars with lids"})
        if not text or listed:
            sheet.region("text", boxes)
            boxes = []
        found = write(sheet, rng, 100 if listed else 62, y, text, pen, width=340) if text else None
        if found is not None and listed:
            sheet.region("list", [found])
        elif found is not None:
            boxes.append(found)
        y += pitch
    return sheet


OLD = (
    """Es war im Winter des Jahres, da der Fluß bis auf den Grund gefroren, als in unſerm Städtlein ein Buchbinder lebte, der konnte nicht leſen. Er band die
    Bücher nach der Größe und nach der Farbe, und weil er ſorgfältig war und billig, ſo brachte ihm ein jeder, was er hatte.""",
    """Nun geſchah es, daß ein Reiſender bei ihm einkehrte und einen Band aufſchlug, den er eben geleimt. Da fand er vorn eine Predigt, in der Mitte die Preiſe des
    Korns und am Ende eine Anweiſung, Kirſchen einzumachen. Der Reiſende lachte ſehr und kaufte das Buch um einen Taler.""",
    """Seit jenem Tage kamen die Leute von weit her und wollten keine andern Bücher mehr als ſolche, in denen alles beiſammen wäre.""",
)


def old_page() -> Sheet:
    """A page as books had them around 1780, with long s, a drop capital, a marginal note and a catchword."""
    sheet = Sheet(360.0, 560.0, (240, 230, 206))
    ink = (45, 32, 25)
    body = default_book().named("Liberation Serif", "DejaVu Serif", "Bitstream Vera Sans")
    style = look("old", body, body, 12.2, 15.2, indent=14.0)
    x, width = 46.0, 216.0
    block(
        sheet, "header", ["Von nützlichen Büchern"], body.italic, 12, 14, x + width / 2, 54, align="center", colour=ink
    )
    block(sheet, "header", ["37"], body.regular, 12, 14, x + width, 54, align="right", colour=ink)
    sheet.rule(x, 60, x + width, 60, width=0.7, colour=ink)
    block(sheet, "title", ["Das dritte Capitel."], body.regular, 16, 18, x + width / 2, 92, align="center", colour=ink)
    drop = sheet.text(x, 142, "E", body.regular, 46, colour=ink)
    sheet.region("other", [drop])
    frame = Frame(x + 33, 112, width - 33, 142.7)
    boxes: list[tuple[float, float, float, float]] = []
    plain = style.text(indent=0.0, colour=ink)
    # The drop capital is the E of the first word.
    rest = set_paragraph(sheet, ["s", *OLD[0].split()[1:]], plain, frame, boxes=boxes)
    frame = Frame(x, frame.y, width, 480)
    set_paragraph(sheet, rest, plain, frame, boxes=boxes)
    sheet.region("text", boxes)
    for text in OLD[1:]:
        boxes = []
        set_paragraph(sheet, text.split(), style.text(colour=ink), frame, boxes=boxes)
        sheet.region("text", boxes)
    margin = Frame(x + width + 14, 236, 62, 400)
    boxes = []
    set_paragraph(
        sheet,
        "Von der Neugier der Reiſenden.".split(),
        style.text(size=8.6, leading=10, align="left", indent=0.0, colour=ink),
        margin,
        boxes=boxes,
    )
    sheet.region("other", boxes)
    block(sheet, "footer", ["Der"], body.regular, 12.2, 14, x + width, frame.y + 22, align="right", colour=ink)
    block(sheet, "footer", ["C 3"], body.regular, 12.2, 14, x + width / 2, frame.y + 22, align="center", colour=ink)
    return sheet
