"""What `evaluate` compares: datasets, predictions read or made, and the classes both sides know."""

from __future__ import annotations

from itertools import zip_longest
from pathlib import Path
from typing import TYPE_CHECKING, Any

from centernet_cli.cli import console
from centernet_cli.core.errors import InputError, ModelError, UsageError, printable

if TYPE_CHECKING:
    from collections.abc import Collection, Sequence

    from centernet_cli.cli.evaluate_classes import Renaming
    from centernet_cli.core.records import Dataset
    from centernet_cli.evaluation.pairing import TruthSource
    from centernet_cli.inference.overrides import Overrides
    from centernet_cli.inference.runtime import RuntimeOptions


def read_truth(paths: Sequence[Path], data_format: str, level: str | None, renaming: Renaming) -> list[TruthSource]:
    """Read the datasets to judge by, their classes renamed; each is a source of its own.

    Raises:
        UsageError: U311, one is given twice; no such format or level.
        InputError: D064, one holds no box; one cannot be read.
    """
    from centernet_cli.datasets.source_names import source_names
    from centernet_cli.evaluation.pairing import TruthSource

    # `letters` and the file that it holds are one dataset.
    places = [path.parent if path.name == "annotations.json" else path for path in map(Path.absolute, paths)]
    for index, place in enumerate(places):
        if place in places[:index]:
            raise UsageError("U311", f"the dataset '{paths[index]}' is given twice", path="DATASET")
    sources = []
    for path, name in zip(paths, source_names(paths), strict=True):
        truth = renaming.apply(_read(path, data_format, level))
        if not any(page.annotations for page in truth.pages):
            raise InputError("D064", "has no annotated box: nothing to compare with", path=path)
        if any(item.score is not None for page in truth.pages for item in page.annotations):
            console.warn(f"'{path}' has scores, as predictions have, and is taken for the truth; to compare: --truth")
        # A dataset's list of classes says what it annotates, even where some of them never occur.
        sources.append(TruthSource(name=name, dataset=truth, annotates=frozenset(truth.classes), path=path))
    return sources


def _read(path: Path, data_format: str, level: str | None = None) -> Dataset:
    from centernet_cli.datasets.formats import read_dataset

    try:
        return read_dataset(path, data_format, level=level)
    except InputError as error:
        if error.code == "D031" and path.suffix.lower() == ".json" and path.is_file():
            # Not recognised, maybe because it is damaged: the reader of the likeliest format says where.
            return read_dataset(path, "coco")
        raise


def get_predictions(
    what: str, sources: Sequence[TruthSource], options: RuntimeOptions, overrides: Overrides, renaming: Renaming
) -> tuple[Dataset, dict[str, Any] | None]:
    """Read predictions, or make them with a model, which is then described; rename their classes.

    Raises:
        UsageError: U707, predictions made before are to be made otherwise.
        CenterNetError: The model, or what is to run it, cannot be used.
    """
    from centernet_cli.inference.open_runtime import open_runtime
    from centernet_cli.inference.runtime import RuntimeOptions

    path = Path(what)
    chosen = overrides.options()
    if _holds_predictions(path, what):
        usual = RuntimeOptions()
        other = [name for name in ("runtime", "device", "precision") if getattr(options, name) != getattr(usual, name)]
        for name in (*other, *(name for name, value in chosen.items() if value is not None)):
            raise UsageError("U707", "is for a model: these boxes were found before", path=f"--{name}")
        predictions = _read_predictions(path, sources)
        boxes = [item for page in predictions.pages for item in page.annotations]
        unsure = sum(item.score is None for item in boxes)
        if unsure:
            which = "the boxes" if unsure == len(boxes) else f"{unsure:,} of {len(boxes):,} boxes"
            console.warn(f"{which} of '{what}' have no scores: each counts as certain")
        return renaming.apply(predictions), None
    from centernet_cli.cli.evaluate_model import predict_dataset
    from centernet_cli.models.meta import read_meta
    from centernet_cli.models.shelf import find_model

    meta = read_meta(find_model(what))
    _refuse_strangers(sources, renaming.names(meta.classes), what)
    # The model's own threshold would hide boxes that count for AP and the best F1.
    runtime = open_runtime(what, options, overrides=overrides, min_score=meta.decode.min_score, tell=console.say)
    console.say(f"model {meta.name} with {runtime.name} on {runtime.device}, {runtime.precision}")
    facts = {
        "name": meta.name,
        "sha256": meta.sha256,
        "page_size": meta.page_size,
        "min_score": meta.decode.min_score,
        "threshold": meta.threshold,
        "runtime": runtime.name,
        "device": runtime.device,
        "precision": runtime.precision,
        "options": chosen,
    }
    found = predict_dataset(runtime, [source.dataset for source in sources], overrides.size)
    return renaming.apply(found), facts


