"""XML that means harm, XML that is broken, and XHTML as it comes."""

from __future__ import annotations

import socket
import sys

import pytest
from hypothesis import given
from hypothesis import strategies as st

from centernet_cli.core.errors import InputError, MissingRequirementError
from centernet_cli.datasets.formats.safe_xml import local_name, parse_xhtml, parse_xml, read_xml, xml_text

LAUGHS = "".join(f'<!ENTITY l{n} "{f"&l{n - 1};" * 10 if n else "lol"}">' for n in range(12))
ATTACKS = {
    "billion laughs": f'<?xml version="1.0"?><!DOCTYPE a [{LAUGHS}]><a x="&l11;">&l11;</a>',
    "quadratic": f'<!DOCTYPE a [<!ENTITY b "{"b" * 100_000}">]><a>{"&b;" * 100_000}</a>',
    "file": '<!DOCTYPE a [<!ENTITY b SYSTEM "file:///etc/passwd">]><a>&b;</a>',
    "address": '<!DOCTYPE a [<!ENTITY b SYSTEM "http://SERVER/b">]><a>&b;</a>',
    "parameter": '<!DOCTYPE a [<!ENTITY % b SYSTEM "http://SERVER/b">%b;]><a/>',
    "cycle": '<!DOCTYPE a [<!ENTITY b "&c;"><!ENTITY c "&b;">]><a>&b;</a>',
    "defaults": '<!DOCTYPE a [<!ATTLIST a b CDATA "c">]><a/>',
    "late": f"{'<!-- long -->' * 50_000}<?pi?><!DOCTYPE a []><a/>",
}


