//! Instructions of Helium, Arm's M-profile vector extension, as functions on vectors of 16 bytes.
//!
//! Lanes are little endian, lane 0 first, of 8, 16 or 32 bits, and signed. Source: the operations of the instructions in the Armv8-M
//! Architecture Reference Manual (DDI 0553), C2.4, with all beats executed and no saturation flag.

/// Sixteen bytes.
pub type Vector = [u8; 16];

/// What an instruction reads; unused places are zero.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct Operands {
    /// The vectors, in order; a word that stands for a vector is in every lane.
    pub vectors: [Vector; 2],
    /// The general register, sign-extended from 32 bits.
    pub word: i64,
    /// The bits of the predicate.
    pub predicate: u16,
    /// The immediate shift.
    pub shift: u32,
    /// Bits of a lane.
    pub width: u32,
}

/// What an instruction yields.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Output {
    /// A vector.
    Vector(Vector),
    /// A general register, sign-extended from 32 bits, or a predicate, sign-extended from 16.
    Word(i64),
}

/// A predicate whose bits differ within a lane.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct MixedPredicate;

/// An instruction.
pub type Instruction = fn(&Operands) -> Result<Output, MixedPredicate>;

/// The lanes of a vector, sign-extended; those that it has not are 0.
#[inline]
fn lanes(v: &Vector, width: u32) -> [i64; 16] {
    let mut all = [0; 16];
    match width {
        8 => {
            for (lane, &b) in all.iter_mut().zip(v) {
                *lane = i64::from(b as i8);
            }
        }
        16 => {
            for (lane, b) in all.iter_mut().zip(v.chunks_exact(2)) {
                *lane = i64::from(i16::from_le_bytes([b[0], b[1]]));
            }
        }
        _ => {
            for (lane, b) in all.iter_mut().zip(v.chunks_exact(4)) {
                *lane = i64::from(i32::from_le_bytes([b[0], b[1], b[2], b[3]]));
            }
        }
    }
    all
}

/// The vector of lanes, each wrapped.
#[inline]
fn vector(lanes: &[i64; 16], width: u32) -> Vector {
    let mut v = [0; 16];
    match width {
        8 => {
            for (b, &lane) in v.iter_mut().zip(lanes) {
                *b = lane as u8;
            }
        }
        16 => {
            for (b, &lane) in v.chunks_exact_mut(2).zip(lanes) {
                b.copy_from_slice(&(lane as i16).to_le_bytes());
            }
        }
        _ => {
            for (b, &lane) in v.chunks_exact_mut(4).zip(lanes) {
                b.copy_from_slice(&(lane as i32).to_le_bytes());
            }
        }
    }
    v
}

fn count(width: u32) -> usize {
    128 / width as usize
}

#[inline]
fn map(o: &Operands, f: impl Fn(i64, i64, u32) -> i64) -> Result<Output, MixedPredicate> {
    let (mut a, b) = (lanes(&o.vectors[0], o.width), lanes(&o.vectors[1], o.width));
    for (x, y) in a.iter_mut().zip(b) {
        *x = f(*x, y, o.width);
    }
    Ok(Output::Vector(vector(&a, o.width)))
}

/// The nearest number of a width in bits.
#[inline]
fn saturate(x: i64, width: u32) -> i64 {
    let half = 1i64 << (width - 1);
    x.clamp(-half, half - 1)
}

/// A product of lanes, shifted right by the width less `doubled`.
#[inline]
fn high(a: i64, b: i64, width: u32, rounded: bool, doubled: u32) -> i64 {
    let by = width - doubled;
    let half = if rounded { 1i64 << (by - 1) } else { 0 };
    // At most 2⁶² + 2³¹.
    (a * b + half) >> by
}

/// A shift of a lane by the low byte of another, left if it is positive.
#[inline]
fn shift(a: i64, by: i64, rounded: bool) -> i64 {
    match by as i8 {
        32.. => 0,
        by @ 0..=31 => a << by,
        by => {
            // More than 33 places of 32 bits leave what 33 leave.
            let places = u32::from(by.unsigned_abs()).min(33);
            right(a, places, rounded)
        }
    }
}

