"""Models of UINT8, which are those of INT8 with 128 added to what is stored."""
from copy import copy
from dataclasses import replace

import numpy as np

from .case import Redraw


def unsigned(draw, by_twin=False):
    """A case as `draw` draws it for INT8, in UINT8; quantised per tensor, as such models are.

    With `by_twin` tflite-micro answers for it in INT8: LiteRT rounds fully connected layers once, tflite-micro twice.
    """
    def drawn(rng, _dtype):
        case = draw(rng, "int8")
        if any(t.quantization is not None and len(t.quantization.scales) > 1 for t in case.model.tensors):
            raise Redraw("quantised per channel")
        model = copy(case.model)
        model.tensors = [_tensor(t) for t in model.tensors]
        return replace(case, model=model, samples=plus_128(case.samples), predicted=_predicted(case),
                       twin=case if by_twin else None)
    return drawn


def plus_128(samples):
    """Lists of arrays, those of int8 with 128 added."""
    return [[_array(x, str(x.dtype)) for x in sample] for sample in samples]


def _tensor(tensor):
    if tensor.dtype != "int8":
        return tensor
    q = tensor.quantization
    q = replace(q, zero_points=[z + 128 for z in q.zero_points])
    data = None if tensor.data is None else _array(tensor.data, "int8")
    return replace(tensor, dtype="uint8", quantization=q, data=data)


def _predicted(case):
    outputs = [t.dtype for t in case.model.tensors[-case.model.outputs:]]
    return [
        [_array(x, dtype) for x, dtype in zip(p, outputs, strict=True)] if isinstance(p, list) else _array(p, outputs[0])
        for p in case.predicted
    ]


def _array(array, dtype):
    """128 more, if the array stands for int8; it may be a prediction in float."""
    if dtype != "int8":
        return array
    return array + 128 if array.dtype != np.int8 else (array.astype(np.int16) + 128).astype(np.uint8)
