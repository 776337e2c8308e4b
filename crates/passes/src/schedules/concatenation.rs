//! `nn.concatenation` and `nn.split`: runs are copied, four bytes at a time where all of them start and end at words.
//!
//! These kernels are for what `lower-nn` cannot make a view: an axis with more than one run.

use super::affine::{offset, times};
use super::parameters::kernel_name;
use super::runs::copy;
use ir::dialects::nn::{Element, around, element, joint};
use ir::{Diagnostic, OpId, OpRef, ValueId};
use pass::{Cost, KernelBuilder, Knobs, RegistryBuilder, RegistryError, Schedule};
use target::Target;

/// Lowers `nn.split`, or `nn.concatenation`.
struct Copies {
    split: bool,
}

/// What is copied: `repeats` times a run of each part, in elements.
struct Runs {
    repeats: i64,
    parts: Vec<i64>,
    /// Bytes of an element.
    bytes: i64,
}

impl Runs {
    fn of(op: OpRef<'_>, split: bool) -> Option<Runs> {
        let m = op.module;
        let (axis, whole) = joint(op)?;
        let (repeats, step) = around(&whole, axis);
        let parts: Vec<ValueId> = if split {
            op.results().to_vec()
        } else {
            m.operands(op.id).collect()
        };
        let extent = |v: ValueId| ir::dialects::nn::shape(m, v).get(axis).copied();
        let parts: Option<Vec<i64>> = parts.into_iter().map(|v| Some(extent(v)? * step)).collect();
        let elem = m.type_data(op.operand_type(0)?).elem()?;
        Some(Runs {
            repeats,
            parts: parts?,
            bytes: i64::try_from(m.elem_bytes(elem)?).ok()?,
        })
    }

    /// Elements of a run of the whole.
    fn whole(&self) -> i64 {
        self.parts.iter().sum()
    }

    /// Elements that one access moves: as many bytes as a word has, if every run is words.
    fn group(&self) -> i64 {
        super::runs::group(self.bytes, self.parts.iter().copied())
    }
}

impl Schedule for Copies {
    fn name(&self) -> &str {
        if self.split { "split" } else { "concatenation" }
    }

    fn op(&self) -> &str {
        if self.split {
            "nn.split"
        } else {
            "nn.concatenation"
        }
    }

    fn applies(&self, op: OpRef<'_>, _: &Target) -> Result<(), String> {
        let element = op
            .operand_type(0)
            .map_or(Element::Other, |t| element(op.module, t));
        if element == Element::Other {
            return Err("is made for float32, int32 and int8 elements".to_owned());
        }
        let runs = Runs::of(op, self.split).ok_or("its shapes are not static")?;
        let elements = runs.repeats.checked_mul(runs.whole());
        match elements.and_then(|n| n.checked_mul(runs.bytes)) {
            Some(n) if i32::try_from(n).is_ok() => Ok(()),
            _ => Err("a tensor has more than 2^31 - 1 bytes".to_owned()),
        }
    }

    fn cost(&self, op: OpRef<'_>, _: &Knobs, target: &Target) -> Cost {
        let c = &target.cost;
        let Some(runs) = Runs::of(op, self.split) else {
            return Cost::default();
        };
        let accesses = (runs.repeats * runs.whole() / runs.group()).max(0) as u64;
        Cost {
            cycles: accesses * u64::from(c.load + c.store + 2 * c.alu + c.branch_taken),
            flash: 20 + 30 * runs.parts.len() as u64,
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
        let runs = Runs::of(r, self.split).expect("invariant: the schedule applies");
        let (repeats, whole) = (runs.repeats, runs.whole());
        k.set_name(&kernel_name(format!(
            "{}_{}_{repeats}x{whole}",
            self.name(),
            runs.parts.len()
        )));
        let all = [repeats * whole];
        let joined = self.split.then(|| k.input(op, 0, &all));
        let parts: Vec<ValueId> = (0..runs.parts.len())
            .map(|i| {
                let shape = [repeats * runs.parts[i]];
                if self.split {
                    k.output(op, i, &shape)
                } else {
                    k.input(op, i, &shape)
                }
            })
            .collect();
        let joined = joined.unwrap_or_else(|| k.output(op, 0, &all));
        let mut b = k.body();
        b.for_range(0, repeats, 1, &[], |b, i, _| {
            let mut start = times(b, i, whole);
            for (&part, &run) in parts.iter().zip(&runs.parts) {
                let first = times(b, i, run);
                let places = [(part, first), (joined, start)];
                let [from, to] = if self.split {
                    [places[1], places[0]]
                } else {
                    places
                };
                copy(b, run, runs.group(), from, to);
                start = offset(b, start, run);
            }
            vec![]
        });
        Ok(())
    }
}

/// Registers the schedules.
///
/// # Errors
/// If a name is taken.
pub fn register(r: &mut RegistryBuilder) -> Result<(), RegistryError> {
    r.schedule(Copies { split: false })?;
    r.schedule(Copies { split: true })?;
    Ok(())
}
