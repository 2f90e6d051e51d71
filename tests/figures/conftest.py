"""Results that all tests of figures in a process share."""

import pytest

from tests.figures.results import Results


@pytest.fixture(scope="session")
def results(tmp_path_factory) -> Results:
    return Results(tmp_path_factory.mktemp("results"))