@pytest.fixture
def server():
    """Listen on a port of this machine, and fail if anyone called in the meantime."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        listener.setblocking(False)
        yield f"127.0.0.1:{listener.getsockname()[1]}"
        with pytest.raises(BlockingIOError):
            listener.accept()


@pytest.mark.parametrize("encoding", ["utf-8", "utf-16", "utf-8-sig"])
@pytest.mark.parametrize("name", ATTACKS)
@pytest.mark.parametrize("parse", [parse_xml, parse_xhtml])
def test_declarations_are_refused_unread(parse, name: str, encoding: str, server: str) -> None:
    with pytest.raises(InputError, match=r"a\.xml: X301 .*DOCTYPE"):
        parse(ATTACKS[name].replace("SERVER", server).encode(encoding), path="a.xml")


def test_a_doctype_that_another_encoding_hides_is_refused() -> None:
    text = '<?xml version="1.0" encoding="UTF-7"?>' + "<!DOCTYPE a []><a/>".encode("utf-7").decode()
    text = text.replace("?><", "?>+ADw-")
    with pytest.raises(InputError, match=r"X30[12]"):
        parse_xml(text.encode())


def test_a_dtd_that_is_only_named_is_refused_in_xml_and_not_read_in_xhtml(tmp_path, server: str) -> None:
    dtd = tmp_path / "b.dtd"
    dtd.write_text('<!ATTLIST html lang CDATA "xx"><!ENTITY c "read">')
    for place in (dtd.as_uri(), f"http://{server}/b.dtd"):
        doctype = f'<!DOCTYPE html SYSTEM "{place}">'
        with pytest.raises(InputError, match="X301"):
            parse_xml(f"{doctype}<html/>".encode())
        for start in (doctype, f'<?xml version="1.0"?>\n{doctype}'):
            body = '<html xmlns="http://www.w3.org/1999/xhtml"><p>&c;&nbsp;</p></html>'
            root, _ = parse_xhtml(f"{start}{body}".encode())
            assert root.get("lang") is None
            assert "read" not in "".join(root.itertext())


@pytest.mark.parametrize(
    "start", ["<!DOCTYPE html>", '<!DOCTYPE html PUBLIC "-//W3C//DTD XHTML 1.0 Strict//EN" "a">', ""]
)
def test_a_usual_doctype_is_welcome_in_xhtml(start: str) -> None:
    root, _ = parse_xhtml(f'{start}<html xmlns="http://www.w3.org/1999/xhtml"><p>&nbsp;x</p></html>'.encode())
    assert local_name(root) == "html"


def test_xinclude_stays_an_element() -> None:
    text = b'<a xmlns:xi="http://www.w3.org/2001/XInclude"><xi:include href="/etc/passwd" parse="text"/></a>'
    root = parse_xml(text)
    assert [local_name(child) for child in root] == ["include"]
    assert "".join(root.itertext()) == ""


@pytest.mark.parametrize(
    ("data", "place", "reason"),
    [
        (b'<?xml version="1.0"?>\n<a>\n <b></c></a>', ":3:", "mismatch"),
        (b"<a>\n<b>", ":2:", ""),
        (b"", "", ""),
        (b"\0\0\0\0", "", ""),
        (b"\x89PNG\r\n", "", ""),
        (b'{"a": 1}', "", ""),
        (b'<?xml version="1.0" encoding="klingon"?><a/>', "", "klingon"),
        (b'<?xml version="1.0" encoding="utf-8"?><a>\xff</a>', ":1:", ""),
        (b"<a>&b;</a>", ":1:", "b"),
        (b"<a>" * 5000 + b"</a>" * 5000, ":1:", "depth"),
        (b'<a b="' + b"1" * 11_000_000 + b'"/>', "", ""),
    ],
)
def test_what_is_not_well_formed_is_told_with_its_place(data: bytes, place: str, reason: str) -> None:
    with pytest.raises(InputError, match=rf"^a\.xml{place}.*X302 .*{reason}") as caught:
        parse_xml(data, path="a.xml")
    assert len(str(caught.value)) < 400


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "utf-16-le", "iso-8859-1"])
def test_encodings(encoding: str) -> None:
    declared = "utf-8" if encoding == "utf-8-sig" else encoding
    root = parse_xml(f'<?xml version="1.0" encoding="{declared}"?><a b="é"/>'.encode(encoding))
    assert root.get("b") == "é"


def test_files_that_cannot_be_read(tmp_path) -> None:
    with pytest.raises(InputError, match="J401"):
        read_xml(tmp_path)
    with pytest.raises(InputError, match="J401"):
        read_xml(tmp_path / "a.xml")


def test_html_that_browsers_read_is_read() -> None:
    root, well_formed = parse_xhtml(b"<!DOCTYPE html><html><meta charset=utf-8><p>a<p>b &amp c</html>")
    assert not well_formed
    assert [local_name(element) for element in root.iter()] == ["html", "head", "meta", "body", "p", "p"]
    root, well_formed = parse_xhtml(b'<html xmlns="http://www.w3.org/1999/xhtml"><span id="a"/><span id="b"/></html>')
    assert well_formed
    assert len(root) == 2


@pytest.mark.parametrize("text", ["<html><p>a", '<html xmlns="http://www.w3.org/1999/xhtml"><p>a', "<div>" * 5000])
def test_html_that_is_cut_off_or_too_deep_is_refused(text: str) -> None:
    with pytest.raises(InputError, match="X302"):
        parse_xhtml(text.encode())


def test_without_lxml_its_want_is_told(monkeypatch) -> None:
    monkeypatch.setitem(sys.modules, "lxml", None)
    with pytest.raises(MissingRequirementError, match="E712"):
        parse_xml(b"<a/>")


@given(st.text())
def test_text_that_xml_holds_is_kept_and_the_rest_replaced(text: str) -> None:
    from lxml import etree

    found = xml_text(text)
    assert len(found) == len(text)
    element = etree.Element("a", b=found)
    assert parse_xml(etree.tostring(element)).get("b") == found


@given(st.binary(max_size=60) | st.text(alphabet="<>&;!/[]=\"'aD?- ", max_size=60).map(str.encode))
def test_any_bytes_give_an_element_or_an_input_error(data: bytes) -> None:
    for parse in (parse_xml, parse_xhtml):
        try:
            parse(data)
        except InputError as error:
            assert error.code in {"X301", "X302"}  # noqa: PT017 (either outcome is right)
