//! The module: sole owner of ops, blocks, regions, values and interned data; the only way to change any of them.
//!
//! Invariant: every operand is in its value's use list, at the position that the operand remembers.
//! Invariant: every successor is in its block's use list, likewise.
//! Invariant: an op is in at most one block, and its neighbours agree with it.

mod attributes;
mod blocks;
mod existence;
mod interned;
mod journal;
mod splice;
mod traverse;
mod types;
mod values;

pub use journal::Change;

use crate::intern::Interner;
use crate::{
    Attr, AttrData, BlockId, DialectRegistry, Loc, LocData, OpId, RegionId, Str, Type, TypeData,
    ValueId,
};
use indexmap::IndexMap;
use rustc_hash::FxBuildHasher;
use slotmap::SlotMap;
use smallvec::SmallVec;
use std::sync::Arc;

#[derive(Clone, Copy, Debug)]
struct Operand {
    value: ValueId,
    use_index: u32,
}

#[derive(Clone, Copy, Debug)]
struct Successor {
    block: BlockId,
    use_index: u32,
}

/// Sorted by name.
type AttrMap = Vec<(Str, Attr)>;

#[derive(Clone, Debug)]
struct OpData {
    name: Str,
    loc: Loc,
    operands: SmallVec<[Operand; 3]>,
    results: SmallVec<[ValueId; 1]>,
    props: AttrMap,
    attrs: AttrMap,
    successors: SmallVec<[Successor; 1]>,
    regions: SmallVec<[RegionId; 1]>,
    block: Option<BlockId>,
    prev: Option<OpId>,
    next: Option<OpId>,
}

#[derive(Clone, Debug, Default)]
struct BlockData {
    args: SmallVec<[ValueId; 4]>,
    region: Option<RegionId>,
    /// The ops that name this block as a successor, and at which position.
    uses: Vec<(OpId, u32)>,
    first: Option<OpId>,
    last: Option<OpId>,
}

#[derive(Clone, Debug)]
struct RegionData {
    blocks: SmallVec<[BlockId; 1]>,
    op: OpId,
}

#[derive(Clone, Debug)]
struct ValueData {
    ty: Type,
    /// Of an argument; a result has its op's.
    loc: Loc,
    def: ValueDef,
    uses: Vec<(OpId, u32)>,
}

/// Where a value comes from.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum ValueDef {
    /// The result of an op, at a position.
    Result(OpId, usize),
    /// The argument of a block, at a position.
    Argument(BlockId, usize),
}

/// A blob that `dense_resource` attributes refer to by key.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Resource {
    /// Alignment in bytes, a power of two.
    pub align: u32,
    /// The bytes.
    pub bytes: Arc<[u8]>,
}

/// The order in which ops are visited.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum WalkOrder {
    /// An op before those in its regions.
    Pre,
    /// An op after those in its regions.
    Post,
}

/// Everything that a new op is made from.
#[derive(Clone, Debug, Default)]
pub struct OpState {
    name: String,
    loc: Option<Loc>,
    operands: Vec<ValueId>,
    results: Vec<Type>,
    props: Vec<(String, Attr)>,
    attrs: Vec<(String, Attr)>,
    successors: Vec<BlockId>,
    regions: usize,
}

impl OpState {
    /// An op of a name, at an unknown location, with nothing else.
    pub fn new(name: impl Into<String>) -> OpState {
        OpState {
            name: name.into(),
            ..OpState::default()
        }
    }

    /// With a location.
    #[must_use]
    pub fn loc(mut self, loc: Loc) -> OpState {
        self.loc = Some(loc);
        self
    }

    /// With more operands.
    #[must_use]
    pub fn operands(mut self, operands: &[ValueId]) -> OpState {
        self.operands.extend_from_slice(operands);
        self
    }

    /// With more results.
    #[must_use]
    pub fn results(mut self, types: &[Type]) -> OpState {
        self.results.extend_from_slice(types);
        self
    }

    /// With an inherent attribute.
    #[must_use]
    pub fn prop(mut self, name: impl Into<String>, value: Attr) -> OpState {
        self.props.push((name.into(), value));
        self
    }

