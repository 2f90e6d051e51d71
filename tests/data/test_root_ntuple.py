import awkward as ak
import numpy as np
import pytest
import uproot
from hypothesis import given
from hypothesis import strategies as st

from scripts.data.ntuple_file import open_ntuple, sum_of_branch
from scripts.data.root_ntuple import Tree, _named_branches
from tests.data.ntuples import fault, read, types
from tests.delphes_files import EVENTS, truncate, write_delphes

N = 60
FORMS = ("mktree", "mkrntuple")
COLUMNS = {
    "lep1.pt": np.linspace(0, 1, N, dtype=np.float32),
    "MET/et": np.arange(N, dtype=np.float64),
    "n-jets": np.arange(N, dtype=np.int32) - 30,
    "run": np.arange(N, dtype=np.uint64) + 2**63,
    "bits": np.arange(N, dtype=np.uint8),
    "fires": np.arange(N) % 3 == 0,
    "fixed": np.arange(3 * N, dtype=np.float32).reshape(N, 3),
    "jet": ak.unflatten(np.arange(90, dtype=np.float32), np.arange(N) % 4),
}
TYPES = ["<f4", "<f8", "<i4", "<u8", "|u1", "|b1", "var * float32", "var * float32"]


def write(path, columns, form="mktree", tree="tree", cluster=25, how="recreate"):
    """Write columns of numpy or awkward; several clusters, none of no events."""
    n_events = len(next(iter(columns.values())))
    with getattr(uproot, how)(path) as root_file:
        if form == "mkrntuple":
            content = root_file.mkrntuple(tree, {name: array[:0] for name, array in columns.items()})
        else:
            content = root_file.mktree(
                tree,
                {
                    name: array.type.content
                    if isinstance(array, ak.Array)
                    else (array.dtype, array.shape[1:])
                    for name, array in columns.items()
                },
            )
        for first in range(0, n_events, cluster):
            content.extend({name: array[first : first + cluster] for name, array in columns.items()})
    return path


@pytest.mark.parametrize("form", FORMS)
def test_all_types_and_odd_names(tmp_path, form):
    path = write(tmp_path / "all.root", COLUMNS, form)
    assert types(path, list(COLUMNS)) == TYPES
    expected = {name: ak.to_list(array) for name, array in COLUMNS.items()}
    assert read(path, list(COLUMNS)) == expected
    with open_ntuple(path) as ntuple:
        assert set(COLUMNS) <= set(ntuple.names)
        assert ntuple.n_events == N


@pytest.fixture(scope="module", params=FORMS)
def file(request, tmp_path_factory):
    return write(tmp_path_factory.mktemp("root") / "all.root", COLUMNS, request.param)


@given(
    st.integers(0, N), st.one_of(st.none(), st.integers(0, N + 10)), st.one_of(st.none(), st.integers(1, N))
)
def test_any_range_in_any_steps(file, start, stop, step):
    names = ["n-jets", "jet", "fixed"]
    expected = {name: ak.to_list(COLUMNS[name][start:stop]) for name in names}
    assert read(file, names, start=start, stop=stop, step=step) == expected
    if step:
        with open_ntuple(file) as ntuple:
            assert all(len(chunk["jet"]) <= step for chunk in ntuple.iterate(names, start, stop, step))


def test_baskets_of_branches_that_end_apart(tmp_path, monkeypatch):
    """As ROOT writes them; each basket is decoded once, also where it is longer than a chunk."""
    path = write(tmp_path / "a.root", {"x": np.arange(N), "y": COLUMNS["jet"]}, cluster=30)
    other = write(tmp_path / "b.root", {"x": np.arange(N), "y": COLUMNS["jet"]}, cluster=7)
    decoded = []
    array = uproot.TBranch.array
    with open_ntuple(path) as one, open_ntuple(other) as two:
        one._branches["y"] = two._branches["y"]
        monkeypatch.setattr(
            uproot.TBranch,
            "array",
            lambda branch, **how: (
                decoded.append((branch, how["entry_start"], how["entry_stop"])) or array(branch, **how)
            ),
        )
        chunks = list(one.iterate(["x", "y"], step=20))
    assert [len(chunk["x"]) for chunk in chunks] == [20, 20, 20]
    assert np.concatenate([chunk["x"] for chunk in chunks]).tolist() == list(range(N))
    assert ak.concatenate([chunk["y"] for chunk in chunks]).to_list() == COLUMNS["jet"].to_list()
    for name, ends in (("x", {0, 30, 60}), ("y", {*range(0, N, 7), N})):
        read_ranges = [(first, last) for branch, first, last in decoded if branch.name == name]
        assert {bound for bounds in read_ranges for bound in bounds} <= ends
        assert sum(last - first for first, last in read_ranges) == N


