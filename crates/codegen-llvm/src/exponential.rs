//! `tw_expf`: e^x by the operations of the interpreter, in its order, so that its bits are the same everywhere.
//!
//! Each is rounded by itself: no instruction has a fast-math flag, and none is fused.

use crate::failure::Failure;
use crate::program::Cx;
use inkwell::FloatPredicate;
use inkwell::builder::Builder;
use inkwell::module::Linkage;
use inkwell::values::{BasicValueEnum, FloatValue, FunctionValue, IntValue};

/// Coefficients of `(e^r - 1 - r) / r²`, highest degree first.
const POLYNOMIAL: [u32; 5] = [
    0x3ab5_11e7,
    0x3c09_1d10,
    0x3d2a_ac79,
    0x3e2a_aa49,
    0x3eff_fffe,
];

/// The function, which is defined at its first use.
pub(crate) fn function<'ctx>(cx: &Cx<'_, 'ctx>) -> Result<FunctionValue<'ctx>, Failure> {
    if let Some(&f) = cx.exponential.get() {
        return Ok(f);
    }
    let f32 = cx.context.f32_type();
    let ty = f32.fn_type(&[f32.into()], false);
    let f = cx.add_function_of("tw_expf", ty, Linkage::Internal);
    let x = f.get_first_param().map(BasicValueEnum::into_float_value);
    if let Some(x) = x {
        define(cx, f, x)?;
    }
    Ok(*cx.exponential.get_or_init(|| f))
}

fn define<'ctx>(
    cx: &Cx<'_, 'ctx>,
    f: FunctionValue<'ctx>,
    x: FloatValue<'ctx>,
) -> Result<(), Failure> {
    let builder = cx.context.create_builder();
    let block = |name: &str| cx.context.append_basic_block(f, name);
    let (entry, number, at_most, finite) = (
        block("entry"),
        block("number"),
        block("at_most"),
        block("finite"),
    );
    let (nan, infinite, zero) = (block("nan"), block("infinite"), block("zero"));
    let e = Emit { cx, b: &builder };

    builder.position_at_end(entry);
    let unordered = builder.build_float_compare(FloatPredicate::UNO, x, x, "")?;
    builder.build_conditional_branch(unordered, nan, number)?;
    builder.position_at_end(number);
    let over = builder.build_float_compare(FloatPredicate::OGT, x, e.bits(0x42b1_7218)?, "")?;
    builder.build_conditional_branch(over, infinite, at_most)?;
    builder.position_at_end(at_most);
    let under = builder.build_float_compare(FloatPredicate::OLT, x, e.bits(0xc2cf_f1b5)?, "")?;
    builder.build_conditional_branch(under, zero, finite)?;
    for (block, bits) in [(nan, 0x7fc0_0000), (infinite, 0x7f80_0000), (zero, 0)] {
        builder.position_at_end(block);
        builder.build_return(Some(&e.bits(bits)?))?;
    }

    builder.position_at_end(finite);
    let t = e.mul(x, e.bits(0x3fb8_aa3b)?)?;
    let half = e.bits(0x3f00_0000)?;
    let negative = builder.build_float_compare(FloatPredicate::OLT, t, e.bits(0)?, "")?;
    let (below, above) = (
        builder.build_float_sub(t, half, "")?,
        builder.build_float_add(t, half, "")?,
    );
    let t = builder.build_select(negative, below, above, "")?;
    let i32 = cx.context.i32_type();
    let k = builder.build_float_to_signed_int(t.into_float_value(), i32, "")?;
    let k_float = builder.build_signed_int_to_float(k, cx.context.f32_type(), "")?;
    let r = e.sub(x, e.mul(k_float, e.bits(0x3f31_7200)?)?)?;
    let r = e.sub(r, e.mul(k_float, e.bits(0x35bf_be8e)?)?)?;
    let mut p = e.bits(POLYNOMIAL[0])?;
    for &c in &POLYNOMIAL[1..] {
        p = e.add(e.mul(p, r)?, e.bits(c)?)?;
    }
    let y = e.add(e.mul(p, e.mul(r, r)?)?, r)?;
    let y = e.add(y, e.bits(0x3f80_0000)?)?;
    let low = builder.build_right_shift(k, i32.const_int(1, false), true, "")?;
    let high = builder.build_int_sub(k, low, "")?;
    let y = e.mul(y, e.power(low)?)?;
    let y = e.mul(y, e.power(high)?)?;
    builder.build_return(Some(&y))?;
    Ok(())
}

struct Emit<'a, 'b, 'ctx> {
    cx: &'a Cx<'b, 'ctx>,
    b: &'a Builder<'ctx>,
}

impl<'ctx> Emit<'_, '_, 'ctx> {
    fn bits(&self, bits: u32) -> Result<FloatValue<'ctx>, Failure> {
        let word = self.cx.context.i32_type().const_int(bits.into(), false);
        self.of_bits(word)
    }

    fn of_bits(&self, word: IntValue<'ctx>) -> Result<FloatValue<'ctx>, Failure> {
        let f32 = self.cx.context.f32_type();
        Ok(self.b.build_bit_cast(word, f32, "")?.into_float_value())
    }

    /// 2^n, from its bits.
    fn power(&self, n: IntValue<'ctx>) -> Result<FloatValue<'ctx>, Failure> {
        let i32 = self.cx.context.i32_type();
        let biased = self.b.build_int_add(n, i32.const_int(127, false), "")?;
        let word = self
            .b
            .build_left_shift(biased, i32.const_int(23, false), "")?;
        self.of_bits(word)
    }

    fn mul(&self, x: FloatValue<'ctx>, y: FloatValue<'ctx>) -> Result<FloatValue<'ctx>, Failure> {
        Ok(self.b.build_float_mul(x, y, "")?)
    }

    fn add(&self, x: FloatValue<'ctx>, y: FloatValue<'ctx>) -> Result<FloatValue<'ctx>, Failure> {
        Ok(self.b.build_float_add(x, y, "")?)
    }

    fn sub(&self, x: FloatValue<'ctx>, y: FloatValue<'ctx>) -> Result<FloatValue<'ctx>, Failure> {
        Ok(self.b.build_float_sub(x, y, "")?)
    }
}