#[inline]
fn right(a: i64, places: u32, rounded: bool) -> i64 {
    let half = if rounded { 1i64 << (places - 1) } else { 0 };
    (a + half) >> places
}

/// The lanes of twice the width, from the even (0) or odd (1) lanes of the first vector.
fn widen(o: &Operands, odd: usize) -> Result<Output, MixedPredicate> {
    let narrow = lanes(&o.vectors[0], o.width / 2);
    let mut wide = [0; 16];
    for i in 0..count(o.width) {
        wide[i] = narrow[2 * i + odd];
    }
    Ok(Output::Vector(vector(&wide, o.width)))
}

/// The first vector with its even (0) or odd (1) lanes replaced by those of the second one, of twice the width.
fn narrow(o: &Operands, odd: usize, saturating: bool) -> Result<Output, MixedPredicate> {
    let half = o.width / 2;
    let mut all = lanes(&o.vectors[0], half);
    let wide = lanes(&o.vectors[1], o.width);
    for i in 0..count(o.width) {
        all[2 * i + odd] = match saturating {
            true => saturate(wide[i], half),
            false => wide[i],
        };
    }
    Ok(Output::Vector(vector(&all, half)))
}

fn multiply_long(o: &Operands, odd: usize) -> Result<Output, MixedPredicate> {
    let (a, b) = (lanes(&o.vectors[0], o.width), lanes(&o.vectors[1], o.width));
    let mut wide = [0; 16];
    for i in 0..count(o.width) / 2 {
        wide[i] = a[2 * i + odd] * b[2 * i + odd];
    }
    Ok(Output::Vector(vector(&wide, 2 * o.width)))
}

/// Whether lane `i` is active.
#[inline]
pub fn is_active(predicate: u16, i: usize, width: u32) -> Result<bool, MixedPredicate> {
    let bytes = width / 8;
    let all = (1u16 << bytes).wrapping_sub(1);
    match predicate >> (i as u32 * bytes) & all {
        0 => Ok(false),
        bits if bits == all => Ok(true),
        _ => Err(MixedPredicate),
    }
}

/// The predicate of the lanes for which `f` holds, as a sign-extended number.
fn predicate(width: u32, f: impl Fn(usize) -> bool) -> Output {
    let bytes = width / 8;
    let mut p = 0u16;
    for i in (0..count(width)).filter(|&i| f(i)) {
        p |= (1u16 << bytes).wrapping_sub(1) << (i as u32 * bytes);
    }
    Output::Word(i64::from(p as i16))
}

fn compare(o: &Operands, f: impl Fn(i64, i64) -> bool) -> Result<Output, MixedPredicate> {
    let (a, b) = (lanes(&o.vectors[0], o.width), lanes(&o.vectors[1], o.width));
    Ok(predicate(o.width, |i| f(a[i], b[i])))
}

/// The word plus `f` of the active lanes, wrapping.
#[inline]
fn reduce(
    o: &Operands,
    predicate: u16,
    f: impl Fn(i64, i64) -> i64,
) -> Result<Output, MixedPredicate> {
    let (a, b) = (lanes(&o.vectors[0], o.width), lanes(&o.vectors[1], o.width));
    let mut sum = o.word;
    if predicate == u16::MAX {
        // Lanes that are not there are 0.
        for (x, y) in a.into_iter().zip(b) {
            sum = sum.wrapping_add(f(x, y));
        }
    } else {
        for i in 0..count(o.width) {
            if is_active(predicate, i, o.width)? {
                sum = sum.wrapping_add(f(a[i], b[i]));
            }
        }
    }
    Ok(Output::Word(i64::from(sum as i32)))
}

fn first_lanes(o: &Operands) -> Result<Output, MixedPredicate> {
    let n = o.word as u32;
    Ok(predicate(o.width, |i| (i as u32) < n))
}

