//! Ops without interpretation as uninterpreted functions.

use super::slot::Random;
use super::values::{bytes, datum};
use super::{Element, Output, Slot};
use ir::interfaces::{Datum, Effects};
use ir::{Module, OpId};

/// Elements of a made-up result at most.
const LARGEST: u64 = 1 << 16;

/// Results of an op that follow from its name, its attributes, its operands' values, and, if it may have effects, from how many of
/// those ran before; such an op is added to `effects`. `None` if a value is of no known type, or too large.
pub fn make_up(
    m: &Module,
    op: OpId,
    args: &[Datum],
    effects: &mut Vec<Output>,
) -> Option<Vec<Datum>> {
    let mut read = Vec::new();
    for (v, value) in m.operands(op).zip(args) {
        let slot = Slot::of(m, m.value_type(v))?;
        read.extend(bytes(&slot, value)?);
    }
    let mut random = Random(0);
    let mut stir = |text: &[u8]| text.iter().for_each(|&b| random.stir(b.into()));
    stir(m.op_name(op).as_bytes());
    for &(k, a) in m.props(op).iter().chain(m.discardables(op)) {
        stir(m.text(k).as_bytes());
        stir(ir::text::attr_text(m, a).as_bytes());
    }
    stir(&read);
    if m.effects(op) != Effects::None {
        stir(&effects.len().to_le_bytes());
        // The name and the attributes count by the state that follows from them.
        read.extend(random.0.to_le_bytes());
        effects.push(Output {
            name: format!("effect {} (`{}`)", effects.len(), m.op_name(op)),
            element: Element::Int(8),
            bytes: read,
            effect: true,
        });
    }
    let results = m.results(op).iter().map(|&v| {
        let slot = Slot::of(m, m.value_type(v)).filter(|s| s.count <= LARGEST)?;
        datum(&slot, &slot.draw(&mut random, 0))
    });
    results.collect()
}
