from __future__ import annotations

import pickle
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from centernet_cli.core.errors import ExitCode, RecipeError, UsageError
from centernet_cli.core.recipe_file import (
    find_recipe,
    load_recipe,
    recipe_to_yaml,
    resolve_recipe,
    shipped_recipes,
)

BASE = """\
# F1 0.80 on nothing
data:
  classes: [text_line]
  train:
    - path: pages
train: {epochs: 3, input: [512, 384]}
"""


@pytest.fixture
def base(tmp_path):
    path = tmp_path / "base.yaml"
    path.write_text(BASE, encoding="utf-8")
    return path


def write(folder: Path, text: str, name: str = "recipe.yaml") -> Path:
    path = folder / name
    path.write_text(text, encoding="utf-8")
    return path


def problems(error: pytest.ExceptionInfo[RecipeError], folder: Path) -> list[str]:
    return [line.replace(f"{folder}/", "") for line in error.value.lines()]


def test_defaults_are_filled_in(base):
    recipe = load_recipe(base, environ={})
    assert recipe.train.epochs == 3
    assert recipe.train.input == (512, 384)
    assert recipe.optim.name == "adamw"


def test_paths_are_taken_from_the_folder_of_the_file_that_names_them(tmp_path, base, monkeypatch):
    (tmp_path / "sub").mkdir()
    text = "extends: ../base.yaml\nmodel: {init: w/x.safetensors, pretrained: imagenet}\n"
    recipe = load_recipe(write(tmp_path / "sub", text), environ={})
    assert recipe.data.train[0].path == str(tmp_path / "pages")
    assert recipe.model.init == str(tmp_path / "sub/w/x.safetensors")
    assert recipe.model.pretrained == "imagenet"
    monkeypatch.chdir(tmp_path)
    assert load_recipe(base, ["model.init=lines"], {}).model.init == "lines"
    assert load_recipe(base, ["model.init=run"], {}).model.init == str(tmp_path / "run")


def test_precedence_and_origins(tmp_path, base):
    path = write(tmp_path, "extends: base.yaml\noptim: {lr: 1e-4}\ntrain: {batch_size: 2, seed: 1}\n")
    environ = {"CENTERNET_TRAIN__SEED": "2", "CENTERNET_TRAIN__EPOCHS": "4", "CENTERNET_HOME": "x", "PATH": "y"}
    resolved = resolve_recipe(path, ["train.epochs=5"], environ)
    recipe = resolved.recipe
    assert (recipe.train.epochs, recipe.train.seed, recipe.train.batch_size) == (5, 2, 2)
    origins = {key: str(origin) for key, _, origin in resolved.rows()}
    assert origins["train.epochs"] == "--set train.epochs=5"
    assert origins["train.seed"] == "CENTERNET_TRAIN__SEED"
    assert origins["train.batch_size"] == f"recipe {path}:3"
    assert origins["train.input"] == f"extends {base}:6"
    assert origins["optim.lr"] == f"recipe {path}:2"
    assert origins["train.page_size"] == "default"


def test_lists_are_replaced_whole(tmp_path, base):
    path = write(tmp_path, "extends: base.yaml\ndata: {train: [{path: a}, {path: b, weight: 2}]}\n")
    recipe = load_recipe(path, ["data.train.1.weight=0.5"], {})
    assert [(Path(source.path).name, source.weight) for source in recipe.data.train] == [("a", 1.0), ("b", 0.5)]


def test_an_override_may_be_a_list_or_a_mapping(base):
    recipe = load_recipe(
        base, ["train.input=[320, 256]", "data.class_map={line: text_line}", "optim.clip_norm=null"], {}
    )
    assert recipe.train.input == (320, 256)
    assert recipe.data.class_map == {"line": "text_line"}
    assert recipe.optim.clip_norm is None


