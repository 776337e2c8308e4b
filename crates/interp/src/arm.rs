//! The ops of the DSP extension: what each instruction computes, on words as sign-extended integers.

use ir::dialects::arm;
use ir::interfaces::{Datum, EvalError, Results};
use ir::{DialectRegistryBuilder, OpRef, RegistryError};
use smallvec::smallvec;

/// An instruction: up to three operands, sign-extended from their widths, and the attribute; the result is sign-extended.
pub type Dsp = fn(i64, i64, i64, i64) -> i64;

fn low(x: i64) -> i64 {
    i64::from(x as i16)
}

fn high(x: i64) -> i64 {
    i64::from((x >> 16) as i16)
}

fn word(x: i64) -> i64 {
    i64::from(x as i32)
}

/// A word of two halves, each wrapped to 16 bits.
fn halves(high: i64, low: i64) -> i64 {
    word((high << 16) | (low & 0xffff))
}

fn rotated(x: i64, by: i64) -> u32 {
    (x as u32).rotate_right(by as u32)
}

fn sxtb16(x: i64, by: i64) -> (i64, i64) {
    let x = rotated(x, by);
    (i64::from((x >> 16) as i8), i64::from(x as i8))
}

/// The nearest of the signed numbers of `bits` bits, 1 or more.
fn signed(x: i64, bits: i64) -> i64 {
    let half = 1i64 << (bits - 1);
    x.clamp(-half, half - 1)
}

fn unsigned(x: i64, bits: i64) -> i64 {
    x.clamp(0, (1i64 << bits) - 1)
}

/// What an op of the DSP extension computes, by its full name.
pub fn dsp(name: &str) -> Option<Dsp> {
    Some(match name {
        "arm.smlad" => |a, b, c, _| word(c + low(a) * low(b) + high(a) * high(b)),
        "arm.smladx" => |a, b, c, _| word(c + low(a) * high(b) + high(a) * low(b)),
        "arm.smuad" => |a, b, _, _| word(low(a) * low(b) + high(a) * high(b)),
        "arm.smuadx" => |a, b, _, _| word(low(a) * high(b) + high(a) * low(b)),
        "arm.smlald" => |a, b, c, _| c.wrapping_add(low(a) * low(b) + high(a) * high(b)),
        "arm.smlaldx" => |a, b, c, _| c.wrapping_add(low(a) * high(b) + high(a) * low(b)),
        "arm.smlabb" => |a, b, c, _| word(c + low(a) * low(b)),
        "arm.smlabt" => |a, b, c, _| word(c + low(a) * high(b)),
        "arm.smlatb" => |a, b, c, _| word(c + high(a) * low(b)),
        "arm.smlatt" => |a, b, c, _| word(c + high(a) * high(b)),
        "arm.smulbb" => |a, b, _, _| low(a) * low(b),
        "arm.smulbt" => |a, b, _, _| low(a) * high(b),
        "arm.smultb" => |a, b, _, _| high(a) * low(b),
        "arm.smultt" => |a, b, _, _| high(a) * high(b),
        "arm.smmul" => |a, b, _, _| (a * b) >> 32,
        "arm.smmla" => |a, b, c, _| word(c + ((a * b) >> 32)),
        // The product is at most 2⁶², so that the sum does not overflow.
        "arm.smmulr" => |a, b, _, _| (a * b + (1 << 31)) >> 32,
        "arm.sxtb16" => |x, _, _, by| {
            let (h, l) = sxtb16(x, by);
            halves(h, l)
        },
        "arm.uxtb16" => |x, _, _, by| word(i64::from(rotated(x, by) & 0x00ff_00ff)),
        "arm.sxtab16" => |a, x, _, by| {
            let (h, l) = sxtb16(x, by);
            halves(high(a) + h, low(a) + l)
        },
        "arm.pkhbt" => |a, b, _, by| word((a & 0xffff) | ((b << by) & 0xffff_0000)),
        "arm.pkhtb" => |a, b, _, by| halves(high(a), b >> by),
        "arm.ssat" => |x, _, _, bits| signed(x, bits),
        "arm.usat" => |x, _, _, bits| unsigned(x, bits),
        "arm.ssat16" => |x, _, _, bits| halves(signed(high(x), bits), signed(low(x), bits)),
        "arm.usat16" => |x, _, _, bits| halves(unsigned(high(x), bits), unsigned(low(x), bits)),
        "arm.qadd" => |a, b, _, _| signed(a + b, 32),
        "arm.qsub" => |a, b, _, _| signed(a - b, 32),
        "arm.sadd16" => |a, b, _, _| halves(high(a) + high(b), low(a) + low(b)),
        "arm.ssub16" => |a, b, _, _| halves(high(a) - high(b), low(a) - low(b)),
        "arm.qadd16" => {
            |a, b, _, _| halves(signed(high(a) + high(b), 16), signed(low(a) + low(b), 16))
        }
        "arm.qsub16" => {
            |a, b, _, _| halves(signed(high(a) - high(b), 16), signed(low(a) - low(b), 16))
        }
        _ => return None,
    })
}

