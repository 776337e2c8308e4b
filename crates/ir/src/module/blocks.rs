//! Blocks and regions, and the successors of ops.

use super::{BlockData, Change, Successor, ValueData};
use crate::{BlockId, Loc, Module, OpId, RegionId, Type, ValueDef, ValueId};

impl Module {
    /// Appends a block with arguments to a region.
    pub fn add_block(&mut self, region: RegionId, args: &[Type]) -> BlockId {
        let b = self.reserve_block(region);
        self.place_block(b);
        for &ty in args {
            self.add_block_arg(b, ty);
        }
        b
    }

    /// A block that will be one of a region, but is not yet in its list.
    pub(crate) fn reserve_block(&mut self, region: RegionId) -> BlockId {
        self.blocks.insert(BlockData {
            region: Some(region),
            ..BlockData::default()
        })
    }

    /// Appends a reserved block to the list of its region.
    pub(crate) fn place_block(&mut self, block: BlockId) {
        let region = self.block_region(block);
        self.regions[region].blocks.push(block);
        self.note_block(block);
    }

    /// Appends an argument to a block, at an unknown location.
    pub fn add_block_arg(&mut self, block: BlockId, ty: Type) -> ValueId {
        let at = self.blocks[block].args.len();
        let v = self.values.insert(ValueData {
            ty,
            loc: Loc::UNKNOWN,
            def: ValueDef::Argument(block, at),
            uses: Vec::new(),
        });
        self.blocks[block].args.push(v);
        self.note_block(block);
        v
    }

    /// Removes a block's argument, which must be unused.
    pub fn remove_block_arg(&mut self, block: BlockId, i: usize) {
        let v = self.blocks[block].args.remove(i);
        assert!(
            self.values[v].uses.is_empty(),
            "invariant: a removed argument is unused"
        );
        self.values.remove(v);
        for at in i..self.blocks[block].args.len() {
            let v = self.blocks[block].args[at];
            self.values[v].def = ValueDef::Argument(block, at);
        }
        self.note_block(block);
    }

    /// Sets the location of a block's argument.
    pub fn set_block_arg_loc(&mut self, block: BlockId, i: usize, loc: Loc) {
        let v = self.blocks[block].args[i];
        self.values[v].loc = loc;
        self.note_block(block);
    }

    /// A block's arguments.
    pub fn block_args(&self, block: BlockId) -> &[ValueId] {
        &self.blocks[block].args
    }
    /// A region's blocks.
    pub fn blocks(&self, region: RegionId) -> &[BlockId] {
        &self.regions[region].blocks
    }
    /// The op that owns a region.
    pub fn region_op(&self, region: RegionId) -> OpId {
        self.regions[region].op
    }
    /// The region that holds a block.
    pub fn block_region(&self, block: BlockId) -> RegionId {
        self.blocks[block]
            .region
            .expect("invariant: a block is in a region")
    }
    /// The first block of an op's first region.
    pub fn entry_block(&self, op: OpId) -> Option<BlockId> {
        self.ops[op]
            .regions
            .first()
            .and_then(|&r| self.regions[r].blocks.first().copied())
    }

    /// Destroys a block and the ops in it; what it defines must be unused from outside, and no op outside may name it as a successor.
    pub fn erase_block(&mut self, block: BlockId) {
        let region = self.block_region(block);
        let ops: Vec<OpId> = self.ops(block).collect();
        for &op in &ops {
            self.set_operands(op, &[]);
            self.set_successors(op, &[]);
        }
        for op in ops.into_iter().rev() {
            self.erase(op);
        }
        self.regions[region].blocks.retain(|b| *b != block);
        self.note_block(block);
        self.drop_block(block);
    }

    /// Forgets an empty block and its arguments.
    pub(super) fn drop_block(&mut self, block: BlockId) {
        let Some(data) = self.blocks.remove(block) else {
            return;
        };
        assert!(
            data.uses.is_empty(),
            "invariant: an erased block is nobody's successor"
        );
        for v in data.args {
            self.values.remove(v);
        }
    }

    // ---- successors ----

    /// The blocks that control may go to behind an op.
    pub fn successors(&self, op: OpId) -> impl ExactSizeIterator<Item = BlockId> + '_ {
        self.ops[op].successors.iter().map(|s| s.block)
    }

    /// Replaces all successors.
    pub fn set_successors(&mut self, op: OpId, blocks: &[BlockId]) {
        if blocks.is_empty() && self.ops[op].successors.is_empty() {
            return;
        }
        while let Some(s) = self.ops[op].successors.pop() {
            let uses = &mut self.blocks[s.block].uses;
            let at = s.use_index as usize;
            uses.swap_remove(at);
            if let Some(&(moved, i)) = uses.get(at) {
                self.ops[moved].successors[i as usize].use_index = s.use_index;
            }
        }
        for (i, &block) in blocks.iter().enumerate() {
            let uses = &mut self.blocks[block].uses;
            let use_index = uses.len() as u32;
            uses.push((op, i as u32));
            self.ops[op].successors.push(Successor { block, use_index });
        }
        self.note(Change::Modified(op));
    }

    /// The ops that name a block as a successor, and at which position; in no particular but a deterministic order.
    pub fn block_uses(&self, block: BlockId) -> &[(OpId, u32)] {
        &self.blocks[block].uses
    }

    /// The blocks from which control may come to a block, one for each successor that names it; in no particular but a deterministic order.
    pub fn predecessors(&self, block: BlockId) -> impl Iterator<Item = BlockId> + '_ {
        self.blocks[block]
            .uses
            .iter()
            .filter_map(|&(op, _)| self.op_block(op))
    }
}
