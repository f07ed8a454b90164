"""Times glocal's fit of a trajectory of hypergradients in NumPy.

Prints one line of JSON: {msPerStep: {min, median, max}, peakRssMb, versions, …}; a step is one fit.
"""

import argparse

import numpy as np

from koopman import steady_state
from measuring import milliseconds, report


def arguments():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--features", type=int, default=3)
    parser.add_argument("--points", type=int, default=10)
    parser.add_argument("--stacks", type=int, default=4)
    parser.add_argument("--runs", type=int, default=500)
    return parser.parse_args()


def trajectory(points, features):
    """A constant, two decaying modes, and something like noise, so that no rank is missing."""
    time, entry = np.meshgrid(np.arange(points), np.arange(features), indexing="ij")
    modes = np.sin(entry + 1) + 0.8**time * np.cos(3 * entry) + 0.3**time * np.sin(5 * entry)
    return modes + 1e-3 * np.sin(29 * time * time + 31 * entry)


def main():
    options = arguments()
    rows = trajectory(options.points, options.features)
    times = milliseconds(
        lambda: steady_state(rows, options.stacks, tolerance=0.1), options.runs, warm_up=50
    )
    report(times, ("numpy",), features=options.features, points=options.points)


if __name__ == "__main__":
    main()
