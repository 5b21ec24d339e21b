"""docs/onchip.md read literally, one number at a time, and the reference beside it."""

import math

import numpy as np
import pytest

from plurigrid_ff.onchip.forward import layer_goodness
from plurigrid_ff.onchip.learning import learn
from plurigrid_ff.onchip.network import OBJECTIVES

MASK = 2**64 - 1
TABLE = [round(65535 * math.exp(-i / 16)) for i in range(256)]


def mix(key, i):
    z = (key + (i + 1) * 0x9E3779B97F4A7C15) & MASK
    z = ((z ^ z >> 30) * 0xBF58476D1CE4E5B9) & MASK
    z = ((z ^ z >> 27) * 0x94D049BB133111EB) & MASK
    return z ^ z >> 31


def clamp(a, m):
    return max(-m, min(m, a))


def exponential(t):
    return TABLE[t >> 4] if t >> 4 < 256 else 0


def sigmoid(o):
    small = exponential(abs(o))
    return 2**15 * (65535 if o >= 0 else small) // (65535 + small)


def normalise(v):
    r = math.isqrt(256 * sum(a * a for a in v) // len(v))
    f = 2**17 // r if r else 0
    return [clamp((a * f + 128) >> 8, 127) for a in v]


def step_of(gradient, random, shift):
    return clamp((gradient + ((random >> 32) % 2**shift)) >> shift, 127)


class Spec:
    """A network in lists of integers."""

    def __init__(self, network):
        self.net = network
        self.layers = [
            {
                "w": layer.weight.astype(int).tolist(),
                "b": layer.bias.tolist(),
                "d": layer.directions.astype(int).tolist(),
            }
            for layer in network.layers
        ]
        self.step = network.step

    def activity(self, index, x):
        layer, s = self.layers[index], self.net.layers[index].activity_shift
        sums = [
            b + sum(map(int.__mul__, w, x)) for w, b in zip(layer["w"], layer["b"], strict=True)
        ]
        return [0 if a <= 0 else min(127, (a + (2**s >> 1)) >> s) for a in sums]

    def goodness(self, index, h):
        """Of every class; of the rail for threshold."""
        layer = self.net.layers[index]
        m, s = layer.goodness.multiplier, layer.goodness.shift
        if self.net.objective == "projection":
            sums = [sum(map(int.__mul__, d, h)) for d in self.layers[index]["d"]]
            p = layer.projection_shift
            return [a >> p if p >= 0 else a << -p for a in sums]
        if self.net.objective == "threshold":
            return m * sum(a * a for a in h) >> s
        group = len(h) // self.net.classes
        parts = [h[k * group : (k + 1) * group] for k in range(self.net.classes)]
        return [m * sum(a * a if self.net.squares else a for a in part) >> s for part in parts]

    def prepare(self, x):
        return normalise(x) if self.net.normalises else x

    def label_row(self, label, value):
        return [value if k == label else 0 for k in range(self.net.classes)]

    def learn(self, x, label):
        L = round(4 * math.sqrt(self.net.classes))
        count = len(self.layers)
        read = self.prepare(x)
        rails, factors = [read], [read]
        if self.net.objective == "threshold":
            tried = {k: read + self.label_row(k, L << 6) for k in range(self.net.classes)}
            if self.net.hardest:
                first = {k: self.goodness(0, self.activity(0, row)) for k, row in tried.items()}
                wrong = max((k for k in first if k != label), key=first.__getitem__)
            else:
                draw = mix(mix(self.net.key, self.step * count), 4 << 32) >> 32
                wrong = (label + 1 + draw % (self.net.classes - 1)) % self.net.classes
            rails = [tried[label], tried[wrong]]
            factors = [read + self.label_row(k, L) for k in (label, wrong)]
        for index in range(count):
            hidden = [self.activity(index, rail) for rail in rails]
            self.learn_layer(
                index, mix(self.net.key, self.step * count + index), factors, hidden, label
            )
            rails = factors = [normalise(h) for h in hidden]
        self.step += 1

    def errors(self, index, hidden, label):
        if self.net.objective == "threshold":
            theta = self.net.layers[index].threshold
            good, bad = (self.goodness(index, h) for h in hidden)
            return [-sigmoid(theta - good), sigmoid(bad - theta)]
        g = self.goodness(index, hidden[0])
        weights = [exponential(max(g) - a) for a in g]
        return [2**15 * a // sum(weights) - 2**15 * (k == label) for k, a in enumerate(weights)]

    def gradient(self, index, e, h, u, rail):
        if self.net.objective == "projection":
            return sum(e[k] * d[u] for k, d in enumerate(self.layers[index]["d"]))
        if self.net.objective == "threshold":
            return e[rail] * h[u]
        own = e[u // (len(h) // self.net.classes)]
        return own * h[u] if self.net.squares else own

    def learn_layer(self, index, key, factors, hidden, label):
        layer, numbers = self.net.layers[index], self.layers[index]
        e = self.errors(index, hidden, label)
        dither = [
            mix(key, i // 8) >> 8 * (i % 8) & 255
            for i in range(max(len(factors[0]), len(hidden[0])))
        ]
        shift = min(30, layer.rate_shift + self.net.halvings)
        old = [row[:] for row in numbers["d"]]
        for u in range(len(hidden[0])):
            steps = [
                step_of(self.gradient(index, e, h, u, rail), mix(key, (rail + 1 << 32) + u), shift)
                if h[u]
                else 0
                for rail, h in enumerate(hidden)
            ]
            offset = mix(key, (1 << 32) + u)
            row = numbers["w"][u]
            for i in range(len(row)):
                change = sum(step * factor[i] for step, factor in zip(steps, factors, strict=True))
                row[i] = clamp(row[i] - (change + (dither[i] + offset) % 256 >> 8), 127)
            numbers["b"][u] = clamp(numbers["b"][u] - 4 * sum(steps), 2**29)
        shift = min(30, layer.direction_shift + self.net.halvings)
        for k, row in enumerate(old):
            random = mix(key, (3 << 32) + k)
            step = step_of(e[k], random, shift)
            numbers["d"][k] = [
                clamp(d - (step * h + (dither[u] + random) % 256 >> 8), 127)
                for u, (d, h) in enumerate(zip(row, hidden[0], strict=True))
            ]

    def digest(self):
        stream = bytearray(self.step.to_bytes(4, "little"))
        for layer in self.layers:
            stream += bytes(a & 255 for column in zip(*layer["w"], strict=True) for a in column)
            for b in layer["b"]:
                stream += b.to_bytes(4, "little", signed=True)
            stream += bytes(a & 255 for row in layer["d"] for a in row)
        value = 0x811C9DC5
        for byte in stream:
            value = (value ^ byte) * 0x01000193 % 2**32
        return value


@pytest.mark.parametrize("objective", OBJECTIVES)
def test_the_reference_does_what_the_document_says(objective, random_network):
    for seed in range(30):
        network = random_network(seed, objective=objective)
        spec = Spec(network)
        rng = np.random.default_rng(seed)
        for x in rng.integers(-127, 128, (4, network.inputs)):
            label = int(rng.integers(network.classes))
            spec.learn(x.tolist(), label)
            learn(network, x, label)

        assert spec.digest() == network.digest()
        if objective != "threshold":
            x = rng.integers(-127, 128, (1, network.inputs))
            read, total = spec.prepare(x[0].tolist()), [0] * network.classes
            for index in range(len(network.layers)):
                h = spec.activity(index, read)
                total = [a + b for a, b in zip(total, spec.goodness(index, h), strict=True)]
                read = normalise(h)
            assert total == layer_goodness(network, x).sum(axis=0)[0].tolist()
