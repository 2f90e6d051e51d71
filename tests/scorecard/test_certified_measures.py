"""Measures beside the best cuts of the training sample, and of two networks on fresh events, by hand."""

import math

import pandas as pd
import pytest

from scripts.scorecard.results import NotRun

CERTIFY = {"certify": {"networks": ["net"], "seed": 1}}


@pytest.fixture
def events():
    """Test events in x0: signal at 1, 2 to 10, background at 0.5, 1.5 to 9.5; a training event of each."""
    values = [float(at) for at in range(1, 11)] + [at + 0.5 for at in range(10)] + [99.0, 99.0]
    label, split = [1] * 10 + [0] * 10 + [1, 0], ["test"] * 20 + ["train"] * 2
    return pd.DataFrame({"x0": values, "x1": 0.0, "label": label, "weight": 1.0, "split": split})


def test_background_beside_the_proven_best(make_run, nan):
    run = make_run(analyses=CERTIFY)
    run.write(
        certify={
            "network": ["net", "net"],
            "target_efficiency": [0.5, 0.9],
            "background": [110.0, 300.0],
            "ratio_to_bound": [1.1, nan],
        }
    )
    assert run("background_over_proven_best", network="net", target=0.5) == 1.1
    assert run("training_background", network="net", target=0.9) == 300.0
    with pytest.raises(NotRun, match=r"nothing is proven of the cuts of net at 0\.9"):
        run("background_over_proven_best", network="net", target=0.9)
    with pytest.raises(NotRun, match=r"no target 0\.7"):
        run("training_background", network="net", target=0.7)
    with pytest.raises(NotRun, match="does not compare other"):
        run("training_background", network="other", target=0.5)


def test_fresh_background_at_equal_signal(run, cut_table, events):
    # Around 0.6 the other cuts keep as much more background as they keep signal.
    other = cut_table([(0.4, 6.0, 9.0), (0.6, 4.0, 9.0), (0.8, 2.0, 9.0)], "cut")
    run.write("other", cuts=other, features=events)

    def excess(cut):
        run.write(cuts=cut_table([(0.6, cut, 9.0)], "cut"))
        return run("fresh_background_excess", network="net", other="other", target=0.6)

    # The background event at 4.5 less: one of six, and as much is its error.
    assert excess(4.6) == pytest.approx((-1.0, 1.0))
    # A signal event less, too; then one more background event less.
    assert excess(5.2) == pytest.approx((0.0, 1.0))
    assert excess(5.6) == pytest.approx((-1 / math.sqrt(3), 1.0))
    assert excess(4.0) == (0.0, 1.0)
    with pytest.raises(NotRun, match="other has no neighbours"):
        run("fresh_background_excess", network="net", other="other", target=0.7)
    for cuts in ([(0.4, 9.8, 9.0), (0.6, 9.7, 9.0), (0.8, 2.0, 9.0)], [(0.6, 4.0, 9.0), (0.8, 4.0, 9.0)]):
        run.write("other", cuts=cut_table(cuts, "cut"), features=events)
        with pytest.raises(NotRun, match=r"other leaves no background to compare with at 0\.6"):
            excess(4.6)
