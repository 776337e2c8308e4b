//! NumPy's `.npy` files, versions 1 and 2, little endian, C order (numpy.lib.format).

use anyhow::{Context, bail, ensure};

const MAGIC: &[u8] = b"\x93NUMPY";

/// An array as a file holds it.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Array {
    /// `|i1`, `<i4`, `<f4`, …
    pub descr: String,
    /// Dimensions.
    pub shape: Vec<u64>,
    /// Elements, row major.
    pub data: Vec<u8>,
}

/// Reads a file's bytes.
pub fn read(bytes: &[u8]) -> anyhow::Result<Array> {
    let rest = bytes.strip_prefix(MAGIC).context("it is no .npy file")?;
    let (version, rest) = rest.split_first_chunk::<2>().context("it is cut short")?;
    let (length, rest) = match version {
        [1, _] => {
            let (l, rest) = rest.split_first_chunk::<2>().context("it is cut short")?;
            (usize::from(u16::from_le_bytes(*l)), rest)
        }
        [2, _] => {
            let (l, rest) = rest.split_first_chunk::<4>().context("it is cut short")?;
            (u32::from_le_bytes(*l) as usize, rest)
        }
        [major, minor] => bail!("version {major}.{minor} of the .npy format is not known"),
    };
    let (header, data) = rest.split_at_checked(length).context("it is cut short")?;
    let header = std::str::from_utf8(header).context("its header is no text")?;
    let wrong = || format!("its header is not understood: {}", header.trim());
    let descr = entry(header, "descr").with_context(wrong)?;
    let quoted = |s: &str| {
        let s = s.strip_prefix('\'')?;
        s.split_once('\'').map(|(inner, _)| inner.to_owned())
    };
    let descr = quoted(descr).with_context(wrong)?;
    let order = entry(header, "fortran_order").with_context(wrong)?;
    ensure!(
        order.starts_with("False"),
        "it is in Fortran order; save it with numpy.ascontiguousarray"
    );
    let shape = entry(header, "shape").with_context(wrong)?;
    let shape = shape
        .strip_prefix('(')
        .and_then(|s| s.split_once(')'))
        .with_context(wrong)?;
    let dims = shape.0.split(',').map(str::trim).filter(|d| !d.is_empty());
    let shape: Vec<u64> = dims
        .map(|d| d.trim_end_matches('L').parse::<u64>())
        .collect::<Result<_, _>>()
        .with_context(wrong)?;
    let size = descr.trim_start_matches(['<', '>', '|', '=']).get(1..);
    let size: u64 = size.and_then(|s| s.parse().ok()).with_context(wrong)?;
    let expected = shape.iter().try_fold(size, |n, &d| n.checked_mul(d));
    ensure!(
        expected == u64::try_from(data.len()).ok(),
        "its header asks for {shape:?} elements of {size} bytes, it holds {} bytes",
        data.len()
    );
    Ok(Array {
        descr,
        shape,
        data: data.to_vec(),
    })
}

/// The text after `'key':` in the header's dictionary.
fn entry<'h>(header: &'h str, key: &str) -> Option<&'h str> {
    let (_, value) = header.split_once(&format!("'{key}'"))?;
    Some(value.trim_start().strip_prefix(':')?.trim_start())
}

/// The bytes of a file, version 1.
pub fn write(array: &Array) -> Vec<u8> {
    let mut dims = String::new();
    for d in &array.shape {
        dims += &format!("{d}, ");
    }
    // Python reads `(3, )` and `(3, 4, )` as tuples too, but writes `(3,)` and `(3, 4)`.
    let dims = match array.shape.len() {
        1 => dims.trim_end().to_owned(),
        _ => dims.trim_end_matches(", ").to_owned(),
    };
    let mut header = format!(
        "{{'descr': '{}', 'fortran_order': False, 'shape': ({dims}), }}",
        array.descr
    );
    // The data start at a multiple of 64 bytes.
    while (MAGIC.len() + 4 + header.len() + 1) % 64 != 0 {
        header.push(' ');
    }
    header.push('\n');
    let length = u16::try_from(header.len()).expect("invariant: a tensor's shape is short");
    let mut bytes = MAGIC.to_vec();
    bytes.extend([1, 0]);
    bytes.extend(length.to_le_bytes());
    bytes.extend(header.as_bytes());
    bytes.extend(&array.data);
    bytes
}

#[cfg(test)]
mod tests {
    use super::*;

    /// `numpy.save` of `numpy.array([[1, -2, 3]], dtype="int8")`, numpy 1.26.
    const SAVED: &[u8] = b"\x93NUMPY\x01\x00v\x00{'descr': '|i1', 'fortran_order': False, 'shape': (1, 3), }                                                          \n\x01\xfe\x03";

    #[test]
    fn what_numpy_saves() {
        let array = read(SAVED).unwrap();
        assert_eq!(
            (array.descr.as_str(), &array.shape[..]),
            ("|i1", &[1, 3][..])
        );
        assert_eq!(array.data, [1, 0xfe, 3]);
        assert_eq!(write(&array), SAVED);
    }

    #[test]
    fn other_shapes_come_back() {
        for shape in [vec![], vec![4], vec![2, 2, 1]] {
            let count: u64 = shape.iter().product();
            let array = Array {
                descr: "<f4".to_owned(),
                shape,
                data: vec![7; 4 * count as usize],
            };
            let bytes = write(&array);
            assert_eq!((bytes.len() - array.data.len()) % 64, 0);
            assert_eq!(read(&bytes).unwrap(), array);
        }
    }

    #[test]
    fn version_2_has_a_longer_length() {
        let mut bytes = SAVED[..6].to_vec();
        bytes.extend([2, 0, b'v', 0, 0, 0]);
        bytes.extend(&SAVED[10..]);
        assert_eq!(read(&bytes).unwrap(), read(SAVED).unwrap());
    }

    #[test]
    fn what_is_wrong_is_said() {
        let replaced = |from: &str, to: &str| {
            let text: String = SAVED.iter().map(|&b| b as char).collect();
            let text = text.replace(from, to);
            text.chars().map(|c| c as u8).collect::<Vec<u8>>()
        };
        for (bytes, what) in [
            (b"PK".to_vec(), "no .npy"),
            (SAVED[..9].to_vec(), "cut short"),
            (SAVED[..90].to_vec(), "cut short"),
            (SAVED[..SAVED.len() - 1].to_vec(), "holds 2 bytes"),
            (replaced("False", "True "), "Fortran"),
            (replaced("(1, 3)", "(1, x)"), "not understood"),
            (
                replaced("(1, 3), }              ", "(1, 99999999999999999999), }"),
                "not understood",
            ),
            (replaced("'|i1'", "[('a'"), "not understood"),
            (replaced("NUMPY\u{1}", "NUMPY\u{9}"), "version 9.0"),
        ] {
            let error = format!("{:#}", read(&bytes).unwrap_err());
            assert!(error.contains(what), "{error} / {what}");
        }
    }
}
