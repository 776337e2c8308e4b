//! Outputs as text: real values, and the index of the largest for scores.

use crate::TensorInfo;

/// More elements of a tensor are not listed.
const MAX_LISTED: usize = 16;
/// More samples get one line each.
const MAX_DETAILED: usize = 4;

/// The real values of a tensor's bytes: dequantised by the tensor's scale and zero point.
fn reals(t: &TensorInfo, bytes: &[u8]) -> Vec<f64> {
    let scale = t.scales.first().copied().unwrap_or(1.0);
    let zero = t.zero_points.first().copied().unwrap_or(0) as f64;
    match t.dtype.as_str() {
        "int8" => bytes
            .iter()
            .map(|&b| scale * (f64::from(b as i8) - zero))
            .collect(),
        dtype => bytes
            .chunks_exact(4)
            .filter_map(|c| c.try_into().ok())
            .map(|c: [u8; 4]| match dtype {
                "float32" => f64::from(f32::from_le_bytes(c)),
                _ => scale * (f64::from(i32::from_le_bytes(c)) - zero),
            })
            .collect(),
    }
}

/// Index of the largest value, the first of equal ones.
fn argmax(values: &[f64]) -> Option<usize> {
    let mut best: Option<usize> = None;
    for (i, v) in values.iter().enumerate() {
        if best.is_none_or(|b| *v > values[b]) {
            best = Some(i);
        }
    }
    best
}

/// Whether a tensor is a row of scores: one dimension above 1, and no indices.
fn is_row(t: &TensorInfo) -> bool {
    let indices = t.dtype == "int32" && t.scales.is_empty();
    !indices && t.shape.iter().filter(|&&d| d > 1).count() == 1
}

/// All outputs of all samples; `outputs` holds the samples of each tensor one after the other.
pub fn text(tensors: &[TensorInfo], samples: usize, outputs: &[Vec<u8>]) -> String {
    let mut text = String::new();
    for s in 0..samples {
        for (t, bytes) in tensors.iter().zip(outputs) {
            let size = usize::try_from(t.bytes).unwrap_or(0);
            let Some(bytes) = bytes.get(s * size..(s + 1) * size) else {
                continue;
            };
            if samples > 1 {
                text += &format!("sample {s}: ");
            }
            text += &line(t, &reals(t, bytes), samples <= MAX_DETAILED);
            text.push('\n');
        }
    }
    text
}

fn line(t: &TensorInfo, values: &[f64], detailed: bool) -> String {
    let mut line = t.name.clone();
    if let Some(best) = argmax(values).filter(|_| is_row(t)) {
        line += &format!(": argmax {best} ({})", value(values[best]));
        if !detailed {
            return line;
        }
    }
    let listed: Vec<String> = values.iter().take(MAX_LISTED).map(|&v| value(v)).collect();
    line += &format!(": {}", listed.join(" "));
    if values.len() > MAX_LISTED {
        line += &format!(" … ({} values)", values.len());
    }
    super::console::printable(&line)
}

/// Six significant digits at most.
fn value(v: f64) -> String {
    if v == 0.0 || !v.is_finite() {
        return format!("{}", v + 0.0);
    }
    let magnitude = v.abs().log10().floor() as i32;
    if (-5..6).contains(&magnitude) {
        let digits = usize::try_from(5 - magnitude).unwrap_or(0);
        let text = format!("{v:.digits$}");
        return match text.contains('.') {
            true => text.trim_end_matches('0').trim_end_matches('.').to_owned(),
            false => text,
        };
    }
    format!("{v:.5e}")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn tensor(shape: &[i64], dtype: &str, scale: f64, zero: i64) -> TensorInfo {
        let count: i64 = shape.iter().product();
        TensorInfo {
            name: "out".to_owned(),
            shape: shape.to_vec(),
            dtype: dtype.to_owned(),
            bytes: count as u64 * if dtype == "int8" { 1 } else { 4 },
            scales: vec![scale],
            zero_points: vec![zero],
        }
    }

    #[test]
    fn scores_are_dequantised_and_ranked() {
        let t = tensor(&[1, 3], "int8", 0.00390625, -128);
        let one = text(std::slice::from_ref(&t), 1, &[vec![0x80, 0x7f, 0]]);
        assert_eq!(one, "out: argmax 1 (0.996094): 0 0.996094 0.5\n");
        let many = text(&[t], 5, &[[0x80, 0x7f, 0].repeat(5)]);
        assert_eq!(
            many.lines().nth(4),
            Some("sample 4: out: argmax 1 (0.996094)")
        );
    }

    #[test]
    fn floats_and_images() {
        let t = tensor(&[1, 2, 9], "float32", 1.0, 0);
        let bytes: Vec<u8> = (0..18).flat_map(|i| (i as f32).to_le_bytes()).collect();
        let line = text(&[t], 1, &[bytes]);
        assert_eq!(
            line,
            "out: 0 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 … (18 values)\n"
        );
    }

    #[test]
    fn indices_are_not_ranked() {
        let t = TensorInfo {
            scales: vec![],
            zero_points: vec![],
            ..tensor(&[1, 3], "int32", 1.0, 0)
        };
        let bytes: Vec<u8> = [7i32, 1000, -1]
            .iter()
            .flat_map(|i| i.to_le_bytes())
            .collect();
        assert_eq!(text(&[t], 1, &[bytes]), "out: 7 1000 -1\n");
    }

    #[test]
    fn six_digits() {
        let cases = [
            (0.0, "0"),
            (-0.0, "0"),
            (1.0, "1"),
            (-2.5, "-2.5"),
            (123456.0, "123456"),
            (1234567.0, "1.23457e6"),
            (0.000012345678, "0.0000123457"),
            (1e-9, "1.00000e-9"),
            (f64::NAN, "NaN"),
        ];
        for (v, expected) in cases {
            assert_eq!(value(v), expected);
        }
    }
}
