# Paths, checks and target lists; every other rule file builds on this one.
import os
import sys
from pathlib import Path

BASEDIR = Path(workflow.basedir)
sys.path.insert(0, str(BASEDIR))
# Scripts run in processes of their own: they find the packages by this, whatever is installed.
# One thread a job: Snakemake runs jobs side by side, and threads that compete are far slower than one.
os.environ.update(
    PYTHONPATH=os.pathsep.join(sys.path[:1] + list(filter(None, [os.getenv("PYTHONPATH")]))),
    OMP_NUM_THREADS="1",
    OPENBLAS_NUM_THREADS="1",
    MKL_NUM_THREADS="1",
)

from snakemake.exceptions import WorkflowError
from scripts.config import (
    ConfigError,
    check_config,
    check_repeated_keys,
    check_results_folder,
    expand_files,
    needs_search,
)
from scripts.models.competitors import BOX_SEARCHES, COMPETITORS
from scripts.figures import PLOTS
from scripts.jobs.dependencies import Code, state_of
from scripts.tables import TABLES


def checked(function, *args):
    """Call a check; its message becomes the one line that Snakemake prints."""
    try:
        return function(*args)
    except ConfigError as error:
        raise WorkflowError(str(error)) from None


if workflow.is_main_process:  # and not again in the jobs that a cluster starts
    for file in workflow.configfiles:
        checked(check_repeated_keys, Path(file))
    checked(check_config, config, BASEDIR / "workflow/schemas/config.schema.yaml")
# What an overlay set to null is left out: a study, or a part of one.
STUDIES = {
    name: {key: value for key, value in study.items() if value is not None}
    for name, study in config["studies"].items()
    if study is not None
}
NETWORKS = config["networks"]


def networks_without_study(entry):
    """Return the networks that an entry of no study speaks of, Table 1 for example."""
    arguments = entry.get("arguments", {})
    if "study" in entry or "study" in arguments:
        return []
    return entry.get("networks", []) + ([arguments["network"]] if "network" in arguments else [])


def kept(section):
    """Return the entries of a section of the config, without those left out or of what is not run."""
    left_out = set(config["studies"]) - set(STUDIES)
    trained = {name for study in STUDIES.values() for name in study["networks"]}
    return {
        name: entry
        for name, entry in config[section].items()
        if entry is not None
        and entry.get("study", entry.get("arguments", {}).get("study")) not in left_out
        and trained.issuperset(networks_without_study(entry))
    }


FIGURES = kept("figures")
TABLE_ENTRIES = kept("tables")
CLAIMS = kept("scorecard")
RESULTS = f"results/{config['run']}"
checked(check_results_folder, Path(RESULTS))

CODE = Code(BASEDIR)
PIP_ENV = "../envs/python.yaml"


def one_of(names):
    """Constrain a wildcard to names; with no name it matches nothing."""
    return "|".join(names) or "(?!)"


def studies_from(kind):
    return [name for name, study in STUDIES.items() if study["source"]["kind"] == kind]


SAMPLES = ("signal", "background")
# The ROOT files of a study by sample; those of the user are looked for before any work is done.
SIMULATED_FILES = {
    study: {sample: [f"{RESULTS}/{study}/simulation/{sample}.root"] for sample in SAMPLES}
    for study in studies_from("simulation")
}
ROOT_FILES = SIMULATED_FILES | {
    study: checked(expand_files, study, STUDIES[study]["source"]) for study in studies_from("delphes")
}


# What events are handed to a detector in, by its response.
EVENT_FORMATS = {"parametrised": "parquet", "delphes": "hepmc"}


def event_files(study, sample, file_format):
    """Return the generated events of a sample, one file a job."""
    n_jobs = STUDIES[study]["source"]["generator"]["jobs"]
    return [f"{RESULTS}/{study}/simulation/{sample}_{part}.{file_format}" for part in range(n_jobs)]


def simulated_by(response):
    return [
        study
        for study in studies_from("simulation")
        if STUDIES[study]["source"]["detector"]["response"] == response
    ]


