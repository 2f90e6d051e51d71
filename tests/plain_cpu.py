"""Run pytest as on a plain x86-64 processor, to find what depends on the last digit: `make test-portable`.

Libraries choose their code by the processor: other vector lengths add numbers up in another order, others
sort equal values another way. What passes here and in this disguise hardly hangs on the processor.
"""

import os
import platform
import sys

import numpy as np


def disguise() -> dict[str, str]:
    """The environment in which numpy, OpenBLAS, torch, MKL and the C library use nothing past SSE.

    A value that a library does not know is ignored; on other processors than x86-64 there is nothing to hide.
    """
    if platform.machine().lower() not in ("x86_64", "amd64"):
        return {}
    # Named by numpy itself: it does not start with a baseline feature here, and warns of unknown ones.
    found = np.show_config(mode="dicts").get("SIMD Extensions", {}).get("found", [])
    return {
        "NPY_DISABLE_CPU_FEATURES": " ".join(found),
        "OPENBLAS_CORETYPE": "Prescott",
        "ATEN_CPU_CAPABILITY": "default",
        "MKL_CBWR": "COMPATIBLE",
        "GLIBC_TUNABLES": "glibc.cpu.hwcaps=-AVX2,-FMA,-FMA4",
    }


if __name__ == "__main__":
    hidden = disguise()
    print(*(f"{name}={value}" for name, value in hidden.items()), sep="\n", flush=True)
    os.environ.update(hidden)
    # Anew, for libraries read these when they are loaded.
    os.execv(sys.executable, [sys.executable, "-m", "pytest", *sys.argv[1:]])
