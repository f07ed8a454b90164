"""Fashion-MNIST from IDX files, gzipped or not."""

import gzip
import math
from pathlib import Path

import numpy as np

# Of the training pixels, after division by 255.
MEAN, DEVIATION = 0.2860, 0.3530
VALIDATION_IMAGES = 6_000


def read_idx(folder, name):
    """The array in `folder/name` or `folder/name.gz`; unsigned bytes only."""
    plain, packed = Path(folder, name), Path(folder, name + ".gz")
    content = plain.read_bytes() if plain.exists() else gzip.decompress(packed.read_bytes())
    if content[:3] != b"\0\0\x08":
        raise ValueError(f"{name} is not an IDX file of unsigned bytes")
    axes = content[3]
    shape = np.frombuffer(content, ">u4", axes, 4)
    if len(content) != 4 + 4 * axes + math.prod(shape.tolist()):
        raise ValueError(f"{name} is cut short")
    return np.frombuffer(content, np.uint8, offset=4 + 4 * axes).reshape(shape)


def synthetic(count=60_000, seed=0):
    """(pixels, labels) of the same shapes that mean nothing: speed does not depend on what is in them."""
    generator = np.random.default_rng((seed, 2))
    return generator.integers(0, 256, (count, 28, 28), np.uint8), generator.integers(0, 10, count)


def from_files(folder):
    """(pixels, labels) of the training images in `folder`."""
    names = "train-images-idx3-ubyte", "train-labels-idx1-ubyte"
    return tuple(read_idx(folder, name) for name in names)


def training_and_validation(folder, seed):
    """((images, labels), (images, labels)): 54,000 to train on and 6,000 held out.

    Images are float32 (count, 28, 28, 1), standardised; labels int32. Without a folder they are synthetic.
    """
    pixels, labels = synthetic() if folder is None else from_files(folder)
    labels = labels.astype(np.int32)
    order = np.random.default_rng(seed).permutation(len(pixels))
    parts = order[VALIDATION_IMAGES:], order[:VALIDATION_IMAGES]
    return tuple((standardise(pixels[part]), labels[part]) for part in parts)


def standardise(pixels):
    return ((pixels.astype(np.float32) / 255 - MEAN) / DEVIATION)[..., None]


def minibatches(examples, batch, steps, seed):
    """(steps, batch) indices: every epoch in a new order, its incomplete last batch left out."""
    generator = np.random.default_rng((seed, 1))
    whole = examples // batch
    epochs = [
        generator.permutation(examples)[: whole * batch].reshape(whole, batch)
        for _ in range(-(-steps // whole))
    ]
    return np.concatenate(epochs)[:steps].astype(np.int32)
