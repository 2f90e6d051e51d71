# The scorecard compares every number and claim of the papers with ours.


rule write_scorecard:
    input:
        results=[path for study in STUDIES.values() for path in study_targets(study)],
    output:
        json=f"{RESULTS}/scorecard.json",
        md=f"{RESULTS}/scorecard.md",
        html=report(
            f"{RESULTS}/scorecard.html",
            caption="../report/scorecard.rst",
            category="Scorecard",
            labels={"table": "scorecard"},
        ),
    log:
        f"{RESULTS}/logs/write_scorecard.log",
    conda:
        PIP_ENV
    threads: 1
    resources:
        mem_mb=2000,
    params:
        code=lambda w: CODE.digest(
            "scripts.write_scorecard",
            *measure_modules(),
            *(kinds.modules("source")[study.source.kind] for study in STUDIES.values()),
            *(module for settings in NETWORKS.values() for module in settings.modules),
        ),
        studies={name: study | {"figures": {}, "tables": {}} for name, study in RUN.settings.studies.items()},
        not_comparable=RUN.settings.not_comparable,
    script:
        "../../scripts/write_scorecard.py"
