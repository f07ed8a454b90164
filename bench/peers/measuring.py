"""Timing, and the line of JSON that every rival ends with."""

import ctypes
import importlib.metadata
import json
import platform
import resource
import time

import numpy as np


def keep_freed_memory():
    """Tells glibc not to hand freed memory back to the system.

    Otherwise every large array's pages are mapped and cleared anew at each step; it made steps in
    torch up to twice as fast. Elsewhere than on glibc nothing happens.
    """
    trim_threshold, mapping_threshold = -1, -3
    allocator = ctypes.CDLL(None)
    if hasattr(allocator, "mallopt"):
        allocator.mallopt(mapping_threshold, 1 << 30)
        allocator.mallopt(trim_threshold, (1 << 31) - 1)


def milliseconds(work, runs, warm_up=1):
    """Wall-clock times of `runs` calls, after untimed ones."""
    times = []
    for _ in range(warm_up + runs):
        start = time.perf_counter()
        work()
        times.append(1e3 * (time.perf_counter() - start))
    return times[warm_up:]


def report(times, packages, **also):
    """Prints {msPerStep: {min, median, max}, peakRssMb, versions, …} on one line."""
    result = {
        "msPerStep": {
            "min": round(min(times), 4),
            "median": round(float(np.median(times)), 4),
            "max": round(max(times), 4),
        },
        "meanMsPerStep": round(float(np.mean(times)), 4),
        "peakRssMb": round(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024),
        "versions": {
            **{name: importlib.metadata.version(name) for name in packages},
            "python": platform.python_version(),
        },
        **also,
    }
    print(json.dumps(result))
