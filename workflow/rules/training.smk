# From a feature table to trained cuts and what they do.


rule train_network:
    input:
        table=f"{RESULTS}/{{study}}/features.parquet",
        code=CORE,
    output:
        model=f"{RESULTS}/{{study}}/{{network}}/model.pt",
        history=f"{RESULTS}/{{study}}/{{network}}/history.csv",
    log:
        f"{RESULTS}/logs/train_network/{{study}}_{{network}}.log",
    benchmark:
        f"{RESULTS}/benchmarks/train_network/{{study}}_{{network}}.tsv"
    conda:
        PIP_ENV
    threads: 1
    # The longest trainings first, so that the last one does not run alone at the end.
    priority: 10
    resources:
        mem_mb=2000,
    params:
        name=lambda w: f"{w.study}/{w.network}",
        network=lambda w: NETWORKS[w.network],
        features=lambda w: feature_names(w.study),
        directions=lambda w: [f["direction"] for f in STUDIES[w.study]["features"]],
        equal_class_weights=lambda w: STUDIES[w.study]["source"].get("equal_class_weights", False),
        search=lambda w: STUDIES[w.study].get("search") if uses_search(w.network) else None,
        threads=1,
    script:
        "../../scripts/train_network.py"


rule evaluate_network:
    input:
        table=f"{RESULTS}/{{study}}/features.parquet",
        model=f"{RESULTS}/{{study}}/{{network}}/model.pt",
        code=CORE,
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
        features=lambda w: feature_names(w.study),
        threads=1,
    script:
        "../../scripts/evaluate_network.py"


rule shift_inputs:
    input:
        table=f"{RESULTS}/{{study}}/features.parquet",
        models=lambda w: [
            f"{RESULTS}/{w.study}/{selection['network']}/model.pt"
            for selection in STUDIES[w.study]["robustness"]["selections"]
        ],
        code=CORE,
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
        settings=lambda w: STUDIES[w.study]["robustness"],
        features=lambda w: feature_names(w.study),
    script:
        "../../scripts/shift_inputs.py"
