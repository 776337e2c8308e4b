//! Numbers as a person reads them. 1 kB is 1,000 bytes.

/// With commas between groups of three digits.
pub(crate) fn grouped(n: u64) -> String {
    let digits = n.to_string();
    let mut out = String::with_capacity(digits.len() + digits.len() / 3);
    for (i, c) in digits.chars().enumerate() {
        if i > 0 && (digits.len() - i) % 3 == 0 {
            out.push(',');
        }
        out.push(c);
    }
    out
}

/// Exact bytes, `16,000 B`.
pub(crate) fn bytes(n: u64) -> String {
    format!("{} B", grouped(n))
}

/// Three digits and a unit: `980`, `7.42 M`.
pub(crate) fn rounded(n: u64) -> String {
    let (scale, unit) = match n {
        0..=9_999 => return grouped(n),
        10_000..=999_949 => (1e3, "k"),
        999_950..=999_949_999 => (1e6, "M"),
        _ => (1e9, "G"),
    };
    let value = n as f64 / scale;
    let decimals = match value {
        v if v < 9.995 => 2,
        v if v < 99.95 => 1,
        _ => 0,
    };
    format!("{value:.decimals$} {unit}")
}

/// `part` of `whole` in percent, at most 100; 0 of nothing.
pub(crate) fn percent(part: u64, whole: u64) -> f64 {
    if whole == 0 {
        return 0.0;
    }
    (part as f64 / whole as f64 * 100.0).min(100.0)
}

/// Marks of an axis from 0 to `max`: multiples of 1, 2 or 5 times a power of ten, about `count` of them.
pub(crate) fn ticks(max: u64, count: u64) -> Vec<u64> {
    let wanted = max.div_ceil(count.max(1)).max(1);
    let mut power = 1u64;
    while power <= wanted / 10 {
        power *= 10;
    }
    let factors = [1, 2, 5, 10];
    let step = factors
        .iter()
        .map(|f| power.saturating_mul(*f))
        .find(|&s| s >= wanted)
        .unwrap_or(wanted);
    let mut marks = Vec::new();
    let mut at = 0u64;
    while at <= max {
        marks.push(at);
        match at.checked_add(step) {
            Some(next) => at = next,
            None => break,
        }
    }
    marks
}

/// A mark of a byte axis that ends at `max`: `512 B`, `12 kB`, `1.5 MB`.
pub(crate) fn mark(n: u64, max: u64) -> String {
    let (scale, unit) = match max {
        0..=4_999 => (1, "B"),
        5_000..=4_999_999 => (1_000, "kB"),
        5_000_000..=4_999_999_999 => (1_000_000, "MB"),
        _ => (1_000_000_000, "GB"),
    };
    if n % scale == 0 {
        format!("{} {unit}", grouped(n / scale))
    } else {
        format!("{} {unit}", n as f64 / scale as f64)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn groups_of_three() {
        let cases = [
            (0, "0"),
            (999, "999"),
            (1000, "1,000"),
            (1_234_567, "1,234,567"),
        ];
        for (n, text) in cases {
            assert_eq!(grouped(n), text);
        }
        assert_eq!(grouped(u64::MAX), "18,446,744,073,709,551,615");
    }

    #[test]
    fn three_digits() {
        let cases = [
            (9_999, "9,999"),
            (10_000, "10.0 k"),
            (99_949, "99.9 k"),
            (99_950, "100 k"),
            (999_949, "1000 k"),
            (999_950, "1.00 M"),
            (7_489_664, "7.49 M"),
            (2_500_000_000, "2.50 G"),
        ];
        for (n, text) in cases {
            assert_eq!(rounded(n), text, "{n}");
        }
    }

    #[test]
    fn an_axis_has_round_marks_up_to_its_end() {
        assert_eq!(ticks(16_000, 5), [0, 5_000, 10_000, 15_000]);
        assert_eq!(ticks(768, 4), [0, 200, 400, 600]);
        assert_eq!(ticks(10, 5), [0, 2, 4, 6, 8, 10]);
        assert_eq!(ticks(0, 5), [0]);
        for max in [1, 7, 99, 100, 101, 54_321, 1 << 20, u64::MAX] {
            let marks = ticks(max, 5);
            assert!((2..=6).contains(&marks.len()), "{max}: {marks:?}");
        }
        assert_eq!(mark(1_500, 2_000), "1,500 B");
        assert_eq!(mark(2_500, 7_000), "2.5 kB");
        assert_eq!(mark(0, 7_000), "0 kB");
    }

    #[test]
    fn shares() {
        assert_eq!(percent(1, 4), 25.0);
        assert_eq!(percent(3, 0), 0.0);
        assert_eq!(percent(9, 4), 100.0);
    }
}
