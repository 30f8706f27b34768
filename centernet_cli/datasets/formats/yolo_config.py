"""What stands beside YOLO labels: data.yaml, darknet's obj.data and obj.names, classes.txt."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path

from centernet_cli.core.errors import InputError
from centernet_cli.core.safe_io import lexical_inside, read_bytes, resolve_inside
from centernet_cli.datasets.formats.problems import Problems

SPLITS = ("train", "val", "valid", "test")
_YAML = (".yaml", ".yml")
_NAME_FILES = ("classes.txt", "labels/classes.txt", "obj.names", "_darknet.labels", "train/_darknet.labels")
_MAX_TEXT = 100_000_000
MISSING_SPLIT = "split left out, as its folder or list is not there: "


@dataclass(slots=True)
class YoloConfig:
    """Where labels lie and what they mean.

    Attributes:
        root: The data folder.
        names: Class names in order, if known.
        places: Folders, and lists of images, that the splits name, relative to `root`; none: everything below it.
        keypoints: Numbers for keypoints behind each box.
        files: What was read.
        notes: What is worth saying.
    """

    root: Path
    names: tuple[str, ...] | None = None
    places: list[str] = field(default_factory=list)
    keypoints: int = 0
    files: list[Path] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)


def read_config(path: Path) -> YoloConfig:
    """Read what describes the labels in a folder: data.yaml, else obj.data, else a list of names; or a file of these.

    Raises:
        InputError: D001, D002, D013, D016, D017, J401, R3xx or X310; all problems of the file in one error.
    """
    file = path
    if path.is_dir():
        found = _config_file(path)
        if found is None:
            return _with_names(YoloConfig(root=path))
        file = found
    suffix = file.suffix.lower()
    if suffix in _YAML:
        return _read_yaml(file)
    if suffix == ".data":
        return _read_darknet(file)
    message = "neither a folder of labels nor a data.yaml or obj.data"
    raise InputError("D001", message, path=path, hint="name the folder that holds images and labels")


def _config_file(folder: Path) -> Path | None:
    for name in ("data.yaml", "dataset.yaml", "data.yml", "obj.data"):
        if (folder / name).is_file():
            return folder / name
    found = [entry for entry in sorted(folder.iterdir()) if entry.suffix.lower() in {*_YAML, ".data"}]
    candidates = [entry for entry in found if entry.is_file() and _looks_like_config(entry)]
    if len(candidates) > 1:
        names = ", ".join(entry.name for entry in candidates[:5])
        raise InputError("D001", f"several descriptions: {names}", path=folder, hint="name the one to read")
    return candidates[0] if candidates else None


def _looks_like_config(file: Path) -> bool:
    from centernet_cli.core.strict_yaml import Problem, decode, parse

    try:
        text = decode(read_bytes(file, max_bytes=_MAX_TEXT))
    except InputError:
        return False
    if isinstance(text, Problem):
        return False
    if file.suffix.lower() == ".data":
        return "names" in text and "=" in text
    data = parse(text).data
    return isinstance(data, dict) and "names" in data and any(key in data for key in (*SPLITS, "nc", "path"))


def _with_names(config: YoloConfig) -> YoloConfig:
    for name in _NAME_FILES:
        file = config.root / name
        if file.is_file():
            config.names = read_names(file)
            config.files.append(file)
            break
    return config


def read_names(file: Path) -> tuple[str, ...]:
    """Read a list of class names, one a line; empty lines at the end count for nothing.

    Raises:
        InputError: D017 not UTF-8, J401 or J402 not readable.
    """
    return tuple(line.strip() for line in read_text(file).rstrip().splitlines())


def read_text(file: Path) -> str:
    """Read a text file.

    Raises:
        InputError: D017 not UTF-8, J401 or J402 not readable.
    """
    raw = read_bytes(file, max_bytes=_MAX_TEXT)
    try:
        return raw.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = raw.count(b"\n", 0, error.start) + 1
        raise InputError("D017", "not UTF-8", path=file, line=line, hint="save it as UTF-8") from None


def _read_darknet(file: Path) -> YoloConfig:
    """Read obj.data: `key = value` lines; its paths are relative to where darknet is started, one above or here."""
    config = YoloConfig(root=file.parent, files=[file])
    values: dict[str, str] = {}
    for line in read_text(file).splitlines():
        key, found, value = line.partition("=")
        if found:
            values[key.strip()] = value.strip()
    if values.get("names"):
        names = _find(config.root, values["names"], file)
        if names is None:
            raise InputError("D016", f"the list of names, {values['names']!r:.80}, is missing", path=file)
        config.names = read_names(names)
        config.files.append(names)
    for split in SPLITS:
        if values.get(split):
            _add_place(config, split, values[split], file)
    _refuse_nothing(config, [split for split in SPLITS if values.get(split)], file)
    return config if config.names is not None else _with_names(config)


def _read_yaml(file: Path) -> YoloConfig:
    # The parser takes longer to import than all formats together.
    from centernet_cli.core.strict_yaml import Problem, decode, parse

    text = decode(read_bytes(file))
    if isinstance(text, Problem):
        raise InputError(text.code, text.message, path=file, line=text.line, col=text.col, hint=text.hint)
    document = parse(text)
    problems = Problems(file)
    for found in document.problems:
        at = {"line": found.line, "col": found.col}
        problems.add_error(InputError(found.code, found.message, path=file, hint=found.hint, **at))
    problems.raise_if_any()
    if not isinstance(document.data, dict):
        raise InputError("D001", "no `names` and `train` in it", path=file)
    data = document.data
    config = YoloConfig(root=file.parent, files=[file])
    config.names = _yaml_names(data.get("names"), file)
    shape = data.get("kpt_shape")
    if isinstance(shape, list) and len(shape) == 2 and all(type(item) is int and 0 < item < 1000 for item in shape):
        config.keypoints = shape[0] * shape[1]
    base = data.get("path")
    named: list[str] = []
    for split in SPLITS:
        value = data.get(split)
        for item in value if isinstance(value, list) else [value]:
            if isinstance(item, str) and item:
                named.append(item)
                _add_place(config, split, item, file, base if isinstance(base, str) else "")
            elif item is not None:
                raise InputError("D002", f"`{split}` is neither a path nor a list of paths", path=file)
    _refuse_nothing(config, named, file)
    return config


def _yaml_names(value: object, file: Path) -> tuple[str, ...] | None:
    """Return class names from a list, or from a mapping of numbers to names."""
    if value is None:
        return None
    items: list[object]
    if isinstance(value, list):
        items = value
    elif isinstance(value, dict):
        try:
            numbered = {int(key): name for key, name in value.items()}
        except ValueError:
            numbered = {}
        if sorted(numbered) != list(range(len(value))):
            raise InputError("D002", "`names` has other keys than 0, 1, 2, …", path=file)
        items = [numbered[index] for index in range(len(numbered))]
    else:
        raise InputError("D002", "`names` is neither a list nor a mapping of numbers to names", path=file)
    names = []
    for item in items:
        if isinstance(item, dict | list) or item is None:
            raise InputError("D013", "a class name is not a text", path=file)
        # A name that looks like a number is one all the same.
        names.append(item if isinstance(item, str) else str(item))
    return tuple(names)


def _add_place(config: YoloConfig, split: str, value: str, file: Path, base: str = "") -> None:
    place = _find(config.root, value, file, base)
    if place is None:
        config.notes.append(f"{MISSING_SPLIT}{split}: {value}"[:200])
        return
    name = place.relative_to(config.root).as_posix()
    if name not in config.places:
        config.places.append(name)
    if place.is_file():
        config.files.append(place)


def _refuse_nothing(config: YoloConfig, named: list[str], file: Path) -> None:
    if named and not config.places:
        hint = "they are looked for next to the file and below"
        raise InputError("D016", f"none of its folders is there: {', '.join(named)}"[:300], path=file, hint=hint)


def _find(root: Path, value: str, file: Path, base: str = "") -> Path | None:
    """Return what a path in a description means, below `root`; None if nothing is there.

    Such paths are relative to the description, to `base` in it, to where the training is started, or to another
    computer; so their last parts count. Nothing outside `root` is looked at.

    Raises:
        InputError: X310, it leads out through a link, or holds what no path does.
    """
    for text in (f"{base}/{value}" if base else value, value):
        parts = [part for part in text.replace("\\", "/").split("/") if part not in {"", "."}]
        while parts and parts[0] == "..":
            parts.pop(0)
        for start in range(len(parts)):
            name = "/".join(parts[start:])
            try:
                clean = lexical_inside(name)
                if (root / clean).exists():
                    return resolve_inside(root, clean)
            except InputError as error:
                if start == len(parts) - 1:
                    raise InputError(error.code, error.message, path=file) from None
            except (OSError, ValueError):
                continue
    if value.strip("./\\") == "":  # `train: .`
        return root
    return None
