"""Whether results can be written."""

import pytest

from scripts.jobs.results_folder import check_results_folder
from scripts.kinds import ConfigError


def test_results_folder(tmp_path, monkeypatch):
    check_results_folder(tmp_path / "results" / "paper")
    assert not (tmp_path / "results").exists()
    (tmp_path / "results").touch()
    with pytest.raises(ConfigError, match="results: not a folder"):
        check_results_folder(tmp_path / "results" / "paper")
    monkeypatch.setattr("scripts.jobs.results_folder.LEAST_FREE_SPACE", 10**18)
    with pytest.raises(ConfigError, match="MB free"):
        check_results_folder(tmp_path)
    monkeypatch.setattr("os.access", lambda path, mode: False)
    with pytest.raises(ConfigError, match="no permission"):
        check_results_folder(tmp_path)
