# The config, parsed into objects; a fault stops everything with one line.
import os
import shlex
import sys
from pathlib import Path

# Needed also if this file is included from elsewhere, and in jobs on a cluster.
BASEDIR = Path(str(workflow.current_basedir)).parents[1]
sys.path.insert(0, str(BASEDIR))
# Scripts run in separate processes, which find the packages of the project by this path.
# One thread for each job: Snakemake runs jobs in parallel, and competing threads are much slower.
os.environ.update(
    PYTHONPATH=os.pathsep.join(sys.path[:1] + list(filter(None, [os.getenv("PYTHONPATH")]))),
    OMP_NUM_THREADS="1",
    OPENBLAS_NUM_THREADS="1",
    MKL_NUM_THREADS="1",
)

# Snakemake writes the path of Python into commands without quotes: where a folder has a space or an apostrophe
# in its name, a name that is found by PATH takes its place.
if shlex.quote(sys.executable) != sys.executable:
    folder, sys.executable = os.path.split(sys.executable)
    os.environ.update(PATH=os.pathsep.join([folder, *filter(None, [os.getenv("PATH")])]))

from snakemake.exceptions import WorkflowError
from scripts import kinds
from scripts.config import check_repeated_keys, means_paper, over_paper, part_of, read_config
from scripts.exports.forms import file_of, forms
from scripts.jobs.dependencies import Code, state_of
from scripts.jobs.results_folder import check_results_folder


def checked(function, *args, **options):
    """Call a check; its message becomes what Snakemake prints, one line a fault."""
    try:
        return function(*args, **options)
    except kinds.ConfigError as error:
        raise WorkflowError(str(error)) from None


IS_PAPER = means_paper(config)
if IS_PAPER:
    config.update(checked(over_paper, config, sorted((BASEDIR / "config/paper").glob("*.yaml"))))
MAIN = workflow.is_main_process  # what follows was checked by it, in the jobs that a cluster starts
if MAIN:
    for file in workflow.configfiles:
        checked(check_repeated_keys, Path(file))
RUN = checked(read_config, config, check=MAIN)
STUDIES = RUN.studies
RESULTS = f"results/{RUN.settings.run}"
if MAIN:
    checked(check_results_folder, Path(RESULTS))

CODE = Code(BASEDIR)
PIP_ENV = "../envs/python.yaml"
