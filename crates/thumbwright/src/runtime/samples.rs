//! Inputs as the user has them: one block of bytes a tensor, samples one after the other.

use crate::TensorInfo;
use thiserror::Error;

/// Why inputs do not fit a model.
#[derive(Clone, PartialEq, Eq, Debug, Error)]
pub enum InputError {
    /// Not one block of bytes for each input tensor.
    #[error("{found} inputs are given, the model has {}: {}", .expected.len(), .expected.join("; "))]
    Count {
        /// The model's inputs, described.
        expected: Vec<String>,
        /// How many were given.
        found: usize,
    },
    /// The bytes are no whole number of samples, or none.
    #[error("input {index} has {found} bytes, which is no multiple of a sample's {size}: {tensor}")]
    Size {
        /// Position of the tensor.
        index: usize,
        /// The tensor, described.
        tensor: String,
        /// Bytes of one sample.
        size: u64,
        /// Bytes given.
        found: usize,
    },
    /// Two inputs hold different numbers of samples.
    #[error("input {index} holds {found} samples, input 0 holds {first}")]
    Samples {
        /// Position of the tensor.
        index: usize,
        /// Its number of samples.
        found: usize,
        /// The number of samples of input 0.
        first: usize,
    },
}

/// A tensor in words: `"image" int8 [1, 8, 8, 1], 64 bytes`.
pub fn describe(t: &TensorInfo) -> String {
    format!(
        "\"{}\" {} {:?}, {} bytes",
        t.name, t.dtype, t.shape, t.bytes
    )
}

/// The inputs of one or more runs, checked against the tensors of a model.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Samples {
    tensors: Vec<Vec<u8>>,
    sizes: Vec<usize>,
    count: usize,
}

impl Samples {
    /// One block of bytes for each tensor of `inputs`, in the model's order, samples concatenated.
    ///
    /// # Errors
    /// The number of blocks differs, or a block is no whole number of samples, the same in all.
    pub fn new(inputs: &[TensorInfo], tensors: Vec<Vec<u8>>) -> Result<Samples, InputError> {
        if tensors.len() != inputs.len() {
            return Err(InputError::Count {
                expected: inputs.iter().map(describe).collect(),
                found: tensors.len(),
            });
        }
        let mut sizes = Vec::with_capacity(inputs.len());
        let mut count = None;
        for (index, (t, bytes)) in inputs.iter().zip(&tensors).enumerate() {
            let size = usize::try_from(t.bytes).ok().filter(|&s| s > 0);
            let fits = size.filter(|s| !bytes.is_empty() && bytes.len() % s == 0);
            let Some(size) = fits else {
                return Err(InputError::Size {
                    index,
                    tensor: describe(t),
                    size: t.bytes,
                    found: bytes.len(),
                });
            };
            let found = bytes.len() / size;
            let first = *count.get_or_insert(found);
            if first != found {
                return Err(InputError::Samples {
                    index,
                    found,
                    first,
                });
            }
            sizes.push(size);
        }
        Ok(Samples {
            tensors,
            sizes,
            count: count.unwrap_or(1),
        })
    }

    /// One sample that stands for the real number 0 everywhere: the zero point, or 0.0.
    pub fn zero(inputs: &[TensorInfo]) -> Samples {
        let zero = |t: &TensorInfo| {
            let byte = match (t.dtype.as_str(), t.zero_points.first()) {
                ("int8", Some(&z)) => z as i8 as u8,
                _ => 0,
            };
            vec![byte; usize::try_from(t.bytes).unwrap_or(0)]
        };
        let tensors: Vec<Vec<u8>> = inputs.iter().map(zero).collect();
        Samples {
            sizes: tensors.iter().map(Vec::len).collect(),
            tensors,
            count: 1,
        }
    }

    /// How many samples there are; at least one.
    pub fn count(&self) -> usize {
        self.count
    }

    /// The inputs of a sample, one slice a tensor.
    ///
    /// # Panics
    /// When there is no such sample.
    pub fn sample(&self, index: usize) -> Vec<&[u8]> {
        assert!(index < self.count, "sample {index} of {}", self.count);
        self.tensors
            .iter()
            .zip(&self.sizes)
            .map(|(bytes, &size)| &bytes[index * size..(index + 1) * size])
            .collect()
    }

    /// As [`sample`](Self::sample), owned.
    pub(crate) fn owned(&self, index: usize) -> Vec<Vec<u8>> {
        self.sample(index).into_iter().map(<[u8]>::to_vec).collect()
    }

    /// The first samples only.
    #[must_use]
    pub fn first(&self, count: usize) -> Samples {
        let count = count.clamp(1, self.count);
        let cut =
            |(bytes, &size): (&Vec<u8>, &usize)| bytes[..(count * size).min(bytes.len())].to_vec();
        Samples {
            tensors: self.tensors.iter().zip(&self.sizes).map(cut).collect(),
            sizes: self.sizes.clone(),
            count,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn tensor(name: &str, bytes: u64) -> TensorInfo {
        TensorInfo {
            name: name.to_owned(),
            shape: vec![1, bytes as i64],
            dtype: "int8".to_owned(),
            bytes,
            scales: vec![0.5],
            zero_points: vec![-3],
        }
    }

    #[test]
    fn samples_are_cut_tensor_by_tensor() {
        let inputs = [tensor("a", 2), tensor("b", 1)];
        let samples = Samples::new(&inputs, vec![vec![1, 2, 3, 4], vec![5, 6]]).unwrap();
        assert_eq!(samples.count(), 2);
        assert_eq!(samples.sample(0), [&[1u8, 2][..], &[5]]);
        assert_eq!(samples.sample(1), [&[3u8, 4][..], &[6]]);
        assert_eq!(samples.first(1).sample(0), [&[1u8, 2][..], &[5]]);
        assert_eq!(Samples::zero(&inputs).sample(0)[1], [0xfd]);
    }

    #[test]
    fn an_error_says_what_the_model_takes() {
        let inputs = [tensor("a", 2), tensor("b", 1)];
        let count = Samples::new(&inputs, vec![vec![0; 2]]).unwrap_err();
        assert_eq!(
            count.to_string(),
            "1 inputs are given, the model has 2: \"a\" int8 [1, 2], 2 bytes; \"b\" int8 [1, 1], 1 bytes"
        );
        for bytes in [vec![], vec![0; 3]] {
            let size = Samples::new(&inputs, vec![bytes, vec![0]]).unwrap_err();
            assert!(matches!(size, InputError::Size { index: 0, .. }), "{size}");
        }
        let samples = Samples::new(&inputs, vec![vec![0; 4], vec![0]]).unwrap_err();
        assert_eq!(
            samples.to_string(),
            "input 1 holds 1 samples, input 0 holds 2"
        );
    }
}
