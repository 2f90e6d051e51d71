# Every table is an entry of the config, like the figures.


rule write_table:
    input:
        unpack(
            lambda w: files_for(
                TABLES[w.table][1].files, TABLES[w.table][0].name, TABLES[w.table][1].networks
            )
        ),
    output:
        csv=report(
            f"{RESULTS}/tables/{{table}}.csv",
            caption="../report/table.rst",
            category="Tables",
            labels={"table": "{table}"},
        ),
        md=f"{RESULTS}/tables/{{table}}.md",
        tex=f"{RESULTS}/tables/{{table}}.tex",
    log:
        f"{RESULTS}/logs/write_table/{{table}}.log",
    conda:
        PIP_ENV
    threads: 1
    resources:
        mem_mb=1000,
    params:
        code=lambda w: code_of(
            "write_table",
            study=TABLES[w.table][0].name,
            networks=TABLES[w.table][1].networks,
            kinds_of=[("table", TABLES[w.table][1].table)],
        ),
        table=lambda w: TABLES[w.table][1].model_dump(exclude_unset=True),
        study=lambda w: drawn_part(*TABLES[w.table]),
        study_name=lambda w: TABLES[w.table][0].name,
        caption=lambda w: TABLES[w.table][1].caption,
    script:
        "../../scripts/write_table.py"
