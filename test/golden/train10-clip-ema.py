"""Writes train10-clip-ema.safetensors: ten steps in PyTorch with label smoothing, clipped gradients and averaged weights.

The network is the article's ResNet(ResidualBlock, [1, 1, 1]) with 4, 4 and 8 channels, on 8x8 noise. Everything is computed in
float64 and stored as float32. Run it with a Python that has torch, anywhere: it writes beside itself.
"""

import copy
import json
import struct
from pathlib import Path

import torch
from torch import nn

STEPS, BATCH, CLASSES = 10, 8, 3
PARTS = [3, 3, 2]  # the batches of a step when gradients are accumulated
LEARNING_RATE, MOMENTUM, WEIGHT_DECAY = 0.1, 0.9, 5e-4
SMOOTHING, MAX_NORM, DECAY = 0.1, 2.0, 0.7


def convolution(inputs, outputs, stride=1):
    return nn.Conv2d(inputs, outputs, 3, stride, 1, bias=False)


class ResidualBlock(nn.Module):
    def __init__(self, inputs, outputs, stride):
        super().__init__()
        self.conv1, self.bn1 = convolution(inputs, outputs, stride), nn.BatchNorm2d(outputs)
        self.conv2, self.bn2 = convolution(outputs, outputs), nn.BatchNorm2d(outputs)
        self.downsample = None
        if stride != 1 or inputs != outputs:
            self.downsample = nn.Sequential(convolution(inputs, outputs, stride), nn.BatchNorm2d(outputs))

    def forward(self, x):
        y = self.bn2(self.conv2(self.bn1(self.conv1(x)).relu()))
        return (y + (self.downsample(x) if self.downsample else x)).relu()


class ResNet(nn.Module):
    def __init__(self):
        super().__init__()
        self.conv, self.bn = convolution(1, 4), nn.BatchNorm2d(4)
        self.layer1 = nn.Sequential(ResidualBlock(4, 4, 1))
        self.layer2 = nn.Sequential(ResidualBlock(4, 4, 2))
        self.layer3 = nn.Sequential(ResidualBlock(4, 8, 2))
        self.fc = nn.Linear(8, CLASSES)

    def forward(self, x):
        x = self.layer3(self.layer2(self.layer1(self.bn(self.conv(x)).relu())))
        return self.fc(x.mean((2, 3)))


class Average:
    """timm's ModelEmaV3: a lerp of everything in floating point, a copy of the rest."""

    def __init__(self, model, warm_up):
        self.model, self.warm_up = copy.deepcopy(model), warm_up

    @torch.no_grad()
    def update(self, model, step):
        decay = min(DECAY, 1 - step ** (-2 / 3)) if self.warm_up else DECAY
        for average, value in zip(self.model.state_dict().values(), model.state_dict().values()):
            if average.is_floating_point():
                average.lerp_(value, 1 - decay)
            else:
                average.copy_(value)


def train(model, images, labels, parts):
    optimizer = torch.optim.SGD(
        model.parameters(), LEARNING_RATE, momentum=MOMENTUM, nesterov=True, weight_decay=WEIGHT_DECAY
    )
    averages = {name: Average(model, warm_up=name == "ema-warm-up") for name in ["ema", "ema-warm-up"]}
    losses, norms = [], []
    for step in range(STEPS):
        optimizer.zero_grad()
        losses.append(0.0)
        for x, y in zip(images[step].split(parts), labels[step].split(parts)):
            share = len(y) / BATCH
            loss = share * nn.functional.cross_entropy(model(x), y, label_smoothing=SMOOTHING)
            loss.backward()
            losses[-1] += loss.item()
        norms.append(nn.utils.clip_grad_norm_(model.parameters(), MAX_NORM).item())
        optimizer.step()
        for average in averages.values():
            average.update(model, step + 1)
    return losses, norms, averages


def prefixed(prefix, state):
    return {f"{prefix}.{name}": value for name, value in state.items()}


def save(path, tensors, metadata):
    header, data = {"__metadata__": metadata}, b""
    for name, tensor in tensors.items():
        tensor = tensor.detach().contiguous()
        dtype, tensor = ("F32", tensor.float()) if tensor.is_floating_point() else ("I64", tensor.long())
        raw = tensor.numpy().tobytes()
        header[name] = {"dtype": dtype, "shape": list(tensor.shape), "data_offsets": [len(data), len(data) + len(raw)]}
        data += raw
    text = json.dumps(header).encode()
    text += b" " * (-len(text) % 8)
    path.write_bytes(struct.pack("<Q", len(text)) + text + data)


torch.manual_seed(0)
initial = ResNet()
images = torch.randn(STEPS, BATCH, 1, 8, 8)
labels = torch.randint(CLASSES, (STEPS, BATCH))
tensors = {"images": images, "labels": labels, **prefixed("state", initial.state_dict())}
for run, parts in {"whole": [BATCH], "accumulated": PARTS}.items():
    model = copy.deepcopy(initial).double()
    losses, norms, averages = train(model, images.double(), labels, parts)
    print(run, [round(norm, 2) for norm in norms], [round(loss, 3) for loss in losses])
    tensors[f"{run}.losses"] = torch.tensor(losses, dtype=torch.float64)
    tensors[f"{run}.norms"] = torch.tensor(norms, dtype=torch.float64)
    tensors |= prefixed(f"{run}.final", model.state_dict())
    for name, average in averages.items():
        tensors |= prefixed(f"{run}.{name}", average.model.state_dict())
settings = {
    "parts": ",".join(map(str, PARTS)),
    "lr": LEARNING_RATE,
    "momentum": MOMENTUM,
    "weight_decay": WEIGHT_DECAY,
    "label_smoothing": SMOOTHING,
    "max_norm": MAX_NORM,
    "decay": DECAY,
}
save(Path(__file__).with_suffix(".safetensors"), tensors, {name: str(value) for name, value in settings.items()})