/// A word in every lane.
pub fn duplicate(word: i64, width: u32) -> Vector {
    vector(&[word; 16], width)
}

/// What an instruction on registers computes, by its name: `vqrdmulh`.
pub fn instruction(name: &str) -> Option<Instruction> {
    Some(match name {
        "vdup" => |o| Ok(Output::Vector(duplicate(o.word, o.width))),
        "vadd" => |o| map(o, |a, b, _| a + b),
        "vsub" => |o| map(o, |a, b, _| a - b),
        "vmul" => |o| map(o, |a, b, _| a * b),
        "vmla" => |o| {
            let x = o.word;
            map(o, |acc, a, _| acc + a * x)
        },
        "vmax" => |o| map(o, |a, b, _| a.max(b)),
        "vmin" => |o| map(o, |a, b, _| a.min(b)),
        "vqadd" => |o| map(o, |a, b, w| saturate(a + b, w)),
        "vqsub" => |o| map(o, |a, b, w| saturate(a - b, w)),
        "vneg" => |o| map(o, |a, _, _| -a),
        "vabs" => |o| map(o, |a, _, _| a.abs()),
        "vand" => |o| map(o, |a, b, _| a & b),
        "vorr" => |o| map(o, |a, b, _| a | b),
        "veor" => |o| map(o, |a, b, _| a ^ b),
        "vmulh" => |o| map(o, |a, b, w| high(a, b, w, false, 0)),
        "vrmulh" => |o| map(o, |a, b, w| high(a, b, w, true, 0)),
        "vqdmulh" => |o| map(o, |a, b, w| saturate(high(a, b, w, false, 1), w)),
        "vqrdmulh" => |o| map(o, |a, b, w| saturate(high(a, b, w, true, 1), w)),
        "vshl" => |o| map(o, |a, by, _| shift(a, by, false)),
        "vrshl" => |o| map(o, |a, by, _| shift(a, by, true)),
        "vshl_n" => |o| map(o, |a, _, _| a << o.shift),
        "vshr_n" => |o| map(o, |a, _, _| right(a, o.shift, false)),
        "vrshr_n" => |o| map(o, |a, _, _| right(a, o.shift, true)),
        "vmovlb" => |o| widen(o, 0),
        "vmovlt" => |o| widen(o, 1),
        "vmovnb" => |o| narrow(o, 0, false),
        "vmovnt" => |o| narrow(o, 1, false),
        "vqmovnb" => |o| narrow(o, 0, true),
        "vqmovnt" => |o| narrow(o, 1, true),
        "vmullb" => |o| multiply_long(o, 0),
        "vmullt" => |o| multiply_long(o, 1),
        "vmladava" => |o| reduce(o, u16::MAX, |a, b| a.wrapping_mul(b)),
        "vmladava_p" => |o| reduce(o, o.predicate, |a, b| a.wrapping_mul(b)),
        "vaddva" => |o| reduce(o, u16::MAX, |a, _| a),
        "vaddva_p" => |o| reduce(o, o.predicate, |a, _| a),
        "vpsel" => |o| {
            let (mut a, b) = (lanes(&o.vectors[0], o.width), lanes(&o.vectors[1], o.width));
            for i in 0..count(o.width) {
                if !is_active(o.predicate, i, o.width)? {
                    a[i] = b[i];
                }
            }
            Ok(Output::Vector(vector(&a, o.width)))
        },
        "vcmpeq" => |o| compare(o, |a, b| a == b),
        "vcmpne" => |o| compare(o, |a, b| a != b),
        "vcmplt" => |o| compare(o, |a, b| a < b),
        "vcmple" => |o| compare(o, |a, b| a <= b),
        "vcmpgt" => |o| compare(o, |a, b| a > b),
        "vcmpge" => |o| compare(o, |a, b| a >= b),
        "vctp8" | "vctp16" | "vctp32" => first_lanes,
        "vpnot" => |o| Ok(Output::Word(i64::from(!o.predicate as i16))),
        _ => return None,
    })
}