fn interpret(op: OpRef<'_>, args: &[Datum]) -> Result<Results, EvalError> {
    let unsupported = || EvalError::Unsupported(format!("`{}` on these types", op.name()));
    let compute = dsp(op.name()).ok_or_else(unsupported)?;
    let mut words = [0; 3];
    for (word, arg) in words.iter_mut().zip(args) {
        match arg {
            Datum::Int(x) => *word = *x,
            _ => return Err(unsupported()),
        }
    }
    let [a, b, c] = words;
    Ok(smallvec![Datum::Int(compute(a, b, c, arm::immediate(op)))])
}

/// Attaches the interpretations of `arm`.
///
/// # Errors
/// If an op has one already.
pub fn register(r: &mut DialectRegistryBuilder) -> Result<(), RegistryError> {
    for (name, ..) in arm::DSP {
        r.interpret(name, interpret)?;
    }
    Ok(())
}

#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "tests")]
mod tests {
    use super::*;
    use proptest::prelude::*;

    /// Bits `from` to `to` of a word as a signed number, bit by bit.
    fn sint(x: i128, from: u32, to: u32) -> i128 {
        let mut sum = 0;
        for bit in from..=to {
            let weight = 1i128 << (bit - from);
            let is_set = x.rem_euclid(1 << 64) >> bit & 1 == 1;
            sum += match (is_set, bit == to) {
                (true, true) => -weight,
                (true, false) => weight,
                (false, _) => 0,
            };
        }
        sum
    }

    fn wrap(x: i128, bits: u32) -> i128 {
        sint(x, 0, bits - 1)
    }

    fn pair(high: i128, low: i128) -> i128 {
        wrap(high * 65536 + low.rem_euclid(65536), 32)
    }

    fn saturated(x: i128, least: i128, greatest: i128) -> i128 {
        if x < least {
            least
        } else if x > greatest {
            greatest
        } else {
            x
        }
    }

