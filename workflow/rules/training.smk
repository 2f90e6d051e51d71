# From a feature table to trained cuts and their efficiencies.


# The side of each cut on which the signal is: for the trainings where the config leaves it open, else a check.
rule find_directions:
    input:
        table=f"{RESULTS}/{{study}}/features.parquet",
    output:
        directions=f"{RESULTS}/{{study}}/directions.csv",
    log:
        f"{RESULTS}/logs/find_directions/{{study}}.log",
    priority: 20
    conda:
        PIP_ENV
    threads: 1
    resources:
        mem_mb=2000,
    params:
        code=lambda w: code_of("find_directions"),
        study_name="{study}",
        features=lambda w: STUDIES[w.study].feature_names,
        given=lambda w: STUDIES[w.study].directions,
    script:
        "../../scripts/find_directions.py"


rule train_model:
    input:
        unpack(lambda w: found_directions(w.study)),
        table=f"{RESULTS}/{{study}}/features.parquet",
    output:
        model=f"{RESULTS}/{{study}}/{{network}}/model.pt",
        history=f"{RESULTS}/{{study}}/{{network}}/history.csv",
        timing=f"{RESULTS}/{{study}}/{{network}}/training.tsv",
    log:
        f"{RESULTS}/logs/train_model/{{study}}_{{network}}.log",
    benchmark:
        f"{RESULTS}/benchmarks/train_model/{{study}}_{{network}}.tsv"
    wildcard_constraints:
        study=studies_with("pt"),
    # The longest trainings first, so that the last one does not run alone at the end.
    priority: 10
    conda:
        PIP_ENV
    threads: lambda w: NETWORKS[w.study, w.network].cores
    resources:
        mem_mb=2000,
    params:
        code=lambda w: CODE.digest("scripts.train_model", *NETWORKS[w.study, w.network].modules),
        state=lambda w: [state_of(file) for file in NETWORKS[w.study, w.network].input_files],
        name=training_name,
        network=lambda w: given(w.study)["networks"][w.network],
        features=lambda w: STUDIES[w.study].feature_names,
        directions=lambda w: STUDIES[w.study].directions,
        equal_class_weights=lambda w: STUDIES[w.study].source.weighs_classes_equally,
        counting_experiment=lambda w: experiment_of(w.study, w.network),
        scaling=lambda w: STUDIES[w.study].scaling,
        limits=lambda w: STUDIES[w.study].limits,
        fold=fold_of_training,
    script:
        "../../scripts/train_model.py"


# A model that is not a torch network is a text file.
use rule train_model as train_text_model with:
    output:
        model=f"{RESULTS}/{{study}}/{{network}}/model.json",
        history=f"{RESULTS}/{{study}}/{{network}}/history.csv",
        timing=f"{RESULTS}/{{study}}/{{network}}/training.tsv",
    wildcard_constraints:
        study=studies_with("json"),


# With folds there is a training for each, which does not see the events of the fold.
use rule train_model as train_fold with:
    output:
        model=f"{RESULTS}/{{study}}/{{network}}/fold{{fold}}/model.pt",
        history=f"{RESULTS}/{{study}}/{{network}}/fold{{fold}}/history.csv",
        timing=f"{RESULTS}/{{study}}/{{network}}/fold{{fold}}/training.tsv",
    log:
        f"{RESULTS}/logs/train_model/{{study}}_{{network}}_fold{{fold}}.log",
    benchmark:
        f"{RESULTS}/benchmarks/train_model/{{study}}_{{network}}_fold{{fold}}.tsv"
    wildcard_constraints:
        study=studies_with("pt", folds=True),


use rule train_fold as train_text_fold with:
    output:
        model=f"{RESULTS}/{{study}}/{{network}}/fold{{fold}}/model.json",
        history=f"{RESULTS}/{{study}}/{{network}}/fold{{fold}}/history.csv",
        timing=f"{RESULTS}/{{study}}/{{network}}/fold{{fold}}/training.tsv",
    wildcard_constraints:
        study=studies_with("json", folds=True),


