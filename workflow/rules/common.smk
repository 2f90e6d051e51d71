# Paths and target lists, from the studies as objects.


def one_of(names):
    """Constrain a wildcard to names; with no name it matches nothing."""
    return "|".join(sorted(set(names))) or "(?!)"


FIGURES = RUN.entries("figures")
TABLES = RUN.entries("tables")
ANALYSES = {name for study in STUDIES.values() for name in study.analyses}
# (study, network), because networks of different studies can have the same name.
NETWORKS = {
    (study.name, name): settings for study in STUDIES.values() for name, settings in study.networks.items()
}

# The networks whose cuts are exported; none of the paper's.
EXPORTED = {
    (study.name, network)
    for study in STUDIES.values()
    for network in study.exports.names(study)
    if not IS_PAPER
}

SAMPLES = ("signal", "background")
# The ROOT files of a study by sample; files of the user must exist before any job starts.
SIMULATED_FILES = {
    name: {sample: [f"{RESULTS}/{name}/simulation/{sample}.root"] for sample in SAMPLES}
    for name, study in STUDIES.items()
    if study.source.kind == "simulation"
}
ROOT_FILES = {
    name: SIMULATED_FILES[name] if name in SIMULATED_FILES else checked(study.source.files, name)
    for name, study in STUDIES.items()
    if study.source.from_files and not study.source.takes_expressions
}
# The studies whose networks are trained once a fold.
FOLDED = [name for name, study in STUDIES.items() if study.folds is not None]
# The files of ntuples by process, those of a job together.
NTUPLES = {
    name: checked(study.source.parts, name)
    for name, study in STUDIES.items()
    if study.source.takes_expressions
}


wildcard_constraints:
    study=one_of(STUDIES),
    network=one_of(name for _, name in NETWORKS),
    analysis=one_of(ANALYSES),
    figure=one_of(FIGURES),
    table=one_of(TABLES),
    sample=one_of(SAMPLES),
    process=one_of(name for processes in NTUPLES.values() for name in processes),
    part=r"\d+",
    fold=r"\d+",


def given(study):
    """Return a study as the config has it."""
    return RUN.settings.studies[study]


def code_of(script, *, study=None, networks=(), kinds_of=()):
    """Return a digest of the code of a rule's script and of the kinds that its job imports by name.

    `kinds_of` has pairs of a room and a word of the config; a study stands for its source.
    """
    named = [kinds.modules(room)[kind] for room, kind in kinds_of]
    if study is not None:
        named.append(kinds.modules("source")[STUDIES[study].source.kind])
        named += [module for name in networks for module in NETWORKS[study, name].modules]
    return CODE.digest(f"scripts.{script}", *named)


def parts(study, sample, ending):
    """Return what is read of each ROOT file of a sample, as rule read_delphes names it."""
    n_files = len(ROOT_FILES[study][sample])
    return [f"{RESULTS}/{study}/read/{sample}_{part}.{ending}" for part in range(n_files)]


def ntuple_parts(study, ending):
    """Return what is read of the ntuples of each process, as rule read_ntuples names it."""
    return [
        f"{RESULTS}/{study}/read/{process}_{part}.{ending}"
        for process, parts in NTUPLES[study].items()
        for part in range(len(parts))
    ]


def studies_with(ending, folds=False):
    """Constrain a study, with folds or without, by what follows it: a network whose model file ends so."""
    pairs = [
        pair
        for pair, settings in NETWORKS.items()
        if settings.ending == ending and (pair[0] in FOLDED) == folds
    ]
    return "|".join(f"{study}(?=/{network}/)" for study, network in pairs) or "(?!)"


def experiment_of(study, network):
    """Return the counting experiment of a study where a network's training is about its yields."""
    experiment = STUDIES[study].counting_experiment
    return experiment.model_dump() if experiment and NETWORKS[study, network].needs_yields else None


def event_files(study, sample, file_format):
    """Return the generated events of a sample, one file a job."""
    n_jobs = STUDIES[study].source.generator.jobs
    return [f"{RESULTS}/{study}/simulation/{sample}_{part}.{file_format}" for part in range(n_jobs)]


def simulated_by(response):
    return [study for study in SIMULATED_FILES if STUDIES[study].source.detector.response == response]


def measure_modules():
    """Return the modules of the measures that claims name."""
    from scripts.scorecard.measures import measures

    claims = [claim for study in STUDIES.values() for claim in study.claims.values()]
    entries = [claim.get(key) or {} for claim in claims for key in ("minus", "divided_by")] + claims
    named = {entry["measure"] for entry in entries if entry.get("measure")}
    return sorted({measures()[name] for name in named})