def test_chunks_follow_baskets(tmp_path):
    path = write(tmp_path / "a.root", {"x": np.arange(N)}, cluster=25)
    with open_ntuple(path) as ntuple:
        assert [len(chunk["x"]) for chunk in ntuple.iterate(["x"], step=30)] == [25, 25, 10]
        assert [len(chunk["x"]) for chunk in ntuple.iterate(["x"])] == [N]


def test_chunks_follow_clusters(tmp_path):
    path = write(tmp_path / "a.root", {"x": np.arange(N)}, "mkrntuple", cluster=25)
    with open_ntuple(path) as ntuple:
        assert [len(chunk["x"]) for chunk in ntuple.iterate(["x"], step=30)] == [25, 25, 10]
        assert [len(chunk["x"]) for chunk in ntuple.iterate(["x"], step=10)] == [10, 10, 5, 10, 10, 5, 10]


def test_pages_of_an_rntuple_are_decoded_once(tmp_path, monkeypatch):
    path = write(tmp_path / "a.root", {"x": np.arange(N), "y": np.arange(N)}, "mkrntuple", cluster=10)
    with open_ntuple(path) as ntuple:
        read_page, pages = type(ntuple._content).read_page, []
        monkeypatch.setattr(
            type(ntuple._content),
            "read_page",
            lambda content, destination, *page: (
                pages.append(page[:3]) or read_page(content, destination, *page)
            ),
        )
        assert sum(len(chunk["x"]) for chunk in ntuple.iterate(["x", "y"], step=15)) == N
    assert len(pages) == len(set(pages)) == 12


def test_only_wanted_branches_are_read(tmp_path, monkeypatch):
    path = write(tmp_path / "a.root", COLUMNS)
    seen = set()
    array = uproot.TBranch.array
    monkeypatch.setattr(
        uproot.TBranch, "array", lambda branch, **how: seen.add(branch.name) or array(branch, **how)
    )
    read(path, ["jet", "run"])
    assert seen == {"jet", "run"}


def test_nested_records_and_missing_values_of_an_rntuple(tmp_path):
    jets = ak.Array([[{"pt": 1.0, "q": 1}], [], [{"pt": 2.0, "q": -1}, {"pt": 3.0, "q": 1}]])
    columns = {
        "jets": jets,
        "muon": ak.Array([{"pt": 1.5, "q": 1}] * 3),
        "maybe": ak.Array([1, None, 3]),
        "type": ak.Array(["GG", "", "GT"]),
        "nested": ak.Array([[[1], []], [], [[2, 3]]]),
    }
    path = write(tmp_path / "a.root", columns, "mkrntuple")
    with open_ntuple(path) as ntuple:
        names = ["jets.pt", "jets.q", "maybe", "muon.pt", "muon.q", "nested", "type"]
        assert sorted(ntuple.names) == names
    assert read(path, names) == {
        "jets.pt": [[1.0], [], [2.0, 3.0]],
        "jets.q": [[1], [], [-1, 1]],
        "maybe": [1, None, 3],
        "muon.pt": [1.5] * 3,
        "muon.q": [1] * 3,
        "nested": [[[1], []], [], [[2, 3]]],
        "type": ["GG", "", "GT"],
    }
    assert types(path, names)[2:4] == ["?int64", "<f8"]