/// The lane that a load of an element of `element` bits puts into a vector, from the element's bytes in memory.
pub fn extend(bytes: &[u8]) -> i64 {
    match *bytes {
        [a] => i64::from(a as i8),
        [a, b] => i64::from(i16::from_le_bytes([a, b])),
        [a, b, c, d] => i64::from(i32::from_le_bytes([a, b, c, d])),
        _ => 0,
    }
}

/// Lane `i` of a vector, sign-extended.
pub fn lane(v: &Vector, i: usize, width: u32) -> i64 {
    let bytes = width as usize / 8;
    v.get(i * bytes..(i + 1) * bytes).map_or(0, extend)
}

/// Sets lane `i` of a vector, wrapped.
pub fn set_lane(v: &mut Vector, i: usize, width: u32, value: i64) {
    let bytes = width as usize / 8;
    if let Some(lane) = v.get_mut(i * bytes..(i + 1) * bytes) {
        lane.copy_from_slice(&value.to_le_bytes()[..bytes]);
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "tests")]
mod tests {
    use super::*;
    use proptest::prelude::*;

    /// A lane by its bits, over unbounded integers.
    fn sint(v: &Vector, i: usize, width: usize) -> i128 {
        let mut sum = 0;
        for bit in 0..width {
            let at = i * width + bit;
            let weight = 1i128 << bit;
            if v[at / 8] >> (at % 8) & 1 == 1 {
                sum += if bit + 1 == width { -weight } else { weight };
            }
        }
        sum
    }

    /// What is left of a number in a signed field of so many bits.
    fn wrap(x: i128, bits: usize) -> i128 {
        let size = 1i128 << bits;
        let low = x.rem_euclid(size);
        if low >= size / 2 { low - size } else { low }
    }

    fn saturated(x: i128, bits: usize) -> i128 {
        let half = 1i128 << (bits - 1);
        if x < -half {
            -half
        } else if x >= half {
            half - 1
        } else {
            x
        }
    }

    /// x / 2^by rounded down.
    fn floor(x: i128, by: usize) -> i128 {
        x.div_euclid(1 << by)
    }

    /// x / 2^by to the nearest, halves up.
    fn nearest(x: i128, by: usize) -> i128 {
        floor(2 * x + (1 << by), by + 1)
    }

    fn active(predicate: u16, i: usize, width: usize) -> bool {
        predicate >> (i * width / 8) & 1 == 1
    }

