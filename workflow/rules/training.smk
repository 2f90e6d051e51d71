# From a feature table to trained cuts and what they do.


rule train_network:
    input:
        table=f"{RESULTS}/{{study}}/features.parquet",
    output:
        model=f"{RESULTS}/{{study}}/{{network}}/model.pt",
        history=f"{RESULTS}/{{study}}/{{network}}/history.csv",
        timing=f"{RESULTS}/{{study}}/{{network}}/training.tsv",
    log:
        f"{RESULTS}/logs/train_network/{{study}}_{{network}}.log",
    benchmark:
        f"{RESULTS}/benchmarks/train_network/{{study}}_{{network}}.tsv"
    wildcard_constraints:
        network=one_of([name for name in NETWORKS if name not in networks_of(COMPETITORS)]),
    conda:
        PIP_ENV
    threads: 1
    # The longest trainings first, so that the last one does not run alone at the end.
    priority: 10
    resources:
        mem_mb=2000,
    params:
        code=lambda w: CODE.digest("scripts.models.network"),
        name=lambda w: f"{w.study}/{w.network}",
        network=lambda w: NETWORKS[w.network],
        features=lambda w: feature_names(w.study),
        directions=lambda w: [f["direction"] for f in STUDIES[w.study]["features"]],
        equal_class_weights=lambda w: STUDIES[w.study]["source"].get("equal_class_weights", False),
        search=lambda w: STUDIES[w.study].get("search") if needs_search(NETWORKS[w.network]) else None,
        threads=1,
    script:
        "../../scripts/models/network.py"


# A kCuts search, or the scan of a grid.
rule search_cuts:
    input:
        table=f"{RESULTS}/{{study}}/features.parquet",
        state=lambda w: supercuts_files(w.network),
    output:
        model=f"{RESULTS}/{{study}}/{{network}}/model.json",
        history=f"{RESULTS}/{{study}}/{{network}}/history.csv",
        timing=f"{RESULTS}/{{study}}/{{network}}/training.tsv",
    log:
        f"{RESULTS}/logs/search_cuts/{{study}}_{{network}}.log",
    benchmark:
        f"{RESULTS}/benchmarks/search_cuts/{{study}}_{{network}}.tsv"
    wildcard_constraints:
        network=one_of(networks_of(BOX_SEARCHES)),
    conda:
        PIP_ENV
    threads: lambda w: 4 if NETWORKS[w.network]["model"] == "grid" else 1
    priority: 10
    resources:
        mem_mb=2000,
    params:
        code=lambda w: CODE.digest("scripts.models.search_cuts"),
        name=lambda w: f"{w.study}/{w.network}",
        network=lambda w: NETWORKS[w.network],
        features=lambda w: feature_names(w.study),
    script:
        "../../scripts/models/search_cuts.py"


rule train_bdt:
    input:
        table=f"{RESULTS}/{{study}}/features.parquet",
    output:
        model=f"{RESULTS}/{{study}}/{{network}}/model.json",
        history=f"{RESULTS}/{{study}}/{{network}}/history.csv",
        timing=f"{RESULTS}/{{study}}/{{network}}/training.tsv",
    log:
        f"{RESULTS}/logs/train_bdt/{{study}}_{{network}}.log",
    benchmark:
        f"{RESULTS}/benchmarks/train_bdt/{{study}}_{{network}}.tsv"
    wildcard_constraints:
        network=one_of(networks_of(["bdt"])),
    conda:
        PIP_ENV
    threads: 1
    priority: 10
    resources:
        mem_mb=2000,
    params:
        code=lambda w: CODE.digest("scripts.models.train_bdt"),
        name=lambda w: f"{w.study}/{w.network}",
        network=lambda w: NETWORKS[w.network],
        features=lambda w: feature_names(w.study),
        equal_class_weights=lambda w: STUDIES[w.study]["source"].get("equal_class_weights", False),
    script:
        "../../scripts/models/train_bdt.py"


