# From the source of events to the feature table of each study.


rule generate_features:
    output:
        table=f"{RESULTS}/{{study}}/features.parquet",
    log:
        f"{RESULTS}/logs/generate_features/{{study}}.log",
    wildcard_constraints:
        study=one_of(set(STUDIES) - set(ROOT_FILES) - set(NTUPLES)),
    conda:
        PIP_ENV
    threads: 1
    resources:
        mem_mb=2000,
    params:
        code=lambda w: code_of("generate_features", study=w.study),
        study=lambda w: part_of(given(w.study), experiment=False),
        study_name="{study}",
    script:
        "../../scripts/generate_features.py"


# One job for each file: the job of a bad file fails with its name, and the results of others are kept. Only a
# simulated one is input, as Snakemake takes braces in the name of a file for wildcards; users' files are params.
rule read_delphes:
    input:
        root_file=lambda w: SIMULATED_FILES.get(w.study, {}).get(w.sample, []),
    output:
        table=f"{RESULTS}/{{study}}/read/{{sample}}_{{part}}.parquet",
        cutflow=f"{RESULTS}/{{study}}/read/{{sample}}_{{part}}.csv",
    log:
        f"{RESULTS}/logs/read_delphes/{{study}}_{{sample}}_{{part}}.log",
    wildcard_constraints:
        study=one_of(ROOT_FILES),
    conda:
        PIP_ENV
    threads: 1
    resources:
        mem_mb=1000,
    params:
        code=lambda w: CODE.digest("scripts.read_delphes"),
        # By wildcards: Snakemake keeps no params that are functions of `input`.
        state=lambda w: (
            "" if w.study in SIMULATED_FILES else state_of(ROOT_FILES[w.study][w.sample][int(w.part)])
        ),
        root_file=lambda w: ROOT_FILES[w.study][w.sample][int(w.part)],
        tree=lambda w: getattr(STUDIES[w.study].source, "tree", "Delphes"),
        selection=lambda w: STUDIES[w.study].source.selection.model_dump(),
        features=lambda w: STUDIES[w.study].column_names,
    script:
        "../../scripts/read_delphes.py"


rule merge_features:
    input:
        signal=lambda w: parts(w.study, "signal", "parquet"),
        background=lambda w: parts(w.study, "background", "parquet"),
        signal_cutflows=lambda w: parts(w.study, "signal", "csv"),
        background_cutflows=lambda w: parts(w.study, "background", "csv"),
        summaries=lambda w: [
            f"{file}.json" for files in SIMULATED_FILES.get(w.study, {}).values() for file in files
        ],
    output:
        table=f"{RESULTS}/{{study}}/features.parquet",
        cutflow=f"{RESULTS}/{{study}}/cutflow.csv",
    log:
        f"{RESULTS}/logs/merge_features/{{study}}.log",
    wildcard_constraints:
        study=one_of(ROOT_FILES),
    conda:
        PIP_ENV
    threads: 1
    resources:
        mem_mb=2000,
    params:
        code=lambda w: CODE.digest("scripts.merge_features"),
        features=lambda w: STUDIES[w.study].column_names,
        split=lambda w: STUDIES[w.study].split.model_dump(),
        files=lambda w: ROOT_FILES[w.study],
        weighting=lambda w: STUDIES[w.study].source.weighting,
    script:
        "../../scripts/merge_features.py"


# Several files a job where there are hundreds. They are params, not input: any name and any address can be read.
rule read_ntuples:
    output:
        table=f"{RESULTS}/{{study}}/read/{{process}}_{{part}}.parquet",
        cutflow=f"{RESULTS}/{{study}}/read/{{process}}_{{part}}.json",
    log:
        f"{RESULTS}/logs/read_ntuples/{{study}}_{{process}}_{{part}}.log",
    wildcard_constraints:
        study=one_of(NTUPLES),
    conda:
        PIP_ENV
    threads: 1
    resources:
        mem_mb=1500,
    params:
        code=lambda w: CODE.digest("scripts.read_ntuples"),
        state=lambda w: [state_of(file) for file in NTUPLES[w.study][w.process][int(w.part)].files],
        process="{process}",
        files=lambda w: NTUPLES[w.study][w.process][int(w.part)].files,
        recipe=lambda w: STUDIES[w.study].source.recipe(
            w.process, STUDIES[w.study], NTUPLES[w.study][w.process][int(w.part)]
        ),
    script:
        "../../scripts/read_ntuples.py"


rule merge_ntuples:
    input:
        parts=lambda w: ntuple_parts(w.study, "parquet"),
        cutflows=lambda w: ntuple_parts(w.study, "json"),
    output:
        table=f"{RESULTS}/{{study}}/features.parquet",
        cutflow=f"{RESULTS}/{{study}}/cutflow.csv",
    log:
        f"{RESULTS}/logs/merge_ntuples/{{study}}.log",
    wildcard_constraints:
        study=one_of(NTUPLES),
    conda:
        PIP_ENV
    threads: 1
    resources:
        mem_mb=1500,
    params:
        code=lambda w: CODE.digest("scripts.merge_ntuples"),
        split=lambda w: given(w.study).get("split"),
        merging=lambda w: STUDIES[w.study].source.merging(STUDIES[w.study], NTUPLES[w.study]),
    script:
        "../../scripts/merge_ntuples.py"
