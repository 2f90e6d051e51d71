# Every figure is an entry of the config: a kind of plot and its networks.


rule draw_figure:
    input:
        unpack(
            lambda w: files_for(
                FIGURES[w.figure][1].files, FIGURES[w.figure][0].name, FIGURES[w.figure][1].networks
            )
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
        code=lambda w: code_of(
            "draw_figure",
            study=FIGURES[w.figure][0].name,
            networks=FIGURES[w.figure][1].networks,
            kinds_of=[("plot", FIGURES[w.figure][1].plot)],
        ),
        figure=lambda w: FIGURES[w.figure][1].model_dump(exclude_unset=True),
        study=lambda w: drawn_part(*FIGURES[w.figure]),
        study_name=lambda w: FIGURES[w.figure][0].name,
        caption=lambda w: FIGURES[w.figure][1].caption,
    script:
        "../../scripts/draw_figure.py"
