# Every figure is a line of the config: a kind of plot, a study and its networks.


rule draw_figure:
    input:
        unpack(lambda w: files_for(PLOTS[FIGURES[w.figure]["plot"]].files, FIGURES[w.figure])),
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
        code=lambda w: CODE.digest("scripts.draw_figure", f"scripts.figures.{FIGURES[w.figure]['plot']}"),
        figure=lambda w: FIGURES[w.figure],
        study=lambda w: STUDIES.get(FIGURES[w.figure].get("study"), {}),
        caption=lambda w: FIGURES[w.figure]["caption"],
    script:
        "../../scripts/draw_figure.py"