def _read_predictions(path: Path, sources: Sequence[TruthSource]) -> Dataset:
    """Read predictions; a COCO results list with the only COCO file it can belong to."""
    from centernet_cli.datasets.formats.coco import is_coco_results, read_coco_results, sniff_coco

    if path.suffix.lower() == ".json" and is_coco_results(path) and len(sources) == 1:
        truth = sources[0].path
        if truth is not None and sniff_coco(truth):
            return read_coco_results(path, truth)
    return _read(path, "auto")


def _holds_predictions(path: Path, what: str) -> bool:
    """Tell a file or folder of annotations from a model's name, run folder or weights."""
    if path.is_file():
        return path.suffix.lower() != ".safetensors" and not _is_exported(path)
    if not path.is_dir():
        # A missing file is better reported as such than as a model nobody has heard of.
        return path.suffix.lower() == ".json"
    from centernet_cli.models.shelf import RUN_WEIGHTS, shipped_models

    if what in shipped_models() or (path / RUN_WEIGHTS).is_file():
        return False
    from centernet_cli.datasets.formats import FORMATS

    return any(entry.sniff(path) for entry in FORMATS.values())


def _is_exported(path: Path) -> bool:
    """Tell an exported graph from XML with annotations."""
    from centernet_cli.models.graph_meta import GRAPH_KEY, is_graph, read_graph_metadata

    if not is_graph(path):
        return False
    try:
        # A damaged .onnx file is still no file of boxes.
        return path.suffix.lower() == ".onnx" or GRAPH_KEY in read_graph_metadata(path)
    except ModelError:
        return False


def _refuse_strangers(sources: Sequence[TruthSource], predicted: Collection[str], what: str) -> None:
    """Refuse to compare when no class has the same name on both sides, and show both."""
    truth = list(dict.fromkeys(name for source in sources for name in source.dataset.classes))
    if set(truth) & set(predicted):
        return
    from centernet_cli.cli.score_table import aligned

    pairs = zip_longest(map(printable, predicted), map(printable, truth), fillvalue="")
    for line in aligned(("predicted", "in the truth"), [list(pair) for pair in pairs]):
        console.problem(line)
    hint = "--class-map FILE renames classes: lines `old name: new name`"
    raise ModelError("M502", "no class is in both the predictions and the truth", path=what, hint=hint)


def shared_classes(
    sources: Sequence[TruthSource], predicted: Collection[str], only: Sequence[str] | None, what: str
) -> tuple[list[str], dict[str, list[str]]]:
    """Return the classes on both sides in the order of the truth, and those left out."""
    _refuse_strangers(sources, predicted, what)
    truth = list(dict.fromkeys(name for source in sources for name in source.dataset.classes))
    common = [name for name in truth if name in predicted]
    for name in only or ():
        if name not in common:
            raise UsageError("U312", f"no class '{name}' to score", path="--class", hint=", ".join(common))
    scored = [name for name in common if only is None or name in only]
    left_out = {
        "truth": [name for name in truth if name not in predicted],
        "predictions": [name for name in predicted if name not in truth],
    }
    return scored, left_out
