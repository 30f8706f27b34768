from __future__ import annotations

from centernet_cli.cli.train_progress import ConsoleProgress
from centernet_cli.training.loop import train
from centernet_cli.training.progress import Progress


class Listener(Progress):
    """Notes what is told."""

    def __init__(self) -> None:
        self.notices: list[str] = []

    def notice(self, message):
        self.notices.append(message)


def test_what_a_step_has_to_tell_is_told_once(pages, recipe_for, start):
    trainer = start(recipe_for(pages, train={"epochs": 1}))
    trainer.notices.append("something is wrong")
    listener = Listener()
    train(trainer, listener)
    assert listener.notices == ["something is wrong"]
    assert trainer.notices == []


def test_the_console_shows_it_as_a_warning(capsys):
    ConsoleProgress().notice("something is wrong")
    assert capsys.readouterr().err == "warning: something is wrong\n"
