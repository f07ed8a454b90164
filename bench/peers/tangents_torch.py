"""One step of SGD with momentum and coupled weight decay, and its exact derivatives along hyperparameters."""

import torch


def tangent_step(loss, parameters, velocity, lanes, rates, directions):
    """Moves parameters, velocity and every lane's tangents of both by one step, in place.

    `rates` are (rate, momentum, decay), `directions` their tangents, one triple for each lane of
    (parameter tangents, velocity tangents).

    What couples the lanes to the loss is H·z. It comes from differentiating the gradient once more,
    backwards (H is symmetric), so that all lanes share one pass forwards and one backwards: faster
    here than torch.func's jvp of grad, lane by lane or under vmap.
    """
    rate, momentum, decay = rates
    gradient = torch.autograd.grad(loss(parameters), parameters, create_graph=True)
    curvatures = [
        torch.autograd.grad(gradient, parameters, along, retain_graph=lane < len(lanes))
        for lane, (along, _) in enumerate(lanes, start=1)
    ]
    with torch.no_grad():
        for (along, pace), curvature, (_, d_momentum, d_decay) in zip(
            lanes, curvatures, directions
        ):
            torch._foreach_mul_(pace, momentum)
            torch._foreach_add_(pace, curvature)
            torch._foreach_add_(pace, along, alpha=decay)
            if d_momentum:
                torch._foreach_add_(pace, velocity, alpha=d_momentum)
            if d_decay:
                torch._foreach_add_(pace, parameters, alpha=d_decay)
        torch._foreach_mul_(velocity, momentum)
        torch._foreach_add_(velocity, [g.detach() for g in gradient])
        torch._foreach_add_(velocity, parameters, alpha=decay)
        torch._foreach_add_(parameters, velocity, alpha=-rate)
        for (along, pace), (d_rate, _, _) in zip(lanes, directions):
            torch._foreach_add_(along, pace, alpha=-rate)
            if d_rate:
                torch._foreach_add_(along, velocity, alpha=-d_rate)


def zero_lanes(parameters, count):
    def zeros():
        return [torch.zeros_like(p) for p in parameters]

    return [(zeros(), zeros()) for _ in range(count)]


def sigmoid_direction(value):
    """Derivative of a logistic sigmoid where it is `value`."""
    return value * (1 - value)
