//! `nn.pad`: what is before, the input's runs, what is behind, in the order of the output.

use super::affine::{offset, plus, times};
use super::parameters::{elements, kernel_name};
use super::runs::{copy, group};
use ir::dialects::nn::{Element, PadOp, pad_element, shape};
use ir::{Builder, Diagnostic, OpId, OpRef, Type, TypeData, ValueId};
use pass::{Cost, KernelBuilder, Knobs, RegistryBuilder, RegistryError, Schedule};
use target::Target;

/// Lowers `nn.pad`.
struct Pad;

/// A dimension, or several whose inner ones are not padded.
#[derive(Clone, Copy, Debug, PartialEq)]
struct Dim {
    extent: i64,
    before: i64,
    behind: i64,
}

impl Dim {
    fn whole(self) -> i64 {
        self.before + self.extent + self.behind
    }
}

/// What is padded.
#[derive(Debug)]
struct Border {
    dims: Vec<Dim>,
    /// Bytes of an element.
    bytes: i64,
}

impl Border {
    fn of(op: OpRef<'_>) -> Option<Border> {
        let m = op.module;
        let padding = PadOp(op.id).padding(m);
        let elem = m.type_data(op.operand_type(0)?).elem()?;
        let mut dims: Vec<Dim> = Vec::new();
        for (&extent, p) in shape(m, op.operand(0)?).iter().zip(padding.chunks_exact(2)) {
            match (dims.last_mut(), p) {
                (Some(outer), [0, 0]) => {
                    for n in [&mut outer.extent, &mut outer.before, &mut outer.behind] {
                        *n = n.checked_mul(extent)?;
                    }
                }
                _ => dims.push(Dim {
                    extent,
                    before: p[0],
                    behind: p[1],
                }),
            }
        }
        Some(Border {
            dims,
            bytes: i64::try_from(m.elem_bytes(elem)?).ok()?,
        })
    }

    /// Elements of the output behind a level's index.
    fn whole(&self, level: usize) -> i64 {
        self.dims[level..].iter().map(|d| d.whole()).product()
    }

    /// Elements of the input behind a level's index.
    fn inside(&self, level: usize) -> i64 {
        self.dims[level..].iter().map(|d| d.extent).product()
    }

    /// Elements that one access copies: more than one if every run starts and ends at a word in both buffers.
    fn group(&self) -> i64 {
        let places = (0..self.dims.len()).flat_map(|l| {
            let (inside, whole) = (self.inside(l + 1), self.whole(l + 1));
            let Dim { extent, before, .. } = self.dims[l];
            // The run itself at the last level; steps and the first place above it.
            let run = if l + 1 == self.dims.len() {
                extent
            } else {
                inside
            };
            [run, before * whole, self.dims[l].whole() * whole]
        });
        group(self.bytes, places)
    }
}

impl Schedule for Pad {
    fn name(&self) -> &str {
        "pad"
    }

    fn op(&self) -> &str {
        "nn.pad"
    }

    fn applies(&self, op: OpRef<'_>, _: &Target) -> Result<(), String> {
        if elements(op).0 == Element::Other {
            return Err("is made for float32, int32 and int8 elements".to_owned());
        }
        let whole = op.result_type(0).and_then(|t| op.module.size_bytes(t));
        match whole.filter(|_| Border::of(op).is_some()) {
            Some(n) if i32::try_from(n).is_ok() => Ok(()),
            Some(_) => Err("a tensor has more than 2^31 - 1 bytes".to_owned()),
            None => Err("its shapes are not static".to_owned()),
        }
    }

    fn cost(&self, op: OpRef<'_>, _: &Knobs, target: &Target) -> Cost {
        let c = &target.cost;
        let Some(border) = Border::of(op) else {
            return Cost::default();
        };
        let (inside, whole) = (border.inside(0), border.whole(0));
        let copies = (inside / border.group()).max(0) as u64;
        let fills = (whole - inside).max(0) as u64;
        let around = u64::from(2 * c.alu + c.branch_taken);
        Cost {
            cycles: (copies * (u64::from(c.load + c.store) + around)
                + fills * (u64::from(c.store) + around))
                .max(1),
            flash: 24 + 48 * border.dims.len() as u64,
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
        let border = Border::of(r).expect("invariant: the schedule applies");
        let element = pad_element(r).expect("invariant: a verified pad has an element");
        let (inside, whole) = (border.inside(0), border.whole(0));
        k.set_name(&kernel_name(format!("pad_{inside}_{whole}")));
        let from = k.input(op, 0, &[inside]);
        let to = k.output(op, 0, &[whole]);
        let mut b = k.body();
        let zero = b.const_index(0);
        let value = constant(&mut b, to, &element);
        border.emit(&mut b, 0, value, (from, zero), (to, zero));
        Ok(())
    }
}

/// The element of a buffer that has these bytes.
fn constant(b: &mut Builder<'_>, buffer: ValueId, bytes: &[u8]) -> ValueId {
    let elem = b.m.type_data(b.m.value_type(buffer)).elem();
    let elem: Type = elem.expect("invariant: a memref");
    match (b.m.type_data(elem), bytes) {
        (TypeData::Float(_), &[a, c, d, e]) => b.const_f32(f32::from_le_bytes([a, c, d, e])),
        (_, &[a, c, d, e]) => b.const_int(i32::from_le_bytes([a, c, d, e]).into(), elem),
        _ => b.const_int(i8::from_le_bytes([bytes[0]]).into(), elem),
    }
}

impl Border {
    fn emit(
        &self,
        b: &mut Builder<'_>,
        level: usize,
        value: ValueId,
        from: (ValueId, ValueId),
        to: (ValueId, ValueId),
    ) {
        let Some(dim) = self.dims.get(level) else {
            copy(b, 1, 1, from, to);
            return;
        };
        let (inside, whole) = (self.inside(level + 1), self.whole(level + 1));
        fill(b, dim.before * whole, value, to);
        let first = offset(b, to.1, dim.before * whole);
        if level + 1 == self.dims.len() {
            copy(b, dim.extent, self.group(), from, (to.0, first));
        } else {
            b.for_range(0, dim.extent, 1, &[], |b, i, _| {
                let (source, place) = (times(b, i, inside), times(b, i, whole));
                let source = plus(b, from.1, source);
                let place = plus(b, first, place);
                self.emit(b, level + 1, value, (from.0, source), (to.0, place));
                vec![]
            });
        }
        let behind = offset(b, first, dim.extent * whole);
        fill(b, dim.behind * whole, value, (to.0, behind));
    }
}

/// Writes `n` elements from one on.
fn fill(b: &mut Builder<'_>, n: i64, value: ValueId, to: (ValueId, ValueId)) {
    b.for_range(0, n, 1, &[], |b, i, _| {
        let place = plus(b, to.1, i);
        b.store(value, to.0, &[place]);
        vec![]
    });
}

/// Registers the schedule.
///
/// # Errors
/// If a name is taken.
pub fn register(r: &mut RegistryBuilder) -> Result<(), RegistryError> {
    r.schedule(Pad)?;
    Ok(())
}
