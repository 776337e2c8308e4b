//! Functions of one int8 number: a clamp where the function is one, else a table of its 256 values.

use super::elementwise::each_element;
use super::parameters::kernel_name;
use ir::OpId;
use pass::{Cost, KernelBuilder};
use target::Target;

/// A function of one int8 number: its value of `x` is at index `x as u8`.
pub(super) struct ByteMap(pub [i8; 256]);

impl ByteMap {
    /// By a function on slices.
    ///
    /// # Errors
    /// The function's.
    pub(super) fn of<E>(f: impl FnOnce(&[i8], &mut [i8]) -> Result<(), E>) -> Result<ByteMap, E> {
        let inputs: Vec<i8> = (0..=255u8).map(|x| x as i8).collect();
        let mut table = [0; 256];
        f(&inputs, &mut table)?;
        Ok(ByteMap(table))
    }

    fn at(&self, x: i8) -> i8 {
        self.0[usize::from(x as u8)]
    }

    /// The bounds, if the function is a clamp: `max` with the lower, then `min` with the upper.
    fn clamp(&self) -> Option<(i8, i8)> {
        let (lower, upper) = (self.at(i8::MIN), self.at(i8::MAX));
        (i8::MIN..=i8::MAX)
            .all(|x| self.at(x) == x.max(lower).min(upper))
            .then_some((lower, upper))
    }

    /// The cost of mapping `n` elements.
    pub(super) fn cost(&self, n: i64, target: &Target) -> Cost {
        let c = &target.cost;
        let (work, table) = match self.clamp() {
            Some(_) => (4 * c.alu, 0),
            None => (c.load, 256),
        };
        let loop_ = (2 * c.alu + c.branch_taken) / super::elementwise::unroll(n, target) as u32;
        Cost {
            cycles: n as u64 * u64::from(c.load_after_load + work + c.store + loop_),
            flash: 60 + table,
            ram: 0,
        }
    }

    /// Builds the kernel that maps operand 0 of `op` to its result 0.
    pub(super) fn lower(&self, op: OpId, n: i64, target: &Target, k: &mut KernelBuilder<'_>) {
        let bounds = self.clamp();
        let kind = if bounds.is_some() { "clamp" } else { "map" };
        k.set_name(&kernel_name(format!("{kind}_i8_{n}")));
        let input = k.input(op, 0, &[n]);
        let clamp = bounds.map(|(lower, upper)| {
            let bound = |x: i8, unless: i8, k: &mut KernelBuilder<'_>| {
                (x != unless).then(|| k.scalar_i32(x.into()))
            };
            (bound(lower, i8::MIN, k), bound(upper, i8::MAX, k))
        });
        let table = clamp.is_none().then(|| k.table_i8("map", &[256], &self.0));
        let output = k.output(op, 0, &[n]);
        let mut b = k.body();
        let (i8, i32, index) = (b.m.i8(), b.m.i32(), b.m.index());
        each_element(&mut b, n, target, |b, elements| {
            let mut values = Vec::with_capacity(elements.len());
            for &i in elements {
                values.push(b.load(input, &[i]));
            }
            for (&i, x) in elements.iter().zip(values) {
                let y = if let Some(table) = table {
                    let x = b.cast("arith.extui", x, i32);
                    let x = b.cast("arith.index_cast", x, index);
                    b.load(table, &[x])
                } else {
                    let (lower, upper) = clamp.unwrap_or_default();
                    let mut x = b.extsi(x, i32);
                    if let Some(lower) = lower {
                        x = b.maxsi(x, lower);
                    }
                    if let Some(upper) = upper {
                        x = b.minsi(x, upper);
                    }
                    b.trunci(x, i8)
                };
                b.store(y, output, &[i]);
            }
        });
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn map(f: impl Fn(i8) -> i8) -> ByteMap {
        ByteMap::of(|x, y| {
            for (y, &x) in y.iter_mut().zip(x) {
                *y = f(x);
            }
            Ok::<(), ()>(())
        })
        .unwrap()
    }

    #[test]
    fn clamps_are_found() {
        assert_eq!(map(|x| x).clamp(), Some((-128, 127)));
        assert_eq!(map(|x| x.clamp(-7, 90)).clamp(), Some((-7, 90)));
        assert_eq!(map(|_| 5).clamp(), Some((5, 5)));
        assert_eq!(map(|x| x / 2).clamp(), None);
        assert_eq!(map(|x| x.wrapping_add(1)).clamp(), None);
    }
}
