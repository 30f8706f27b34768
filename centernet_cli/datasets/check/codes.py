"""What `data check` can find: severity, what it means, what to do. `docs/errors.md` lists the same codes."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from centernet_cli.datasets.check.findings import Severity

CODES: dict[str, tuple[Severity, str, str]] = {
    "D009": ("error", "box without area, or inverted", "inverted ones can be turned round, empty ones are lost"),
    "D010": ("error", "box outside its page", "often boxes made for another size or the un-rotated image"),
    "D014": ("error", "size of the image is another than its annotations say", "boxes belong to the image they name"),
    "D016": ("error", "image of a page is missing", "put it in its place, or take its annotations out"),
    "D023": ("warning", "polygon that crosses itself", "its points are likely in a wrong order"),
    "D024": ("warning", "box reaches over the edge of its page", "it can be cut off there"),
    "D025": ("warning", "polygon without area or with fewer than three points", "its box is all that it says"),
    "D026": ("warning", "shape that is no box and is left out", "draw a box or polygon instead"),
    "D027": ("warning", "box that is not the one around its polygon", "one of them is likely wrong"),
    "D028": ("warning", "`area` that neither the box nor the polygon has", "often left from another size of the image"),
    "D029": ("warning", "split whose folder or list is not there", "put it in its place, or take it out"),
    "D036": ("warning", "the same box twice, of the same class", "one of them is enough"),
    "D037": ("warning", "nearly the same box twice, of the same class", "likely one thing annotated twice"),
    "D038": ("warning", "class names that differ only in spelling", "a class map can merge them: convert --class-map"),
    "D039": ("warning", "empty class name", "name the class"),
    "D040": (
        "warning",
        "page with more objects than the recipe finds on one",
        "raise decode.top_k and eval.max_dets above the largest count",
    ),
    "D041": (
        "warning",
        "centres of boxes of one class in the same cell of the recipe's heatmap: only one can be found",
        "a larger train.page_size (or train.input) parts them",
    ),
    "D042": (
        "warning",
        "box lower or narrower than one and a half cells of the recipe's heatmap, so hard to find",
        "a larger train.page_size (or train.input) helps",
    ),
    "D043": ("warning", "box thinner than a pixel, or more than 100 times as long as wide", "likely a slip"),
    "D044": ("info", "page without boxes", "right if it is empty; else annotate it or take it out"),
    "D045": ("info", "image that no annotation names", "annotate it, or leave it: it is not read"),
    "D046": ("warning", "image listed more than once", "its boxes belong on one page"),
    "D047": ("warning", "two images with the same content", "one of them is enough"),
    "D048": ("info", "images that look alike, other than by name", "likely one page saved twice: compare them"),
    "D050": ("error", "the same image in two splits", "a model is judged on what it has learnt"),
    "D051": ("warning", "image that looks like one of another split", "likely the same page saved twice: compare them"),
    "D052": ("warning", "pages of one document in two splits", "`data split` keeps documents together"),
    "D053": (
        "error",
        "boxes made on the image as it is stored, not as its EXIF orientation shows it",
        "they have to be turned with it",
    ),
    "D054": ("info", "one box with two classes", "right for nested annotations, else one is wrong"),
    "D055": ("info", "class that the recipe does not learn", "data.classes and data.class_map decide"),
    "D056": ("info", "class that no box has", "take it out of the list, or annotate it"),
    "D057": ("info", "images outside the dataset's folder, as predictions have them, are not looked at", ""),
    "D058": (
        "warning",
        "page measured in another unit than pixels, whose image isn't there to tell how many these are",
        "put the image in its place: boxes are scaled to it",
    ),
    "I102": ("error", "image of a page is none that is read", "PNG, JPEG, TIFF, WEBP, BMP and GIF are"),
    "I101": ("error", "image of a page is damaged", "replace it"),
}
"""Code to severity, message and hint."""

OF_READERS: dict[str, tuple[str, str]] = {
    "D001": ("not a dataset of this format, or no page in it", ""),
    "D002": ("entry of the wrong type", ""),
    "D003": ("id used twice", ""),
    "D004": ("annotation of an image that isn't there", ""),
    "D005": ("annotation of a category that isn't there", ""),
    "D007": ("width and height are missing or wrong", ""),
    "D008": ("box or shape that isn't made of numbers", ""),
    "D011": ("segmentation that is neither polygons nor a mask", ""),
    "D012": ("score that isn't a number from 0 to 1", ""),
    "D013": ("label that isn't text", ""),
    "D017": ("line or text that cannot be read", ""),
    "D020": ("points that are no pairs of numbers", ""),
    "D021": ("shape that reaches beyond a billion pixels", ""),
    "D022": ("positions in an unknown unit", ""),
    "D030": ("nothing to learn from", ""),
    "D031": ("no dataset of a format that is recognised", ""),
    "D032": ("the folder holds several formats", "--format names the one to read"),
    "D034": ("`annotates` names classes that the recipe does not learn", "data.classes lists those that it does"),
    "D035": ("no class in common with the recipe", "data.class_map renames"),
    "J401": ("file that cannot be opened", ""),
    "J402": ("file that is too large to be read", "split it"),
    "J403": ("file that is not UTF-8", "save it as UTF-8"),
    "J404": ("file that is not JSON", ""),
    "J407": ("file that is nested too deeply", ""),
    "X301": ("file with a DOCTYPE, which may do harm", "remove it; what it declares is not needed"),
    "X302": ("file that is not well-formed, or another kind of document", ""),
    "J405": ("the same key twice in one object", "the last one counts here"),
    "J406": ("NaN, infinity or a number too large", "the first place is named; there may be more"),
    "Z601": ("ZIP file that cannot be read, or with entries that no honest dataset has", ""),
    "X310": ("file name that leads outside the data folder", "names must be relative and stay below it"),
}
"""Messages and hints of codes that readers raise, all of them errors; others speak for themselves."""