def detector_settings(study):
    """Return the settings that the detector of a simulated study uses."""
    detector = STUDIES[study]["source"]["detector"]
    used = ("response", "seed") if detector["response"] == "parametrised" else detector
    return {name: detector[name] for name in used}


def parts(study, sample, ending):
    """Return what is read of each ROOT file of a sample, as rule read_delphes names it."""
    return [
        f"{RESULTS}/{study}/read/{sample}_{part}.{ending}"
        for part in range(len(ROOT_FILES[study][sample]))
    ]


wildcard_constraints:
    study=one_of(STUDIES),
    network=one_of(NETWORKS),
    figure=one_of(FIGURES),
    table=one_of(TABLE_ENTRIES),
    sample=one_of(SAMPLES),
    part=r"\d+",


def feature_names(study):
    return [feature["name"] for feature in STUDIES[study]["features"]]


def column_names(study):
    """Return what is read of each event: the features, and the properties that are none of them."""
    properties = [one["name"] for one in STUDIES[study].get("properties", [])]
    return list(dict.fromkeys(feature_names(study) + properties))


# What one evaluated network leaves in its folder beside its model, by the name that figures and tables ask for.
NETWORK_FILES = {
    "history": "history.csv",
    "timing": "training.tsv",
    "cuts": "cuts.csv",
    "metrics": "metrics.csv",
    "scores": "scores.parquet",
}


def model_file(study, network):
    ending = "json" if NETWORKS[network]["model"] in COMPETITORS else "pt"
    return f"{RESULTS}/{study}/{network}/model.{ending}"


def networks_of(models):
    return [name for name, network in NETWORKS.items() if network["model"] in models]


def supercuts_files(network):
    """Return the file that a grid scan reads its cuts from, if it does."""
    supercuts = NETWORKS[network].get("supercuts")
    return [os.path.expanduser(supercuts)] if isinstance(supercuts, str) else []


STUDY_FILES = {
    "features": "features.parquet",
    "cutflow": "cutflow.csv",
    "robustness": "robustness.csv",
    "optimum": "optimum.csv",
    "bin_optimum": "bin_optimum.csv",
    "repeats": "repeats.csv",
    "kept_fractions": "kept_fractions.csv",
}


def files_for(kinds, entry):
    """Return the named files that a figure or table of the config is made from."""
    files = {}
    for kind in kinds:
        if kind in STUDY_FILES:
            files[kind] = f"{RESULTS}/{entry['study']}/{STUDY_FILES[kind]}"
        elif kind == "model":
            files[kind] = [model_file(entry["study"], network) for network in entry["networks"]]
        else:
            files[kind] = [
                f"{RESULTS}/{entry['study']}/{network}/{NETWORK_FILES[kind]}"
                for network in entry["networks"]
            ]
    return files


def study_targets(study):
    """Return all files of one study, figures and tables apart."""
    files = [f"{RESULTS}/{study}/features.parquet"]
    if study in ROOT_FILES:
        files.append(f"{RESULTS}/{study}/cutflow.csv")
    files += [
        f"{RESULTS}/{study}/{STUDY_FILES[key]}"
        for key in ("robustness", "optimum", "bin_optimum", "repeats", "kept_fractions")
        if key in STUDIES[study]
    ]
    for network in STUDIES[study]["networks"]:
        files += [model_file(study, network)]
        files += [f"{RESULTS}/{study}/{network}/{name}" for name in NETWORK_FILES.values()]
    return files


def all_targets():
    return [
        *(path for study in STUDIES for path in study_targets(study)),
        *(f"{RESULTS}/figures/{name}.{end}" for name in FIGURES for end in ("pdf", "png", "csv")),
        *(f"{RESULTS}/tables/{name}.{end}" for name in TABLE_ENTRIES for end in ("csv", "md", "tex")),
        *(f"{RESULTS}/scorecard.{end}" for end in ("json", "md", "html")),
    ]