    /// With a discardable attribute.
    #[must_use]
    pub fn attr(mut self, name: impl Into<String>, value: Attr) -> OpState {
        self.attrs.push((name.into(), value));
        self
    }

    /// With more successors, blocks of the region that the op will be in.
    #[must_use]
    pub fn successors(mut self, blocks: &[BlockId]) -> OpState {
        self.successors.extend_from_slice(blocks);
        self
    }

    /// With empty regions.
    #[must_use]
    pub fn regions(mut self, count: usize) -> OpState {
        self.regions = count;
        self
    }
}

/// A module of IR; its root op is `builtin.module`.
#[derive(Clone, Debug)]
pub struct Module {
    registry: Arc<DialectRegistry>,
    strings: Interner<String>,
    types: Interner<TypeData>,
    attrs: Interner<AttrData>,
    locs: Interner<LocData>,
    ops: SlotMap<OpId, OpData>,
    blocks: SlotMap<BlockId, BlockData>,
    regions: SlotMap<RegionId, RegionData>,
    values: SlotMap<ValueId, ValueData>,
    resources: IndexMap<Str, Resource, FxBuildHasher>,
    root: OpId,
    journal: journal::Journal,
}

/// A module and one of its ops, for reading.
#[derive(Clone, Copy, Debug)]
pub struct OpRef<'m> {
    /// The module.
    pub module: &'m Module,
    /// The op.
    pub id: OpId,
}

impl<'m> OpRef<'m> {
    /// The op's full name.
    pub fn name(self) -> &'m str {
        self.module.op_name(self.id)
    }
    /// An operand.
    pub fn operand(self, i: usize) -> Option<ValueId> {
        self.module.operands(self.id).nth(i)
    }
    /// Number of operands.
    pub fn operand_count(self) -> usize {
        self.module.operands(self.id).len()
    }
    /// Type of an operand.
    pub fn operand_type(self, i: usize) -> Option<Type> {
        self.operand(i).map(|v| self.module.value_type(v))
    }
    /// The results.
    pub fn results(self) -> &'m [ValueId] {
        self.module.results(self.id)
    }
    /// Type of a result.
    pub fn result_type(self, i: usize) -> Option<Type> {
        self.results().get(i).map(|&v| self.module.value_type(v))
    }
    /// An inherent attribute.
    pub fn prop(self, name: &str) -> Option<Attr> {
        self.module.prop(self.id, name)
    }
}

impl Module {
    /// An empty module.
    pub fn new(registry: Arc<DialectRegistry>) -> Module {
        let mut m = Module {
            registry,
            strings: Interner::default(),
            types: Interner::default(),
            attrs: Interner::default(),
            locs: Interner::default(),
            ops: SlotMap::with_key(),
            blocks: SlotMap::with_key(),
            regions: SlotMap::with_key(),
            values: SlotMap::with_key(),
            resources: IndexMap::default(),
            root: OpId::default(),
            journal: journal::Journal::default(),
        };
        m.locs.intern(LocData::Unknown);
        m.root = m.create(OpState::new("builtin.module").regions(1));
        let region = m.regions(m.root)[0];
        m.add_block(region, &[]);
        m
    }

    /// Makes room for so many ops and values.
    pub(crate) fn reserve(&mut self, ops: usize) {
        self.ops.reserve(ops);
        self.values.reserve(ops);
    }

    /// What ops exist and what they mean.
    pub fn registry(&self) -> &Arc<DialectRegistry> {
        &self.registry
    }

    /// The `builtin.module` op.
    pub fn root(&self) -> OpId {
        self.root
    }

    /// The block of top-level ops.
    pub fn body(&self) -> BlockId {
        self.blocks(self.regions(self.root)[0])[0]
    }