    /// The manual's operation: the result's lanes, or one number.
    fn manual(name: &str, o: &Operands) -> (Vec<i128>, usize) {
        let w = o.width as usize;
        let n = 128 / w;
        let [va, vb] = &o.vectors;
        let lane = |v, i| sint(v, i, w);
        let x = i128::from(o.word);
        let by_lane = |f: &dyn Fn(i128, i128) -> i128| {
            let all = (0..n).map(|i| wrap(f(lane(va, i), lane(vb, i)), w));
            (all.collect(), w)
        };
        let number = |sum: i128| (vec![wrap(sum, 32)], 0);
        let flags = |f: &dyn Fn(usize) -> bool| {
            let bits = (0..16)
                .filter(|byte| f(byte * 8 / w))
                .map(|byte| 1i128 << byte);
            (vec![wrap(bits.sum(), 16)], 0)
        };
        let shifted = |a: i128, by: i128, round: bool| {
            let by = wrap(by, 8);
            match (by >= 0, round) {
                (true, _) => a * (1i128 << by.min(64)),
                (false, false) => floor(a, by.unsigned_abs().min(64) as usize),
                (false, true) => nearest(a, by.unsigned_abs().min(64) as usize),
            }
        };
        let s = o.shift as usize;
        match name {
            "vdup" => (vec![wrap(x, w); n], w),
            "vadd" => by_lane(&|a, b| a + b),
            "vsub" => by_lane(&|a, b| a - b),
            "vmul" => by_lane(&|a, b| a * b),
            "vmla" => by_lane(&|acc, a| acc + a * wrap(x, w)),
            "vmax" => by_lane(&|a, b| if a > b { a } else { b }),
            "vmin" => by_lane(&|a, b| if a < b { a } else { b }),
            "vqadd" => by_lane(&|a, b| saturated(a + b, w)),
            "vqsub" => by_lane(&|a, b| saturated(a - b, w)),
            "vneg" => by_lane(&|a, _| -a),
            "vabs" => by_lane(&|a, _| if a < 0 { -a } else { a }),
            "vand" | "vorr" | "veor" => {
                let mut v = [0u8; 16];
                for bit in 0..128 {
                    let set = |v: &Vector| v[bit / 8] >> (bit % 8) & 1;
                    let y = match (name, set(va) + set(vb)) {
                        ("vand", both) => both == 2,
                        ("vorr", any) => any > 0,
                        (_, one) => one == 1,
                    };
                    v[bit / 8] |= u8::from(y) << (bit % 8);
                }
                ((0..n).map(|i| lane(&v, i)).collect(), w)
            }
            "vmulh" => by_lane(&|a, b| floor(a * b, w)),
            "vrmulh" => by_lane(&|a, b| nearest(a * b, w)),
            "vqdmulh" => by_lane(&|a, b| saturated(floor(2 * a * b, w), w)),
            "vqrdmulh" => by_lane(&|a, b| saturated(nearest(2 * a * b, w), w)),
            "vshl" => by_lane(&|a, b| shifted(a, b, false)),
            "vrshl" => by_lane(&|a, b| shifted(a, b, true)),
            "vshl_n" => by_lane(&|a, _| a * (1 << s)),
            "vshr_n" => by_lane(&|a, _| floor(a, s)),
            "vrshr_n" => by_lane(&|a, _| nearest(a, s)),
            "vmovlb" | "vmovlt" => {
                let odd = usize::from(name == "vmovlt");
                let all = (0..n).map(|i| sint(va, 2 * i + odd, w / 2));
                (all.collect(), w)
            }
            "vmovnb" | "vmovnt" | "vqmovnb" | "vqmovnt" => {
                let odd = usize::from(name.ends_with('t'));
                let all = (0..2 * n).map(|i| match i % 2 == odd {
                    false => sint(va, i, w / 2),
                    true if name.starts_with("vq") => saturated(lane(vb, i / 2), w / 2),
                    true => wrap(lane(vb, i / 2), w / 2),
                });
                (all.collect(), w / 2)
            }
            "vmullb" | "vmullt" => {
                let odd = usize::from(name == "vmullt");
                let all = (0..n / 2).map(|i| lane(va, 2 * i + odd) * lane(vb, 2 * i + odd));
                (all.collect(), 2 * w)
            }
            "vmladava" => number(x + (0..n).map(|i| lane(va, i) * lane(vb, i)).sum::<i128>()),
            "vaddva" => number(x + (0..n).map(|i| lane(va, i)).sum::<i128>()),
            "vmladava_p" | "vaddva_p" => {
                let some = (0..n).filter(|&i| active(o.predicate, i, w));
                number(
                    x + some
                        .map(|i| match name {
                            "vaddva_p" => lane(va, i),
                            _ => lane(va, i) * lane(vb, i),
                        })
                        .sum::<i128>(),
                )
            }
            "vpsel" => {
                let all = (0..n).map(|i| match active(o.predicate, i, w) {
                    true => lane(va, i),
                    false => lane(vb, i),
                });
                (all.collect(), w)
            }
            "vcmpeq" => flags(&|i| lane(va, i) - lane(vb, i) == 0),
            "vcmpne" => flags(&|i| lane(va, i) - lane(vb, i) != 0),
            "vcmplt" => flags(&|i| lane(va, i) - lane(vb, i) < 0),
            "vcmple" => flags(&|i| lane(va, i) - lane(vb, i) <= 0),
            "vcmpgt" => flags(&|i| lane(va, i) - lane(vb, i) > 0),
            "vcmpge" => flags(&|i| lane(va, i) - lane(vb, i) >= 0),
            "vctp8" | "vctp16" | "vctp32" => flags(&|i| (i as i128) < x.rem_euclid(1 << 32)),
            "vpnot" => flags(&|byte| !active(o.predicate, byte, 8)),
            other => panic!("{other} has no second definition"),
        }
    }

