//! What a name of the graph stands for while the graph is imported.

use ir::ValueId;

use crate::onnx::model::Tensor;
use crate::transposed::{self, Phase};

/// The value of a name.
#[derive(Debug, Clone)]
pub(super) enum Value {
    /// Known here.
    Constant(Named),
    /// Computed by the network.
    Computed(Computed),
    /// Its operator was not imported, which is reported there.
    Failed,
}

/// A constant with the name that its data get.
#[derive(Debug, Clone)]
pub(super) struct Named {
    pub(super) name: String,
    /// Its value; of a quantised one, in float.
    pub(super) tensor: Tensor,
    /// What the file has, if that is quantised.
    pub(super) quantised: Option<Quantised>,
}

/// A constant as `scale · (element − zero point)`.
#[derive(Debug, Clone)]
pub(super) struct Quantised {
    /// INT8 or INT32.
    pub(super) tensor: Tensor,
    /// One, or one an index of `axis`.
    pub(super) scales: Vec<f32>,
    /// As many.
    pub(super) zero_points: Vec<i64>,
    /// The dimension along which they vary; 0 if there is one.
    pub(super) axis: usize,
}

impl Named {
    /// A constant that is not quantised.
    pub(super) fn plain(name: impl Into<String>, tensor: Tensor) -> Named {
        Named {
            name: name.into(),
            tensor,
            quantised: None,
        }
    }

    /// The constant whose dimension `i` is dimension `order[i]` of this one.
    pub(super) fn permuted(&self, order: &[usize]) -> Named {
        let quantised = self.quantised.as_ref().map(|q| Quantised {
            tensor: q.tensor.permuted(order),
            axis: order.iter().position(|&d| d == q.axis).unwrap_or(0),
            ..q.clone()
        });
        Named {
            name: self.name.clone(),
            tensor: self.tensor.permuted(order),
            quantised,
        }
    }

    /// The same elements in another shape; quantised still, if that has one scale or keeps its dimension where it is.
    pub(super) fn reshaped(&self, shape: &[i64]) -> Named {
        let keeps = |q: &Quantised| {
            let (old, axis) = (&q.tensor.shape, q.axis);
            let product = |s: &[i64]| s.iter().product::<i64>();
            let at = (0..shape.len()).find(|&d| {
                old.get(axis) == Some(&shape[d]) && product(&shape[..d]) == product(&old[..axis])
            });
            if q.scales.len() == 1 { Some(0) } else { at }
        };
        let quantised = self.quantised.as_ref().and_then(|q| {
            Some(Quantised {
                axis: keeps(q)?,
                tensor: q.tensor.reshaped(shape),
                ..q.clone()
            })
        });
        Named {
            name: self.name.clone(),
            tensor: self.tensor.reshaped(shape),
            quantised,
        }
    }
}

impl Named {
    /// A part of the first dimension.
    pub(super) fn rows(&self, rows: std::ops::Range<usize>) -> Named {
        let quantised = self.quantised.as_ref().map(|q| {
            let vary = q.axis == 0 && q.scales.len() > 1;
            let part = if vary {
                rows.clone()
            } else {
                0..q.scales.len()
            };
            Quantised {
                tensor: q.tensor.rows(&rows),
                scales: q.scales[part.clone()].to_vec(),
                zero_points: q.zero_points[part].to_vec(),
                axis: q.axis,
            }
        });
        Named {
            name: self.name.clone(),
            tensor: self.tensor.rows(&rows),
            quantised,
        }
    }

    /// The taps of a phase of a transposed convolution, of an O, H, W, I filter; `None` if there is one that nothing comes from.
    pub(super) fn phase(&self, down: &Phase, right: &Phase) -> Option<Named> {
        let all = down.taps.iter().chain(&right.taps).all(Option::is_some);
        let taken = |tensor: &Tensor| {
            let extents = <[i64; 4]>::try_from(tensor.shape.as_slice()).ok()?;
            let size = tensor.dtype.bytes()?;
            let counts = extents.map(|n| usize::try_from(n).unwrap_or(0));
            let [outputs, _, _, inputs] = extents;
            let (rows, columns) = (down.taps.len() as i64, right.taps.len() as i64);
            Some(Tensor {
                dtype: tensor.dtype,
                shape: vec![outputs, rows, columns, inputs],
                data: transposed::filter(&tensor.data, counts, size, (down, right)).into(),
            })
        };
        let quantised = match &self.quantised {
            Some(q) => Some(Quantised {
                tensor: taken(&q.tensor)?,
                ..q.clone()
            }),
            None => None,
        };
        all.then_some(Named {
            name: self.name.clone(),
            tensor: taken(&self.tensor)?,
            quantised,
        })
    }

    /// Rows and columns, the last two dimensions, from behind.
    pub(super) fn reversed(&self) -> Named {
        let quantised = self.quantised.as_ref().map(|q| Quantised {
            tensor: q.tensor.reversed(),
            ..q.clone()
        });
        Named {
            name: self.name.clone(),
            tensor: self.tensor.reversed(),
            quantised,
        }
    }
}

impl Tensor {
    fn rows(&self, rows: &std::ops::Range<usize>) -> Tensor {
        let count = self
            .shape
            .first()
            .map_or(1, |&n| usize::try_from(n).unwrap_or(1));
        let step = self.data.len() / count.max(1);
        let mut shape = self.shape.clone();
        if let Some(first) = shape.first_mut() {
            *first = rows.len() as i64;
        }
        Tensor {
            dtype: self.dtype,
            shape,
            data: self.data[rows.start * step..rows.end * step].into(),
        }
    }

