"""One drawn case, and the random choices that all operators share."""
from dataclasses import dataclass, field

import numpy as np

from .tflite_file import SingleOperatorModel

ACTIVATIONS = ("NONE", "RELU", "RELU6", "RELU_N1_TO_1")
# Unit roundoff of float32.
FLOAT32_UNIT = 2.0 ** -24


class Redraw(Exception):
    """The draw left what the reference defines; the text says how."""


@dataclass
class Case:
    """`samples` holds one list of input arrays a sample, in the order of the model's graph inputs."""

    model: SingleOperatorModel
    samples: list
    about: str
    # Largest allowed absolute difference; 0 means equal byte for byte.
    tolerance: float = 0.0
    # What this case exercises; counted in the index.
    features: set = field(default_factory=set)
    # Our own evaluation, one array a sample (a list of arrays for several outputs), or None; a difference means that the file is
    # not what was meant.
    predicted: list = None
    predicted_tolerance: float = 0.0
    # A case in INT8 of which every stored number is 128 less, whose answers stand for this one's; or None.
    twin: "Case" = None


def log_uniform(rng, low, high):
    """A float whose logarithm is uniform."""
    return float(np.exp(rng.uniform(np.log(low), np.log(high))))


def pick(rng, choices):
    """One of a sequence, equally likely."""
    return choices[int(rng.integers(len(choices)))]


def chance(rng, p):
    """True with probability p."""
    return bool(rng.random() < p)


def zero_point(rng):
    """An int8 zero point, the extremes and 0 often."""
    return int(pick(rng, (-128, 127, 0, -1, 1, -127, int(rng.integers(-128, 128)), int(rng.integers(-128, 128)))))


def channel_count(rng, limit=33):
    """A channel count in 1..limit, mostly not a multiple of four."""
    return int(min(limit, pick(rng, (1, 2, 3, 4, 5, 7, 8, 9, 13, 16, 17, 31, 33, int(rng.integers(1, 34))))))


def batch_size(rng):
    """Mostly 1, sometimes 2."""
    return 2 if chance(rng, 0.15) else 1


def sample_count(rng):
    """Two or three samples a case."""
    return int(rng.integers(2, 4))


def int8_activations(rng, shape, zero, small=False):
    """Stored activations in one of several styles; `small` keeps them within 3 of the zero point."""
    if small:
        return np.clip(zero + rng.integers(-3, 4, shape), -128, 127).astype(np.int8)
    style = pick(rng, ("uniform", "uniform", "uniform", "normal", "sparse", "extremes", "min", "max"))
    if style == "normal":
        values = np.rint(rng.normal(zero, pick(rng, (2.0, 20.0, 60.0)), shape))
    elif style == "sparse":
        values = np.where(rng.random(shape) < 0.2, rng.integers(-128, 128, shape), zero)
    elif style == "extremes":
        values = np.where(rng.random(shape) < 0.5, -128, 127)
    elif style in ("min", "max"):
        values = np.full(shape, -128 if style == "min" else 127)
    else:
        values = rng.integers(-128, 128, shape)
    return np.clip(values, -128, 127).astype(np.int8)


def int8_weights(rng, shape, small=False, limit=127):
    """Symmetric weights in [-127, 127], the range that TFLite's quantisation specification allows, or up to another limit."""
    if small:
        return rng.integers(-2, 3, shape).astype(np.int8)
    style = pick(rng, ("uniform", "uniform", "normal", "extremes", "sparse"))
    if style == "normal":
        values = np.rint(rng.normal(0, 30 * limit / 127, shape))
    elif style == "extremes":
        values = np.where(rng.random(shape) < 0.5, -limit, limit)
    elif style == "sparse":
        values = np.where(rng.random(shape) < 0.3, rng.integers(-limit, limit + 1, shape), 0)
    else:
        values = rng.integers(-limit, limit + 1, shape)
    return np.clip(values, -limit, limit).astype(np.int8)


def draw_filter(rng, shape, kind, small=False):
    """Int8 weights of a kind with their zero point: "int8" and "int4" are symmetric, "asymmetric" is what UINT8 models have."""
    weights = int8_weights(rng, shape, small, 7 if kind == "int4" else 127)
    if kind != "asymmetric":
        return weights, 0
    # Near 0 most weights fit int8 without their zero point, else they do not.
    zero = int(pick(rng, (0, -3, 2, int(rng.integers(-128, 128)), int(rng.integers(-128, 128)))))
    return np.clip(weights.astype(np.int64) + (zero if small else 0), -128, 127).astype(np.int8), zero


def filter_features(kind, weights, zero):
    """What the filter of a case exercises."""
    if kind != "asymmetric":
        return {"int4 weights"} if kind == "int4" else set()
    symmetric = weights.astype(np.int64) - zero
    fits = symmetric.min() >= -128 and symmetric.max() <= 127
    return {"weights that fit int8 without their zero point" if fits else "weights that keep their zero point"}


def float_values(rng, shape, scale=1.0):
    """Normal numbers of the given spread, with exact zeros of both signs among them now and then."""
    values = rng.normal(0, scale, shape).astype(np.float32)
    if chance(rng, 0.3):
        values = np.where(rng.random(shape) < 0.2, np.float32(pick(rng, (0.0, -0.0))), values)
    return values.astype(np.float32)


def tensor_scale(rng):
    """A quantisation scale; one in ten far from what networks have."""
    return np.float32(log_uniform(rng, 1e-7, 1e5) if chance(rng, 0.1) else log_uniform(rng, 1e-3, 1.0))


def scale_for_activation(rng, activation):
    """A scale under which a fused activation's bounds fall inside or just outside the int8 range."""
    if activation == "RELU6":
        return np.float32(log_uniform(rng, 6 / 500, 6 / 20))
    if activation == "RELU_N1_TO_1":
        return np.float32(log_uniform(rng, 1 / 300, 1 / 12))
    return tensor_scale(rng)