    fn vectors() -> impl Strategy<Value = Vector> {
        let extreme = prop::sample::select(vec![0x80u8, 0x7f, 0, 0xff, 1, 0xfe]);
        prop_oneof![
            2 => any::<[u8; 16]>(),
            1 => prop::array::uniform16(extreme.clone()),
            1 => (extreme.clone(), extreme).prop_map(|(low, high)| {
                let mut v = [low; 16];
                v.iter_mut().skip(1).step_by(2).for_each(|b| *b = high);
                v
            }),
            1 => any::<[i8; 4]>().prop_map(|small| {
                let mut v = [0; 16];
                for (lane, x) in v.chunks_exact_mut(4).zip(small) {
                    lane.copy_from_slice(&i32::from(x / 3).to_le_bytes());
                }
                v
            }),
            1 => prop::sample::select(vec![i32::MIN, i32::MAX, i32::MIN + 1]).prop_map(|x| {
                let mut v = [0; 16];
                for lane in v.chunks_exact_mut(4) {
                    lane.copy_from_slice(&x.to_le_bytes());
                }
                v
            }),
        ]
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(1000))]

        #[test]
        fn instructions_are_the_manuals(
            a in vectors(),
            b in vectors(),
            word in prop_oneof![any::<i32>(), -40..40i32],
            bits in any::<u16>(),
            s in any::<u32>(),
        ) {
            for i in ir::dialects::arm_mve::INSTRUCTIONS {
                let name = i.name.trim_start_matches("arm.mve.");
                for &width in i.widths {
                    let shift = i.shift.map_or(0, |shift| {
                        let (least, greatest) = shift.bounds(width);
                        least as u32 + s % (greatest - least + 1) as u32
                    });
                    // Equal bits within each lane.
                    let bytes = width as usize / 8;
                    let lanes = (0..16).filter(|byte| bits >> (byte / bytes) & 1 == 1);
                    let predicate = lanes.map(|byte| 1u16 << byte).sum();
                    let o = Operands {
                        vectors: [a, b],
                        word: word.into(),
                        predicate,
                        shift,
                        width,
                    };
                    let (want, lane_bits) = manual(name, &o);
                    let got = match instruction(name).unwrap()(&o).unwrap() {
                        Output::Word(x) => vec![i128::from(x)],
                        Output::Vector(v) => {
                            (0..128 / lane_bits).map(|i| sint(&v, i, lane_bits)).collect()
                        }
                    };
                    prop_assert_eq!(got, want, "{} {:?}", name, o);
                }
            }
        }
    }

    #[test]
    fn a_predicate_must_not_differ_within_a_lane() {
        let o = |width| Operands {
            predicate: 0x000e,
            width,
            ..Operands::default()
        };
        let select = instruction("vpsel").unwrap();
        assert!(select(&o(8)).is_ok());
        assert_eq!(select(&o(16)), Err(MixedPredicate));
        assert_eq!(select(&o(32)), Err(MixedPredicate));
    }

    #[test]
    fn lanes_in_memory() {
        let mut v = [0; 16];
        set_lane(&mut v, 1, 16, extend(&[0x80]));
        assert_eq!(v[..4], [0, 0, 0x80, 0xff]);
        assert_eq!(lane(&v, 1, 16), -128);
        assert_eq!(extend(&[0xff, 0x7f]), 32767);
        assert_eq!(extend(&[0, 0, 0, 0x80]), i64::from(i32::MIN));
    }
}
