//! Moving and copying ops with what is inside them.

use super::{Module, OpState};
use crate::{BlockId, Loc, OpId, RegionId, Type, ValueId, WalkOrder};
use rustc_hash::FxHashMap;

impl Module {
    /// Moves every op of a block, in order, to before an op outside of the block.
    pub fn move_ops_before(&mut self, block: BlockId, anchor: OpId) {
        while let Some(op) = self.blocks[block].first {
            self.detach(op);
            self.insert_before(anchor, op);
        }
    }

    /// Moves the blocks of a region to the end of another region.
    pub fn move_blocks(&mut self, from: RegionId, to: RegionId) {
        let blocks = std::mem::take(&mut self.regions[from].blocks);
        for &b in &blocks {
            self.blocks[b].region = Some(to);
            self.note_block(b);
        }
        self.regions[to].blocks.extend(blocks);
    }

    /// A copy of an op and of everything inside it, in no block yet. Operands are exchanged as `map` says, which then also knows what
    /// became of every value defined inside; `relocate` gives each copy its location.
    pub fn copy_op(
        &mut self,
        op: OpId,
        map: &mut FxHashMap<ValueId, ValueId>,
        mut relocate: impl FnMut(&mut Module, Loc) -> Loc,
    ) -> OpId {
        let mut blocks: FxHashMap<BlockId, BlockId> = FxHashMap::default();
        let all = self.walk(op, WalkOrder::Pre);
        let mut copy = op;
        let mut with_successors = Vec::new();
        for o in all {
            let new = self.copy_shell(o, map, &mut relocate);
            if self.successors(o).len() > 0 {
                with_successors.push((o, new));
            }
            if o == op {
                copy = new;
            } else if let Some(&b) = self.ops[o].block.and_then(|b| blocks.get(&b)) {
                self.append(b, new);
            }
            for i in 0..self.ops[o].regions.len() {
                let (from, to) = (self.ops[o].regions[i], self.ops[new].regions[i]);
                for b in self.regions[from].blocks.clone() {
                    let args = self.blocks[b].args.clone();
                    let types: Vec<Type> = args.iter().map(|&v| self.value_type(v)).collect();
                    let copied = self.add_block(to, &types);
                    map.extend(args.into_iter().zip(self.blocks[copied].args.clone()));
                    blocks.insert(b, copied);
                }
            }
        }
        // Only now every block has its copy.
        for (o, new) in with_successors {
            let to: Vec<BlockId> = self
                .successors(o)
                .map(|b| *blocks.get(&b).unwrap_or(&b))
                .collect();
            self.set_successors(new, &to);
        }
        copy
    }

    /// A copy of an op with empty regions.
    fn copy_shell(
        &mut self,
        op: OpId,
        map: &mut FxHashMap<ValueId, ValueId>,
        relocate: &mut impl FnMut(&mut Module, Loc) -> Loc,
    ) -> OpId {
        let data = self.ops[op].clone();
        let loc = relocate(self, data.loc);
        let operands: Vec<ValueId> = data
            .operands
            .iter()
            .map(|o| *map.get(&o.value).unwrap_or(&o.value))
            .collect();
        let types: Vec<Type> = data.results.iter().map(|&v| self.value_type(v)).collect();
        let state = OpState::new(self.text(data.name))
            .loc(loc)
            .operands(&operands)
            .results(&types)
            .regions(data.regions.len());
        let new = self.create(state);
        self.ops[new].props = data.props;
        self.ops[new].attrs = data.attrs;
        map.extend(data.results.into_iter().zip(self.ops[new].results.clone()));
        new
    }
}
