"""Writes zoo.json and the op-pad-channels files beside it: networks of the zoo as PyTorch computes them.

  python3 test/golden/make-zoo.py        needs torch; half a minute

A second implementation, written from the papers and in PyTorch's own operations, so that a mistake in one shows. Weights and
images come from the formula that torchvision.json explains.
"""

import json
import struct
from pathlib import Path

import torch
import torch.nn.functional as F
from torch import nn

FOLDER = Path(__file__).parent
SEED = 0


class Zeros(nn.Module):
    """Option A: every stride-th pixel, channels of zeros behind."""

    def __init__(self, cin, cout, stride):
        super().__init__()
        self.extra, self.stride = cout - cin, stride

    def forward(self, x):
        x = x[:, :, :: self.stride, :: self.stride]
        n, _, h, w = x.shape
        return torch.cat([x, x.new_zeros(n, self.extra, h, w)], dim=1)


class Block(nn.Module):
    """Any of the zoo's blocks. `convs` are (kernel, out channels, stride, groups)."""

    def __init__(self, cin, convs, stride, shortcut, preact, first):
        super().__init__()
        self.count, self.preact = len(convs), preact
        cout = convs[-1][1]
        channels = cin
        for i, (kernel, out, s, groups) in enumerate(convs, 1):
            conv = nn.Conv2d(channels, out, kernel, s, kernel // 2, groups=groups, bias=False)
            bn = nn.BatchNorm2d(channels if preact else out)
            layers = [(f"conv{i}", conv), (f"bn{i}", bn)]
            for name, module in reversed(layers) if preact else layers:
                self.add_module(name, module)
            channels = out
        changes = stride != 1 or cin != cout
        self.plain = shortcut is None
        self.shared = first
        self.downsample = None
        if not self.plain and (changes or shortcut == "C"):
            self.shared = True
            if shortcut == "A":
                self.downsample = Zeros(cin, cout, stride)
            else:
                layers = [nn.Conv2d(cin, cout, 1, stride, bias=False)] + ([] if preact else [nn.BatchNorm2d(cout)])
                self.downsample = nn.Sequential(*layers)

    def forward(self, x):
        way, y = x, x
        for i in range(1, self.count + 1):
            conv, bn = getattr(self, f"conv{i}"), getattr(self, f"bn{i}")
            if self.preact:
                y = F.relu(bn(y))
                if i == 1 and self.shared:
                    way = y
                y = conv(y)
            else:
                y = bn(conv(y))
                if i < self.count:
                    y = F.relu(y)
        if not self.plain:
            y = y + (way if self.downsample is None else self.downsample(way))
        return y if self.preact else F.relu(y)


class Net(nn.Module):
    def __init__(self, layers, widths, shortcut, classes, channels, **kind):
        super().__init__()
        big, bottleneck, preact = (kind.get(name, False) for name in ("big", "bottleneck", "preact"))
        groups, base = kind.get("groups", 1), kind.get("base", 64)
        self.big, self.preact, self.stages = big, preact, len(layers)
        cin = widths[0]
        self.conv1 = nn.Conv2d(channels, cin, 7 if big else 3, 2 if big else 1, 3 if big else 1, bias=False)
        if not preact:
            self.bn1 = nn.BatchNorm2d(cin)
        for s, (count, width) in enumerate(zip(layers, widths), 1):
            blocks = []
            for i in range(count):
                stride = 2 if s > 1 and i == 0 else 1
                inner = int(width * (base / 64.0)) * groups
                if bottleneck:
                    convs = [(1, inner, 1, 1), (3, inner, stride, groups), (1, 4 * width, 1, 1)]
                else:
                    convs = [(3, width, stride, 1), (3, width, 1, 1)]
                blocks.append(Block(cin, convs, stride, shortcut, preact, i == 0))
                cin = convs[-1][1]
            self.add_module(f"layer{s}", nn.Sequential(*blocks))
        if preact:
            self.bn = nn.BatchNorm2d(cin)
        self.fc = nn.Linear(cin, classes)

    def forward(self, x):
        x = self.conv1(x)
        if not self.preact:
            x = F.relu(self.bn1(x))
        if self.big:
            x = F.max_pool2d(x, 3, 2, 1)
        for s in range(1, self.stages + 1):
            x = getattr(self, f"layer{s}")(x)
        if self.preact:
            x = F.relu(self.bn(x))
        return self.fc(x.mean((2, 3)))


class Counter:
    """u(j) for j = 0, 1, 2, ..."""

    def __init__(self):
        self.j = 0

    def take(self, *shape):
        n = 1
        for extent in shape:
            n *= extent
        mask = 0xFFFFFFFF
        h = (torch.arange(self.j, self.j + n, dtype=torch.int64) * 0x9E3779B9 + SEED) & mask
        self.j += n

        def times(a, factor):  # modulo 2^32, without leaving 63 bits
            low, high = a & 0xFFFF, a >> 16
            return (low * factor + ((high * factor & 0xFFFF) << 16)) & mask

        h = h ^ (h >> 16)
        h = times(h, 0x85EBCA6B)
        h = h ^ (h >> 13)
        h = times(h, 0xC2B2AE35)
        h = h ^ (h >> 16)
        return (h.double() / 2**32).reshape(shape)


def fill(net):
    counter = Counter()
    for name, value in net.state_dict().items():
        if name.endswith("num_batches_tracked"):
            continue
        u = counter.take(*value.shape)
        if value.dim() > 1:
            u = (2 * u - 1) * (6 / value[0].numel()) ** 0.5
        elif name == "fc.bias":
            u = (2 * u - 1) * 0.1
        elif name.endswith("weight") or name.endswith("running_var"):
            u = 0.5 + u
        else:
            u = (2 * u - 1) * 0.2
        value.copy_(u.float().double())
    return counter


def network(name, size, options, classes, **architecture):
    net = Net(classes=classes, channels=3, **architecture).double().eval()
    with torch.no_grad():
        counter = fill(net)
        images = (2 * counter.take(2, 3, size, size) - 1).float().double()
        logits = net(images)
    print(name, options, logits.norm(dim=1).tolist())
    return {
        "name": name,
        "options": options,
        "size": size,
        "classes": classes,
        "state_dict": [f"{key} {'x'.join(map(str, value.shape))}".strip() for key, value in net.state_dict().items()],
        "parameters": sum(parameter.numel() for parameter in net.parameters()),
        "logits_first_10": logits[:, :10].tolist(),
        "logits_norm": logits.norm(dim=1).tolist(),
    }


def cifar(name, size, shortcut, blocks=3, options=None, **architecture):
    shape = {"layers": [blocks] * 3, "widths": [16, 32, 64], "shortcut": shortcut}
    return network(name, size, options or {}, 10, **shape, **architecture)


def image_net(name, size, shortcut="B", options=None, layers=(3, 4, 6, 3), **architecture):
    shape = {"layers": layers, "widths": [64, 128, 256, 512], "shortcut": shortcut, "big": True}
    return network(name, size, options or {}, 1000, **shape, **architecture)


def zoo():
    short = {"layers": [2, 2, 2]}
    yield cifar("resnet20", 32, "A")
    yield cifar("resnet20", 17, "A")
    yield cifar("resnet20", 32, "B", options={"shortcut": "B"})
    yield cifar("resnet20", 32, "C", options={"shortcut": "C"})
    yield cifar("plainnet20", 32, None)
    yield cifar("resnet164", 32, "B", 2, short, bottleneck=True)
    yield cifar("resnet164", 21, "A", 2, {**short, "shortcut": "A"}, bottleneck=True)
    yield cifar("preact-resnet20", 32, "A", preact=True)
    yield cifar("preact-resnet20", 32, "B", options={"shortcut": "B"}, preact=True)
    yield cifar("preact-resnet20", 32, "C", options={"shortcut": "C"}, preact=True)
    yield cifar("preact-plainnet20", 32, None, preact=True)
    yield cifar("preact-resnet164", 32, "B", 2, short, preact=True, bottleneck=True)
    basic = [2, 2, 2, 2]
    yield image_net("resnet18", 40, "A", {"shortcut": "A"}, basic)
    yield image_net("plainnet18", 64, None, layers=basic)
    one = {"layers": [1, 1, 1, 1]}
    yield image_net("resnext50_32x4d", 64, options=one, bottleneck=True, groups=32, base=4, **one)
    yield image_net("wide_resnet50_2", 64, options=one, bottleneck=True, base=128, **one)


def write_safetensors(path, tensors, metadata):
    header, data = {"__metadata__": metadata}, b""
    for name, tensor in tensors.items():
        values = tensor.detach().float().contiguous().numpy().tobytes()
        offsets = [len(data), len(data) + len(values)]
        header[name] = {"dtype": "F32", "shape": list(tensor.shape), "data_offsets": offsets}
        data += values
    text = json.dumps(header).encode()
    text += b" " * (-len(text) % 8)
    path.write_bytes(struct.pack("<Q", len(text)) + text + data)


def pad_channels(path, shape, extra):
    generator = torch.Generator().manual_seed(extra)
    x = torch.randn(shape, generator=generator).double().requires_grad_()
    out = F.pad(x, (0, 0, 0, 0, 0, extra))
    grad_out = torch.randn(out.shape, generator=generator).double()
    out.backward(grad_out)
    tensors = {"in.x": x, "out": out, "grad_out": grad_out, "grad.x": x.grad}
    write_safetensors(path, tensors, {"extra": str(extra)})


torch.set_num_threads(1)
about = "Written by make-zoo.py; weights and images by the formula of torchvision.json, with the same seed."
models = list(zoo())
(FOLDER / "zoo.json").write_text(json.dumps({"about": about, "seed": SEED, "models": models}) + "\n")
for number, (shape, extra) in enumerate([((2, 3, 5, 4), 6), ((2, 16, 4, 4), 16), ((1, 5, 3, 3), 1)]):
    pad_channels(FOLDER / f"op-pad-channels-{number}.safetensors", shape, extra)
