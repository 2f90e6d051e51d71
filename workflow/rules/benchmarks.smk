# What an epoch costs beside the authors' package: `snakemake benchmark`, never a part of `rule all`.

from scripts.benchmarks.settings import read_benchmarks

BENCHMARKS = checked(read_benchmarks, BASEDIR / "config/benchmarks.yaml", RUN.settings.benchmarks)
MEASURED = BENCHMARKS.folder
# More threads than there are: nothing else may run beside a measurement.
ALONE = 1000
BENCHMARK_TABLES = ("summary", "epochs", "limits", "memory", "machine", "reading", "constants", "costs")


rule benchmark:
    input:
        expand(f"{MEASURED}/{{table}}.{{end}}", table=BENCHMARK_TABLES, end=("csv", "md")),
        expand(f"{MEASURED}/{{figure}}.{{end}}", figure=("cost", "proof_progress"), end=("csv", "pdf", "png")),
        expand(f"{MEASURED}/proofs.{{end}}", end=("csv", "md")),
        f"{MEASURED}/about.json",


rule install_package:
    output:
        folder=directory(f"{MEASURED}/package"),
        installed=f"{MEASURED}/package.json",
    log:
        f"{MEASURED}/logs/install_package.log",
    conda:
        PIP_ENV
    threads: 1
    resources:
        mem_mb=1000,
    params:
        code=lambda w: CODE.digest("scripts.install_package"),
        package=BENCHMARKS.package,
    script:
        "../../scripts/install_package.py"


rule measure_machine:
    output:
        results=f"{MEASURED}/measured/machine.json",
    log:
        f"{MEASURED}/logs/measure_machine.log",
    conda:
        PIP_ENV
    threads: ALONE
    resources:
        mem_mb=2000,
    params:
        code=lambda w: CODE.digest("scripts.measure_machine"),
        machine=BENCHMARKS.machine.model_dump(),
        threads=sorted({BENCHMARKS.case(name).threads for name in BENCHMARKS.cases}),
    script:
        "../../scripts/measure_machine.py"


rule measure_epochs:
    input:
        folder=f"{MEASURED}/package",
        installed=f"{MEASURED}/package.json",
    output:
        results=f"{MEASURED}/measured/epochs/{{case}}.json",
    log:
        f"{MEASURED}/logs/measure_epochs/{{case}}.log",
    wildcard_constraints:
        case=one_of(BENCHMARKS.cases),
    conda:
        PIP_ENV
    threads: ALONE
    resources:
        mem_mb=20000,
    params:
        code=lambda w: CODE.digest("scripts.measure_epochs", "scripts.benchmarks.worker"),
        case=lambda w: BENCHMARKS.case(w.case).model_dump(),
        turns=BENCHMARKS.turns.model_dump(),
    script:
        "../../scripts/measure_epochs.py"


rule measure_memory:
    input:
        folder=f"{MEASURED}/package",
        installed=f"{MEASURED}/package.json",
    output:
        results=f"{MEASURED}/measured/memory.json",
    log:
        f"{MEASURED}/logs/measure_memory.log",
    conda:
        PIP_ENV
    threads: ALONE
    resources:
        mem_mb=20000,
    params:
        code=lambda w: CODE.digest("scripts.measure_memory", "scripts.benchmarks.worker"),
        case=BENCHMARKS.base.model_dump(),
        events=BENCHMARKS.memory_events,
        turns=BENCHMARKS.turns.model_dump(),
    script:
        "../../scripts/measure_memory.py"


rule measure_reading:
    output:
        results=f"{MEASURED}/measured/reading.json",
    log:
        f"{MEASURED}/logs/measure_reading.log",
    conda:
        PIP_ENV
    threads: ALONE
    resources:
        mem_mb=2000,
    params:
        code=lambda w: CODE.digest("scripts.measure_reading"),
        state=lambda w: state_of(BENCHMARKS.delphes_file) if BENCHMARKS.delphes_file else "",
        delphes_file=BENCHMARKS.delphes_file,
        reading=BENCHMARKS.reading.model_dump(),
    script:
        "../../scripts/measure_reading.py"


