"""Reading XML and XHTML that nobody vouches for: no DTD, no entities, no network, bounded memory."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from centernet_cli.core.errors import InputError, MissingRequirementError
from centernet_cli.core.safe_io import read_bytes

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    # lxml has no types of its own.
    Element = Any

MAX_BYTES = 250_000_000
"""A page has up to a few megabytes; a tree in memory takes some ten times its file."""
_CHUNK = 65_536
_SUBSET = re.compile(rb"<!DOCTYPE[^>\[]*\[", re.IGNORECASE)
_XHTML = re.compile(rb"^(?:\xef\xbb\xbf)?\s*<\?xml|http://www\.w3\.org/1999/xhtml", re.IGNORECASE)
# What XML 1.0 cannot hold, not even escaped.
_NO_XML = re.compile("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
XSI = "http://www.w3.org/2001/XMLSchema-instance"
SCHEMA_LOCATION = f"{{{XSI}}}schemaLocation"
_DTD_HINT = "remove the DOCTYPE; what it declares is not needed"


class _DoctypeError(Exception):
    """The document has a DOCTYPE."""


class _RootReached(Exception):  # noqa: N818 (no error: the end of the search)
    """The document's first element begins, so no DOCTYPE follows."""


class _Prologue:
    """Parser target that stops at the DOCTYPE, before anything in it is looked at, or else at the first element."""

    def doctype(self, *_: object) -> None:
        raise _DoctypeError

    def start(self, *_: object) -> None:
        raise _RootReached

    def close(self) -> None:
        """Do nothing; parsers ask for it."""


def _etree() -> Any:
    """Import lxml, which most commands do without."""
    try:
        from lxml import etree
    except ImportError as error:
        raise MissingRequirementError("E712", f"lxml cannot be loaded: {error}", hint="pip install lxml") from error
    return etree


def read_xml(path: Path) -> Element:
    """Read an XML file; see `parse_xml`.

    Raises:
        InputError: J401 cannot be read, J402 too large, or what `parse_xml` raises.
    """
    return parse_xml(read_bytes(path, max_bytes=MAX_BYTES), path=path)


def parse_xml(data: bytes, *, path: object = None) -> Element:
    """Parse an XML document strictly.

    Entities, external DTDs and the like need a DOCTYPE to be declared, so that is refused, at its first character.
    XInclude elements stay elements.

    Args:
        data: The document in any encoding it declares.
        path: Named by errors.

    Returns:
        The root, an `lxml.etree` element; comments and processing instructions are left out.

    Raises:
        InputError: X301 a DOCTYPE; X302 not well-formed, nested too deeply or beyond other limits, with the place.
        MissingRequirementError: E712.
    """
    etree = _etree()
    _refuse_doctype(data, path)
    root = _strict(etree, data, path)
    if root.getroottree().docinfo.internalDTD is not None:  # not reached unless two parsers disagree
        raise InputError("X301", "DOCTYPE is not allowed", path=path, hint=_DTD_HINT)
    return root


def parse_xhtml(data: bytes, *, path: object = None) -> tuple[Element, bool]:
    """Parse an XHTML or HTML document.

    A DOCTYPE that names a DTD is normal there and has no effect, one that declares something is refused. What says it
    is XHTML is parsed as XML; if that fails, it is parsed as browsers do, yet refused if its end is missing.

    Returns:
        The root, an `lxml.etree` element, and whether the document was well-formed XML.

    Raises:
        InputError: X301 declarations in the DOCTYPE, X302 malformed.
        MissingRequirementError: E712.
    """
    etree = _etree()
    # Also in UTF-16 and UTF-32, whose bytes for these characters have zeros between them.
    if _SUBSET.search(data.replace(b"\0", b"")):
        raise InputError("X301", "declarations in the DOCTYPE are not allowed", path=path, hint=_DTD_HINT)
    if _XHTML.search(data[:4096].replace(b"\0", b"")):
        try:
            root = _strict(etree, data, path)
        except InputError:
            if not _is_closed(data):
                raise
        else:
            dtd = root.getroottree().docinfo.internalDTD
            if dtd is not None and (any(dtd.iterentities()) or any(dtd.iterelements())):
                raise InputError("X301", "declarations in the DOCTYPE are not allowed", path=path, hint=_DTD_HINT)
            return root, True
    return _browser_like(etree, data, path), False


def xml_text(text: str) -> str:
    """Return `text` with what XML cannot hold (most control characters, lone surrogates) replaced by U+FFFD."""
    return _NO_XML.sub("\ufffd", text)


