//! Copies that write their output in order and read their input by steps, or by tables of places: what `nn.transpose` and `nn.gather` are.
//!
//! A loop for each dimension of the output, or for several that go in equal steps; runs that stay whole are copied, four bytes at a time
//! where they start and end at words.

use super::affine::{offset, plus, times};
use super::elementwise::unroll;
use super::parameters::{elements, kernel_name};
use super::runs::{copy, group};
use ir::dialects::nn::Element;
use ir::{Builder, Diagnostic, OpId, OpRef, Type, ValueId};
use pass::{Cost, KernelBuilder, Knobs, Schedule};
use target::Target;

/// The schedule of an op that is such a copy.
pub(super) struct Copies {
    pub name: &'static str,
    pub op: &'static str,
    /// The copy that an op is; `None` if its shapes are not static.
    pub walk: fn(OpRef<'_>) -> Option<Walk>,
}

impl Schedule for Copies {
    fn name(&self) -> &str {
        self.name
    }

    fn op(&self) -> &str {
        self.op
    }

    fn applies(&self, op: OpRef<'_>, _: &Target) -> Result<(), String> {
        Walk::applies((self.walk)(op), op)
    }

    fn cost(&self, op: OpRef<'_>, _: &Knobs, target: &Target) -> Cost {
        (self.walk)(op).map_or_else(Cost::default, |w| w.cost(target))
    }

    fn lower(
        &self,
        op: OpId,
        _: &Knobs,
        target: &Target,
        k: &mut KernelBuilder<'_>,
    ) -> Result<(), Diagnostic> {
        let walk = (self.walk)(k.module().op(op)).expect("invariant: the schedule applies");
        walk.lower(self.name, op, target, k);
        Ok(())
    }
}

/// Which elements of the input the indices of a loop stand for.
#[derive(Clone, PartialEq, Debug)]
pub(super) enum Places {
    /// Elements of the input from one index to the next; 0 and negative ones, too.
    Step(i64),
    /// The first element of the input for each index.
    Table(Vec<i64>),
}

/// A loop over a dimension of the output, or over several.
#[derive(Clone, PartialEq, Debug)]
pub(super) struct Dim {
    pub extent: i64,
    pub places: Places,
}

/// What is copied.
#[derive(Debug)]
pub(super) struct Walk {
    /// The first element of the input.
    start: i64,
    /// The loops, outermost first.
    dims: Vec<Dim>,
    /// Elements that stay together behind them.
    run: i64,
    /// Elements of the input.
    input: i64,
    /// Bytes of an element.
    bytes: i64,
}

impl Walk {
    /// Of an op with one operand and one result, from the element `start` on by these dimensions of the output; `None` if its shapes are
    /// not static.
    pub(super) fn of(
        op: OpRef<'_>,
        start: i64,
        dims: impl IntoIterator<Item = Dim>,
    ) -> Option<Walk> {
        let m = op.module;
        let ty = op.operand_type(0)?;
        let elem = m.type_data(ty).elem()?;
        let mut walk = Walk {
            start,
            dims: Vec::new(),
            run: 1,
            input: i64::try_from(m.num_elements(ty)?).ok()?,
            bytes: i64::try_from(m.elem_bytes(elem)?).ok()?,
        };
        for dim in dims {
            walk.push(dim)?;
        }
        if let Some(&Dim {
            extent,
            places: Places::Step(1),
        }) = walk.dims.last()
        {
            walk.dims.pop();
            walk.run = extent;
        }
        Some(walk)
    }

    /// A further dimension inside of those that there are.
    fn push(&mut self, dim: Dim) -> Option<()> {
        match (self.dims.last_mut(), dim.places) {
            (_, Places::Step(_)) if dim.extent == 1 => {}
            (_, Places::Table(places)) if places.len() == 1 => self.start += places[0],
            (Some(outer), Places::Step(step))
                if outer.places == Places::Step(dim.extent * step) =>
            {
                outer.extent = outer.extent.checked_mul(dim.extent)?;
                outer.places = Places::Step(step);
            }
            (_, places) => self.dims.push(Dim {
                extent: dim.extent,
                places,
            }),
        }
        Some(())
    }

    /// Elements of the output behind the loops from a level on.
    fn behind(&self, level: usize) -> i64 {
        self.dims[level..].iter().map(|d| d.extent).product::<i64>() * self.run
    }

    /// Elements that one access moves.
    fn group(&self) -> i64 {
        let places = self.dims.iter().flat_map(|d| match &d.places {
            Places::Step(step) => std::slice::from_ref(step),
            Places::Table(places) => places,
        });
        let ends = [self.start, self.run];
        group(self.bytes, places.copied().chain(ends))
    }

