//! `nn.logistic`, `nn.tanh`, `nn.hard_swish` and `nn.leaky_relu`: int8 as a [`ByteMap`], float32 in the interpreter's order.

use super::byte_map::ByteMap;
use super::elementwise::{each_element, unroll};
use super::parameters::{elements, kernel_name, output_len, refused, require};
use interp::nn::{alpha, unary_i8_params};
use interp::numerics::math::tanhf_constants;
use ir::dialects::nn::{Element, HardSwishOp, LeakyReluOp, LogisticOp, TanhOp};
use ir::interfaces::EvalError;
use ir::{Builder, Diagnostic, OpId, OpRef, ValueId};
use pass::{Cost, KernelBuilder, Knobs, RegistryBuilder, RegistryError, Schedule};
use target::{CostTable, Target};

/// Lowers one of them.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Unary {
    Logistic,
    Tanh,
    HardSwish,
    LeakyRelu,
}

fn map(op: OpRef<'_>) -> Result<ByteMap, EvalError> {
    let p = unary_i8_params(op)?;
    ByteMap::of(|input, output| {
        for (y, &x) in output.iter_mut().zip(input) {
            *y = p.apply(x);
        }
        Ok(())
    })
}

impl Unary {
    /// Cycles of an element of float32, and bytes of code.
    fn float_cost(self, c: &CostTable) -> (u32, u64) {
        let exp = 9 * c.float_add + 10 * c.float_mul + 20 * c.alu + c.call;
        match self {
            Unary::Logistic => (2 * c.float_add + c.float_div + exp, 200),
            Unary::Tanh => (
                12 * c.float_add + 9 * c.float_mul + c.float_div + 4 * c.alu + exp,
                320,
            ),
            Unary::HardSwish => (3 * c.float_add + c.float_mul + c.float_div + 2 * c.alu, 80),
            Unary::LeakyRelu => (c.float_add + c.float_mul + c.alu, 60),
        }
    }

    /// The function of a float, in the interpreter's order; `slope` is what `nn.leaky_relu` has.
    fn of_float(self, b: &mut Builder<'_>, x: ValueId, slope: Option<ValueId>) -> ValueId {
        match (self, slope) {
            (Unary::Logistic, _) => {
                let one = b.const_f32(1.0);
                let x = b.negf(x);
                let e = b.exp(x);
                let sum = b.addf(one, e);
                b.divf(one, sum)
            }
            (Unary::Tanh, _) => tanh(b, x),
            (Unary::HardSwish, _) => {
                let (zero, three, six) = (b.const_f32(0.0), b.const_f32(3.0), b.const_f32(6.0));
                let gate = b.addf(x, three);
                let above = b.cmpf("olt", zero, gate);
                let gate = b.select(above, gate, zero);
                let below = b.cmpf("olt", gate, six);
                let gate = b.select(below, gate, six);
                let product = b.mulf(x, gate);
                b.divf(product, six)
            }
            (Unary::LeakyRelu, Some(slope)) => {
                let zero = b.const_f32(0.0);
                let positive = b.cmpf("ogt", x, zero);
                let scaled = b.mulf(x, slope);
                b.select(positive, x, scaled)
            }
            (Unary::LeakyRelu, None) => x,
        }
    }
}

/// The interpreter's `tanhf`.
fn tanh(b: &mut Builder<'_>, x: ValueId) -> ValueId {
    let (series_below, polynomial) = tanhf_constants();
    let (zero, one) = (b.const_f32(0.0), b.const_f32(1.0));
    let negative = b.cmpf("olt", x, zero);
    let mirrored = b.negf(x);
    let a = b.select(negative, mirrored, x);
    let minus_two = b.const_f32(-2.0);
    let t = b.mulf(minus_two, a);
    let t = b.exp(t);
    let (above, below) = (b.subf(one, t), b.addf(one, t));
    let y = b.divf(above, below);
    let z = b.mulf(a, a);
    let mut p = b.const_f32(polynomial[0]);
    for &c in &polynomial[1..] {
        let c = b.const_f32(c);
        p = b.mulf(p, z);
        p = b.addf(p, c);
    }
    let s = b.mulf(p, z);
    let s = b.mulf(s, a);
    let s = b.addf(s, a);
    let limit = b.const_f32(series_below);
    let small = b.cmpf("olt", a, limit);
    let y = b.select(small, s, y);
    let mirrored = b.negf(y);
    b.select(negative, mirrored, y)
}

impl Schedule for Unary {
    fn name(&self) -> &str {
        match self {
            Unary::Logistic => "logistic",
            Unary::Tanh => "tanh",
            Unary::HardSwish => "hard-swish",
            Unary::LeakyRelu => "leaky-relu",
        }
    }

    fn op(&self) -> &str {
        match self {
            Unary::Logistic => LogisticOp::NAME,
            Unary::Tanh => TanhOp::NAME,
            Unary::HardSwish => HardSwishOp::NAME,
            Unary::LeakyRelu => LeakyReluOp::NAME,
        }
    }

    fn applies(&self, op: OpRef<'_>, _: &Target) -> Result<(), String> {
        if elements(op).0 == Element::F32 {
            return require(op, Element::F32, Element::F32);
        }
        require(op, Element::QuantI8, Element::QuantI8)?;
        map(op).map(|_| ()).map_err(|e| e.to_string())
    }

    fn cost(&self, op: OpRef<'_>, _: &Knobs, target: &Target) -> Cost {
        let n = output_len(op);
        if elements(op).0 == Element::QuantI8 {
            return map(op).map_or(Cost::default(), |map| map.cost(n, target));
        }
        let c = &target.cost;
        let (element, flash) = self.float_cost(c);
        let loop_ = (2 * c.alu + c.branch_taken) / unroll(n, target) as u32;
        Cost {
            cycles: n as u64 * u64::from(c.load + element + c.store + loop_),
            flash,
            ram: 0,
        }
    }

    fn lower(
        &self,
        op: OpId,
        _: &Knobs,
        target: &Target,
        k: &mut KernelBuilder<'_>,
    ) -> Result<(), Diagnostic> {
        let m = k.module();
        let n = output_len(m.op(op));
        if elements(m.op(op)).0 == Element::QuantI8 {
            let map = map(m.op(op)).map_err(|e| refused(m, op, &e))?;
            map.lower(op, n, target, k);
            return Ok(());
        }
        let slope = match self {
            Unary::LeakyRelu => Some(alpha(m.op(op)).map_err(|e| refused(m, op, &e))?),
            _ => None,
        };
        let name = self.name().replace('-', "_");
        k.set_name(&kernel_name(format!("{name}_f32_{n}")));
        let (input, output) = (k.input(op, 0, &[n]), k.output(op, 0, &[n]));
        let slope = slope.map(|alpha| k.scalar_f32(alpha));
        let mut b = k.body();
        each_element(&mut b, n, target, |b, elements| {
            let mut values = Vec::with_capacity(elements.len());
            for &i in elements {
                values.push(b.load(input, &[i]));
            }
            for (&i, x) in elements.iter().zip(values) {
                let y = self.of_float(b, x, slope);
                b.store(y, output, &[i]);
            }
        });
        Ok(())
    }
}

/// Registers the schedules.
///
/// # Errors
/// If a name is taken.
pub fn register(r: &mut RegistryBuilder) -> Result<(), RegistryError> {
    for unary in [
        Unary::Logistic,
        Unary::Tanh,
        Unary::HardSwish,
        Unary::LeakyRelu,
    ] {
        r.schedule(unary)?;
    }
    Ok(())
}
