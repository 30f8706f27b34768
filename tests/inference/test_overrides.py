from __future__ import annotations

import pytest

from centernet_cli.core.errors import UsageError
from centernet_cli.core.recipe import DecodeSection, ModelSection, TestSection
from centernet_cli.inference.overrides import Nms, Overrides
from centernet_cli.models.meta import ModelMeta


def meta(**test: object) -> ModelMeta:
    return ModelMeta(
        name="fake",
        classes=("a",),
        page_size=64,
        model=ModelSection(),
        decode=DecodeSection(nms_iou=0.4),
        test=TestSection.model_validate(test),
        sha256="1",
    )


def test_nothing_chosen_changes_nothing() -> None:
    own = meta(resize="keep", flip=True, scales=(0.5, 1.0))
    assert Overrides().apply(own, 32) == own
    assert set(Overrides().options().values()) == {None}


def test_what_is_chosen_replaces_the_models_own() -> None:
    chosen = Overrides(flip=False, scales=(0.5,), resize="fixed", size=640, nms="none").apply(meta(flip=True), 128)
    assert chosen.test == TestSection(flip=False, scales=(0.5,), resize="fixed", size=(640, 640))
    assert chosen.decode.nms_iou is None
    assert chosen.sha256 == "1"


def test_the_size_of_page_is_not_the_models() -> None:
    assert Overrides(size=100).apply(meta(), 32) == meta()


@pytest.mark.parametrize(
    ("nms", "iou", "soft"), [(None, 0.4, False), (0.7, 0.7, False), ("none", None, False), ("soft", 0.4, True)]
)
def test_nms(nms: Nms | None, iou: float | None, soft: bool) -> None:
    decode = Overrides(nms=nms).apply(meta(), 32).decode
    assert (decode.nms_iou, decode.soft_nms) == (iou, soft)


@pytest.mark.parametrize(
    ("overrides", "own", "code"),
    [
        (Overrides(size=640), {"resize": "keep"}, "U707"),
        (Overrides(size=640, resize="keep"), {}, "U707"),
        (Overrides(size=650, resize="fixed"), {}, "U111"),
        (Overrides(size=650), {"resize": "fixed"}, "U111"),
        (Overrides(nms=0.5, scales=(0.5, 1.0)), {}, "U707"),
        (Overrides(nms="none"), {"scales": (0.5, 1.0)}, "U707"),
    ],
)
def test_what_does_not_go_together(overrides: Overrides, own: dict[str, object], code: str) -> None:
    with pytest.raises(UsageError) as caught:
        overrides.apply(meta(**own), 32)
    assert caught.value.code == code


def test_soft_suppression_goes_with_several_scales() -> None:
    assert Overrides(nms="soft", scales=(0.5, 1.0)).apply(meta(), 32).decode.soft_nms
