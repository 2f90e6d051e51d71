# Every table is a line of the config, as the figures are.


rule write_table:
    input:
        unpack(lambda w: files_for(TABLES[TABLE_ENTRIES[w.table]["table"]].files, TABLE_ENTRIES[w.table])),
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
        code=lambda w: CODE.digest("scripts.write_table", f"scripts.tables.{TABLE_ENTRIES[w.table]['table']}"),
        table=lambda w: TABLE_ENTRIES[w.table],
        study=lambda w: STUDIES.get(TABLE_ENTRIES[w.table].get("study"), {}),
        networks=lambda w: {name: NETWORKS[name] for name in TABLE_ENTRIES[w.table].get("networks", [])},
        caption=lambda w: TABLE_ENTRIES[w.table]["caption"],
    script:
        "../../scripts/write_table.py"
