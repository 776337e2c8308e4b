//! Tensors in files: raw little-endian bytes, or `.npy` by the file's extension.

use std::path::Path;

use crate::TensorInfo;
use crate::runtime::describe;
use anyhow::{Context, bail, ensure};

use super::npy;

/// Larger files are refused.
const MAX_BYTES: u64 = 1 << 30;

fn is_npy(path: &Path) -> bool {
    path.extension()
        .is_some_and(|e| e.eq_ignore_ascii_case("npy"))
}

/// NumPy's name of an element type.
fn descr(t: &TensorInfo) -> &'static str {
    match t.dtype.as_str() {
        "float32" => "<f4",
        "int32" => "<i4",
        _ => "|i1",
    }
}

/// The bytes of an input tensor's samples.
pub fn read(path: &Path, tensor: &TensorInfo) -> anyhow::Result<Vec<u8>> {
    let shown = path.display();
    let metadata = std::fs::metadata(path).with_context(|| format!("cannot read {shown}"))?;
    if metadata.is_dir() {
        bail!(
            "{shown} is a directory; give a file with the input {}",
            describe(tensor)
        );
    }
    ensure!(
        metadata.len() <= MAX_BYTES,
        "{shown} is larger than {MAX_BYTES} bytes; run fewer samples at a time"
    );
    let bytes = std::fs::read(path).with_context(|| format!("cannot read {shown}"))?;
    let data = if is_npy(path) {
        from_npy(&bytes, tensor)
            .with_context(|| format!("{shown} for the input {}", describe(tensor)))?
    } else {
        bytes
    };
    let size = tensor.bytes.max(1);
    ensure!(
        !data.is_empty() && data.len() as u64 % size == 0,
        "{shown} holds {} bytes, which is no multiple of the input {} a sample",
        data.len(),
        describe(tensor)
    );
    Ok(data)
}

fn from_npy(bytes: &[u8], tensor: &TensorInfo) -> anyhow::Result<Vec<u8>> {
    let array = npy::read(bytes)?;
    let wanted = descr(tensor);
    let same = array.descr == wanted || (wanted == "|i1" && array.descr == "<i1");
    ensure!(same, "its elements are `{}`, not `{wanted}`", array.descr);
    ensure!(
        shapes_agree(&array.shape, &tensor.shape),
        "its shape is {:?}; samples may be stacked along the first dimension",
        array.shape
    );
    Ok(array.data)
}

/// Whether an array holds one tensor or several of them, dimensions of 1 left aside; a flat array holds anything.
fn shapes_agree(array: &[u64], tensor: &[i64]) -> bool {
    let tensor: Vec<u64> = tensor
        .iter()
        .filter_map(|&d| u64::try_from(d).ok())
        .filter(|&d| d != 1)
        .collect();
    let array: Vec<u64> = array.iter().copied().filter(|&d| d != 1).collect();
    array.len() <= 1 || array == tensor || array[1..] == tensor
}

/// The contents of an output file.
pub fn encode(path: &Path, tensor: &TensorInfo, samples: usize, data: &[u8]) -> Vec<u8> {
    if !is_npy(path) {
        return data.to_vec();
    }
    let dims = tensor.shape.iter().filter_map(|&d| u64::try_from(d).ok());
    let mut shape: Vec<u64> = dims.collect();
    let samples = samples as u64;
    match shape.first_mut() {
        Some(batch) if *batch == 1 => *batch = samples,
        _ if samples == 1 => {}
        _ => shape.insert(0, samples),
    }
    npy::write(&npy::Array {
        descr: descr(tensor).to_owned(),
        shape,
        data: data.to_vec(),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_tensor_or_a_stack_of_them() {
        let image = [1, 28, 28, 1];
        for good in [
            &[28u64, 28][..],
            &[1, 28, 28, 1],
            &[7, 28, 28],
            &[7, 1, 28, 28, 1],
            &[1568],
        ] {
            assert!(shapes_agree(good, &image), "{good:?}");
        }
        for bad in [&[28u64, 27][..], &[7, 784], &[2, 3, 28, 28]] {
            assert!(!shapes_agree(bad, &image), "{bad:?}");
        }
    }

    #[test]
    fn outputs_are_stacked_along_the_batch() {
        let tensor = TensorInfo {
            name: "out".to_owned(),
            shape: vec![1, 2],
            dtype: "int8".to_owned(),
            bytes: 2,
            scales: Vec::new(),
            zero_points: Vec::new(),
        };
        let data = [1, 2, 3, 4];
        assert_eq!(encode(Path::new("o.bin"), &tensor, 2, &data), data);
        let array = npy::read(&encode(Path::new("o.NPY"), &tensor, 2, &data)).unwrap();
        assert_eq!((array.shape, array.data), (vec![2, 2], data.to_vec()));
    }
}
