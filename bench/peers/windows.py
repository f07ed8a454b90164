"""Windows of inner steps with forward-mode tangents, each compiled as one program."""

import jax
import jax.numpy as jnp
from jax import lax

from network import cross_entropy

HYPERPARAMETERS = 3


def inner_step(state, raw, images, labels):
    """SGD with momentum and coupled weight decay; (rate, momentum, decay) = sigmoid(raw)."""
    parameters, velocity = state
    rate, momentum, decay = jax.nn.sigmoid(raw)
    gradient = jax.grad(cross_entropy)(parameters, images, labels)
    velocity = jax.tree.map(
        lambda v, g, p: momentum * v + g + decay * p, velocity, gradient, parameters
    )
    parameters = jax.tree.map(lambda p, v: p - rate * v, parameters, velocity)
    return parameters, velocity


def tangent_step(state, tangents, raw, images, labels):
    """One step and its exact derivative along each hyperparameter.

    Written out lane by lane: XLA merges what the lanes share, and that is faster on a CPU than a
    `vmap` over lanes or `linearize`.
    """

    def step(state, raw):
        return inner_step(state, raw, images, labels)

    lanes = []
    for lane, direction in zip(tangents, jnp.eye(HYPERPARAMETERS)):
        following, pushed = jax.jvp(step, (state, raw), (lane, direction))
        lanes.append(pushed)
    return following, lanes


def mapped_tangent_step(state, tangents, raw, images, labels):
    """The same with all lanes in one `vmap`: fewer and larger operations. Lanes are stacked."""

    def push(lane, direction):
        return jax.jvp(
            lambda state, raw: inner_step(state, raw, images, labels),
            (state, raw),
            (lane, direction),
        )

    return jax.vmap(push, out_axes=(None, 0))(tangents, jnp.eye(HYPERPARAMETERS))


def validation_gradient(parameters, validation):
    """∇L over the whole validation data, chunk by chunk."""

    def add_chunk(total, chunk):
        return jax.tree.map(jnp.add, total, jax.grad(cross_entropy)(parameters, *chunk)), None

    nothing = jax.tree.map(jnp.zeros_like, parameters)
    total, _ = lax.scan(add_chunk, nothing, validation)
    chunks = len(validation[1])
    return jax.tree.map(lambda sum: sum / chunks, total)


def hypergradient(state, tangents, validation):
    """Zᵀ ∇L: one reverse pass, then inner products."""
    parameters, _ = state
    gradient = validation_gradient(parameters, validation)
    return jnp.stack([inner_product(lane[0], gradient) for lane in tangents])


def inner_product(a, b):
    return sum(jnp.vdot(x, y) for x, y in zip(jax.tree.leaves(a), jax.tree.leaves(b)))


def mapped_hypergradient(state, tangents, validation):
    """The same for stacked lanes."""
    parameters, _ = state
    gradient = validation_gradient(parameters, validation)
    return jax.vmap(lambda lane: inner_product(lane, gradient))(tangents[0])


def in_chunks(images, labels, size):
    """Validation data with a leading axis of chunks of so many images."""
    return images.reshape(-1, size, *images.shape[1:]), labels.reshape(-1, size)


def plain_window(training):
    """(state, raw, indices of shape (steps, batch)) -> state."""
    images, labels = training

    @jax.jit
    def run(state, raw, indices):
        def step(state, batch):
            return inner_step(state, raw, images[batch], labels[batch]), None

        return lax.scan(step, state, indices)[0]

    return run


def no_tangents(state):
    nothing = jax.tree.map(jnp.zeros_like, state)
    return [nothing] * HYPERPARAMETERS


def no_stacked_tangents(state):
    return jax.tree.map(lambda x: jnp.zeros((HYPERPARAMETERS, *x.shape), x.dtype), state)


# How tangents begin, are carried through a step, and meet the validation gradient.
TANGENTS = {
    "written": (no_tangents, tangent_step, hypergradient),
    "mapped": (no_stacked_tangents, mapped_tangent_step, mapped_hypergradient),
}


def hypergradient_window(training, validation, last, tangents="written"):
    """(state, raw, indices) -> (state, hypergradients (last, 3) after each of the last steps)."""
    images, labels = training
    begin, advance, measure = TANGENTS[tangents]

    @jax.jit
    def run(state, raw, indices):
        def step(carried, batch):
            return advance(*carried, raw, images[batch], labels[batch]), None

        def step_and_measure(carried, batch):
            carried, _ = step(carried, batch)
            return carried, measure(*carried, validation)

        carried = state, begin(state)
        carried, _ = lax.scan(step, carried, indices[:-last])
        (following, _), trajectory = lax.scan(step_and_measure, carried, indices[-last:])
        return following, trajectory

    return run
