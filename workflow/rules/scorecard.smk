# Every number and claim of the papers beside ours.


rule write_scorecard:
    input:
        results=[path for study in STUDIES for path in study_targets(study)],
        code=CORE
        + TOY
        + sources(
            "scripts/comparison.py",
            "scripts/cut_curves.py",
            "scripts/figures/classification_maps.py",
            "scripts/figures/loss_landscapes.py",
            "scripts/gaussian_optimum.py",
            "scripts/scorecard",
            "scripts/searches.py",
            "scripts/significance_scan.py",
            "scripts/watts_emulation.py",
            "scripts/watts_toy.py",
        ),
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
        claims=CLAIMS,
        studies=STUDIES,
        networks=NETWORKS,
        not_comparable=config["not_comparable"],
    script:
        "../../scripts/write_scorecard.py"
