"""Writes the files beside this one with PyTorch, and expected.json with the values in them: python3 make.py

The committed ones are PyTorch 1.13's. Nothing runs this in the tests.
"""

import collections
import json
import os

import torch
from torch import nn

FOLDER = os.path.dirname(os.path.abspath(__file__))
LEGACY = {"_use_new_zipfile_serialization": False}


def save(value, name, **options):
    torch.save(value, os.path.join(FOLDER, name), **options)


class Code:
    """A pickle of it runs a command where it is loaded by Python's own unpickler."""

    def __reduce__(self):
        return os.system, ("touch /tmp/residua-code-was-executed",)


torch.manual_seed(0)
layers = {"conv": nn.Conv2d(2, 3, 3, bias=False), "bn": nn.BatchNorm2d(3), "fc": nn.Linear(4, 2)}
net = nn.Sequential(collections.OrderedDict(layers))
net.bn.running_mean.uniform_(-1, 1)
net.bn.num_batches_tracked.fill_(7)
optimizer = torch.optim.Adam(net.parameters())
net.fc(torch.randn(1, 4)).sum().backward()
optimizer.step()

state = net.state_dict()
save(state, "state-dict.pth")
save(state, "state-dict-legacy.pth", **LEGACY)
save(state, "protocol-1.pth", pickle_protocol=1)
save(state, "protocol-5.pth", pickle_protocol=5)
save(state, "protocol-4-legacy.pth", pickle_protocol=4, **LEGACY)
save(dict(net.named_parameters()), "parameters.pth")

checkpoint = {
    "epoch": 3,
    "best": torch.tensor(0.5),
    "optimizer": optimizer.state_dict(),
    "state_dict": nn.DataParallel(net).state_dict(),
}
save(checkpoint, "checkpoint.pth")
save(checkpoint, "checkpoint-legacy.pth", **LEGACY)

base = torch.arange(24, dtype=torch.float32).reshape(4, 6)
views = {
    "whole": base,
    "transposed": base.t(),
    "rows": base[1::2],
    "column": base[:, 2],
    "repeated": base[0, :3].expand(2, 3),
    "scalar": base[2, 3],
    "channels_last": torch.arange(24.0).reshape(1, 2, 3, 4).contiguous(memory_format=torch.channels_last),
    "empty": torch.zeros(0, 3),
}
save(views, "views.pth")
save(views, "views-legacy.pth", **LEGACY)

floats = [0.1, -2.0, 65504.0, 6e-8]
dtypes = {
    "float64": torch.tensor(floats, dtype=torch.float64),
    "float32": torch.tensor(floats),
    "float16": torch.tensor(floats, dtype=torch.float16),
    "bfloat16": torch.tensor(floats, dtype=torch.bfloat16),
    "int64": torch.tensor([-(2**62), 5]),
    "int32": torch.tensor([-(2**31), 5], dtype=torch.int32),
    "int16": torch.tensor([-300, 5], dtype=torch.int16),
    "int8": torch.tensor([-128, 5], dtype=torch.int8),
    "uint8": torch.tensor([255, 5], dtype=torch.uint8),
    "bool": torch.tensor([True, False]),
}
save(dtypes, "dtypes.pth")
save(dtypes, "dtypes-legacy.pth", **LEGACY)

save(net, "whole-model.pth")
save({"a": torch.zeros(1), "code": Code()}, "code.pth")
save({"a": torch.zeros(1), "code": Code()}, "code-legacy.pth", **LEGACY)


def described(tensors):
    # int64 as text: JSON's numbers are doubles.
    return {
        name: {"shape": list(t.shape), "values": [str(v) if t.dtype == torch.int64 else float(v) for v in t.flatten().tolist()]}
        for name, t in tensors.items()
    }


expected = {"state": described(state), "views": described(views), "dtypes": described(dtypes)}
with open(os.path.join(FOLDER, "expected.json"), "w") as file:
    json.dump(expected, file)