def local_name(element: Element) -> str:
    """Return an element's name without namespace; empty for what is no element."""
    tag = element.tag
    return tag.rpartition("}")[2] if isinstance(tag, str) else ""


def namespace(element: Element) -> str:
    """Return the URI of an element's namespace, empty if it has none."""
    tag = element.tag
    return tag[1:].partition("}")[0] if isinstance(tag, str) and tag.startswith("{") else ""


def same_namespace(element: Element) -> Iterator[Element]:
    """Yield the children in the same namespace; others are extensions of other programs."""
    own = namespace(element)
    return (child for child in element if local_name(child) and namespace(child) == own)


def _refuse_doctype(data: bytes, path: object) -> None:
    etree = _etree()
    parser = etree.XMLParser(target=_Prologue(), resolve_entities=False, no_network=True, load_dtd=False)
    try:
        for start in range(0, len(data), _CHUNK):
            parser.feed(data[start : start + _CHUNK])
        parser.close()
    except _DoctypeError as error:
        raise InputError("X301", "DOCTYPE is not allowed", path=path, hint=_DTD_HINT) from error
    except (_RootReached, etree.XMLSyntaxError, LookupError):
        return  # faults are told by the parser proper


def _strict(etree: Any, data: bytes, path: object) -> Element:
    parser = etree.XMLParser(
        resolve_entities=False,
        no_network=True,
        load_dtd=False,
        dtd_validation=False,
        attribute_defaults=False,
        huge_tree=False,
        recover=False,
        remove_comments=True,
        remove_pis=True,
    )
    try:
        return etree.fromstring(data, parser)
    except etree.XMLSyntaxError as error:
        line, col = error.position
        raise InputError(
            "X302", f"not well-formed XML: {_reason(error.msg)}", path=path, line=line or None, col=col or None
        ) from error
    except (LookupError, ValueError) as error:  # an encoding that nobody knows
        raise InputError("X302", f"not XML that can be read: {_reason(str(error))}", path=path) from error


def _browser_like(etree: Any, data: bytes, path: object) -> Element:
    parser = etree.HTMLParser(no_network=True, huge_tree=False, remove_comments=True, remove_pis=True)
    try:
        root = etree.fromstring(data, parser)
    except (etree.XMLSyntaxError, LookupError, ValueError) as error:
        raise InputError("X302", f"not HTML: {_reason(str(error))}", path=path) from error
    if root is None:
        raise InputError("X302", "not HTML: no element in it", path=path)
    fatal = next((entry for entry in parser.error_log if entry.type_name == "ERR_RESOURCE_LIMIT"), None)
    if fatal is not None:
        raise InputError("X302", f"not read: {_reason(fatal.message)}", path=path, line=fatal.line)
    if not _is_closed(data):
        raise InputError("X302", "truncated: no </html> at the end", path=path)
    return root


def _is_closed(data: bytes) -> bool:
    """Tell whether a document that begins with <html> also ends it."""
    start, end = (part.replace(b"\0", b"").lower() for part in (data[:8192], data[-8192:]))
    return b"<html" not in start or b"</html" in end


def _reason(text: str | None) -> str:
    """Return a parser's message in one line, without the place that the error names anyway."""
    first = (text or "empty document").partition("\n")[0]
    return re.sub(r",? \(?(?:<string>, )?line \d+.*", "", first)[:200]


def xml_builder(uri: str, **prefixes: str) -> Any:
    """Return a function that makes elements of one namespace: `make(parent or None, name, attribute=value or None)`.

    Args:
        uri: The namespace.
        prefixes: Other namespaces that the root declares, by their prefixes.
    """
    etree = _etree()

    def make(parent: Element | None, name: str, /, **attributes: str | None) -> Element:
        given = {key: value for key, value in attributes.items() if value is not None}
        tag = f"{{{uri}}}{name}"
        if parent is None:
            names: dict[str | None, str] = {None: uri}
            names.update(prefixes.items())
            return etree.Element(tag, given, nsmap=names)
        return etree.SubElement(parent, tag, given)

    return make


def write_xml(path: Path, root: Element, *, doctype: str | None = None) -> None:
    """Write a document in UTF-8, indented; the folder of `path` is made."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(xml_bytes(root, doctype=doctype))


def xml_bytes(root: Element, *, doctype: str | None = None) -> bytes:
    """Return a document in UTF-8, indented."""
    text: bytes = _etree().tostring(root, xml_declaration=True, encoding="UTF-8", pretty_print=True, doctype=doctype)
    return text