rule join_folds:
    input:
        histories=lambda w: files_of_folds(w.study, w.network, "history.csv"),
        timings=lambda w: files_of_folds(w.study, w.network, "training.tsv"),
    output:
        history=f"{RESULTS}/{{study}}/{{network}}/history.csv",
        timing=f"{RESULTS}/{{study}}/{{network}}/training.tsv",
    log:
        f"{RESULTS}/logs/join_folds/{{study}}_{{network}}.log",
    wildcard_constraints:
        study=one_of(FOLDED),
    conda:
        PIP_ENV
    threads: 1
    resources:
        mem_mb=1000,
    params:
        code=lambda w: CODE.digest("scripts.join_folds"),
    script:
        "../../scripts/join_folds.py"


rule evaluate_model:
    input:
        table=f"{RESULTS}/{{study}}/features.parquet",
        model=lambda w: model_files(w.study, w.network),
    output:
        cuts=f"{RESULTS}/{{study}}/{{network}}/cuts.csv",
        metrics=f"{RESULTS}/{{study}}/{{network}}/metrics.csv",
        scores=f"{RESULTS}/{{study}}/{{network}}/scores.parquet",
        processes=f"{RESULTS}/{{study}}/{{network}}/processes.csv",
    log:
        f"{RESULTS}/logs/evaluate_model/{{study}}_{{network}}.log",
    conda:
        PIP_ENV
    threads: 1
    resources:
        mem_mb=2000,
    params:
        code=lambda w: CODE.digest("scripts.evaluate_model", *NETWORKS[w.study, w.network].modules),
        kind=lambda w: NETWORKS[w.study, w.network].model,
        features=lambda w: STUDIES[w.study].feature_names,
        uncertainties=lambda w: STUDIES[w.study].source.uncertainties,
    script:
        "../../scripts/evaluate_model.py"


# The cuts for other frameworks; with a counting experiment by their significance.
rule export_cuts:
    input:
        unpack(
            lambda w: files_for(
                ["features", "scores"] if STUDIES[w.study].counting_experiment else [], w.study, [w.network]
            )
        ),
        cuts=f"{RESULTS}/{{study}}/{{network}}/cuts.csv",
        metrics=f"{RESULTS}/{{study}}/{{network}}/metrics.csv",
    output:
        **{form: f"{RESULTS}/{{study}}/{{network}}/{file}" for form, file in EXPORT_FILES.items()},
    log:
        f"{RESULTS}/logs/export_cuts/{{study}}_{{network}}.log",
    conda:
        PIP_ENV
    threads: 1
    resources:
        mem_mb=2000,
    params:
        code=lambda w: code_of(
            "export_cuts",
            study=w.study,
            networks=[w.network],
            kinds_of=[("form", form) for form in kinds.modules("form")],
        ),
        study=lambda w: exported_part(w.study, w.network),
        study_name="{study}",
        network="{network}",
        run=RUN.settings.run,
        files=lambda w: {
            process: [file for part in parts for file in part.files]
            for process, parts in NTUPLES.get(w.study, {}).items()
        },
    script:
        "../../scripts/export_cuts.py"


# One job for each analysis of a study, for example the optimum or shifted features; each step takes seconds.
rule analyse_study:
    input:
        unpack(
            lambda w: files_for(
                STUDIES[w.study].analyses[w.analysis].files,
                w.study,
                STUDIES[w.study].analyses[w.analysis].evaluated(STUDIES[w.study]),
            )
        ),
        models=lambda w: [
            file
            for network in STUDIES[w.study].analyses[w.analysis].trained
            for file in model_files(w.study, network)
        ],
    output:
        table=f"{RESULTS}/{{study}}/{{analysis}}.csv",
    log:
        f"{RESULTS}/logs/analyse_study/{{study}}_{{analysis}}.log",
    benchmark:
        f"{RESULTS}/benchmarks/analyse_study/{{study}}_{{analysis}}.tsv"
    priority: 20
    conda:
        PIP_ENV
    threads: 1
    resources:
        mem_mb=2000,
    params:
        code=lambda w: code_of(
            "analyse_study",
            study=w.study,
            networks=STUDIES[w.study].networks_of(w.analysis),
            kinds_of=[("analysis", w.analysis)],
        ),
        analysis="{analysis}",
        study=lambda w: part_of(
            given(w.study),
            STUDIES[w.study].networks_of(w.analysis),
            [w.analysis, *(f for f in STUDIES[w.study].analyses[w.analysis].files if f in ANALYSES)],
            experiment=STUDIES[w.study].analyses[w.analysis].uses_yields,
        ),
        study_name="{study}",
    script:
        "../../scripts/analyse_study.py"
