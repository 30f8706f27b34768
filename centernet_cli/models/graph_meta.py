"""What an exported graph says about itself; readable without torch and without the libraries that run it.

An ONNX file is a protocol buffer; of all its fields only `metadata_props` is looked at, the others, weights among
them, are skipped. OpenVINO's files are XML, with the weights in a second file.
"""

from __future__ import annotations

from typing import IO, TYPE_CHECKING

from centernet_cli.core.errors import InputError, ModelError

if TYPE_CHECKING:
    from pathlib import Path

GRAPH_KEY = "centernet.graph"
"""Version of the graph: raised when graphs made before must not be used any more."""
WEIGHTS_KEY = "centernet.weights"
"""SHA-256 of the weights that a graph was made of."""
GRAPH_VERSION = "2"
SUFFIXES = (".onnx", ".xml")
"""Of files that hold an exported graph."""

_METADATA_PROPS, _KEY, _VALUE = 14, 1, 2
_VARINT, _FIXED64, _BYTES, _FIXED32 = 0, 1, 2, 5
_MAX_METADATA = 2**24
_MAX_VARINT = 10


def is_graph(path: Path) -> bool:
    """Say whether a file is an exported graph, by its name."""
    return path.suffix.lower() in SUFFIXES


def read_graph_metadata(path: Path) -> dict[str, str]:
    """Return the metadata of an exported graph.

    Raises:
        ModelError: M505, the file cannot be read or is no graph.
    """
    return read_openvino_metadata(path) if path.suffix.lower() == ".xml" else read_onnx_metadata(path)


def read_openvino_metadata(path: Path) -> dict[str, str]:
    """Return what an OpenVINO file says that the ONNX file said it was made of.

    Raises:
        ModelError: M505, the file cannot be read or is no XML.
    """
    from centernet_cli.datasets.formats.safe_xml import read_xml

    try:
        entries = read_xml(path).findall("rt_info/framework/*")
    except InputError as error:
        raise ModelError("M505", f"not a readable OpenVINO file: {error.message}", path=path) from error
    return {str(entry.tag): str(entry.get("value", "")) for entry in entries}


def read_onnx_metadata(path: Path) -> dict[str, str]:
    """Return the `metadata_props` of an ONNX file.

    Raises:
        ModelError: M505, the file cannot be read or is no ONNX file.
    """
    try:
        with path.open("rb") as file:
            end = file.seek(0, 2)
            file.seek(0)
            return dict(_string_pair(entry) for entry in _fields(file, end, _METADATA_PROPS))
    except (OSError, EOFError, ValueError) as error:
        raise ModelError("M505", f"not a readable ONNX file: {error}", path=path) from error


def _fields(file: IO[bytes], end: int, wanted: int) -> list[bytes]:
    """Return the bytes of every field numbered `wanted` up to position `end`."""
    found = []
    while file.tell() < end:
        number, kind = divmod(_varint(file), 8)
        if kind == _VARINT:
            _varint(file)
            continue
        if kind not in {_FIXED64, _BYTES, _FIXED32}:
            raise ValueError("it has fields of no kind that protocol buffers have")
        size = {_FIXED64: 8, _FIXED32: 4}.get(kind) or (_varint(file) if kind == _BYTES else 0)
        if size > end - file.tell():
            raise EOFError("it is cut off")
        if number == wanted and kind == _BYTES:
            if size > _MAX_METADATA:
                raise ValueError("its metadata is too large")
            found.append(file.read(size))
        else:
            file.seek(size, 1)
    return found


def _varint(file: IO[bytes]) -> int:
    value = 0
    for position in range(_MAX_VARINT):
        byte = file.read(1)
        if not byte:
            raise EOFError("it is cut off")
        value |= (byte[0] & 0x7F) << (7 * position)
        if byte[0] < 0x80:
            return value
    raise ValueError("it has numbers that are too long")


def _string_pair(entry: bytes) -> tuple[str, str]:
    from io import BytesIO

    def last(number: int) -> str:
        return (_fields(BytesIO(entry), len(entry), number) or [b""])[-1].decode("utf-8")

    return last(_KEY), last(_VALUE)
