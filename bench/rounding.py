"""PyTorch's part of rounding.ts: the first losses of a workload's network, from its weights and beginning with any batch.

    rounding.py PEER WORKLOAD UPDATED STARTS STEPS

PEER is the bench's pytorch.py; UPDATED has the weights after Residua's first step from the first batch. Prints a line of JSON
a way of computing: {"name", "varied": [STARTS][STEPS], "repeated": the same}; the former takes another batch each step.
"""

import importlib.util
import json
import sys

import torch

file, workload_file, updated_file, starts, steps = sys.argv[1:]
spec = importlib.util.spec_from_file_location("peer", file)
peer = importlib.util.module_from_spec(spec)
spec.loader.exec_module(peer)
workload = peer.read_workload(workload_file)
_, updated = peer.read_workload(updated_file)
torch.set_num_threads(1)


def losses(start, repeated, variant="contiguous", double=True, faster=1, noise=0, signs=False):
    training = peer.Training(workload, variant)
    if double:
        training.network.double()
        training.images = [batch.double() for batch in training.images]
    if noise:
        training.images = [batch * (1 + noise * normal(batch, start)) for batch in training.images]
    for group in training.optimizer.param_groups:
        group["lr"] *= faster
    if signs:
        turn_signs(training.network)
    batches = [(start if repeated else start + step) % len(training.images) for step in range(int(steps))]
    return [loss for batch in batches for loss in training.step(batch)]


def normal(like, seed):
    return torch.randn(like.shape, dtype=like.dtype, generator=torch.Generator().manual_seed(seed))


def turn_signs(network):
    """Of gradients in the first step, where Residua's update went the other way: Adam's first step is by their signs alone."""
    for name, parameter in network.named_parameters():
        update = parameter.detach() - updated[name]
        # In later steps the parameter is no longer where it began.
        first = parameter.detach().clone()

        def turn(gradient, parameter=parameter, update=update, first=first):
            if not torch.equal(parameter, first):
                return gradient
            wrong = update * gradient < 0
            turned_signs.append(int(wrong.sum()))
            return torch.where(wrong, -gradient, gradient)

        parameter.register_hook(turn)


turned_signs = []
ways = {
    "PyTorch float64": {},
    "PyTorch float32, contiguous": {"double": False},
    "PyTorch float32, channels_last": {"double": False, "variant": "channels_last"},
    "PyTorch float64, images moved by 6e-8": {"noise": 6e-8},
    "PyTorch float64, signs of Residua's update": {"signs": True},
    "PyTorch float64, learning rate 10 % off": {"faster": 1.1},
}
for name, options in ways.items():
    turned_signs.clear()
    # Residua's first update is known of the first batch only.
    count = 1 if "signs" in options else int(starts)
    varied, repeated = ([losses(start, kind, **options) for start in range(count)] for kind in (False, True))
    if "signs" in options:
        # Once in each of the two runs.
        name += f", {sum(turned_signs) // 2} turned"
    print(json.dumps({"name": name, "varied": varied, "repeated": repeated}), flush=True)
