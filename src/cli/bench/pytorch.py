"""PyTorch as a peer of `residua bench`: trains or runs the very network that a workload file describes.

The file is safetensors: the layers in its metadata, the first weights, and batches of images and labels. Orders come as
lines of JSON on stdin and are answered in the same way; between them the process waits and uses no processor time.
Of the memory formats (and, in inference, ways of freezing) PyTorch takes part with the one that is fastest here.
"""

import json
import os
import statistics
import struct
import sys
import time

import torch
from torch import nn

DTYPES = {"F32": torch.float32, "I32": torch.int32}
ITEM_BYTES = 4
FORMATS = {"contiguous": torch.contiguous_format, "channels_last": torch.channels_last}


def read_workload(path):
    with open(path, "rb") as file:
        data = bytearray(file.read())
    (length,) = struct.unpack_from("<Q", data)
    header = json.loads(data[8 : 8 + length])
    metadata = header.pop("__metadata__")
    tensors = {}
    for name, entry in header.items():
        begin, end = entry["data_offsets"]
        dtype = DTYPES[entry["dtype"]]
        flat = torch.frombuffer(data, dtype=dtype, count=(end - begin) // ITEM_BYTES, offset=8 + length + begin)
        tensors[name] = flat.view(entry["shape"])
    return json.loads(metadata["layers"]), tensors


class Network(nn.Module):
    """values[0] is the images; each step appends the result of a layer or of an addition."""

    def __init__(self, steps):
        super().__init__()
        self.steps = steps
        for step in steps:
            if "layer" in step:
                self._place(step["layer"])

    def _place(self, layer):
        *path, last = layer["name"].split(".")
        parent = self
        for name in path:
            if name not in parent._modules:
                parent.add_module(name, nn.Module())
            parent = parent._modules[name]
        parent.add_module(last, getattr(nn, layer["kind"])(*layer["arguments"], **layer["options"]))

    def forward(self, x):
        values = [x]
        for step in self.steps:
            if "add" in step:
                a, b = step["add"]
                values.append(values[a] + values[b])
            else:
                values.append(self.get_submodule(step["layer"]["name"])(values[step["input"]]))
        return values[-1]


class Job:
    """Something to be timed; the batches come one after the other, over and over."""

    taken = 0

    def next(self):
        self.taken += 1
        return self.step((self.taken - 1) % len(self.images))


class Training(Job):
    """Forward, cross entropy, backward, Adam."""

    def __init__(self, workload, variant):
        self.network, self.images, self.labels = load(workload, FORMATS[variant])
        self.network.train()
        self.optimizer = torch.optim.Adam(self.network.parameters(), lr=0.001)

    @staticmethod
    def variants():
        return list(FORMATS)

    def check(self, steps):
        return [loss for _ in range(steps) for loss in self.step(0)]

    def step(self, batch):
        loss = nn.functional.cross_entropy(self.network(self.images[batch]), self.labels[batch])
        self.optimizer.zero_grad(set_to_none=True)
        loss.backward()
        self.optimizer.step()
        return [loss.item()]


class Inference(Job):
    """Evaluation mode, traced and frozen: batch norms are folded into the convolutions."""

    def __init__(self, workload, variant):
        memory_format, *optimize = variant.split(", ")
        network, self.images, _ = load(workload, FORMATS[memory_format])
        with torch.no_grad():
            self.network = torch.jit.freeze(torch.jit.trace(network.eval(), self.images[0]))
            if optimize:
                self.network = torch.jit.optimize_for_inference(self.network)

    @staticmethod
    def variants():
        return [name + after for name in FORMATS for after in ("", ", optimized for inference")]

    def check(self, steps):
        return [float(logit) for _ in range(steps) for logit in self.next()]

    def step(self, batch):
        with torch.no_grad():
            return self.network(self.images[batch]).flatten()


def load(workload, memory_format):
    steps, tensors = workload
    network = Network(steps)
    prefix = "state."
    state = {name[len(prefix) :]: value for name, value in tensors.items() if name.startswith(prefix)}
    network.load_state_dict(state, strict=True)
    images = [batch.contiguous(memory_format=memory_format) for batch in tensors["images"]]
    return network.to(memory_format=memory_format), images, list(tensors["labels"].long())


def timed(job, count):
    seconds = []
    for _ in range(count):
        begin = time.perf_counter()
        job.next()
        seconds.append(time.perf_counter() - begin)
    return seconds


def memory():
    """Resident bytes; None where the system has no /proc."""
    try:
        with open("/proc/self/statm") as file:
            return int(file.read().split()[1]) * os.sysconf("SC_PAGE_SIZE")
    except OSError:
        return None


class Peer:
    def __init__(self):
        self.job = None

    def prepare(self, order):
        torch.set_num_threads(order["threads"])
        before = memory()
        workload = read_workload(order["workload"])
        kind = {"train": Training, "infer": Inference}[order["mode"]]
        tried, best = [], None
        for variant in kind.variants():
            job = kind(workload, variant)
            first = job.check(order["checkSteps"])
            timed(job, order["warmup"])
            # Enough for a choice; the measurement itself comes later, in turns.
            seconds = statistics.median(timed(job, max(5, order["warmup"])))
            tried.append({"variant": variant, "seconds": seconds})
            if best is None or seconds < best:
                best, self.job, chosen, check = seconds, job, variant, first
        name = f"PyTorch {torch.__version__}"
        return {"name": name, "cpuSeconds": time.process_time(), "variant": chosen, "tried": tried, "check": check, "rss": {"before": before, "after": memory()}}

    def steps(self, order):
        warmup, begin, done = order["warmup"], time.perf_counter(), 0
        while done < warmup["steps"] or time.perf_counter() - begin < warmup["seconds"]:
            self.job.next()
            done += 1
        return {"seconds": timed(self.job, order["count"]), "cpuSeconds": time.process_time(), "rss": memory()}


def main():
    # What libraries print must not get between the answers.
    answers = os.fdopen(os.dup(1), "w")
    os.dup2(2, 1)
    peer = Peer()
    orders = {"prepare": peer.prepare, "steps": peer.steps}
    for line in sys.stdin:
        order = json.loads(line)
        try:
            answer = orders[order["do"]](order)
        except Exception as error:  # Whatever it is, the one who asked is told and goes on without this peer.
            answer = {"error": f"{type(error).__name__}: {error}"}
        answers.write(json.dumps(answer) + "\n")
        answers.flush()


if __name__ == "__main__":
    main()