    /// The manual's operation of each instruction, over unbounded integers.
    fn manual(name: &str, a: i128, b: i128, c: i128, n: u32) -> i128 {
        let (al, ah) = (sint(a, 0, 15), sint(a, 16, 31));
        let (bl, bh) = (sint(b, 0, 15), sint(b, 16, 31));
        let ror = |x: i128| {
            let x = x.rem_euclid(1 << 32);
            (x >> n) + (x << (32 - n)) % (1 << 32)
        };
        let half = |bits: u32| 1i128 << (bits - 1);
        match name {
            "arm.smlad" => wrap(al * bl + ah * bh + c, 32),
            "arm.smladx" => wrap(al * bh + ah * bl + c, 32),
            "arm.smuad" => wrap(al * bl + ah * bh, 32),
            "arm.smuadx" => wrap(al * bh + ah * bl, 32),
            "arm.smlald" => wrap(al * bl + ah * bh + c, 64),
            "arm.smlaldx" => wrap(al * bh + ah * bl + c, 64),
            "arm.smlabb" => wrap(al * bl + c, 32),
            "arm.smlabt" => wrap(al * bh + c, 32),
            "arm.smlatb" => wrap(ah * bl + c, 32),
            "arm.smlatt" => wrap(ah * bh + c, 32),
            "arm.smulbb" => al * bl,
            "arm.smulbt" => al * bh,
            "arm.smultb" => ah * bl,
            "arm.smultt" => ah * bh,
            "arm.smmul" => sint(a * b, 32, 63),
            // The accumulator is the high word of a sum of 64 bits, the result its high word.
            "arm.smmla" => sint((c << 32) + a * b, 32, 63),
            "arm.smmulr" => sint(a * b + 0x8000_0000, 32, 63),
            "arm.sxtb16" => pair(sint(ror(a), 16, 23), sint(ror(a), 0, 7)),
            "arm.uxtb16" => pair(
                sint(ror(a), 16, 23).rem_euclid(256),
                sint(ror(a), 0, 7).rem_euclid(256),
            ),
            "arm.sxtab16" => pair(ah + sint(ror(b), 16, 23), al + sint(ror(b), 0, 7)),
            "arm.pkhbt" => pair(sint(b << n, 16, 31), al),
            "arm.pkhtb" => pair(ah, b.div_euclid(1 << n)),
            "arm.ssat" => saturated(a, -half(n), half(n) - 1),
            "arm.usat" => saturated(a, 0, (1 << n) - 1),
            "arm.ssat16" => pair(
                saturated(ah, -half(n), half(n) - 1),
                saturated(al, -half(n), half(n) - 1),
            ),
            "arm.usat16" => pair(
                saturated(ah, 0, (1 << n) - 1),
                saturated(al, 0, (1 << n) - 1),
            ),
            "arm.qadd" => saturated(a + b, -half(32), half(32) - 1),
            "arm.qsub" => saturated(a - b, -half(32), half(32) - 1),
            "arm.sadd16" => pair(ah + bh, al + bl),
            "arm.ssub16" => pair(ah - bh, al - bl),
            "arm.qadd16" => pair(
                saturated(ah + bh, -half(16), half(16) - 1),
                saturated(al + bl, -half(16), half(16) - 1),
            ),
            "arm.qsub16" => pair(
                saturated(ah - bh, -half(16), half(16) - 1),
                saturated(al - bl, -half(16), half(16) - 1),
            ),
            other => panic!("{other} has no second definition"),
        }
    }

    fn operand() -> impl Strategy<Value = i32> {
        prop_oneof![
            4 => any::<i32>(),
            1 => prop::sample::select(vec![i32::MIN, i32::MAX, 0, -1, 1, i32::from(i16::MIN), 0x7fff, -0x7fff_8000, 0x7fff_7fff, 0x8080_8080u32 as i32]),
        ]
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(2000))]

        #[test]
        fn ops_are_the_manuals(a in operand(), b in operand(), c in any::<i64>(), n in any::<u8>()) {
            for (name, operands, _, immediate) in arm::DSP {
                let n = immediate.map_or(0, |i| {
                    let steps = (i.greatest - i.least) / i.step + 1;
                    i.least + i64::from(n) % steps * i.step
                });
                let c = match operands.get(2) {
                    Some(64) => c,
                    _ => i64::from(c as i32),
                };
                let got = dsp(name).unwrap()(a.into(), b.into(), c, n);
                let want = manual(name, a.into(), b.into(), c.into(), n as u32);
                prop_assert_eq!(i128::from(got), want, "{} {} {} {} {}", name, a, b, c, n);
            }
        }
    }
}
