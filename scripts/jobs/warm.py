"""A warm process, which has imported what jobs import and forks them.

Most jobs of a small study take less time than their imports. Snakemake starts a process for each script; one
of a script with :func:`run_job` has its job done by a fork of the warm process, on the same terminal. Where
no warm process answers, as in the jobs of a cluster, it does its job itself.
"""

from __future__ import annotations

import atexit
import gc
import os
import pickle
import select
import signal
import socket
import subprocess
import sys
import tempfile
import threading
import warnings
from contextlib import suppress
from importlib import import_module
from typing import Any, NoReturn

#: Variable of the environment with the path of the socket at which the warm process listens.
ADDRESS = "CABIN_WARM_PROCESS"
#: Bytes of the names of modules that a job imported, several times what the largest has.
MOST_NAMES = 2**20
#: Signals that a run gets as a whole: Snakemake ends, and with it the warm process.
STOPS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)
#: What a job sends before its exit status.
ACCEPTED = b"\1"
#: Time in which a job must be sent, so that one that is stopped does not hold up the others [s].
PATIENCE = 5.0


def start() -> None:
    """Start a warm process for the jobs of this one, with which it ends."""
    process = subprocess.Popen(
        # Without -P Python would look for modules among the user's files too.
        [sys.executable, "-P", "-m", __name__],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    assert process.stdout is not None
    os.environ[ADDRESS] = process.stdout.readline().strip()
    _started.append(process)


def stop() -> None:
    """End the warm process of this one, if there is one."""
    while _started:
        os.environ.pop(ADDRESS, None)
        _started.pop().communicate()  # which ends its input


_started: list[subprocess.Popen[str]] = []
atexit.register(stop)


def run_job(snakemake: Any, script: str) -> NoReturn:
    """Do a job of Snakemake with the ``main`` of a script, see :func:`scripts.jobs.bridge.bridge`, and exit.

    Snakemake measures only processes that it started: a job with a benchmark is done in this one. So is one
    of several threads, for whose number libraries look into the environment when they are imported.
    """
    status = None
    if os.environ.get(ADDRESS) and snakemake.bench_iteration is None and snakemake.threads == 1:
        status = _send(snakemake, script)
    sys.exit(_work(snakemake, script) if status is None else status)


def _work(snakemake: Any, script: str) -> int:
    from .bridge import bridge

    try:
        bridge(snakemake, import_module(script).main)
    except SystemExit as end:
        if isinstance(end.code, str):
            print(end.code, file=sys.stderr)
            return 1
        return int(end.code or 0) & 255 or int(bool(end.code))
    return 0


def _send(snakemake: Any, script: str) -> int | None:
    """Return the exit status of a job that a fork has done; None if nobody answers."""
    with suppress(OSError), socket.socket(socket.AF_UNIX) as connection:
        connection.connect(os.environ[ADDRESS])
        socket.send_fds(connection, [b"\0"], [1, 2])
        with connection.makefile("wb") as file:
            pickle.dump((snakemake, script), file)
        if not connection.recv(len(ACCEPTED)):
            return None
        answer = connection.recv(1)
        if answer:
            return answer[0]
        print(f"{script}: the process of this job was killed, it is done once more", file=sys.stderr)
    return None


def serve() -> None:
    """Fork a process for each job that is sent, until standard input ends, as it does with Snakemake."""
    from .bridge import share_compiled_code

    share_compiled_code()
    # Libraries start threads of their own at import, which a fork lacks; none of them is needed there.
    warnings.filterwarnings("ignore", "(?s).*fork", DeprecationWarning)
    for number in STOPS:
        signal.signal(number, signal.SIG_IGN)
    gc.disable()
    imports: dict[str, list[str]] = {}
    from_jobs, to_server = socket.socketpair(socket.AF_UNIX, socket.SOCK_DGRAM)
    # In a folder that only this user can open; where there can be none, jobs are done without this process.
    with (
        suppress(OSError),
        tempfile.TemporaryDirectory(prefix="cabin-") as folder,
        socket.socket(socket.AF_UNIX) as listener,
    ):
        listener.bind(f"{folder}/socket")
        listener.listen()
        print(listener.getsockname(), flush=True)
        while sys.stdin not in (ready := select.select([sys.stdin, from_jobs, listener], [], [])[0]):
            if from_jobs in ready:
                script, *names = from_jobs.recv(MOST_NAMES).decode().split()
                imports[script] = names
            elif listener in ready:
                connection, _ = listener.accept()
                with connection, suppress(Exception):
                    connection.settimeout(PATIENCE)
                    _fork(connection, imports, listener, to_server)
            with suppress(ChildProcessError):
                while os.waitpid(-1, os.WNOHANG)[0]:
                    pass
    with suppress(ChildProcessError):
        os.wait()  # for the last job, so that its time counts as that of the run


def _fork(
    connection: socket.socket,
    imports: dict[str, list[str]],
    listener: socket.socket,
    to_server: socket.socket,
) -> None:
    _, streams, _, _ = socket.recv_fds(connection, 1, 2)
    try:
        with connection.makefile("rb") as file:
            snakemake, script = pickle.load(file)
        # What the script imports at its top, and what its last job imported beside; of a fault the job tells.
        for name in [script, *imports.pop(script, [])]:
            with suppress(Exception):
                import_module(name)
        gc.freeze()
        if os.fork() == 0:
            listener.close()  # or a client would wait there if the warm process ended before this job
            _be_job(connection, streams, snakemake, script, to_server)
    finally:
        for stream in streams:
            os.close(stream)


def _be_job(
    connection: socket.socket, streams: list[int], snakemake: Any, script: str, to_server: socket.socket
) -> NoReturn:
    status = 1
    try:
        connection.settimeout(None)
        connection.send(ACCEPTED)
        for number in STOPS:
            signal.signal(number, signal.SIG_DFL)
        gc.enable()
        for stream, target in zip([os.open(os.devnull, os.O_RDONLY), *streams], range(3), strict=True):
            os.dup2(stream, target)
        threading.Thread(target=_end_with, args=[connection], daemon=True).start()
        before = set(sys.modules)
        status = _work(snakemake, script)
        new = [name for name, module in sys.modules.items() if name not in before and module.__spec__]
        if new:
            with suppress(OSError):  # nobody may read it any more
                to_server.send(" ".join([script, *new]).encode(), socket.MSG_DONTWAIT)
    except BaseException:
        sys.excepthook(*sys.exc_info())
    finally:
        with suppress(BaseException):
            sys.stdout.flush()
            sys.stderr.flush()
            connection.send(bytes([status]))
        os._exit(status)


def _end_with(connection: socket.socket) -> None:
    """End this job when the process that Snakemake started has been ended."""
    connection.recv(1)
    os._exit(1)


if __name__ == "__main__":
    serve()
