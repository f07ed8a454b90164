"""Times a step of WRN-28-2 with group normalisation in torch, plain or with tangents for rate and decay.

Prints one line of JSON: {msPerStep: {min, median, max}, peakRssMb, versions, …}.
"""

import argparse
import os

import torch
import torch.nn.functional as F

from measuring import keep_freed_memory, milliseconds, report
from tangents_torch import sigmoid_direction, tangent_step, zero_lanes

GROUPS = 8
STAGES = (32, 64, 128)
RATE, MOMENTUM, DECAY = 0.05, 0.9, 1e-3


def arguments():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--tangents", action="store_true", help="two lanes, for rate and decay")
    parser.add_argument("--depth", type=int, default=28)
    parser.add_argument("--batch", type=int, default=128)
    parser.add_argument("--steps", type=int, default=4, help="timed steps, after one untimed")
    parser.add_argument("--threads", type=int, default=os.cpu_count())
    return parser.parse_args()


def he_normal(*shape):
    return torch.randn(shape) * (2 / torch.Size(shape[1:]).numel()) ** 0.5


def initial_parameters(depth, layout):
    """In the order in which `logits` takes them; convolution kernels in the given memory layout."""

    def norm(channels):
        return [torch.ones(channels), torch.zeros(channels)]

    channels = 16
    parameters = [he_normal(channels, 3, 3, 3)]
    for filters in STAGES:
        for _ in range((depth - 4) // 6):
            parameters += [*norm(channels), he_normal(filters, channels, 3, 3)]
            parameters += [*norm(filters), he_normal(filters, filters, 3, 3)]
            if filters != channels:
                parameters.append(he_normal(filters, channels, 1, 1))
            channels = filters
    parameters += [*norm(channels), he_normal(10, channels), torch.zeros(10)]
    return [
        (p.contiguous(memory_format=layout) if p.dim() == 4 else p).requires_grad_()
        for p in parameters
    ]


def logits(parameters, images, depth, activate):
    """(count, 3, 32, 32) to (count, 10); `activate` is leaky ReLU, in place or not."""
    following = iter(parameters)

    def active(values):
        return activate(F.group_norm(values, GROUPS, next(following), next(following)))

    def convolve(values, stride=1):
        kernel = next(following)
        return F.conv2d(values, kernel, stride=stride, padding=kernel.shape[-1] // 2)

    values = convolve(images)
    for filters in STAGES:
        for block in range((depth - 4) // 6):
            stride = 2 if block == 0 and filters != STAGES[0] else 1
            around, inside = values, active(values)
            branch = convolve(active(convolve(inside, stride)))
            if filters != around.shape[1]:
                around = convolve(inside, stride)
            values = around + branch
    return F.linear(active(values).mean((2, 3)), next(following), next(following))


def main():
    options = arguments()
    keep_freed_memory()
    torch.set_num_threads(options.threads)
    torch.manual_seed(0)
    # Channels last is faster for gradients, but not for derivatives of gradients.
    layout = torch.contiguous_format if options.tangents else torch.channels_last
    parameters = initial_parameters(options.depth, layout)
    images = torch.randn(options.batch, 3, 32, 32).contiguous(memory_format=layout)
    labels = torch.randint(0, 10, (options.batch,))

    def loss(parameters, activate):
        return F.cross_entropy(logits(parameters, images, options.depth, activate), labels)

    if options.tangents:
        velocity = [torch.zeros_like(p) for p in parameters]
        lanes = zero_lanes(parameters, 2)
        directions = (sigmoid_direction(RATE), 0, 0), (0, 0, sigmoid_direction(DECAY))

        def step():
            out_of_place = lambda parameters: loss(parameters, F.leaky_relu)
            rates = RATE, MOMENTUM, DECAY
            tangent_step(out_of_place, parameters, velocity, lanes, rates, directions)

    else:
        optimizer = torch.optim.SGD(parameters, RATE, MOMENTUM, weight_decay=DECAY, foreach=True)

        def step():
            optimizer.zero_grad(set_to_none=True)
            loss(parameters, F.leaky_relu_).backward()
            optimizer.step()

    times = milliseconds(step, options.steps)
    count = sum(p.numel() for p in parameters)
    report(times, ("torch", "numpy"), parameters=count, tangents=2 if options.tangents else 0)


if __name__ == "__main__":
    main()