def test_everything_wrong_is_told_at_once_in_order(tmp_path):
    path = write(
        tmp_path,
        """\
data:
  classes: [text_line]
  train:
    - path: pages
      weigth: 2
train:
  epochs: '3'
  epochs: 5
  lr: 1e-4
model:
  backbone: resnet81
  neck: *a
augment: {scale: [1, 2, 3]}
optim:
  lr: -1
decode: {peak_window: [2, 3]}
loss: 3
targets: {max_radius_cells: .nan}
nonsense: 1
""",
    )
    with pytest.raises(RecipeError) as error:
        load_recipe(path, environ={})
    assert error.value.exit_code == ExitCode.RECIPE
    found = problems(error, tmp_path)
    assert found[0] == "recipe.yaml:5:7: R310 data.train.0.weigth: unknown key (did you mean 'weight'?)"
    assert found[1].startswith("recipe.yaml:7:3: R311 train.epochs: must be a valid integer, got '3'")
    assert found[2] == "recipe.yaml:8:3: R304 duplicate key 'epochs' (first in line 7)"
    assert found[3] == "recipe.yaml:9:3: R310 train.lr: unknown key (did you mean 'optim.lr'?)"
    assert found[4].startswith("recipe.yaml:11:3: R311 model.backbone: must be 'resnet18', ")
    assert found[4].endswith("got 'resnet81' (did you mean 'resnet18'?)")
    assert found[5] == "recipe.yaml:12:9: R305 alias *a is not allowed (write the value out)"
    assert found[6] == "recipe.yaml:13:11: R311 augment.scale: must have at most 2 items, got [1, 2, 3]"
    assert found[7] == "recipe.yaml:15:3: R311 optim.lr: must be greater than 0, got -1"
    assert found[8] == "recipe.yaml:16:10: R311 decode.peak_window: both sides must be odd"
    assert found[9] == "recipe.yaml:17:1: R311 loss: must be a section with keys, got 3"
    assert found[10] == "recipe.yaml:18:11: R311 targets.max_radius_cells: must be a finite number, got nan"
    assert found[11].startswith("recipe.yaml:19:1: R310 nonsense: unknown key (known here: ")
    assert len(found) == 12


def test_a_wrong_value_is_shown_where_it_stands(tmp_path, base):
    base.write_text(BASE.replace("epochs: 3", "epochs: x"), encoding="utf-8")
    path = write(tmp_path, "extends: base.yaml\ntrain: {seed: y}\n")
    with pytest.raises(RecipeError) as error:
        load_recipe(path, environ={})
    assert [line[:17] for line in problems(error, tmp_path)] == ["recipe.yaml:2:9: ", "base.yaml:6:9: R3"]


@pytest.mark.parametrize(
    ("text", "line"),
    [
        ("", "recipe.yaml:1:1: R306 empty"),
        ("# only words\n", "recipe.yaml:1:1: R306 empty"),
        ("- a\n", "recipe.yaml:1:1: R306 not a recipe: keys and values are needed"),
        ("name: a\n", "recipe.yaml: R312 data: missing"),
        ("extends: [a]\n", "recipe.yaml:1:1: R320 extends: must be the path of one recipe"),
        ("extends: recipe.yaml\n", "recipe.yaml:1:1: R320 extends: goes in a circle: recipe.yaml -> recipe.yaml"),
        ("name: 'a\n", "recipe.yaml:2:1: R302 not YAML: found unexpected end of stream"),
    ],
)
def test_no_recipe_at_all(tmp_path, text, line):
    with pytest.raises(RecipeError) as error:
        load_recipe(write(tmp_path, text), environ={})
    assert line in problems(error, tmp_path)


def test_a_circle_over_two_files(tmp_path):
    write(tmp_path, "extends: b.yaml\n", "a.yaml")
    write(tmp_path, "extends: a.yaml\n", "b.yaml")
    with pytest.raises(RecipeError, match=r"b\.yaml:1:1: R320 .*a\.yaml -> b\.yaml -> a\.yaml"):
        load_recipe(tmp_path / "a.yaml", environ={})