rule evaluate_network:
    input:
        table=f"{RESULTS}/{{study}}/features.parquet",
        model=lambda w: model_file(w.study, w.network),
    output:
        cuts=f"{RESULTS}/{{study}}/{{network}}/cuts.csv",
        metrics=f"{RESULTS}/{{study}}/{{network}}/metrics.csv",
        scores=f"{RESULTS}/{{study}}/{{network}}/scores.parquet",
    log:
        f"{RESULTS}/logs/evaluate_network/{{study}}_{{network}}.log",
    conda:
        PIP_ENV
    threads: 1
    resources:
        mem_mb=2000,
    params:
        code=lambda w: CODE.digest("scripts.evaluate_model"),
        features=lambda w: feature_names(w.study),
        threads=1,
    script:
        "../../scripts/evaluate_model.py"


rule shift_inputs:
    input:
        table=f"{RESULTS}/{{study}}/features.parquet",
        models=lambda w: [
            model_file(w.study, selection["network"])
            for selection in STUDIES[w.study]["robustness"]["selections"]
        ],
    output:
        robustness=f"{RESULTS}/{{study}}/robustness.csv",
    log:
        f"{RESULTS}/logs/shift_inputs/{{study}}.log",
    conda:
        PIP_ENV
    threads: 1
    resources:
        mem_mb=2000,
    params:
        code=lambda w: CODE.digest("scripts.analyses.robustness"),
        settings=lambda w: STUDIES[w.study]["robustness"],
        features=lambda w: feature_names(w.study),
    script:
        "../../scripts/analyses/robustness.py"


# The same trainings on many samples: one job, since each takes seconds.
rule repeat_property_fits:
    input:
        bin_optimum=f"{RESULTS}/{{study}}/bin_optimum.csv",
    output:
        repeats=f"{RESULTS}/{{study}}/repeats.csv",
    log:
        f"{RESULTS}/logs/repeat_property_fits/{{study}}.log",
    benchmark:
        f"{RESULTS}/benchmarks/repeat_property_fits/{{study}}.tsv"
    wildcard_constraints:
        study=one_of(studies_from("property_toy")),
    conda:
        PIP_ENV
    threads: 1
    priority: 20
    resources:
        mem_mb=2000,
    params:
        code=lambda w: CODE.digest("scripts.analyses.repeats"),
        study=lambda w: {
            key: STUDIES[w.study][key] for key in ("source", "features", "split", "bin_optimum", "repeats")
        },
        networks=lambda w: {name: NETWORKS[name] for name in STUDIES[w.study]["repeats"]["networks"]},
        threads=1,
    script:
        "../../scripts/analyses/repeats.py"


# Trainings of many kept fractions at once, one after the other: each takes seconds.
rule scan_kept_fractions:
    input:
        table=f"{RESULTS}/{{study}}/features.parquet",
    output:
        kept_fractions=f"{RESULTS}/{{study}}/kept_fractions.csv",
    log:
        f"{RESULTS}/logs/scan_kept_fractions/{{study}}.log",
    benchmark:
        f"{RESULTS}/benchmarks/scan_kept_fractions/{{study}}.tsv"
    conda:
        PIP_ENV
    threads: 1
    priority: 20
    resources:
        mem_mb=2000,
    params:
        code=lambda w: CODE.digest("scripts.analyses.kept_fractions"),
        name="{study}",
        settings=lambda w: STUDIES[w.study]["kept_fractions"],
        network=lambda w: NETWORKS[STUDIES[w.study]["kept_fractions"]["network"]],
        features=lambda w: feature_names(w.study),
        directions=lambda w: [f["direction"] for f in STUDIES[w.study]["features"]],
        split=lambda w: STUDIES[w.study]["split"],
        search=lambda w: STUDIES[w.study].get("search"),
        equal_class_weights=lambda w: STUDIES[w.study]["source"].get("equal_class_weights", False),
    script:
        "../../scripts/analyses/kept_fractions.py"
