# Events from nothing: generated in independent jobs, then seen by a detector. Ends in ROOT files as Delphes
# writes them, one a sample.
# The form in which events are handed to a detector, by its response.
EVENT_FORMATS = {"parametrised": "parquet", "delphes": "hepmc"}


def event_files(study, sample, file_format):
    """Return the generated events of a sample, one file a job."""
    n_jobs = STUDIES[study].source.generator.jobs
    return [f"{RESULTS}/{study}/simulation/{sample}_{part}.{file_format}" for part in range(n_jobs)]


def simulated_by(response):
    return [study for study in SIMULATED_FILES if STUDIES[study].source.detector.response == response]


def detector_settings(study):
    """Return the settings that the detector of a simulated study uses."""
    detector = given(study)["source"]["detector"]
    used = ("response", "seed") if detector["response"] == "parametrised" else detector
    return {name: detector[name] for name in used}


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
        format=one_of(EVENT_FORMATS.values()),
    conda:
        PIP_ENV
    threads: 1
    # The longest jobs of a run, so the first ones.
    priority: 20
    resources:
        mem_mb=1000,
    params:
        code=lambda w: CODE.digest("scripts.generate_events"),
        process=lambda w: given(w.study)["source"][w.sample],
        generator=lambda w: given(w.study)["source"]["generator"],
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
                EVENT_FORMATS[STUDIES[w.study].source.detector.response],
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
        detector=lambda w: detector_settings(w.study),
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
    conda:
        PIP_ENV
    threads: 1
    priority: 20
    resources:
        mem_mb=2000,
    params:
        code=lambda w: CODE.digest("scripts.simulate_detector"),
        sample="{sample}",
        seed=lambda w: given(w.study)["source"]["detector"]["seed"],
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
    conda:
        "../envs/delphes.yaml"
    threads: 1
    priority: 20
    resources:
        mem_mb=2000,
    params:
        code=lambda w: CODE.digest("scripts.run_delphes"),
        # A card of the user's own; one that comes with Delphes is found when it runs.
        state=lambda w: state_of(STUDIES[w.study].source.detector.card),
        program=lambda w: given(w.study)["source"]["detector"]["program"],
        card=lambda w: given(w.study)["source"]["detector"]["card"],
        seed=lambda w: given(w.study)["source"]["detector"]["seed"],
    script:
        "../../scripts/run_delphes.py"