def test_files_that_cannot_be_read(tmp_path):
    path = write(tmp_path, "name: a\nextends: gone.yaml\n")
    with pytest.raises(RecipeError, match=r"recipe\.yaml:2:1: R301 extends: .*gone\.yaml: no such file"):
        load_recipe(path, environ={})
    with pytest.raises(RecipeError, match="R301 is a folder"):
        load_recipe(tmp_path, environ={})
    path.write_bytes("name: é".encode("latin-1"))
    with pytest.raises(RecipeError, match=r"recipe\.yaml:1:7: R303 not UTF-8"):
        load_recipe(path, environ={})


@pytest.mark.parametrize(
    ("option", "line"),
    [
        ("train.epochs=abc", "--set train.epochs=abc: U211 train.epochs: must be a valid integer, got 'abc'"),
        ("train.epoch=1", "--set train.epoch=1: U211 train.epoch: unknown key (did you mean 'epochs'?)"),
        ("trian.epochs=1", "--set trian.epochs=1: U211 trian: unknown key (did you mean 'train'?)"),
        ("train", "--set train: U211 must be KEY=VALUE, such as train.epochs=3"),
        ("=1", "--set =1: U211 must be KEY=VALUE, such as train.epochs=3"),
        ("train.epochs=[", "--set train.epochs=[: U211 not YAML: "),
        ("train.epochs=*a", "--set train.epochs=*a: U211 alias *a is not allowed (write the value out)"),
        ("data.train.1.path=x", "--set data.train.1.path=x: U211 data.train.1: the list has items 0 to 0"),
        ("extends=a.yaml", "--set extends=a.yaml: U211 extends: unknown key"),
    ],
)
def test_wrong_options_are_usage_errors(base, option, line):
    with pytest.raises(UsageError) as error:
        load_recipe(base, [option], {})
    assert error.value.exit_code == ExitCode.USAGE
    assert error.value.lines()[0].startswith(line)
    assert len(error.value.lines()) == 1


def test_wrong_options_and_variables_are_told_at_once(base):
    with pytest.raises(UsageError) as error:
        load_recipe(base, ["train.epochs=abc", "nope=1"], {"CENTERNET_TRAIN__SEDE": "1"})
    assert len(error.value.lines()) == 3
    assert any(line.startswith("CENTERNET_TRAIN__SEDE: U211 train.sede: unknown key") for line in error.value.lines())


def test_errors_can_travel_between_processes(base):
    with pytest.raises(UsageError) as error:
        load_recipe(base, ["nope=1"], {})
    assert pickle.loads(pickle.dumps(error.value)).lines() == error.value.lines()  # noqa: S301


def test_shipped_recipes_are_found_by_name_and_are_right():
    for path in shipped_recipes():
        assert find_recipe(Path(path.stem)) == path
        load_recipe(Path(path.stem), environ={})
        assert path.read_text(encoding="utf-8").startswith("# "), "a recipe opens with what to expect of it"


def test_an_unknown_name_is_told(monkeypatch, tmp_path):
    monkeypatch.chdir(tmp_path)
    with pytest.raises(RecipeError, match="nothing-like-it: R301 no such recipe"):
        load_recipe(Path("nothing-like-it"), environ={})


def test_a_written_recipe_is_read_back(tmp_path, base):
    recipe = load_recipe(base, ["optim.lr=1e-5", "name='1e-4'", "data.class_map={'no': 'on', a: ''}"], {})
    assert load_recipe(write(tmp_path, recipe_to_yaml(recipe), "again.yaml"), environ={}) == recipe


@settings(max_examples=30)
@given(
    st.text(st.characters(codec="utf-8")),
    st.floats(1e-9, 1e9),
    st.lists(st.text(st.characters(codec="utf-8")), min_size=1),
)
def test_any_values_survive_writing(name, lr, classes):
    import tempfile

    with tempfile.TemporaryDirectory() as folder:
        path = write(Path(folder), BASE, "base.yaml")
        recipe = load_recipe(path, environ={})
        data = recipe.data.model_copy(update={"classes": tuple(classes)})
        changed = recipe.model_copy(
            update={"name": name, "data": data, "optim": recipe.optim.model_copy(update={"lr": lr})}
        )
        assert load_recipe(write(Path(folder), recipe_to_yaml(changed)), environ={}) == changed
