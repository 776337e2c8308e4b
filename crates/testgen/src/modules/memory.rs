//! Accesses to buffers, inside of their bounds.

use super::body::{Generator, Place};
use ir::{Builder, OpState, Type, TypeData, ValueId};

impl Generator<'_> {
    /// An op on buffers, if there are any.
    pub(super) fn memory(&mut self, place: &mut Place<'_>) -> bool {
        let Some(buffer) = place.scope.buffer(&mut self.c, &self.m) else {
            return false;
        };
        let made = match self.c.below(10) {
            0..=2 => self.load(place, buffer).map(|_| ()),
            3..=5 => self.store(place, buffer),
            6 | 7 => self.sweep(place, buffer),
            8 => self.copy(place, buffer),
            _ => self.vector_access(place, buffer),
        };
        made.is_some()
    }

    fn shape(&self, buffer: ValueId) -> (Vec<i64>, Option<Type>) {
        let data = self.m.type_data(self.m.value_type(buffer));
        (data.shape().unwrap_or(&[]).to_vec(), data.elem())
    }

    fn subscripts(&mut self, place: &mut Place<'_>, shape: &[i64]) -> Option<Vec<ValueId>> {
        let mut all = Vec::with_capacity(shape.len());
        for &extent in shape {
            let at = self.c.between(0, (extent - 1).max(0));
            all.push(self.index(place, at)?);
        }
        Some(all)
    }

    fn load(&mut self, place: &mut Place<'_>, buffer: ValueId) -> Option<ValueId> {
        let (shape, _) = self.shape(buffer);
        let at = self.subscripts(place, &shape)?;
        if !self.can("memref.load") {
            return None;
        }
        let v = Builder::at_end(&mut self.m, place.block).load(buffer, &at);
        place.scope.add(&[v]);
        Some(v)
    }

    fn store(&mut self, place: &mut Place<'_>, buffer: ValueId) -> Option<()> {
        let (shape, elem) = self.shape(buffer);
        let at = self.subscripts(place, &shape)?;
        let value = self.value(place, elem?)?;
        if !self.can("memref.store") {
            return None;
        }
        Builder::at_end(&mut self.m, place.block).store(value, buffer, &at);
        Some(())
    }

    /// A loop over the first dimension of a buffer that loads, computes and stores.
    fn sweep(&mut self, place: &mut Place<'_>, buffer: ValueId) -> Option<()> {
        let needed = ["scf.for", "scf.yield", "memref.load", "memref.store"];
        if !needed.iter().all(|n| self.can(n)) || !self.may_nest(place) {
            return None;
        }
        let (shape, elem) = self.shape(buffer);
        let bounds = [0, *shape.first()?, 1].map(|x| self.index(place, x));
        let bounds: Vec<ValueId> = bounds.into_iter().collect::<Option<_>>()?;
        let rest = self.subscripts(place, &shape[1..])?;
        let state = OpState::new("scf.for").operands(&bounds).regions(1);
        let op = self.insert(place.block, state);
        let region = self.m.regions(op)[0];
        let index = self.m.index();
        let block = self.m.add_block(region, &[index]);
        let mut at = self.m.block_args(block).to_vec();
        at.extend(rest);
        let mut scope = place.scope.clone();
        scope.add(&at[..1]);
        let mut inner = Place {
            block,
            scope: &mut scope,
            flavour: place.flavour,
            depth: place.depth + 1,
        };
        let v = Builder::at_end(&mut self.m, block).load(buffer, &at);
        inner.scope.add(&[v]);
        let count = self.c.between(1, 3) as u32;
        self.ops(&mut inner, count);
        let value = elem.and_then(|t| self.value(&mut inner, t)).unwrap_or(v);
        let mut b = Builder::at_end(&mut self.m, block);
        b.store(value, buffer, &at);
        b.op("scf.yield", &[], &[]);
        Some(())
    }

    /// A copy to another buffer of the type, or to a new one.
    fn copy(&mut self, place: &mut Place<'_>, buffer: ValueId) -> Option<()> {
        if !self.can("memref.copy") {
            return None;
        }
        let ty = self.m.value_type(buffer);
        let other = place.scope.of_type(&mut self.c, &self.m, ty);
        let target = other.filter(|&v| v != buffer);
        let target = match target {
            Some(v) => v,
            None if self.can("memref.alloc") => {
                let v = Builder::at_end(&mut self.m, place.block).alloc(ty, "scratch");
                place.scope.add(&[v]);
                v
            }
            None => return None,
        };
        let state = OpState::new("memref.copy").operands(&[buffer, target]);
        self.insert(place.block, state);
        Some(())
    }

    fn vector_access(&mut self, place: &mut Place<'_>, buffer: ValueId) -> Option<()> {
        let (shape, elem) = self.shape(buffer);
        let &[length] = shape.as_slice() else {
            return None;
        };
        let elem = elem.filter(|_| length >= 4)?;
        let lanes = 4;
        let start = self.c.of(&[0, length / lanes * lanes - lanes]);
        let at = self.index(place, start)?;
        let vector = self.m.vector(&[lanes], elem);
        let stored = place.scope.pick(&mut self.c, &self.m, |m, t| {
            t == vector && matches!(m.type_data(t), TypeData::Vector { .. })
        });
        match stored {
            Some(v) if self.can("vector.store") && self.c.once_in(2) => {
                Builder::at_end(&mut self.m, place.block).vstore(v, buffer, &[at], None);
            }
            _ if self.can("vector.load") => {
                let v = Builder::at_end(&mut self.m, place.block).vload(buffer, &[at], lanes, None);
                place.scope.add(&[v]);
            }
            _ => return None,
        }
        Some(())
    }
}
