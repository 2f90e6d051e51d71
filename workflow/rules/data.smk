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
        source=lambda w: STUDIES[w.study]["source"],
        features=lambda w: feature_names(w.study),
        split=lambda w: STUDIES[w.study]["split"],
    script:
        "../../scripts/generate_gaussian.py"


rule read_delphes:
    input:
        signal=lambda w: DELPHES_FILES[w.study]["signal"],
        background=lambda w: DELPHES_FILES[w.study]["background"],
        code=sources("scripts/physics", "scripts/feature_table.py"),
    output:
        table=f"{RESULTS}/{{study}}/features.parquet",
        cutflow=f"{RESULTS}/{{study}}/cutflow.csv",
    log:
        f"{RESULTS}/logs/read_delphes/{{study}}.log",
    wildcard_constraints:
        study=one_of(studies_from("delphes")),
    conda:
        PIP_ENV
    threads: 1
    resources:
        mem_mb=2000,
    params:
        selection=lambda w: STUDIES[w.study]["source"]["selection"],
        features=lambda w: feature_names(w.study),
        split=lambda w: STUDIES[w.study]["split"],
    script:
        "../../scripts/read_delphes.py"
