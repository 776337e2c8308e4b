//! Which tensors of a network lie in the memory of others: the rule that `lower-nn` follows and `order-operators` counts with.
//!
//! A reshape is a view of its operand. Where everything before the axis has extent 1, the parts of an `nn.split` or `nn.concatenation`
//! are contiguous in the whole: a result of a split is then a view of the operand, and an operand of a concatenation is computed right
//! into the result. What cannot be so is copied, part by part:
//! - a part that does not start at a multiple of [`BUFFER_ALIGN`], since kernels load words;
//! - a tensor that is returned: it lies in the output's memory;
//! - an operand of a concatenation that is an argument, a constant, a part of something already, or an operand of a second one.
//!
//! Nothing here depends on the order of the ops.

use crate::plan_memory::BUFFER_ALIGN;
use ir::dialects::{func, nn};
use ir::{Module, OpId, ValueDef, ValueId};
use rustc_hash::{FxHashMap, FxHashSet};

/// Where a value lies.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Place {
    /// The value whose buffer it is: an argument, a constant, a kernel's result, or a concatenation.
    pub root: ValueId,
    /// Bytes from the start of that buffer.
    pub offset: u64,
}

/// The views of a network's function.
#[derive(Debug, Default)]
pub struct TensorViews {
    /// The value that a value is a part of, and at which byte of it.
    parents: FxHashMap<ValueId, (ValueId, u64)>,
    /// Roots with parts that are not the whole.
    shared: FxHashSet<ValueId>,
    /// Splits and concatenations without a kernel, with the parts that are copied.
    joints: FxHashMap<OpId, Vec<usize>>,
}

impl TensorViews {
    /// Of a function whose body is straight-line `nn` ops.
    pub fn of(m: &Module, f: OpId) -> TensorViews {
        let mut views = TensorViews::default();
        let Some(entry) = m.entry_block(f) else {
            return views;
        };
        let returned: FxHashSet<ValueId> = func::return_values(m, f)
            .into_iter()
            .map(|v| behind_reshapes(m, v))
            .collect();
        let ops: Vec<OpId> = m.ops(entry).collect();
        let mut operand_of = FxHashMap::default();
        for &op in ops.iter().filter(|&&o| is_contiguous(m, o)) {
            if m.op_name(op) == nn::ConcatenationOp::NAME {
                for v in m.operands(op) {
                    *operand_of.entry(behind_reshapes(m, v)).or_insert(0) += 1;
                }
            }
        }
        for op in ops {
            match m.op_name(op) {
                nn::ReshapeOp::NAME => {
                    let whole = (m.operand(op, 0), 0);
                    views.parents.insert(m.result(op, 0), whole);
                }
                nn::SplitOp::NAME if is_contiguous(m, op) => views.split(m, op, &returned),
                nn::ConcatenationOp::NAME if is_contiguous(m, op) => {
                    views.concatenation(m, op, &returned, &operand_of);
                }
                _ => {}
            }
        }
        views
    }

    fn split(&mut self, m: &Module, op: OpId, returned: &FxHashSet<ValueId>) {
        let whole = m.operand(op, 0);
        let root = self.place(whole).root;
        let parts = m.results(op).to_vec();
        let copied = |(i, at): (usize, &u64)| {
            (at % BUFFER_ALIGN != 0 || returned.contains(&parts[i])).then_some(i)
        };
        let offsets = offsets(m, &parts);
        let copies: Vec<usize> = offsets.iter().enumerate().filter_map(copied).collect();
        if copies.len() == parts.len() || !is_bytes(m, root, returned) {
            return;
        }
        for (i, (&part, &at)) in parts.iter().zip(&offsets).enumerate() {
            if !copies.contains(&i) {
                self.parents.insert(part, (whole, at));
            }
        }
        self.shared.insert(root);
        self.joints.insert(op, copies);
    }

    fn concatenation(
        &mut self,
        m: &Module,
        op: OpId,
        returned: &FxHashSet<ValueId>,
        operand_of: &FxHashMap<ValueId, usize>,
    ) {
        let whole = m.result(op, 0);
        let parts: Vec<ValueId> = m.operands(op).collect();
        let roots: Vec<ValueId> = parts.iter().map(|&v| behind_reshapes(m, v)).collect();
        let offsets = offsets(m, &parts);
        let is_placed = |i: usize| {
            let root = roots[i];
            offsets[i] % BUFFER_ALIGN == 0
                && is_computed(m, root)
                && !returned.contains(&root)
                && !self.parents.contains_key(&root)
                && operand_of.get(&root) == Some(&1)
        };
        let copies: Vec<usize> = (0..parts.len()).filter(|&i| !is_placed(i)).collect();
        if copies.len() == parts.len() || !is_bytes(m, whole, returned) {
            return;
        }
        for i in (0..parts.len()).filter(|i| !copies.contains(i)) {
            self.parents.insert(roots[i], (whole, offsets[i]));
        }
        self.shared.insert(whole);
        self.joints.insert(op, copies);
    }

    /// Where a value lies.
    pub fn place(&self, value: ValueId) -> Place {
        let mut place = Place {
            root: value,
            offset: 0,
        };
        while let Some(&(whole, at)) = self.parents.get(&place.root) {
            place.root = whole;
            place.offset += at;
        }
        place
    }

    /// Whether parts of a root are values of their own, so that its buffer is bytes.
    pub fn is_shared(&self, root: ValueId) -> bool {
        self.shared.contains(&root)
    }

    /// For a split or concatenation that takes no kernel: the parts, by index of result or operand, that are copied.
    pub fn copies(&self, op: OpId) -> Option<&[usize]> {
        self.joints.get(&op).map(Vec::as_slice)
    }
}

/// The value that a value is a reshape of, through any number of them.
pub(crate) fn behind_reshapes(m: &Module, mut v: ValueId) -> ValueId {
    while let Some(op) = m.defining_op(v).and_then(|op| nn::ReshapeOp::cast(m, op)) {
        v = op.input(m);
    }
    v
}

/// At which byte of the whole each part starts, where parts are contiguous.
pub(crate) fn offsets(m: &Module, parts: &[ValueId]) -> Vec<u64> {
    let sizes = parts
        .iter()
        .map(|&v| m.size_bytes(m.value_type(v)).unwrap_or(0));
    let start = |at: &mut u64, size: u64| {
        let start = *at;
        *at = at.saturating_add(size);
        Some(start)
    };
    sizes.scan(0, start).collect()
}

/// Whether an op is a split or concatenation whose parts are contiguous in the whole.
pub(crate) fn is_contiguous(m: &Module, op: OpId) -> bool {
    nn::joint(m.op(op))
        .is_some_and(|(axis, whole)| whole.get(..axis).is_some_and(|s| s.iter().all(|&d| d == 1)))
}

/// Whether a value is the result of an op that computes something.
fn is_computed(m: &Module, v: ValueId) -> bool {
    matches!(m.value_def(v), ValueDef::Result(op, _) if m.op_name(op) != nn::ConstantOp::NAME)
}

/// Whether the buffer of a root can be taken as bytes: an allocation can, a constant cannot, and an argument of the lowered function if its
/// elements are bytes.
fn is_bytes(m: &Module, root: ValueId, returned: &FxHashSet<ValueId>) -> bool {
    let elem = m.type_data(m.value_type(root)).elem();
    let bytes = elem.and_then(|e| m.elem_bytes(e));
    let is_argument = matches!(m.value_def(root), ValueDef::Argument(..));
    match is_argument || returned.contains(&root) {
        true => bytes == Some(1),
        false => is_computed(m, root),
    }
}
