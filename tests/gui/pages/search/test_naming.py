"""What keys are called."""

from __future__ import annotations

from cnnstudio.core.search import Choices
from cnnstudio.core.text import Text
from cnnstudio.gui.pages.search.naming import choice_names, key_names
from cnnstudio.workers.search.candidates import Candidate

OPTIMIZER = Candidate(key="training.optimizer", group=Text("Training", "Entrenamiento"), label=Text("Optimizer", "Optimizador"),
                      help=Text("", ""), now="adam", values=Choices(values=("adam", "sgd")),
                      options=(("adam", Text("Adam", "Adam")),))


def test_the_other_key_of_an_optimizer_is_called_like_it():
    assert key_names(["training.optimizer.type"], [OPTIMIZER]) == {"training.optimizer.type": "Optimizer"}
    assert choice_names([OPTIMIZER])["training.optimizer.type"] == {"adam": "Adam"}


def test_a_key_that_the_project_has_no_more_keeps_its_end():
    assert key_names(["training.optimizer.momentum"], [OPTIMIZER]) == {"training.optimizer.momentum": "Momentum"}
