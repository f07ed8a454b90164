"""Times LeNet on Fashion-MNIST in torch: no tuning, local or glocal hypergradients, or a validation gradient.

Prints one line of JSON: {work, msPerStep: {min, median, max}, peakRssMb, versions}.
"""

import argparse
import os

import torch
import torch.nn.functional as F

import fashion_mnist
import koopman
from measuring import keep_freed_memory, milliseconds, report
from tangents_torch import sigmoid_direction, tangent_step, zero_lanes

WEIGHT_SHAPES = ((16, 1, 5, 5), (16, 16, 5, 5), (32, 256), (10, 32))
# Learning rate, momentum and weight decay.
RATES = 0.01, 0.9, 1e-4
OUTER_RATE = 0.1
STACKS, TOLERANCE = 4, 0.1
# Validation images at a time: the fastest of 60 to 3,000.
CHUNK = 250


def arguments():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--work", choices=("none", "local", "glocal", "validation"), required=True)
    parser.add_argument("--runs", type=int, default=4, help="timed windows, after an untimed one")
    parser.add_argument("--window", type=int, default=50, help="inner steps between updates")
    parser.add_argument("--last", type=int, default=10, help="hypergradients that DMD sees")
    parser.add_argument("--batch", type=int, default=128)
    parser.add_argument("--data", default="/usr/share/datasets/fashion-mnist")
    parser.add_argument("--threads", type=int, default=os.cpu_count())
    parser.add_argument("--seed", type=int, default=0)
    return parser.parse_args()


def initial_parameters(layout):
    """[weight, bias, …], every entry uniform in ±1/√fan_in."""
    parameters = []
    for shape in WEIGHT_SHAPES:
        limit = torch.Size(shape[1:]).numel() ** -0.5
        weight = torch.empty(shape).uniform_(-limit, limit)
        bias = torch.empty(shape[0]).uniform_(-limit, limit)
        parameters += [in_layout(weight, layout).requires_grad_(), bias.requires_grad_()]
    return parameters


def in_layout(values, layout):
    """A copy of images or kernels in a memory layout; anything else as it is.

    Not `contiguous`: it leaves the strides of a single channel alone, and they decide which kernels
    run.
    """
    if values.dim() != 4:
        return values
    return torch.empty(values.shape, memory_format=layout).copy_(values)


def cross_entropy(parameters, images, labels, activate):
    """Mean over the batch; `activate` is leaky ReLU, in place or not."""
    first, first_bias, second, second_bias, hidden, hidden_bias, out, out_bias = parameters
    values = F.avg_pool2d(activate(F.conv2d(images, first, first_bias)), 2)
    values = F.avg_pool2d(activate(F.conv2d(values, second, second_bias)), 2)
    values = activate(F.linear(values.flatten(1), hidden, hidden_bias))
    return F.cross_entropy(F.linear(values, out, out_bias), labels)


def on_torch(part, layout):
    images, labels = part
    images = torch.from_numpy(images).permute(0, 3, 1, 2)
    return in_layout(images, layout), torch.from_numpy(labels).long()


def plain_window(parameters, training, indices):
    images, labels = training
    optimizer = torch.optim.SGD(
        parameters, RATES[0], momentum=RATES[1], weight_decay=RATES[2], foreach=True
    )

    def run():
        for batch in indices:
            optimizer.zero_grad(set_to_none=True)
            cross_entropy(parameters, images[batch], labels[batch], F.leaky_relu_).backward()
            optimizer.step()

    return run


def validation_gradient(parameters, validation):
    images, labels = validation
    total = [torch.zeros_like(p) for p in parameters]
    for first in range(0, len(labels), CHUNK):
        part = slice(first, first + CHUNK)
        loss = cross_entropy(parameters, images[part], labels[part], F.leaky_relu_)
        torch._foreach_add_(total, torch.autograd.grad(loss, parameters))
    torch._foreach_div_(total, len(labels) / CHUNK)
    return total


def hypergradient(parameters, lanes, validation):
    """Zᵀ ∇L; the gradient is taken with kernels in the layout that suits it."""
    placed = [in_layout(p.detach(), torch.channels_last).requires_grad_() for p in parameters]
    gradient = validation_gradient(placed, validation)
    return [sum((z * g).sum().item() for z, g in zip(along, gradient)) for along, _ in lanes]


def hypergradient_window(parameters, training, validation, indices, last):
    """Steps with three tangents, hypergradients after the last ones, and the update that they lead to."""
    images, labels = training
    velocity = [torch.zeros_like(p) for p in parameters]
    raw = torch.logit(torch.tensor(RATES))
    outer = torch.optim.Adam([raw], OUTER_RATE)

    def run():
        lanes = zero_lanes(parameters, len(RATES))
        rates = torch.sigmoid(raw).tolist()
        directions = [
            tuple(sigmoid_direction(r) if lane == i else 0 for i, r in enumerate(rates))
            for lane in range(len(rates))
        ]
        trajectory = []
        for number, batch in enumerate(indices):

            def loss(parameters):
                return cross_entropy(parameters, images[batch], labels[batch], F.leaky_relu)

            tangent_step(loss, parameters, velocity, lanes, rates, directions)
            if number >= len(indices) - last:
                trajectory.append(hypergradient(parameters, lanes, validation))
        estimate = trajectory[-1]
        if last > 1:
            estimate, _ = koopman.steady_state(trajectory, STACKS, TOLERANCE)
        raw.grad = torch.tensor(estimate, dtype=torch.float32)
        outer.step()

    return run


def main():
    options = arguments()
    keep_freed_memory()
    torch.set_num_threads(options.threads)
    torch.manual_seed(options.seed)
    # Channels last is faster for gradients, but not for derivatives of gradients.
    tuned = options.work in ("local", "glocal")
    layout = torch.contiguous_format if tuned else torch.channels_last
    training, validation = fashion_mnist.training_and_validation(options.data, options.seed)
    training, validation = on_torch(training, layout), on_torch(validation, torch.channels_last)
    parameters = initial_parameters(layout)
    indices = torch.from_numpy(
        fashion_mnist.minibatches(len(training[1]), options.batch, options.window, options.seed)
    ).long()
    if options.work == "validation":
        times = milliseconds(lambda: validation_gradient(parameters, validation), options.runs)
    else:
        last = options.last if options.work == "glocal" else 1
        run = (
            hypergradient_window(parameters, training, validation, indices, last)
            if tuned
            else plain_window(parameters, training, indices)
        )
        times = [ms / options.window for ms in milliseconds(run, options.runs)]
    report(times, ("torch", "numpy"), work=options.work)


if __name__ == "__main__":
    main()
