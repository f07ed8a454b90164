"""Times a step of a WideResNet with group normalisation in JAX: plain, with tangents, or reweighting data.

Prints one line of JSON: {work, msPerStep: {min, median, max}, peakRssMb, versions, …}.
"""

import argparse

import jax
import jax.numpy as jnp
import numpy as np
from jax import lax

from measuring import milliseconds, report
from precision import precision_option, set_precision
from wide_resnet import convolve, convolve_by_product, initial_parameters, losses

MOMENTUM = 0.9
HIDDEN = 128
CONVOLUTIONS = {"lax": convolve, "product": convolve_by_product}


def arguments():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--work", choices=("step", "tangents", "reweighting"), required=True)
    parser.add_argument("--depth", type=int, help="default 28, for reweighting 16")
    parser.add_argument("--batch", type=int, help="default 128, for reweighting 16")
    parser.add_argument("--lanes", type=int, default=32, help="of 385 in reweighting")
    parser.add_argument("--steps", type=int, default=4, help="timed steps, after one untimed")
    parser.add_argument(
        "--burst", type=int, default=1, help="steps that are timed together, without a wait between"
    )
    parser.add_argument("--conv", choices=tuple(CONVOLUTIONS), help="default lax, for reweighting product")
    precision_option(parser)
    return parser.parse_args()


def descend(state, gradient, rate, decay):
    parameters, velocity = state
    velocity = jax.tree.map(
        lambda v, g, p: MOMENTUM * v + g + decay * p, velocity, gradient, parameters
    )
    return jax.tree.map(lambda p, v: p - rate * v, parameters, velocity), velocity


def ordinary_step(state, raw, images, labels, convolve):
    """`raw`: rate and decay before the sigmoid."""
    rate, decay = jax.nn.sigmoid(raw)
    gradient = jax.grad(lambda layers: losses(layers, images, labels, convolve).mean())(state[0])
    return descend(state, gradient, rate, decay)


def example_weight(network, loss):
    """A network from one number to one, 385 weights in a row: 1 → 128 → 1."""
    first, shift, second = network[:-1].reshape(3, HIDDEN)
    hidden = jax.nn.relu(loss[:, None] * first + shift)
    return jax.nn.sigmoid(hidden @ second + network[-1])


def reweighting_step(state, network, images, labels, convolve):
    """The objective is differentiated through the weights as well."""

    def objective(layers):
        each = losses(layers, images, labels, convolve)
        return (example_weight(network, each) * each).mean()

    return descend(state, jax.grad(objective)(state[0]), 0.01, 0.0)


def written_out(step, state, hyper, lanes, directions):
    """One `jvp` a lane, whose common part XLA merges: faster for few lanes."""
    pushed = [jax.jvp(step, (state, hyper), lane) for lane in zip(lanes, directions)]
    return pushed[0][0], [moved for _, moved in pushed]


def one_by_one(step, state, hyper, lanes, directions):
    """Linearised once, then applied to lane after lane (stacked): faster for many."""
    following, push = jax.linearize(step, state, hyper)
    return following, lax.map(lambda lane: push(*lane), (lanes, directions))


def main():
    options = arguments()
    reweighting = options.work == "reweighting"
    convolution = CONVOLUTIONS[options.conv or ("product" if reweighting else "lax")]
    set_precision(options.precision)
    depth = options.depth or (16 if reweighting else 28)
    batch = options.batch or (16 if reweighting else 128)
    random = np.random.default_rng(1)
    images = jnp.asarray(random.normal(size=(batch, 32, 32, 3)), jnp.float32)
    labels = jnp.asarray(random.integers(0, 10, batch))
    parameters = initial_parameters(depth, 0)
    state = parameters, jax.tree.map(jnp.zeros_like, parameters)
    rates = jnp.array([-3.0, -7.0])
    network = jnp.asarray(0.1 * random.normal(size=3 * HIDDEN + 1), jnp.float32)
    hyper = network if reweighting else rates
    kind = reweighting_step if reweighting else ordinary_step

    def step(state, hyper):
        return kind(state, hyper, images, labels, convolution)

    if options.work == "step":
        carried = (state,)
        run = jax.jit(lambda state: (step(state, hyper),), donate_argnums=0)
    else:
        count = options.lanes if reweighting else len(hyper)
        directions = jnp.eye(len(hyper))[:count]
        lanes = [jax.tree.map(jnp.zeros_like, state) for _ in range(count)]
        if reweighting:
            lanes = jax.tree.map(lambda *lane: jnp.stack(lane), *lanes)
        push = one_by_one if reweighting else written_out
        carried = state, lanes
        run = jax.jit(
            lambda state, lanes: push(step, state, hyper, lanes, directions), donate_argnums=(0, 1)
        )

    def work():
        nonlocal carried
        for _ in range(options.burst):
            carried = run(*carried)
        jax.block_until_ready(carried)

    bursts = -(-options.steps // options.burst)
    times = [ms / options.burst for ms in milliseconds(work, bursts)]
    count = sum(p.size for p in jax.tree.leaves(parameters))
    report(
        times,
        ("jax", "jaxlib", "numpy"),
        work=options.work,
        device=jax.devices()[0].platform,
        parameters=count,
    )


if __name__ == "__main__":
    main()
