"""Times LeNet on Fashion-MNIST in JAX: no tuning, local or glocal hypergradients.

Prints one line of JSON: {method, msPerStep: {min, median, max}, peakRssMb, versions, …}.
"""

import argparse
import time

import jax
import jax.numpy as jnp
import numpy as np
import optax

import fashion_mnist
import koopman
import network
import windows
from measuring import report
from precision import precision_option, set_precision

WARM_UP = 2
INITIAL = (0.01, 0.9, 1e-4)
OUTER_RATE = 0.1


def arguments():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--method", choices=("none", "local", "glocal"), required=True)
    parser.add_argument("--windows", type=int, default=3, help="timed windows, after two untimed")
    parser.add_argument("--data", default="/usr/share/datasets/fashion-mnist")
    parser.add_argument("--synthetic", action="store_true", help="images that mean nothing")
    parser.add_argument("--conv", choices=tuple(network.CONVOLUTIONS), default="product")
    parser.add_argument("--tangents", choices=tuple(windows.TANGENTS), default="written")
    # By default the size at which intermediates stay in a processor's caches; a GPU wants more.
    parser.add_argument("--chunk", type=int, default=120, help="validation images at a time")
    precision_option(parser)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--batch", type=int, default=128)
    parser.add_argument("--window", type=int, default=50, help="inner steps between updates")
    parser.add_argument("--last", type=int, default=10, help="hypergradients that DMD sees")
    parser.add_argument("--stacks", type=int, default=4)
    parser.add_argument("--tolerance", type=float, default=0.1)
    return parser.parse_args()


def window_function(options, training, validation):
    """(state, raw, indices) -> (state, trajectory or None)."""
    if options.method == "none":
        plain = windows.plain_window(training)
        return lambda *inputs: (plain(*inputs), None)
    last = options.last if options.method == "glocal" else 1
    chunks = windows.in_chunks(*validation, options.chunk)
    return windows.hypergradient_window(training, chunks, last, options.tangents)


def main():
    options = arguments()
    network.choose_convolution(options.conv)
    set_precision(options.precision)
    folder = None if options.synthetic else options.data
    training, validation = (
        tuple(map(jnp.asarray, part))
        for part in fashion_mnist.training_and_validation(folder, options.seed)
    )
    total = WARM_UP + options.windows
    indices = fashion_mnist.minibatches(
        len(training[1]), options.batch, total * options.window, options.seed
    )
    indices = jnp.asarray(indices).reshape(total, options.window, options.batch)
    parameters = network.initial_parameters(options.seed)
    state = parameters, jax.tree.map(jnp.zeros_like, parameters)
    raw = jax.scipy.special.logit(jnp.asarray(INITIAL))
    outer = optax.adam(OUTER_RATE)
    outer_state = outer.init(raw)

    @jax.jit
    def update(raw, outer_state, estimate):
        change, outer_state = outer.update(estimate, outer_state, raw)
        return optax.apply_updates(raw, change), outer_state

    run_window = window_function(options, training, validation)
    times, fallbacks = [], 0
    for number in range(total):
        start = time.perf_counter()
        state, trajectory = run_window(state, raw, indices[number])
        if trajectory is not None:
            estimate = np.asarray(trajectory)[-1]
            if options.method == "glocal":
                estimate, settled = koopman.steady_state(
                    trajectory, options.stacks, options.tolerance
                )
                fallbacks += not settled
            raw, outer_state = update(raw, outer_state, jnp.asarray(estimate, jnp.float32))
        jax.block_until_ready((state, raw))
        times.append(1e3 * (time.perf_counter() - start) / options.window)

    report(
        times[WARM_UP:],
        ("jax", "jaxlib", "numpy"),
        method=options.method,
        device=jax.devices()[0].platform,
        windows=options.windows,
        fallbacks=fallbacks,
        hyper=dict(
            zip(("lr", "momentum", "weightDecay"), np.asarray(jax.nn.sigmoid(raw)).tolist())
        ),
    )


if __name__ == "__main__":
    main()
