"""The sliding window of convolutions and pools: kernel, stride, dilation, padding."""
from dataclasses import dataclass

import numpy as np

from .case import chance, pick


@dataclass
class Window:
    """Sizes in elements; `padding` is "SAME" or "VALID"."""

    height: int
    width: int
    stride_h: int
    stride_w: int
    dilation_h: int
    dilation_w: int
    padding: str

    def output_size(self, height, width):
        """Output height and width, not positive where the window does not fit."""
        spans = self._spans()
        if self.padding == "SAME":
            return -(-height // self.stride_h), -(-width // self.stride_w)
        return (height - spans[0]) // self.stride_h + 1, (width - spans[1]) // self.stride_w + 1

    def pads(self, height, width):
        """`((top, bottom), (left, right))`; SAME puts the odd row or column at the bottom or right."""
        out = self.output_size(height, width)
        sizes = zip(out, (height, width), (self.stride_h, self.stride_w), self._spans())
        totals = [max(0, (o - 1) * stride + span - size) for o, size, stride, span in sizes]
        return tuple((t // 2, t - t // 2) for t in totals)

    def tap(self, x, ky, kx, output, fill=0):
        """The elements of NHWC `x` under tap (ky, kx) for each output pixel, `fill` where it meets padding."""
        (top, bottom), (left, right) = self.pads(x.shape[1], x.shape[2])
        padded = np.pad(x, ((0, 0), (top, bottom), (left, right), (0, 0)), constant_values=fill)
        y0, x0 = ky * self.dilation_h, kx * self.dilation_w
        rows = slice(y0, y0 + (output[1] - 1) * self.stride_h + 1, self.stride_h)
        columns = slice(x0, x0 + (output[2] - 1) * self.stride_w + 1, self.stride_w)
        return padded[:, rows, columns, :]

    def features(self, input_shape):
        """What of the window a case exercises on an NHWC input."""
        (top, bottom), (left, right) = self.pads(input_shape[1], input_shape[2])
        span_h, span_w = self._spans()
        padded = top + bottom + left + right > 0
        flags = {
            "dilation with padding": (span_h, span_w) != (self.height, self.width) and padded,
            "dilation without padding": (span_h, span_w) != (self.height, self.width) and not padded,
            "asymmetric padding": (top, left) != (bottom, right),
            "stride above 1": (self.stride_h, self.stride_w) != (1, 1),
            "stride above kernel": self.stride_h > span_h or self.stride_w > span_w,
            "unequal strides": self.stride_h != self.stride_w,
            "kernel larger than input": span_h > input_shape[1] or span_w > input_shape[2],
            "kernel 1x1": (self.height, self.width) == (1, 1),
            "kernel 1xN or Nx1": (self.height == 1) != (self.width == 1),
            f"padding {self.padding}": True,
        }
        return {name for name, present in flags.items() if present}

    def _spans(self):
        return (self.height - 1) * self.dilation_h + 1, (self.width - 1) * self.dilation_w + 1

    def __str__(self):
        return (f"k{self.height}x{self.width} s{self.stride_h}x{self.stride_w} "
                f"d{self.dilation_h}x{self.dilation_w} {self.padding}")


def draw_window(rng, dilate):
    """A random window; half of them square with equal strides, as networks have them."""
    height, width = (int(pick(rng, (1, 1, 2, 3, 3, 4, 5))) for _ in range(2))
    stride_h, stride_w = (int(pick(rng, (1, 1, 1, 2, 2, 3))) for _ in range(2))
    if chance(rng, 0.5):
        width, stride_w = height, stride_h
    dilation_h = dilation_w = 1
    if dilate and chance(rng, 0.35):
        dilation_h, dilation_w = (int(rng.integers(1, 4)) for _ in range(2))
    return Window(height, width, stride_h, stride_w, dilation_h, dilation_w, pick(rng, ("SAME", "VALID")))
