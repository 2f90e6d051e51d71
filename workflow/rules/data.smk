# Where events come from: each rule ends in a feature table.


rule generate_gaussian:
    output:
        table=f"{RESULTS}/{{study}}/features.parquet",
    log:
        f"{RESULTS}/logs/generate_gaussian/{{study}}.log",
    wildcard_constraints:
        study=one_of(studies_from("gaussian")),
    conda:
        PIP_ENV
    threads: 1
    resources:
        mem_mb=2000,
    params:
        code=lambda w: CODE.digest("scripts.sources.gaussian"),
        source=lambda w: STUDIES[w.study]["source"],
        features=lambda w: feature_names(w.study),
        split=lambda w: STUDIES[w.study]["split"],
    script:
        "../../scripts/sources/gaussian.py"


rule compute_optimum:
    output:
        optimum=f"{RESULTS}/{{study}}/optimum.csv",
    log:
        f"{RESULTS}/logs/compute_optimum/{{study}}.log",
    wildcard_constraints:
        study=one_of(studies_from("gaussian")),
    conda:
        PIP_ENV
    threads: 1
    resources:
        mem_mb=1000,
    params:
        code=lambda w: CODE.digest("scripts.analyses.optimum"),
        study=lambda w: {key: STUDIES[w.study][key] for key in ("source", "features", "optimum")},
    script:
        "../../scripts/analyses/optimum.py"


rule generate_processes:
    output:
        table=f"{RESULTS}/{{study}}/features.parquet",
    log:
        f"{RESULTS}/logs/generate_processes/{{study}}.log",
    wildcard_constraints:
        study=one_of(studies_from("processes")),
    conda:
        PIP_ENV
    threads: 1
    resources:
        mem_mb=2000,
    params:
        code=lambda w: CODE.digest("scripts.sources.processes"),
        source=lambda w: STUDIES[w.study]["source"],
        features=lambda w: feature_names(w.study),
        split=lambda w: STUDIES[w.study]["split"],
    script:
        "../../scripts/sources/processes.py"


rule generate_property_toy:
    output:
        table=f"{RESULTS}/{{study}}/features.parquet",
    log:
        f"{RESULTS}/logs/generate_property_toy/{{study}}.log",
    wildcard_constraints:
        study=one_of(studies_from("property_toy")),
    conda:
        PIP_ENV
    threads: 1
    resources:
        mem_mb=1000,
    params:
        code=lambda w: CODE.digest("scripts.sources.property_toy"),
        source=lambda w: STUDIES[w.study]["source"],
        features=lambda w: feature_names(w.study),
        split=lambda w: STUDIES[w.study]["split"],
    script:
        "../../scripts/sources/property_toy.py"


rule compute_bin_optimum:
    output:
        bin_optimum=f"{RESULTS}/{{study}}/bin_optimum.csv",
    log:
        f"{RESULTS}/logs/compute_bin_optimum/{{study}}.log",
    wildcard_constraints:
        study=one_of(studies_from("property_toy")),
    conda:
        PIP_ENV
    threads: 1
    resources:
        mem_mb=1000,
    params:
        code=lambda w: CODE.digest("scripts.analyses.bin_optimum"),
        study=lambda w: {key: STUDIES[w.study][key] for key in ("source", "features", "bin_optimum")},
    script:
        "../../scripts/analyses/bin_optimum.py"


# One job a file: a bad one names itself, and what was read of the others is kept.
rule read_delphes:
    input:
        root_file=lambda w: ROOT_FILES[w.study][w.sample][int(w.part)],
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
        state=lambda w, input: state_of(input.root_file),
        selection=lambda w: STUDIES[w.study]["source"]["selection"],
        features=lambda w: column_names(w.study),
    script:
        "../../scripts/read_delphes.py"


rule merge_features:
    input:
        signal=lambda w: parts(w.study, "signal", "parquet"),
        background=lambda w: parts(w.study, "background", "parquet"),
        signal_cutflows=lambda w: parts(w.study, "signal", "csv"),
        background_cutflows=lambda w: parts(w.study, "background", "csv"),
        summaries=lambda w: [
            f"{file}.json"
            for files in SIMULATED_FILES.get(w.study, {}).values()
            for file in files
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
        features=lambda w: column_names(w.study),
        split=lambda w: STUDIES[w.study]["split"],
        files=lambda w: ROOT_FILES[w.study],
        luminosity=lambda w: STUDIES[w.study]["source"].get("luminosity"),
        cross_sections=lambda w: STUDIES[w.study]["source"].get("cross_sections"),
        balance=lambda w: STUDIES[w.study]["source"].get("balance", False),
    script:
        "../../scripts/merge_features.py"


rule generate_watts:
    output:
        table=f"{RESULTS}/{{study}}/features.parquet",
    log:
        f"{RESULTS}/logs/generate_watts/{{study}}.log",
    wildcard_constraints:
        study=one_of(studies_from("watts")),
    conda:
        PIP_ENV
    threads: 1
    resources:
        mem_mb=2000,
    params:
        code=lambda w: CODE.digest("scripts.sources.generate_watts"),
        source=lambda w: STUDIES[w.study]["source"],
        features=lambda w: feature_names(w.study),
    script:
        "../../scripts/sources/generate_watts.py"
