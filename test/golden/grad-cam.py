# Writes grad-cam.safetensors: Grad-CAM (Selvaraju et al. 2017, eq. 1 and 2) and activations of the article's network, with
# the weights and images of article-resnet-step in evaluation mode. By hooks and autograd, in float64.

import json
import struct
from pathlib import Path

import torch
import torch.nn.functional as F
from torch import nn

FOLDER = Path(__file__).parent


def read(path):
    content = path.read_bytes()
    (length,) = struct.unpack("<Q", content[:8])
    header = json.loads(content[8 : 8 + length])
    header.pop("__metadata__", None)
    kinds = {"F32": torch.float32, "I64": torch.int64, "I32": torch.int32}
    tensors = {}
    for name, entry in header.items():
        begin, end = (8 + length + offset for offset in entry["data_offsets"])
        values = torch.frombuffer(bytearray(content[begin:end]), dtype=kinds[entry["dtype"]])
        tensors[name] = values.reshape(entry["shape"])
    return tensors


def write(path, tensors):
    header, data = {}, b""
    for name, tensor in tensors.items():
        values = tensor.detach().float().contiguous().numpy().tobytes()
        header[name] = {"dtype": "F32", "shape": list(tensor.shape), "data_offsets": [len(data), len(data) + len(values)]}
        data += values
    text = json.dumps(header).encode()
    text += b" " * (-len(text) % 8)
    path.write_bytes(struct.pack("<Q", len(text)) + text + data)


class Block(nn.Module):
    def __init__(self, cin, cout, stride):
        super().__init__()
        self.conv1 = nn.Conv2d(cin, cout, 3, stride, 1, bias=False)
        self.bn1 = nn.BatchNorm2d(cout)
        self.conv2 = nn.Conv2d(cout, cout, 3, 1, 1, bias=False)
        self.bn2 = nn.BatchNorm2d(cout)
        self.downsample = None
        if stride != 1 or cin != cout:
            conv = nn.Conv2d(cin, cout, 3, stride, 1, bias=False)
            self.downsample = nn.Sequential(conv, nn.BatchNorm2d(cout))

    def forward(self, x):
        y = self.bn2(self.conv2(F.relu(self.bn1(self.conv1(x)))))
        return F.relu(y + (x if self.downsample is None else self.downsample(x)))


class Net(nn.Module):
    def __init__(self):
        super().__init__()
        self.conv, self.bn = nn.Conv2d(1, 16, 3, 1, 1, bias=False), nn.BatchNorm2d(16)
        self.layer1 = nn.Sequential(Block(16, 16, 1), Block(16, 16, 1))
        self.layer2 = nn.Sequential(Block(16, 32, 2), Block(32, 32, 1))
        self.layer3 = nn.Sequential(Block(32, 64, 2), Block(64, 64, 1))
        self.fc = nn.Linear(64, 10)

    def forward(self, x):
        x = self.layer3(self.layer2(self.layer1(F.relu(self.bn(self.conv(x))))))
        return self.fc(F.avg_pool2d(x, 8).flatten(1))


step = read(FOLDER / "article-resnet-step.safetensors")
state = {name[6:]: value for name, value in step.items() if name.startswith("state.")}
state.update({name[6:]: value for name, value in step.items() if name.startswith("after.")})
state = {name: value.reshape(()) if name.endswith("num_batches_tracked") else value for name, value in state.items()}
net = Net()
net.load_state_dict(state)
net.double().eval()

images = step["images"].double()
out = {}
# The target 7 is one that nothing speaks for: a map of zeros.
cases = [(0, "layer3", None), (0, "layer3", 7), (1, "layer3.0.conv1", None), (2, "layer2", 6), (3, "layer1.1", 0)]
for number, layer, target in cases:
    kept = []
    hook = net.get_submodule(layer).register_forward_hook(lambda module, args, output: kept.append(output))
    logits = net(images[number : number + 1])
    hook.remove()
    chosen = int(logits.argmax()) if target is None else target
    (gradient,) = torch.autograd.grad(logits[0, chosen], kept[0])
    weights = gradient.mean((2, 3), keepdim=True)
    heat = F.relu((weights * kept[0]).sum(1, keepdim=True))
    name = f"{number}.{layer}.{'top' if target is None else target}"
    print(name, chosen, float(heat.max()))
    out[f"map/{name}"] = heat[0, 0]
    out[f"target/{name}"] = torch.tensor([float(chosen)])
    if number < 2:
        out[f"large/{name}"] = F.interpolate(heat, (32, 32), mode="bilinear", align_corners=False)[0, 0]

for layer in ["layer2.0.downsample.1", "layer3.1.conv2", "layer3", "fc"]:
    hook = net.get_submodule(layer).register_forward_hook(lambda module, args, output: out.update({f"output/{layer}": output[0]}))
    net(images[:1])
    hook.remove()

# Training mode, from the weights before the step: each ReLU's mean, standard deviation, and share of channels that are all 0.
net.load_state_dict({**state, **{n[6:]: v.reshape(state[n[6:]].shape) for n, v in step.items() if n.startswith("state.")}})
net.double().train()
relu, rows = F.relu, []


def watched(x):
    y = relu(x)
    dead = (y.transpose(0, 1).flatten(1).max(1).values == 0).double().mean()
    rows.append(torch.stack([y.mean(), y.std(unbiased=False), dead]))
    return y


F.relu = watched
net(images)
out["activations"] = torch.stack(rows)

write(FOLDER / "grad-cam.safetensors", out)
