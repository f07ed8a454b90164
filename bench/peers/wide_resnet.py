"""WideResNet (width factor 2) with group normalisation and leaky ReLU, in JAX."""

import jax
import jax.numpy as jnp
import numpy as np
from jax import lax

GROUPS = 8
STAGES = (32, 64, 128)


def initial_parameters(depth, seed):
    """[first kernel, a dictionary for each block, a dictionary of the end]."""
    random = np.random.default_rng(seed)

    def he_normal(*shape):
        return jnp.asarray(random.normal(size=shape) * (2 / np.prod(shape[:-1])) ** 0.5, jnp.float32)

    def norm(channels):
        return jnp.ones(channels), jnp.zeros(channels)

    channels = 16
    layers = [he_normal(3, 3, 3, channels)]
    for filters in STAGES:
        for _ in range((depth - 4) // 6):
            block = {
                "norm1": norm(channels),
                "conv1": he_normal(3, 3, channels, filters),
                "norm2": norm(filters),
                "conv2": he_normal(3, 3, filters, filters),
            }
            if filters != channels:
                block["shortcut"] = he_normal(1, 1, channels, filters)
            layers.append(block)
            channels = filters
    layers.append(
        {"norm": norm(channels), "weight": he_normal(channels, 10), "bias": jnp.zeros(10)}
    )
    return layers


def convolve(images, kernel, stride=1):
    """XLA's own convolution: the fastest for large batches."""
    padding = kernel.shape[0] // 2
    return lax.conv_general_dilated(
        images,
        kernel,
        (stride, stride),
        [(padding, padding)] * 2,
        dimension_numbers=("NHWC", "HWIO", "NHWC"),
    )


def convolve_by_product(images, kernel, stride=1):
    """The neighbourhood of every pixel in a row of one matrix product: faster for small batches in many lanes."""
    size, _, channels, filters = kernel.shape
    count, height, width, _ = images.shape
    padded = jnp.pad(images, ((0, 0), (size // 2, size // 2), (size // 2, size // 2), (0, 0)))
    shifted = [
        padded[:, row : row + height : stride, column : column + width : stride]
        for row in range(size)
        for column in range(size)
    ]
    rows = jnp.concatenate(shifted, axis=-1).reshape(-1, size * size * channels)
    product = rows @ kernel.reshape(-1, filters)
    return product.reshape(count, height // stride, width // stride, filters)


def active(values, norm):
    """Leaky ReLU of group normalisation.

    Channels are averaged over space first and then over their group, and what is left for every
    element is one multiplication and one addition: that is faster in XLA than a mean over both.
    """
    scale, shift = norm
    count, channels = len(values), values.shape[-1]

    def of_group(means):
        return means.reshape(count, GROUPS, -1).mean(2)

    mean = of_group(values.mean((1, 2)))
    variance = of_group((values * values).mean((1, 2))) - mean * mean
    size = channels // GROUPS
    factor = jnp.repeat(lax.rsqrt(variance + 1e-5), size, axis=1) * scale
    offset = shift - jnp.repeat(mean, size, axis=1) * factor
    return jax.nn.leaky_relu(values * factor[:, None, None] + offset[:, None, None])


def losses(layers, images, labels, convolve=convolve):
    """Cross-entropy in nats of each of the (count, 32, 32, 3) images."""
    first, *blocks, end = layers
    values = convolve(images, first)
    for number, block in enumerate(blocks):
        starts_stage = number > 0 and number % (len(blocks) // len(STAGES)) == 0
        stride = 2 if starts_stage else 1
        inside = active(values, block["norm1"])
        around = convolve(inside, block["shortcut"], stride) if "shortcut" in block else values
        branch = active(convolve(inside, block["conv1"], stride), block["norm2"])
        values = around + convolve(branch, block["conv2"])
    features = active(values, end["norm"]).mean((1, 2))
    scores = jax.nn.log_softmax(features @ end["weight"] + end["bias"])
    return -jnp.take_along_axis(scores, labels[:, None], axis=1)[:, 0]