    /// An op for reading.
    pub fn op(&self, id: OpId) -> OpRef<'_> {
        OpRef { module: self, id }
    }

    // ---- resources ----

    /// Adds a blob under a key that derives from `hint` (mangled to `[A-Za-z_][A-Za-z0-9_$.]*`, numbered if taken).
    pub fn add_resource(&mut self, hint: &str, align: u32, bytes: Arc<[u8]>) -> Str {
        let mut base: String = hint
            .chars()
            .map(|c| {
                if c.is_ascii_alphanumeric() || c == '_' || c == '.' {
                    c
                } else {
                    '_'
                }
            })
            .collect();
        if !base.starts_with(|c: char| c.is_ascii_alphabetic() || c == '_') {
            base.insert(0, '_');
        }
        let mut key = self.str(&base);
        let mut n = 1;
        while self.resources.contains_key(&key) {
            key = self.str(&format!("{base}_{n}"));
            n += 1;
        }
        self.resources.insert(key, Resource { align, bytes });
        key
    }

    /// Adds a blob under exactly this key; `false` if the key is taken.
    pub(crate) fn define_resource(&mut self, key: &str, align: u32, bytes: Arc<[u8]>) -> bool {
        let key = self.str(key);
        let free = !self.resources.contains_key(&key);
        if free {
            self.resources.insert(key, Resource { align, bytes });
        }
        free
    }

    /// A blob.
    pub fn resource(&self, key: Str) -> Option<&Resource> {
        self.resources.get(&key)
    }

    // ---- ops ----

    /// Makes an op that is in no block yet.
    pub fn create(&mut self, state: OpState) -> OpId {
        let name = self.str(&state.name);
        let props = self.attr_map(state.props);
        let attrs = self.attr_map(state.attrs);
        let id = self.ops.insert(OpData {
            name,
            loc: state.loc.unwrap_or(Loc::UNKNOWN),
            operands: SmallVec::new(),
            results: SmallVec::new(),
            props,
            attrs,
            successors: SmallVec::new(),
            regions: SmallVec::new(),
            block: None,
            prev: None,
            next: None,
        });
        for (i, value) in state.operands.into_iter().enumerate() {
            let use_index = self.add_use(value, id, i);
            self.ops[id].operands.push(Operand { value, use_index });
        }
        for (i, ty) in state.results.into_iter().enumerate() {
            let v = self.values.insert(ValueData {
                ty,
                loc: Loc::UNKNOWN,
                def: ValueDef::Result(id, i),
                uses: Vec::new(),
            });
            self.ops[id].results.push(v);
        }
        if !state.successors.is_empty() {
            self.set_successors(id, &state.successors);
        }
        for _ in 0..state.regions {
            let r = self.regions.insert(RegionData {
                blocks: SmallVec::new(),
                op: id,
            });
            self.ops[id].regions.push(r);
        }
        self.note(Change::Created(id));
        id
    }

    fn attr_map(&mut self, entries: Vec<(String, Attr)>) -> AttrMap {
        let mut map = AttrMap::new();
        for (k, v) in entries {
            let k = self.str(&k);
            self.set_in(&mut map, k, v);
        }
        map
    }

    fn set_in(&self, map: &mut AttrMap, key: Str, value: Attr) {
        match map.binary_search_by(|(k, _)| self.text(*k).cmp(self.text(key))) {
            Ok(i) => map[i].1 = value,
            Err(i) => map.insert(i, (key, value)),
        }
    }

    fn add_use(&mut self, value: ValueId, op: OpId, operand: usize) -> u32 {
        let uses = &mut self.values[value].uses;
        uses.push((op, operand as u32));
        (uses.len() - 1) as u32
    }

    fn drop_use(&mut self, operand: Operand) {
        self.note_value(operand.value);
        let uses = &mut self.values[operand.value].uses;
        let at = operand.use_index as usize;
        uses.swap_remove(at);
        if let Some(&(moved, i)) = uses.get(at) {
            self.ops[moved].operands[i as usize].use_index = operand.use_index;
        }
    }

    /// The op's full name, `nn.conv_2d`.
    pub fn op_name(&self, op: OpId) -> &str {
        self.text(self.ops[op].name)
    }
    /// The op's declaration, if it is registered.
    pub fn op_info(&self, op: OpId) -> Option<&crate::OpInfo> {
        self.registry.op(self.op_name(op))
    }
    /// The op's location.
    pub fn op_loc(&self, op: OpId) -> Loc {
        self.ops[op].loc
    }
    /// Sets the op's location.
    pub fn set_loc(&mut self, op: OpId, loc: Loc) {
        self.ops[op].loc = loc;
        self.note(Change::Modified(op));
    }
    /// The operands.
    pub fn operands(&self, op: OpId) -> impl ExactSizeIterator<Item = ValueId> + '_ {
        self.ops[op].operands.iter().map(|o| o.value)
    }
    /// An operand.
    pub fn operand(&self, op: OpId, i: usize) -> ValueId {
        self.ops[op].operands[i].value
    }
    /// The results.
    pub fn results(&self, op: OpId) -> &[ValueId] {
        &self.ops[op].results
    }
    /// A result.
    pub fn result(&self, op: OpId, i: usize) -> ValueId {
        self.ops[op].results[i]
    }
    /// The regions.
    pub fn regions(&self, op: OpId) -> &[RegionId] {
        &self.ops[op].regions
    }
    /// An inherent attribute.
    pub fn prop(&self, op: OpId, name: &str) -> Option<Attr> {
        self.find(&self.ops[op].props, name)
    }
    /// A discardable attribute.
    pub fn discardable(&self, op: OpId, name: &str) -> Option<Attr> {
        self.find(&self.ops[op].attrs, name)
    }
    /// The inherent attributes, sorted by name.
    pub fn props(&self, op: OpId) -> &[(Str, Attr)] {
        &self.ops[op].props
    }
    /// The discardable attributes, sorted by name.
    pub fn discardables(&self, op: OpId) -> &[(Str, Attr)] {
        &self.ops[op].attrs
    }

    fn find(&self, map: &AttrMap, name: &str) -> Option<Attr> {
        map.binary_search_by(|(k, _)| self.text(*k).cmp(name))
            .ok()
            .map(|i| map[i].1)
    }

    /// Sets an inherent attribute.
    pub fn set_prop(&mut self, op: OpId, name: &str, value: Attr) {
        let key = self.str(name);
        let mut map = std::mem::take(&mut self.ops[op].props);
        self.set_in(&mut map, key, value);
        self.ops[op].props = map;
        self.note(Change::Modified(op));
    }

    /// Sets a discardable attribute.
    pub fn set_discardable(&mut self, op: OpId, name: &str, value: Attr) {
        let key = self.str(name);
        let mut map = std::mem::take(&mut self.ops[op].attrs);
        self.set_in(&mut map, key, value);
        self.ops[op].attrs = map;
        self.note(Change::Modified(op));
    }

    /// Removes an inherent attribute.
    pub fn remove_prop(&mut self, op: OpId, name: &str) {
        let key = self.str(name);
        self.ops[op].props.retain(|(k, _)| *k != key);
        self.note(Change::Modified(op));
    }

    /// Replaces an operand.
    pub fn set_operand(&mut self, op: OpId, i: usize, value: ValueId) {
        let old = self.ops[op].operands[i];
        self.drop_use(old);
        let use_index = self.add_use(value, op, i);
        self.ops[op].operands[i] = Operand { value, use_index };
        self.note(Change::Modified(op));
    }

    /// Replaces all operands.
    pub fn set_operands(&mut self, op: OpId, values: &[ValueId]) {
        while let Some(o) = self.ops[op].operands.last().copied() {
            self.drop_use(o);
            self.ops[op].operands.pop();
        }
        for (i, &value) in values.iter().enumerate() {
            let use_index = self.add_use(value, op, i);
            self.ops[op].operands.push(Operand { value, use_index });
        }
        self.note(Change::Modified(op));
    }

    /// Appends an empty region to an op.
    pub(crate) fn add_region(&mut self, op: OpId) -> RegionId {
        let r = self.regions.insert(RegionData {
            blocks: SmallVec::new(),
            op,
        });
        self.ops[op].regions.push(r);
        r
    }

    /// Appends a result to an op.
    pub(crate) fn add_result(&mut self, op: OpId, ty: Type) -> ValueId {
        let at = self.ops[op].results.len();
        let v = self.values.insert(ValueData {
            ty,
            loc: Loc::UNKNOWN,
            def: ValueDef::Result(op, at),
            uses: Vec::new(),
        });
        self.ops[op].results.push(v);
        v
    }

    // ---- ops in blocks ----

    /// The block that holds an op.
    pub fn op_block(&self, op: OpId) -> Option<BlockId> {
        self.ops[op].block
    }
    /// The op whose region holds this op.
    pub fn parent_op(&self, op: OpId) -> Option<OpId> {
        self.ops[op]
            .block
            .map(|b| self.region_op(self.block_region(b)))
    }
    /// The ops of a block, in order.
    pub fn ops(&self, block: BlockId) -> impl Iterator<Item = OpId> + '_ {
        std::iter::successors(self.blocks[block].first, |&op| self.ops[op].next)
    }
    /// The last op of a block.
    pub fn last_op(&self, block: BlockId) -> Option<OpId> {
        self.blocks[block].last
    }
    /// The op after this one in its block.
    pub fn next_op(&self, op: OpId) -> Option<OpId> {
        self.ops[op].next
    }
    /// The op before this one in its block.
    pub fn prev_op(&self, op: OpId) -> Option<OpId> {
        self.ops[op].prev
    }

    /// Puts a detached op at the end of a block.
    pub fn append(&mut self, block: BlockId, op: OpId) {
        let last = self.blocks[block].last;
        self.link(block, last, op, None);
    }

    /// Puts a detached op before another.
    pub fn insert_before(&mut self, anchor: OpId, op: OpId) {
        let block = self.ops[anchor]
            .block
            .expect("invariant: the anchor is in a block");
        let prev = self.ops[anchor].prev;
        self.link(block, prev, op, Some(anchor));
    }

    fn link(&mut self, block: BlockId, prev: Option<OpId>, op: OpId, next: Option<OpId>) {
        assert!(
            self.ops[op].block.is_none(),
            "invariant: an inserted op is in no block"
        );
        let o = &mut self.ops[op];
        (o.block, o.prev, o.next) = (Some(block), prev, next);
        self.note(Change::Modified(op));
        match prev {
            Some(p) => self.ops[p].next = Some(op),
            None => self.blocks[block].first = Some(op),
        }
        match next {
            Some(n) => self.ops[n].prev = Some(op),
            None => self.blocks[block].last = Some(op),
        }
    }

    /// Takes an op out of its block.
    pub fn detach(&mut self, op: OpId) {
        let Some(block) = self.ops[op].block.take() else {
            return;
        };
        self.note(Change::Modified(op));
        let (prev, next) = (self.ops[op].prev.take(), self.ops[op].next.take());
        match prev {
            Some(p) => self.ops[p].next = next,
            None => self.blocks[block].first = next,
        }
        match next {
            Some(n) => self.ops[n].prev = prev,
            None => self.blocks[block].last = prev,
        }
    }

    /// Makes every use of an op's results a use of `values`, and destroys the op.
    pub fn replace_op(&mut self, op: OpId, values: &[ValueId]) {
        let results = self.ops[op].results.clone();
        assert!(
            results.len() == values.len(),
            "invariant: every result is replaced"
        );
        for (&old, &new) in results.iter().zip(values) {
            self.replace_all_uses(old, new);
        }
        self.erase(op);
    }

    /// Destroys an op and everything in its regions; its results and blocks must be unused from outside.
    pub fn erase(&mut self, op: OpId) {
        self.detach(op);
        let inside = self.walk(op, WalkOrder::Pre);
        for &o in &inside {
            self.set_operands(o, &[]);
            self.set_successors(o, &[]);
        }
        for &o in &inside {
            for v in std::mem::take(&mut self.ops[o].results) {
                assert!(
                    self.values[v].uses.is_empty(),
                    "invariant: an erased op's results are unused"
                );
                self.values.remove(v);
            }
            for r in std::mem::take(&mut self.ops[o].regions) {
                let blocks = self.regions.remove(r).map(|r| r.blocks);
                for b in blocks.unwrap_or_default() {
                    self.drop_block(b);
                }
            }
            self.ops.remove(o);
            self.note(Change::Erased(o));
        }
    }

    /// The top-level op that defines a symbol.
    pub fn lookup_symbol(&self, name: &str) -> Option<OpId> {
        self.ops(self.body())
            .find(|&op| self.symbol_name(op) == Some(name))
    }

    /// The symbol that an op defines.
    pub fn symbol_name(&self, op: OpId) -> Option<&str> {
        self.prop(op, "sym_name").and_then(|a| self.attr_str(a))
    }
}
