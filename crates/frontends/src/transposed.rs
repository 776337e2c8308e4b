//! Transposed convolutions as ordinary ones: elements of the result that are a stride apart are computed from the same taps of the kernel,
//! so each such *phase* is a convolution of its own, and no zeros are put between the elements of the input.
//!
//! Along a dimension, result `y` is `Σ in[i] · kernel[y + cut − i·stride]` over all `i` for which both exist.

/// One phase along a dimension: results `phase`, `phase + stride`, `phase + 2·stride`, … as a convolution of stride 1.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Phase {
    /// The kernel: which element of the transposed one each tap is; none where there is no product. At least one tap.
    pub(crate) taps: Vec<Option<usize>>,
    /// Padding before and behind the input, not negative.
    pub(crate) pads: [i64; 2],
}

/// The phases along a dimension, `stride` of them, each of `⌈output / stride⌉` results, of which the last may be one too many.
///
/// All extents are at least 1; `cut` results are left out before the first.
pub(crate) fn phases(input: i64, output: i64, kernel: i64, stride: i64, cut: i64) -> Vec<Phase> {
    let results = (output + stride - 1) / stride;
    let phase = |p: i64| {
        let first = (p + cut) % stride;
        let count = (kernel - first + stride - 1).max(0) / stride;
        // The last tap of the kernel comes first: it belongs to the earliest element.
        let mut taps: Vec<Option<usize>> = (0..count)
            .rev()
            .map(|j| usize::try_from(first + stride * j).ok())
            .collect();
        let mut before = count - 1 - (p + cut) / stride;
        if taps.is_empty() {
            taps.push(None);
            before += 1;
        }
        // Windows that begin or end inside of the input have taps there that nothing comes from.
        while before < 0 {
            taps.insert(0, None);
            before += 1;
        }
        let mut behind = results - 1 + taps.len() as i64 - before - input;
        while behind < 0 {
            taps.push(None);
            behind += 1;
        }
        Phase {
            taps,
            pads: [before, behind],
        }
    };
    (0..stride).map(phase).collect()
}

/// Whether all phases have as many taps and one padding, so that they are channels of one convolution.
pub(crate) fn are_alike(phases: &[Phase]) -> bool {
    let form = |p: &Phase| (p.taps.len(), p.pads);
    phases.windows(2).all(|w| form(&w[0]) == form(&w[1]))
}

/// The elements of an O·H·W·I filter of `[outputs, rows, columns, inputs]` elements of `size` bytes at these taps; 0 where there is none.
pub(crate) fn filter(
    bytes: &[u8],
    [outputs, rows, columns, inputs]: [usize; 4],
    size: usize,
    (down, right): (&Phase, &Phase),
) -> Vec<u8> {
    let run = inputs * size;
    let mut taken = Vec::with_capacity(outputs * down.taps.len() * right.taps.len() * run);
    for o in 0..outputs {
        for y in &down.taps {
            for x in &right.taps {
                let at = y.zip(*x).map(|(y, x)| ((o * rows + y) * columns + x) * run);
                match at.and_then(|at| bytes.get(at..at + run)) {
                    Some(part) => taken.extend_from_slice(part),
                    None => taken.resize(taken.len() + run, 0),
                }
            }
        }
    }
    taken
}

#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "tests")]
mod tests {
    use super::*;

    /// The definition, by every product.
    fn scattered(input: &[i64], kernel: &[i64], output: i64, stride: i64, cut: i64) -> Vec<i64> {
        let mut out = vec![0; output as usize];
        for (i, x) in input.iter().enumerate() {
            for (k, w) in kernel.iter().enumerate() {
                let at = i as i64 * stride + k as i64 - cut;
                if let Some(y) = usize::try_from(at).ok().and_then(|at| out.get_mut(at)) {
                    *y += x * w;
                }
            }
        }
        out
    }

    fn convolved(input: &[i64], kernel: &[i64], phase: &Phase, results: i64) -> Vec<i64> {
        let taps: Vec<i64> = phase
            .taps
            .iter()
            .map(|t| t.map_or(0, |t| kernel[t]))
            .collect();
        let span = input.len() as i64 + phase.pads[0] + phase.pads[1];
        assert_eq!(span - taps.len() as i64 + 1, results, "{phase:?}");
        let at = |i: i64| {
            usize::try_from(i)
                .ok()
                .and_then(|i| input.get(i))
                .copied()
                .unwrap_or(0)
        };
        (0..results)
            .map(|y| {
                (0..)
                    .zip(&taps)
                    .map(|(k, w)| w * at(y + k - phase.pads[0]))
                    .sum()
            })
            .collect()
    }

    #[test]
    fn phases_together_are_the_transposed_convolution() {
        let mut alike = 0;
        for n in 1..5i64 {
            for k in 1..6i64 {
                for stride in 1..5i64 {
                    for cut in 0..k.max(3) {
                        for output in 1..=(n - 1) * stride + k + 2 {
                            let input: Vec<i64> = (0..n).map(|i| 3 * i + 2).collect();
                            let kernel: Vec<i64> = (0..k).map(|i| 7 * i * i + 1).collect();
                            let phases = phases(n, output, k, stride, cut);
                            let results = (output + stride - 1) / stride;
                            let parts: Vec<Vec<i64>> = phases
                                .iter()
                                .map(|p| convolved(&input, &kernel, p, results))
                                .collect();
                            let found: Vec<i64> = (0..output)
                                .map(|y| parts[(y % stride) as usize][(y / stride) as usize])
                                .collect();
                            assert_eq!(found, scattered(&input, &kernel, output, stride, cut));
                            alike += i32::from(stride > 1 && are_alike(&phases));
                        }
                    }
                }
            }
        }
        assert!(alike > 10);
    }

    #[test]
    fn a_window_of_the_stride_is_one_convolution_without_padding() {
        let found = phases(5, 10, 2, 2, 0);
        let of = |tap| Phase {
            taps: vec![Some(tap)],
            pads: [0, 0],
        };
        assert_eq!(found, [of(0), of(1)]);
        assert!(are_alike(&found));
        // SAME padding of a kernel of 3: two taps and one.
        let found = phases(5, 10, 3, 2, 0);
        assert_eq!(found[0].taps, [Some(2), Some(0)]);
        assert_eq!(found[1].taps, [Some(1)]);
    }

    #[test]
    fn filters_are_taken_tap_by_tap() {
        let bytes: Vec<u8> = (0..24).collect();
        let phase = |taps: &[Option<usize>]| Phase {
            taps: taps.to_vec(),
            pads: [0, 0],
        };
        let (down, right) = (phase(&[Some(1), None]), phase(&[Some(2), Some(0)]));
        let taken = filter(&bytes, [2, 2, 3, 2], 1, (&down, &right));
        assert_eq!(
            taken,
            [10, 11, 6, 7, 0, 0, 0, 0, 22, 23, 18, 19, 0, 0, 0, 0]
        );
    }
}