    /// That kernels can be made of it.
    ///
    /// # Errors
    /// Why not, in words.
    fn applies(walk: Option<Walk>, op: OpRef<'_>) -> Result<(), String> {
        if elements(op).0 == Element::Other {
            return Err("is made for float32, int32 and int8 elements".to_owned());
        }
        let walk = walk.ok_or("its shapes are not static")?;
        let output = walk
            .dims
            .iter()
            .try_fold(walk.run, |n, d| n.checked_mul(d.extent));
        let bytes = output.and_then(|n| n.max(walk.input).checked_mul(walk.bytes));
        match bytes {
            Some(n) if i32::try_from(n).is_ok() => Ok(()),
            _ => Err("a tensor has more than 2^31 - 1 bytes".to_owned()),
        }
    }

    fn cost(&self, target: &Target) -> Cost {
        let c = &target.cost;
        let accesses = (self.behind(0) / self.group()).max(1) as u64;
        let mut cost = Cost {
            cycles: accesses * u64::from(c.load + c.store + 2 * c.alu + c.branch_taken),
            flash: 24 + 16 * self.dims.len() as u64,
            ram: 0,
        };
        let mut outer = 1;
        for dim in &self.dims {
            outer *= dim.extent.max(0) as u64;
            if let Places::Table(places) = &dim.places {
                cost.cycles += outer * u64::from(c.load);
                cost.flash += entry_bytes(places) * places.len() as u64;
            }
        }
        cost
    }

    /// Builds the kernel.
    fn lower(&self, name: &str, op: OpId, target: &Target, k: &mut KernelBuilder<'_>) {
        let extents: Vec<String> = self.dims.iter().map(|d| d.extent.to_string()).collect();
        k.set_name(&kernel_name(format!("{name}_{}", extents.join("x"))));
        let from = k.input(op, 0, &[self.input]);
        let tables: Vec<Option<ValueId>> = self.dims.iter().map(|d| table(d, k)).collect();
        let to = k.output(op, 0, &[self.behind(0)]);
        let mut b = k.body();
        let (start, zero) = (b.const_index(self.start), b.const_index(0));
        self.emit(&mut b, &tables, 0, (from, start), (to, zero), target);
    }

    fn emit(
        &self,
        b: &mut Builder<'_>,
        tables: &[Option<ValueId>],
        level: usize,
        from: (ValueId, ValueId),
        to: (ValueId, ValueId),
        target: &Target,
    ) {
        let Some(dim) = self.dims.get(level) else {
            copy(b, self.run, self.group(), from, to);
            return;
        };
        let behind = self.behind(level + 1);
        let last = level + 1 == self.dims.len() && self.run == 1;
        let step = if last { unroll(dim.extent, target) } else { 1 };
        b.for_range(0, dim.extent, step, &[], |b, i, _| {
            for u in 0..step {
                let i = offset(b, i, u);
                let source = match (&dim.places, tables[level]) {
                    (_, Some(table)) => {
                        let (i32, index) = (b.m.i32(), b.m.index());
                        let mut place = b.load(table, &[i]);
                        if b.m.value_type(place) != i32 {
                            place = b.extsi(place, i32);
                        }
                        b.cast("arith.index_cast", place, index)
                    }
                    (&Places::Step(step), None) => times(b, i, step),
                    (Places::Table(_), None) => i,
                };
                let place = times(b, i, behind);
                let source = plus(b, from.1, source);
                let place = plus(b, to.1, place);
                self.emit(
                    b,
                    tables,
                    level + 1,
                    (from.0, source),
                    (to.0, place),
                    target,
                );
            }
            vec![]
        });
    }
}

/// Bytes of an entry of a table.
fn entry_bytes(places: &[i64]) -> u64 {
    let short = places.iter().all(|&p| i16::try_from(p).is_ok());
    if short { 2 } else { 4 }
}

/// The table of a loop, if it goes by one.
fn table(dim: &Dim, k: &mut KernelBuilder<'_>) -> Option<ValueId> {
    let Places::Table(places) = &dim.places else {
        return None;
    };
    let bytes = entry_bytes(places) as usize;
    let elem: Type = k.module().int(8 * bytes as u32);
    let entries = places
        .iter()
        .flat_map(|p| p.to_le_bytes()[..bytes].to_vec());
    let entries = entries.collect();
    Some(k.table("places", &[dim.extent], elem, entries))
}