def test_names_of_split_objects_and_of_several_leaves(tmp_path):
    class Branch:
        def __init__(self, name, leaves=("x",), branches=()):
            self.name, self._leaves, self.branches = name, leaves, branches

        def member(self, _):
            return [type("Leaf", (), {"member": lambda _, name, leaf=leaf: leaf})() for leaf in self._leaves]

    jet, one, two = Branch("Jet.PT"), Branch("pt"), Branch("pt")
    lepton = Branch("lepton", ("pt", "q"))
    items = [("Jet", Branch("Jet", branches=[jet])), ("Jet/Jet.PT", jet), ("a/pt", one), ("b/pt", two)]
    assert _named_branches([*items, ("lepton", lepton)]) == {
        "Jet.PT": (jet, None),
        "Jet/Jet.PT": (jet, None),
        "a/pt": (one, None),
        "b/pt": (two, None),
        "lepton.pt": (lepton, "pt"),
        "lepton.q": (lepton, "q"),
    }
    path = write(tmp_path / "a.root", {"x": np.arange(3)})
    with open_ntuple(path) as ntuple:
        leaves = np.array([(1.5, -1)] * 3, dtype=[("pt", "f4"), ("q", "i4")])
        ntuple._branches["x"] = (ntuple._branches["x"][0], "pt")
        ntuple._branches["x"][0].array = lambda **how: leaves
        (chunk,) = ntuple.iterate(["x"])
        assert chunk["x"].tolist() == [1.5] * 3


def test_tree_in_a_folder(tmp_path):
    path = write(tmp_path / "a.root", {"x": np.arange(3)}, tree="ntuple/Delphes")
    assert read(path, ["x"]) == read(path, ["x"], "ntuple/Delphes") == {"x": [0, 1, 2]}
    assert fault(path, ["x"], "Delphes") == "no tree Delphes: the file has ntuple/Delphes"
    assert fault(path, ["x"], "ntuple") == "ntuple is no tree but a TDirectory: the file has ntuple/Delphes"


def test_newest_cycle_wins(tmp_path):
    path = write(tmp_path / "a.root", {"x": np.arange(3)})
    write(path, {"x": np.arange(5)}, how="update")
    with uproot.open(path) as root_file:
        assert set(root_file) == {"tree;2", "tree;1"}
    assert read(path, ["x"])["x"] == read(path, ["x"], "tree")["x"] == list(range(5))
    assert read(path, ["x"], "tree;1")["x"] == list(range(3))


def test_several_trees(tmp_path):
    path = write(tmp_path / "a.root", {"x": np.arange(3)}, tree="Events")
    write(path, {"sumw": np.array([2.5, -1.0])}, tree="Runs", how="update")
    assert fault(path, ["x"]) == "2 trees, Events, Runs: name the one to read, such as `tree: Events`"
    assert fault(path, ["x"], "event") == "no tree event: the file has Events, Runs; the closest is Events"
    assert read(path, ["x"], "Events") == {"x": [0, 1, 2]}
    assert sum_of_branch(path, "Runs", "sumw") == 1.5


def test_no_tree(tmp_path):
    path = tmp_path / "a.root"
    with uproot.recreate(path) as root_file:
        root_file["h"] = np.histogram([1.0])
    assert fault(path, ["x"]).startswith("no tree in this file")
    assert fault(path, ["x"], "h") == "h is no tree but a TH1D: the file has no tree at all"


@pytest.mark.parametrize("form", FORMS)
def test_missing_branches(tmp_path, form):
    path = write(tmp_path / "a.root", {"Muon_pt": np.ones(3), "MET_pt": np.ones(3)}, form)
    message = fault(path, ["MET_pt", "Muon_pT"])
    assert message == "no branch Muon_pT (the closest is Muon_pt) in the tree tree"
    assert fault(path, [f"a{number}" for number in range(7)]).endswith("and 2 more in the tree tree")


@pytest.mark.parametrize("form", FORMS)
def test_no_events_do_no_harm(tmp_path, form):
    columns = {"x": np.arange(0), "jet": COLUMNS["jet"][:0]}
    path = write(tmp_path / "a.root", columns, form)
    assert read(path, ["x", "jet", "none"]) == {"x": [], "jet": [], "none": []}
    assert sum_of_branch(path, None, "x") == 0.0


@pytest.mark.parametrize("kept", [0.01, 0.1, 0.5, 0.95, 0.999])
@pytest.mark.parametrize("form", FORMS)
def test_truncated_file(tmp_path, form, kept):
    path = truncate(write(tmp_path / "cut.root", COLUMNS, form), kept)
    assert fault(path, ["jet"]).startswith("not a ROOT file, or cut short: ")


