"""Times one gradient of LeNet's loss over all validation images of Fashion-MNIST in JAX.

Prints one line of JSON: {msPerStep: {min, median, max}, peakRssMb, versions, …}; a step is one gradient.
"""

import argparse

import jax
import jax.numpy as jnp

import fashion_mnist
import network
import windows
from measuring import milliseconds, report

# The size at which intermediates stay in the processor's caches.
CHUNK = 120


def arguments():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--runs", type=int, default=6, help="timed gradients, after one untimed")
    parser.add_argument("--data", default="/usr/share/datasets/fashion-mnist")
    parser.add_argument("--seed", type=int, default=0)
    return parser.parse_args()


def main():
    options = arguments()
    _, validation = fashion_mnist.training_and_validation(options.data, options.seed)
    chunks = windows.in_chunks(*map(jnp.asarray, validation), CHUNK)
    parameters = network.initial_parameters(options.seed)
    gradient = jax.jit(windows.validation_gradient)
    times = milliseconds(
        lambda: jax.block_until_ready(gradient(parameters, chunks)), options.runs
    )
    report(times, ("jax", "jaxlib", "numpy"), device=jax.devices()[0].platform)


if __name__ == "__main__":
    main()
