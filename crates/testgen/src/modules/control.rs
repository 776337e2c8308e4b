//! Loops, conditionals, calls, regions of unknown ops, and ops that nobody registered.

use super::body::{Generator, Place};
use super::scope::Scope;
use super::types::{self, Flavour};
use ir::{BlockId, OpInfo, OpState, RegionId, Type, TypeData, ValueId};

/// Regions inside of each other, in a function.
const MAX_DEPTH: usize = 2;

impl Generator<'_> {
    /// A block of some ops that ends by yielding values of some types.
    fn yielding(
        &mut self,
        place: &Place<'_>,
        region: RegionId,
        args: &[Type],
        types: &[Type],
        terminator: &str,
    ) -> Option<BlockId> {
        let block = self.m.add_block(region, args);
        let mut scope = place.scope.clone();
        scope.add(self.m.block_args(block));
        let mut inner = Place {
            block,
            scope: &mut scope,
            flavour: place.flavour,
            depth: place.depth + 1,
        };
        let count = self.c.between(1, 5) as u32;
        self.ops(&mut inner, count);
        let mut values = Vec::with_capacity(types.len());
        for &ty in types {
            values.push(self.value(&mut inner, ty)?);
        }
        self.insert(block, OpState::new(terminator).operands(&values));
        Some(block)
    }

    /// Values that a loop may carry or a conditional may choose.
    fn passed(&mut self, place: &Place<'_>) -> Vec<ValueId> {
        let count = self.c.of(&[1, 1, 0, 2]);
        let carried = |m: &ir::Module, t: Type| {
            !matches!(
                m.type_data(t),
                TypeData::MemRef { .. } | TypeData::Opaque(_)
            )
        };
        (0..count)
            .filter_map(|_| place.scope.pick(&mut self.c, &self.m, carried))
            .collect()
    }

    fn types_of(&self, values: &[ValueId]) -> Vec<Type> {
        values.iter().map(|&v| self.m.value_type(v)).collect()
    }

    pub(super) fn for_loop(&mut self, place: &mut Place<'_>) -> bool {
        let known = ["scf.for", "scf.yield"].iter().all(|n| self.can(n));
        if !known || place.depth >= MAX_DEPTH {
            return false;
        }
        let ty = if self.c.once_in(6) {
            self.m.i32()
        } else {
            self.m.index()
        };
        let mut bounds = Vec::new();
        let trips = self.c.of(&[1, 2, 3, 5, 0]);
        for value in [0, trips, self.c.of(&[1, 1, 2])] {
            let value = self.m.int_attr(value, ty);
            bounds.extend(self.constant_of(place, "arith.constant", value, ty));
        }
        if bounds.len() < 3 {
            return false;
        }
        if self.c.once_in(8) {
            let upper = place.scope.of_type(&mut self.c, &self.m, ty);
            bounds[1] = upper.unwrap_or(bounds[1]);
        }
        let inits = self.passed(place);
        let types = self.types_of(&inits);
        let state = OpState::new("scf.for").operands(&bounds).operands(&inits);
        let op = self.insert(place.block, state.results(&types).regions(1));
        let region = self.m.regions(op)[0];
        let mut args = vec![ty];
        args.extend(&types);
        if self
            .yielding(place, region, &args, &types, "scf.yield")
            .is_none()
        {
            self.m.erase(op);
            return false;
        }
        place.scope.add(self.m.results(op));
        true
    }

    pub(super) fn if_else(&mut self, place: &mut Place<'_>) -> bool {
        let known = ["scf.if", "scf.yield"].iter().all(|n| self.can(n));
        let i1 = self.m.i1();
        if !known || place.depth >= MAX_DEPTH {
            return false;
        }
        let Some(condition) = self.value(place, i1) else {
            return false;
        };
        let passed = self.passed(place);
        let types = self.types_of(&passed);
        let state = OpState::new("scf.if").operands(&[condition]);
        let op = self.insert(place.block, state.results(&types).regions(2));
        let regions = self.m.regions(op).to_vec();
        let empty = types.is_empty() && self.c.once_in(2);
        for (i, region) in regions.into_iter().enumerate() {
            let skipped = i == 1 && empty;
            if !skipped
                && self
                    .yielding(place, region, &[], &types, "scf.yield")
                    .is_none()
            {
                self.m.erase(op);
                return false;
            }
        }
        place.scope.add(self.m.results(op));
        true
    }

    pub(super) fn call(&mut self, place: &mut Place<'_>) -> bool {
        if self.functions.is_empty() || !self.can("func.call") {
            return false;
        }
        let callee = self.c.of(&self.functions);
        // Tensors and buffers do not meet, not even in a function that a function calls.
        if ![Flavour::Scalars, place.flavour].contains(&callee.flavour) {
            return false;
        }
        let mut args = Vec::with_capacity(callee.inputs.len());
        for &ty in &callee.inputs {
            match self.value(place, ty) {
                Some(v) => args.push(v),
                None => return false,
            }
        }
        let symbol = self.m.symbol_attr(&callee.name);
        let state = OpState::new("func.call").operands(&args);
        let state = state.results(&callee.results).prop("callee", symbol);
        let op = self.insert(place.block, state);
        place.scope.add(self.m.results(op));
        true
    }

    /// An op that is not registered.
    pub(super) fn unknown(&mut self, place: &mut Place<'_>) {
        let name = format!("unknown.op_{}", self.c.below(3));
        let count = self.c.between(0, 2);
        let operands: Vec<ValueId> = (0..count)
            .filter_map(|_| place.scope.pick(&mut self.c, &self.m, |_, _| true))
            .collect();
        let mut state = OpState::new(name).operands(&operands);
        if self.c.once_in(2) {
            let ty = types::scalar(&mut self.c, &mut self.m);
            state = state.results(&[ty]);
        }
        if self.c.once_in(3) {
            let n = self.c.between(0, 9);
            let n = self.m.i64_attr(n);
            state = state.attr("count", n);
        }
        let op = self.insert(place.block, state);
        place.scope.add(self.m.results(op));
    }

    /// Fills a region of an op that this crate does not know: a block of a few ops with a terminator.
    pub(super) fn fill(
        &mut self,
        place: &Place<'_>,
        region: RegionId,
        info: &OpInfo,
        operands: &[Type],
        results: &[Type],
    ) -> Option<()> {
        let dialect = info.name.split('.').next().unwrap_or_default();
        let terminators: Vec<String> = self
            .m
            .registry()
            .ops()
            .filter(|o| o.traits.terminator && o.name.split('.').next() == Some(dialect))
            .map(|o| o.name.to_string())
            .collect();
        if terminators.is_empty() {
            return None;
        }
        let terminator = self.c.of(&terminators);
        let args = match self.c.below(3) {
            0 => operands,
            1 => &operands[..operands.len().min(1)],
            _ => &[],
        };
        let types = if self.c.once_in(3) { &[] } else { results };
        let mut empty = Scope::default();
        let mut scope = place.scope.clone();
        let visible = if info.traits.isolated {
            &mut empty
        } else {
            &mut scope
        };
        let around = Place {
            block: place.block,
            scope: visible,
            flavour: place.flavour,
            depth: place.depth,
        };
        let block = self.yielding(&around, region, args, types, &terminator)?;
        let last = self.m.last_op(block)?;
        ir::verify::verify_op(&self.m, last).ok()
    }

    /// Whether another region may be opened.
    pub(super) fn may_nest(&self, place: &Place<'_>) -> bool {
        place.depth < MAX_DEPTH
    }
}