# The files of a network and of a study, by the names that figures, tables and analyses use.
NETWORK_FILES = {
    "history": "history.csv",
    "timing": "training.tsv",
    "cuts": "cuts.csv",
    "metrics": "metrics.csv",
    "processes": "processes.csv",
    "scores": "scores.parquet",
}
STUDY_FILES = {
    "features": "features.parquet",
    "cutflow": "cutflow.csv",
    "directions": "directions.csv",
} | {name: f"{name}.csv" for name in kinds.modules("analysis")}


def files_of_folds(study, network, name):
    """Return a file of the training of each fold, or of the one training where there are no folds."""
    folds = STUDIES[study].folds
    folders = [""] if folds is None else [f"fold{fold}/" for fold in range(folds)]
    return [f"{RESULTS}/{study}/{network}/{folder}{name}" for folder in folders]


def model_files(study, network):
    return files_of_folds(study, network, f"model.{NETWORKS[study, network].ending}")


def fold_of_training(wildcards):
    """Return the fold whose events a training does not see; None where there are no folds."""
    return int(wildcards.fold) if "fold" in wildcards.keys() else None


def training_name(wildcards):
    """Return the name of a training in its progress lines."""
    fold = fold_of_training(wildcards)
    folds = [] if fold is None else [f"fold{fold}"]
    return "/".join([wildcards.study, wildcards.network, *folds])


def found_directions(study):
    """Return the table of directions as input of the jobs of a study that leaves some open."""
    found = f"{RESULTS}/{study}/directions.csv"
    return {"found_directions": found} if STUDIES[study].finds_directions else {}


def checks_directions(study):
    """Return whether the directions of a study are looked at: the papers' are part of what they say."""
    shown = any("directions" in table.files for table in study.tables.values())
    return study.finds_directions or shown or not study.claims


def files_for(wanted, study, networks):
    """Return the named files that a figure, table or analysis is made from."""
    files = found_directions(study)
    for kind in wanted:
        if kind in STUDY_FILES:
            files[kind] = f"{RESULTS}/{study}/{STUDY_FILES[kind]}"
        elif kind == "model":
            files[kind] = [file for network in networks for file in model_files(study, network)]
        else:
            files[kind] = [f"{RESULTS}/{study}/{network}/{NETWORK_FILES[kind]}" for network in networks]
    return files


# The exports of a network: the record of all its working points, and one of them in each form.
EXPORT_FILES = {"record": "exports/working_points.json"} | {
    form: f"exports/{file_of(form)}" for form in forms()
}


def exported_part(study, network):
    """Return what the exports of a network need to know of its study."""
    part = part_of(given(study), [network], labels=True)
    return part | {"exports": given(study).get("exports")}


def known_study(name):
    """Return the name of a study if the run has it."""
    return name if name in STUDIES else None


def study_of_proof(case):
    """Return what the proofs of a benchmark need to know of their study; None without one."""
    return part_of(given(case.study), experiment=False) if known_study(case.study) else None


def table_of_proof(case):
    """Return the feature table of a benchmark's proofs: the one named, or that of the run."""
    return case.features or f"{RESULTS}/{case.study}/features.parquet"


def files_of_proof(case):
    """Return the files that a benchmark's proofs read if they are there; nothing is made for them."""
    table = table_of_proof(case)
    return [table, str(Path(table).with_name("directions.csv"))] if known_study(case.study) else []


def drawn_part(study, settings):
    """Return what a figure or table needs to know of its study."""
    analyses = [name for name in settings.files if name in study.analyses]
    return part_of(
        given(study.name), settings.networks, analyses, labels=True, experiment=settings.needs_yields
    )


def study_targets(study):
    """Return all files of one study, figures and tables apart."""
    files = [f"{RESULTS}/{study.name}/features.parquet"]
    if study.source.from_files:
        files.append(f"{RESULTS}/{study.name}/cutflow.csv")
    if checks_directions(study):
        files.append(f"{RESULTS}/{study.name}/directions.csv")
    files += [f"{RESULTS}/{study.name}/{name}.csv" for name in study.analyses]
    for network in study.networks:
        files += model_files(study.name, network)
        files += [f"{RESULTS}/{study.name}/{network}/{name}" for name in NETWORK_FILES.values()]
        if (study.name, network) in EXPORTED:
            files += [f"{RESULTS}/{study.name}/{network}/{name}" for name in EXPORT_FILES.values()]
    return files


def all_targets():
    has_claims = any(study.claims for study in STUDIES.values())
    return [
        *(path for study in STUDIES.values() for path in study_targets(study)),
        *(f"{RESULTS}/figures/{name}.{end}" for name in FIGURES for end in ("pdf", "png", "csv")),
        *(f"{RESULTS}/tables/{name}.{end}" for name in TABLES for end in ("csv", "md", "tex")),
        *(f"{RESULTS}/scorecard.{end}" for end in ("json", "md", "html") if has_claims),
    ]
