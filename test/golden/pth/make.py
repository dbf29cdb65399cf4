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


class Block(nn.Module):
    """The tutorial's residual block: the shortcut is a 3x3 convolution where the shape changes."""

    def __init__(self, channels_in, channels, stride):
        super().__init__()
        self.conv1 = nn.Conv2d(channels_in, channels, 3, stride, 1, bias=False)
        self.bn1 = nn.BatchNorm2d(channels)
        self.conv2 = nn.Conv2d(channels, channels, 3, 1, 1, bias=False)
        self.bn2 = nn.BatchNorm2d(channels)
        changes = stride != 1 or channels_in != channels
        shortcut = nn.Conv2d(channels_in, channels, 3, stride, 1, bias=False)
        self.downsample = nn.Sequential(shortcut, nn.BatchNorm2d(channels)) if changes else None

    def forward(self, x):
        y = self.bn2(self.conv2(torch.relu(self.bn1(self.conv1(x)))))
        return torch.relu(y + (x if self.downsample is None else self.downsample(x)))


class ResNet(nn.Module):
    """The tutorial's network with one block a stage and few channels."""

    def __init__(self):
        super().__init__()
        self.conv = nn.Conv2d(1, 4, 3, 1, 1, bias=False)
        self.bn = nn.BatchNorm2d(4)
        self.layer1 = nn.Sequential(Block(4, 4, 1))
        self.layer2 = nn.Sequential(Block(4, 6, 2))
        self.layer3 = nn.Sequential(Block(6, 8, 2))
        self.fc = nn.Linear(8, 3)

    def forward(self, x):
        y = self.layer3(self.layer2(self.layer1(torch.relu(self.bn(self.conv(x))))))
        return self.fc(y.mean((2, 3)))


network = ResNet()
for module in network.modules():
    if isinstance(module, nn.BatchNorm2d):
        nn.init.uniform_(module.weight, 0.5, 1.5)
        nn.init.uniform_(module.bias, -0.5, 0.5)
        module.running_mean.uniform_(-0.5, 0.5)
        module.running_var.uniform_(0.5, 2)
save(network.state_dict(), "network.pth")
images = torch.randn(3, 1, 12, 12)
with torch.no_grad():
    logits = network.double().eval()(images.double()).float()


def described(tensors):
    # int64 as text: JSON's numbers are doubles.
    return {
        name: {"shape": list(t.shape), "values": [str(v) if t.dtype == torch.int64 else float(v) for v in t.flatten().tolist()]}
        for name, t in tensors.items()
    }


expected = {"state": described(state), "views": described(views), "dtypes": described(dtypes), "network": described({"images": images, "logits": logits})}
with open(os.path.join(FOLDER, "expected.json"), "w") as file:
    json.dump(expected, file)