def test_damaged_inside(tmp_path):
    path = write(tmp_path / "hole.root", {"x": np.sin(np.arange(5000.0)), "y": np.arange(5000)}, cluster=5000)
    content = bytearray(path.read_bytes())
    with uproot.open(path) as root_file:
        seek = int(root_file["tree"]["x"].member("fBasketSeek")[0])
    content[seek + 70 : seek + 170] = bytes(100)
    path.write_bytes(content)
    assert fault(path, ["x"]).startswith("branch x cannot be read, the file is damaged or ")
    assert read(path, ["y"])["y"] == list(range(5000))


def test_tree_that_was_not_written_to_the_end(tmp_path):
    path = write(tmp_path / "a.root", {"x": np.arange(3)})
    with open_ntuple(path) as ntuple:
        ntuple._n_events = 4
        with pytest.raises(ValueError, match=r"a.root: branch x has 3 events, the tree tree has 4: was the"):
            list(ntuple.iterate(["x"]))


def test_types_that_cannot_be_read(tmp_path):
    path = write(tmp_path / "a.root", {"when": ak.Array([{"a": 1}, {"a": 2}])}, "mkrntuple")
    with open_ntuple(path) as ntuple:
        assert ntuple.names == ("when.a",)
        ntuple.names, ntuple._fields["when"] = ("when",), ntuple._content["when"]
        with pytest.raises(
            ValueError, match=r"a.root: branch when holds .*: only numbers, truth values, str"
        ):
            list(ntuple.iterate(["when"]))


def test_chunks_take_64_megabytes_and_a_million_events(tmp_path):
    path = write(tmp_path / "a.root", {"wide": np.zeros((100, 2000)), "x": np.zeros(100)}, cluster=100)
    with open_ntuple(path) as ntuple:
        steps = []
        ntuple._chunks = lambda names, start, stop, step: steps.append(step) or iter(())
        ntuple.iterate(["x"])
        ntuple.iterate(["wide"])
        ntuple.iterate(["wide", "x"])
    assert steps[0] == 1_000_000
    assert steps[1] == pytest.approx(4000, rel=0.05)
    assert steps[2] < steps[1]


def test_faults_of_a_range(tmp_path):
    path = write(tmp_path / "a.root", {"x": np.arange(3)})
    with open_ntuple(path) as ntuple:
        assert isinstance(ntuple, Tree)
        with pytest.raises(ValueError, match=r"a.root: events from -1 in steps of 1: both must be positive"):
            ntuple.iterate(["x"], -1, step=1)
        with pytest.raises(ValueError, match=r"both must be positive"):
            ntuple.iterate(["x"], step=0)
        with pytest.raises(ValueError, match=r"a.root: no branch is asked for"):
            ntuple.iterate([])
        assert list(ntuple.iterate(["x"], 2, 1)) == []


def test_delphes_files_are_ntuples_too(tmp_path):
    path = write_delphes(tmp_path / "a.root", EVENTS)
    assert read(path, ["MissingET.MET"])["MissingET.MET"][:4] == [[250.0], [250.0], [250.0], []]


def test_sums(tmp_path):
    columns = {
        "w": np.array([0.1, -0.3], np.float32),
        "n": np.array([2**40, 1]),
        "bad": np.array([1, np.nan]),
    }
    path = write(tmp_path / "a.root", columns | {"jet": ak.Array([[1.0], [2.0]])})
    assert sum_of_branch(path, "tree", "w") == float(np.float32(0.1)) - float(np.float32(0.3))
    assert sum_of_branch(path, None, "n") == 2**40 + 1
    with pytest.raises(ValueError, match=r"a.root: branch jet in the tree tree is not one number an event"):
        sum_of_branch(path, None, "jet")
    with pytest.raises(ValueError, match=r"a.root: the sum of bad in the tree tree is nan: remove"):
        sum_of_branch(path, None, "bad")
    with pytest.raises(ValueError, match=r"a.root: no branch ww \(the closest is w\) in the tree tree"):
        sum_of_branch(path, None, "ww")
