# Simulation: events are generated in independent jobs and passed through a detector. The result is one ROOT
# file for each sample, as Delphes writes it.


rule generate_events:
    output:
        events=f"{RESULTS}/{{study}}/simulation/{{sample}}_{{part}}.{{format}}",
        summary=f"{RESULTS}/{{study}}/simulation/{{sample}}_{{part}}.{{format}}.json",
    log:
        f"{RESULTS}/logs/generate_events/{{study}}_{{sample}}_{{part}}_{{format}}.log",
    benchmark:
        f"{RESULTS}/benchmarks/generate_events/{{study}}_{{sample}}_{{part}}_{{format}}.tsv"
    wildcard_constraints:
        study=one_of(SIMULATED_FILES),
        format="parquet|hepmc",
    # These are the longest jobs of a run, so they start first.
    priority: 20
    conda:
        PIP_ENV
    threads: 1
    resources:
        mem_mb=1000,
    params:
        code=lambda w: CODE.digest("scripts.generate_events"),
        process=lambda w: getattr(STUDIES[w.study].source, w.sample).model_dump(exclude_none=True),
        generator=lambda w: STUDIES[w.study].source.generator.model_dump(),
        sample="{sample}",
        part=lambda w: int(w.part),
    script:
        "../../scripts/generate_events.py"


rule combine_summaries:
    input:
        summaries=lambda w: [
            f"{file}.json"
            for file in event_files(
                w.study,
                w.sample,
                STUDIES[w.study].source.detector.event_format,
            )
        ],
    output:
        summary=f"{RESULTS}/{{study}}/simulation/{{sample}}.root.json",
    log:
        f"{RESULTS}/logs/combine_summaries/{{study}}_{{sample}}.log",
    wildcard_constraints:
        study=one_of(SIMULATED_FILES),
    conda:
        PIP_ENV
    threads: 1
    resources:
        mem_mb=500,
    params:
        code=lambda w: CODE.digest("scripts.combine_summaries"),
        detector=lambda w: STUDIES[w.study].source.detector.used,
    script:
        "../../scripts/combine_summaries.py"


rule simulate_detector:
    input:
        events=lambda w: event_files(w.study, w.sample, "parquet"),
    output:
        root_file=f"{RESULTS}/{{study}}/simulation/{{sample}}.root",
    log:
        f"{RESULTS}/logs/simulate_detector/{{study}}_{{sample}}.log",
    benchmark:
        f"{RESULTS}/benchmarks/simulate_detector/{{study}}_{{sample}}.tsv"
    wildcard_constraints:
        study=one_of(simulated_by("parametrised")),
    priority: 20
    conda:
        PIP_ENV
    threads: 1
    resources:
        mem_mb=2000,
    params:
        code=lambda w: CODE.digest("scripts.simulate_detector"),
        sample="{sample}",
        seed=lambda w: STUDIES[w.study].source.detector.seed,
    script:
        "../../scripts/simulate_detector.py"


rule run_delphes:
    input:
        events=lambda w: event_files(w.study, w.sample, "hepmc"),
    output:
        root_file=f"{RESULTS}/{{study}}/simulation/{{sample}}.root",
    log:
        f"{RESULTS}/logs/run_delphes/{{study}}_{{sample}}.log",
    wildcard_constraints:
        study=one_of(simulated_by("delphes")),
    priority: 20
    conda:
        "../envs/delphes.yaml"
    threads: 1
    resources:
        mem_mb=2000,
    params:
        code=lambda w: CODE.digest("scripts.run_delphes"),
        # A card of the user is an input; a card that comes with Delphes is found when the job runs.
        state=lambda w: state_of(STUDIES[w.study].source.detector.card),
        program=lambda w: STUDIES[w.study].source.detector.program,
        card=lambda w: STUDIES[w.study].source.detector.card,
        seed=lambda w: STUDIES[w.study].source.detector.seed,
    script:
        "../../scripts/run_delphes.py"