rule measure_proofs:
    output:
        results=f"{MEASURED}/measured/proofs/{{case}}.json",
    log:
        f"{MEASURED}/logs/measure_proofs/{{case}}.log",
    wildcard_constraints:
        case=one_of(BENCHMARKS.proofs),
    conda:
        PIP_ENV
    threads: ALONE
    resources:
        mem_mb=8000,
    params:
        code=lambda w: code_of("measure_proofs", study=known_study(BENCHMARKS.proofs[w.case].study)),
        state=lambda w: [state_of(file) for file in files_of_proof(BENCHMARKS.proofs[w.case])],
        name="{case}",
        case=lambda w: BENCHMARKS.proofs[w.case].model_dump(exclude={"aim"}),
        study=lambda w: study_of_proof(BENCHMARKS.proofs[w.case]),
        features=lambda w: table_of_proof(BENCHMARKS.proofs[w.case]),
    script:
        "../../scripts/measure_proofs.py"


rule write_proofs:
    input:
        measured=expand(f"{MEASURED}/measured/proofs/{{case}}.json", case=BENCHMARKS.proofs),
    output:
        csv=f"{MEASURED}/proofs.csv",
        md=f"{MEASURED}/proofs.md",
        progress=f"{MEASURED}/proof_progress.csv",
    log:
        f"{MEASURED}/logs/write_proofs.log",
    conda:
        PIP_ENV
    threads: 1
    resources:
        mem_mb=1000,
    params:
        code=lambda w: CODE.digest("scripts.write_proofs"),
    script:
        "../../scripts/write_proofs.py"


rule draw_proofs:
    input:
        progress=f"{MEASURED}/proof_progress.csv",
    output:
        pdf=f"{MEASURED}/proof_progress.pdf",
        png=f"{MEASURED}/proof_progress.png",
    log:
        f"{MEASURED}/logs/draw_proofs.log",
    conda:
        PIP_ENV
    threads: 1
    resources:
        mem_mb=1000,
    params:
        code=lambda w: CODE.digest("scripts.draw_proofs"),
    script:
        "../../scripts/draw_proofs.py"


rule write_benchmarks:
    input:
        epochs=expand(f"{MEASURED}/measured/epochs/{{case}}.json", case=BENCHMARKS.cases),
        memory=f"{MEASURED}/measured/memory.json",
        machine=f"{MEASURED}/measured/machine.json",
        reading=f"{MEASURED}/measured/reading.json",
        proofs=f"{MEASURED}/proofs.csv",
    output:
        csv=expand(f"{MEASURED}/{{table}}.csv", table=BENCHMARK_TABLES),
        md=expand(f"{MEASURED}/{{table}}.md", table=BENCHMARK_TABLES),
        about=f"{MEASURED}/about.json",
    log:
        f"{MEASURED}/logs/write_benchmarks.log",
    conda:
        PIP_ENV
    threads: 1
    resources:
        mem_mb=1000,
    params:
        code=lambda w: CODE.digest("scripts.write_benchmarks"),
        costs=BENCHMARKS.costs.model_dump(),
        aims={name: case.aim.model_dump() for name, case in BENCHMARKS.proofs.items()},
    script:
        "../../scripts/write_benchmarks.py"


rule draw_benchmarks:
    input:
        epochs=f"{MEASURED}/epochs.csv",
        memory=f"{MEASURED}/memory.csv",
    output:
        csv=f"{MEASURED}/cost.csv",
        pdf=f"{MEASURED}/cost.pdf",
        png=f"{MEASURED}/cost.png",
    log:
        f"{MEASURED}/logs/draw_benchmarks.log",
    conda:
        PIP_ENV
    threads: 1
    resources:
        mem_mb=1000,
    params:
        code=lambda w: CODE.digest("scripts.draw_benchmarks"),
    script:
        "../../scripts/draw_benchmarks.py"
