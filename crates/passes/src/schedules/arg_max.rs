//! `nn.arg_max` and `nn.arg_min`, int8 and float32: the best element so far and its index, in registers, along the dimension.

use super::affine::{plus, times};
use super::parameters::{elements, kernel_name, output_len, require};
use ir::dialects::nn::{ArgMaxOp, ArgMinOp, Element, shape};
use ir::{Diagnostic, OpId, OpRef};
use pass::{Cost, KernelBuilder, Knobs, RegistryBuilder, RegistryError, Schedule};
use target::Target;

/// Lowers one of the two.
struct ArgBest {
    op: &'static str,
    name: &'static str,
    /// How an element that is better compares to the best one, of integers and floats.
    better: [&'static str; 2],
}

const ARG_MAX: ArgBest = ArgBest {
    op: ArgMaxOp::NAME,
    name: "arg-max",
    better: ["sgt", "ogt"],
};

const ARG_MIN: ArgBest = ArgBest {
    op: ArgMinOp::NAME,
    name: "arg-min",
    better: ["slt", "olt"],
};

/// Elements before, along and behind the dimension.
fn extents(op: OpRef<'_>) -> Option<[i64; 3]> {
    let m = op.module;
    let input = shape(m, op.operand(0)?);
    let at = usize::try_from(op.prop("axis").and_then(|a| m.attr_int(a))?).ok()?;
    let product = |s: &[i64]| s.iter().product::<i64>();
    let along = *input.get(at)?;
    Some([product(&input[..at]), along, product(&input[at + 1..])])
}

impl Schedule for ArgBest {
    fn name(&self) -> &str {
        self.name
    }

    fn op(&self) -> &str {
        self.op
    }

    fn applies(&self, op: OpRef<'_>, _: &Target) -> Result<(), String> {
        let from = match elements(op).0 {
            Element::F32 => Element::F32,
            _ => Element::QuantI8,
        };
        require(op, from, Element::I32)?;
        let bytes = output_len(op).saturating_mul(4);
        match extents(op) {
            Some([outer, along, inner]) if outer.min(along).min(inner) > 0 => {}
            _ => return Err("has no elements".to_owned()),
        }
        if i32::try_from(bytes).is_err() {
            return Err("a tensor has more than 2^31 - 1 bytes".to_owned());
        }
        Ok(())
    }

    fn cost(&self, op: OpRef<'_>, _: &Knobs, target: &Target) -> Cost {
        let c = &target.cost;
        let Some([outer, along, inner]) = extents(op) else {
            return Cost::default();
        };
        let tap = u64::from(c.load + 6 * c.alu + c.branch_taken);
        let end = u64::from(c.load + c.store + 4 * c.alu + c.branch_taken);
        Cost {
            cycles: (outer * inner) as u64 * (along as u64 * tap + end),
            flash: 80,
            ram: 0,
        }
    }

    fn lower(
        &self,
        op: OpId,
        _: &Knobs,
        _: &Target,
        k: &mut KernelBuilder<'_>,
    ) -> Result<(), Diagnostic> {
        let r = k.module().op(op);
        let float = elements(r).0 == Element::F32;
        let [outer, along, inner] = extents(r).expect("invariant: the schedule applies");
        let base = self.name.replace('-', "_");
        let kind = if float { "_f32" } else { "" };
        k.set_name(&kernel_name(format!(
            "{base}{kind}_{outer}x{along}x{inner}"
        )));
        let input = k.input(op, 0, &[outer * along * inner]);
        let output = k.output(op, 0, &[outer * inner]);
        let [integers, floats] = self.better;
        let mut b = k.body();
        b.for_range(0, outer, 1, &[], |b, o, _| {
            let (row, to) = (times(b, o, along * inner), times(b, o, inner));
            b.for_range(0, inner, 1, &[], |b, i, _| {
                let i32t = b.m.i32();
                let first = plus(b, row, i);
                let x = b.load(input, &[first]);
                let zero = b.const_i32(0);
                let best = b.for_range(1, along, 1, &[x, zero], |b, at, best| {
                    let place = times(b, at, inner);
                    let place = plus(b, first, place);
                    let x = b.load(input, &[place]);
                    let better = match float {
                        true => b.cmpf(floats, x, best[0]),
                        false => b.cmpi(integers, x, best[0]),
                    };
                    let at = b.cast("arith.index_cast", at, i32t);
                    vec![b.select(better, x, best[0]), b.select(better, at, best[1])]
                });
                let to = plus(b, to, i);
                b.store(best[1], output, &[to]);
                vec![]
            });
            vec![]
        });
        Ok(())
    }
}

/// Registers both.
///
/// # Errors
/// If a name is taken.
pub fn register(r: &mut RegistryBuilder) -> Result<(), RegistryError> {
    r.schedule(ARG_MAX)?;
    r.schedule(ARG_MIN)?;
    Ok(())
}
