"""The registry: the folder is the list of kinds."""

import pytest

from scripts import kinds
from scripts.scorecard import measures


def test_every_room_has_kinds_and_their_words_are_their_own():
    for room, (_, key) in kinds.ROOMS.items():
        assert kinds.modules(room)
        for kind in kinds.modules(room):
            settings = kinds.module_of(room, kind).Settings
            if key in settings.model_fields:
                assert settings.model_fields[key].annotation.__args__ == (kind,)


def test_two_kinds_of_one_name(monkeypatch, tmp_path):
    for place in ("figures/roc.py", "figures/papers/roc.py"):
        (tmp_path / place).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / place).write_text("class Settings(FigureSettings): ...")
    monkeypatch.setattr(kinds, "HERE", tmp_path)
    with pytest.raises(kinds.ConfigError, match=r"papers\.roc and scripts\.figures\.roc are a plot"):
        kinds.modules.__wrapped__("plot")


def test_two_measures_of_one_name(monkeypatch, tmp_path):
    for name in ("one", "two"):
        (tmp_path / f"{name}.py").write_text("def area(results):\n    ...\n")
    monkeypatch.setattr(measures, "__file__", str(tmp_path / "__init__.py"))
    with pytest.raises(kinds.ConfigError, match=r"one and .*two both have a measure area: rename one"):
        measures.measures.__wrapped__()


def test_an_unknown_kind():
    with pytest.raises(kinds.ConfigError, match=r"unknown model 'scann': one of .*scan"):
        kinds.module_of("model", "scann")
