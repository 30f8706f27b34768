"""Text in XML that we write ourselves."""

from __future__ import annotations

from centernet_cli.datasets.formats.safe_xml import xml_text


def escape(text: str) -> str:
    """Return a text as it stands between tags, or in an attribute's quotes; what XML cannot hold is replaced."""
    text = xml_text(text).replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;").replace('"', "&quot;")
    return text.replace("\t", "&#9;").replace("\n", "&#10;").replace("\r", "&#13;")


def xml_label(text: str) -> str:
    """Return a label as XML holds it: without the line ends and indentation that printing in a nice way puts around."""
    text = xml_text(text)
    return text.strip() if text.startswith(("\n", "\r")) else text
