"""Several models over the same pages: boxes together, failures once, whatever befalls one of the streams."""

from __future__ import annotations

from pathlib import Path

from centernet_cli.core.records import Annotation, Failure, PageInfo, PageRecord
from centernet_cli.inference.joint import joined, joint_classes
from centernet_cli.inference.sinks.sink import SeenPage
from centernet_cli.inference.stream import Done


def page(
    name: str, number: int | None = None, *, label: str = "text_line", score: float = 0.5, size: int = 1024
) -> Done:
    info = PageInfo(source=name, width=100, height=100, page=number)
    record = PageRecord(info=info, annotations=(Annotation(label=label, box=(1, 2, 3, 4), score=score),))
    result = SeenPage(record=record, network_size=size, capped=label == "text")
    return Done(result=result, path=Path(name), digest="d", count=None, made="m", known=False)


def failed(name: str, number: int | None = None, code: str = "I101") -> Done:
    result = Failure(source=name, page=number, code=code, message="broken")
    return Done(result=result, path=Path(name), digest=None, count=None, made=None, known=False)


def short(done: Done) -> tuple[object, ...]:
    result = done.result
    if isinstance(result, Failure):
        return (result.source, result.page, result.code)
    return (result.record.info.source, result.record.info.page, [one.label for one in result.record.annotations])


def test_boxes_of_both_come_together_best_first() -> None:
    lines = [page("a.png", score=0.5), page("b.pdf", 1, score=0.9)]
    regions = [page("a.png", label="text", score=0.7, size=768), page("b.pdf", 1, label="text", score=0.2)]
    found = list(joined([iter(lines), iter(regions)]))
    assert [short(done) for done in found] == [
        ("a.png", None, ["text", "text_line"]),
        ("b.pdf", 1, ["text_line", "text"]),
    ]
    first = found[0]
    assert isinstance(first.result, SeenPage)
    assert (first.result.network_size, first.result.capped, first.made, first.digest) == (1024, True, "m", "d")


def test_one_model_is_as_it_was() -> None:
    lines = [page("a.png"), failed("b.png")]
    assert list(joined([iter(lines)])) == lines


def test_what_fails_once_has_failed() -> None:
    lines = [failed("a.png"), page("b.png"), page("c.png")]
    regions = [failed("a.png"), failed("b.png", code="R702"), page("c.png", label="text")]
    assert [short(done) for done in joined([iter(lines), iter(regions)])] == [
        ("a.png", None, "I101"),
        ("b.png", None, "R702"),
        ("c.png", None, ["text_line", "text"]),
    ]


def test_streams_that_are_out_of_step_in_a_file_are_in_step_again_in_the_next() -> None:
    lines = [page("a.pdf", 1), failed("a.pdf", code="R704"), page("b.pdf", 1)]
    regions = [page("a.pdf", 1, label="text"), page("a.pdf", 2), page("a.pdf", 3), page("b.pdf", 1, label="text")]
    expected = [
        ("a.pdf", 1, ["text_line", "text"]),
        ("a.pdf", None, "R704"),
        ("b.pdf", 1, ["text_line", "text"]),
    ]
    assert [short(done) for done in joined([iter(lines), iter(regions)])] == expected
    lost = [page("a.pdf", 1), page("a.pdf", 2), page("b.pdf", 1)]
    found = [short(done) for done in joined([iter(lost), iter(regions)])]
    assert found[2] == ("a.pdf", None, "R705")
    assert found[3][:2] == ("b.pdf", 1)


def test_classes_of_both() -> None:
    assert joint_classes([("text_line",), ("text", "text_line", "table")]) == ("text_line", "text", "table")
