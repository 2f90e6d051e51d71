# Every figure is a line of the config: a kind of plot, a study and its networks.


rule draw_figure:
    input:
        unpack(lambda w: files_for(PLOTS[FIGURES[w.figure]["plot"]].files, FIGURES[w.figure])),
        code=CORE
        + TOY
        + sources(
            "scripts/comparison.py",
            "scripts/cut_curves.py",
            "scripts/figures",
            "scripts/gaussian_optimum.py",
            "scripts/searches.py",
            "scripts/significance_scan.py",
            "scripts/watts_emulation.py",
            "scripts/watts_toy.py",
        ),
    output:
        csv=f"{RESULTS}/figures/{{figure}}.csv",
        pdf=f"{RESULTS}/figures/{{figure}}.pdf",
        png=report(
            f"{RESULTS}/figures/{{figure}}.png",
            caption="../report/figure.rst",
            category="Figures",
            labels={"figure": "{figure}"},
        ),
    log:
        f"{RESULTS}/logs/draw_figure/{{figure}}.log",
    conda:
        PIP_ENV
    threads: 1
    resources:
        mem_mb=2000,
    params:
        figure=lambda w: FIGURES[w.figure],
        study=lambda w: STUDIES.get(FIGURES[w.figure].get("study"), {}),
        caption=lambda w: FIGURES[w.figure]["caption"],
    script:
        "../../scripts/draw_figure.py"