    fn reversed(&self) -> Tensor {
        let rank = self.shape.len();
        let plane: i64 = self.shape[rank.saturating_sub(2)..].iter().product();
        let size = self.dtype.bytes().unwrap_or(1);
        let plane = usize::try_from(plane).unwrap_or(1).max(1) * size;
        let planes = self.data.chunks(plane);
        let data = planes.flat_map(|p| p.chunks(size).rev().flatten().copied());
        Tensor {
            data: data.collect(),
            ..self.clone()
        }
    }

    fn permuted(&self, order: &[usize]) -> Tensor {
        let size = self.dtype.bytes().unwrap_or(1);
        Tensor {
            dtype: self.dtype,
            shape: order.iter().map(|&d| self.shape[d]).collect(),
            data: permuted_bytes(&self.data, &self.shape, order, size).into(),
        }
    }

    fn reshaped(&self, shape: &[i64]) -> Tensor {
        Tensor {
            shape: shape.to_vec(),
            ..self.clone()
        }
    }
}

/// A value of the network: which of its dimensions are where is bookkeeping, until an operator needs them in an order.
///
/// Dimension `i` of `value` is dimension `order[i]` of a tensor of the shape `base`; the name stands for that tensor under `shape`, which
/// has as many elements. So a transpose costs nothing here, and neither does a reshape of what is in another order.
#[derive(Debug, Clone)]
pub(super) struct Computed {
    pub(super) value: ValueId,
    pub(super) base: Vec<i64>,
    pub(super) order: Vec<usize>,
    pub(super) shape: Vec<i64>,
}

impl Computed {
    /// A value whose dimensions are in the order of its shape.
    pub(super) fn plain(value: ValueId, shape: &[i64]) -> Computed {
        Computed {
            value,
            base: shape.to_vec(),
            order: (0..shape.len()).collect(),
            shape: shape.to_vec(),
        }
    }

    /// A value whose dimension `i` is dimension `order[i]` of a shape.
    pub(super) fn ordered(value: ValueId, shape: &[i64], order: &[usize]) -> Computed {
        Computed {
            value,
            base: shape.to_vec(),
            order: order.to_vec(),
            shape: shape.to_vec(),
        }
    }

    /// The same place for another value of the same stored shape.
    pub(super) fn with(&self, value: ValueId) -> Computed {
        Computed {
            value,
            ..self.clone()
        }
    }

    /// The shape of `value`.
    pub(super) fn stored(&self) -> Vec<i64> {
        self.order.iter().map(|&d| self.base[d]).collect()
    }

    /// Whether the elements are stored in the order of the shape: dimensions of one element may be anywhere.
    pub(super) fn is_plain(&self) -> bool {
        let moved = self.order.iter().filter(|&&d| self.base[d] != 1);
        moved.is_sorted()
    }
}

/// The order in which dimensions `to` of a tensor are found among its dimensions stored as `from`; `None` if one is missing.
pub(super) fn permutation(from: &[usize], to: &[usize]) -> Option<Vec<usize>> {
    to.iter()
        .map(|d| from.iter().position(|f| f == d))
        .collect()
}

/// The bytes of a tensor with its dimension `i` being dimension `order[i]` of what is given; an element has `size` bytes.
pub(super) fn permuted_bytes(data: &[u8], shape: &[i64], order: &[usize], size: usize) -> Vec<u8> {
    let extent = |d: usize| usize::try_from(shape[d]).unwrap_or(0);
    let step = |d: usize| (d + 1..shape.len()).map(extent).product::<usize>();
    let mut out = Vec::with_capacity(data.len());
    let mut at = vec![0usize; order.len()];
    for _ in 0..data.len() / size.max(1) {
        let from: usize = order.iter().zip(&at).map(|(&d, i)| step(d) * i).sum();
        out.extend_from_slice(&data[from * size..(from + 1) * size]);
        for (i, &d) in at.iter_mut().zip(order).rev() {
            *i += 1;
            if *i < extent(d) {
                break;
            }
            *i = 0;
        }
    }
    out
}

#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "tests")]
mod tests {
    use super::*;

    #[test]
    fn bytes_are_permuted() {
        let data: Vec<u8> = (0..12).collect();
        let got = permuted_bytes(&data, &[2, 3], &[1, 0], 2);
        assert_eq!(got, [0, 1, 6, 7, 2, 3, 8, 9, 4, 5, 10, 11]);
        assert_eq!(permuted_bytes(&[7], &[], &[], 1), [7]);
    }

    #[test]
    fn scales_go_with_their_dimension() {
        let quantised = Quantised {
            tensor: Tensor {
                dtype: crate::onnx::model::DataType::INT8,
                shape: vec![2, 3],
                data: [0, 1, 2, 3, 4, 5].into(),
            },
            scales: vec![0.5, 2.0],
            zero_points: vec![0, 0],
            axis: 0,
        };
        let named = Named {
            name: "w".into(),
            tensor: Tensor::of_floats(&[2, 3], [0.0, 0.5, 1.0, 6.0, 8.0, 10.0]),
            quantised: Some(quantised),
        };
        let turned = named.permuted(&[1, 0]).quantised.unwrap();
        assert_eq!(
            (turned.axis, &turned.tensor.data[..]),
            (1, &[0, 3, 1, 4, 2, 5][..])
        );
        let axis = |shape: &[i64]| named.reshaped(shape).quantised.map(|q| q.axis);
        assert_eq!(axis(&[1, 2, 3]), Some(1));
        assert_eq!(axis(&[2, 1, 3]), Some(0));
        assert_eq!(axis(&[3, 2]), None);
        assert_eq!(axis(&[6]), None);
    }

    #[test]
    fn orders_are_compared() {
        assert_eq!(
            permutation(&[0, 2, 3, 1], &[0, 1, 2, 3]),
            Some(vec![0, 3, 1, 2])
        );
        assert_eq!(permutation(&[0, 1], &[0, 2]), None);
    }
}
