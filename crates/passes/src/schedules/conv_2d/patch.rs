//! Patches: the input under a tile of outputs, copied to scratch with its padding, so that no loop over taps or channels tests for it.

use crate::schedules::conv_2d::kernel::row_or_padding;
use crate::schedules::layer::Extents;
use crate::schedules::subscript::{at_least, at_most, sum_of};
use ir::{Builder, ValueId};
use target::CostTable;

/// The shape of a patch under a tile of `rows` × `columns` outputs.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Patch {
    extents: Extents,
    tile: (i64, i64),
    /// Rows of the input under the tile.
    pub height: i64,
    /// Columns of the input under the tile.
    pub width: i64,
}

impl Patch {
    /// Under a tile of outputs.
    pub fn new(extents: &Extents, rows: i64, columns: i64) -> Patch {
        let reach = extents.reach();
        Patch {
            extents: *extents,
            tile: (rows, columns),
            height: (rows - 1) * extents.stride.0 + reach.0,
            width: (columns - 1) * extents.stride.1 + reach.1,
        }
    }

    /// Elements of a row.
    pub fn row(&self) -> i64 {
        self.width.saturating_mul(self.extents.channels)
    }

    /// Elements.
    pub fn elements(&self) -> i64 {
        self.height.saturating_mul(self.row())
    }

    /// Cycles of filling a patch.
    pub fn cycles(&self, c: &CostTable) -> u64 {
        let row = self.row() as u64;
        let element = u64::from(c.load_after_load + c.store) + 1;
        self.height as u64 * (row * element + 12 + 2 * u64::from(c.branch_taken))
    }

    /// Copies the patch of the tile at output (`y`, `x`) of image `n`; what lies outside of the input becomes `padding` (i8).
    pub fn fill(
        &self,
        b: &mut Builder<'_>,
        input: ValueId,
        patch: ValueId,
        padding: ValueId,
        [n, y, x]: [ValueId; 3],
    ) {
        let e = self.extents;
        let c = e.channels;
        let top = sum_of(b, &[(y, e.stride.0)], -e.pad.0);
        let left = sum_of(b, &[(x, e.stride.1)], -e.pad.1);
        // The last tile starts where it still ends with the output.
        let last_top = (e.output.0 - self.tile.0) * e.stride.0 - e.pad.0;
        let last_left = (e.output.1 - self.tile.1) * e.stride.1 - e.pad.1;
        let rows_inside = e.pad.0 == 0 && last_top + self.height <= e.input.0;

        // Columns of the patch from which to which it is inside.
        let mut from = sum_of(b, &[(left, -1)], 0);
        from = at_least(b, from, 0);
        if e.pad.1 > self.width {
            from = at_most(b, from, self.width);
        }
        let mut to = sum_of(b, &[(left, -1)], e.input.1);
        to = at_most(b, to, self.width);
        if last_left > e.input.1 {
            to = at_least(b, to, 0);
        }
        let from = sum_of(b, &[(from, c)], 0);
        let to = sum_of(b, &[(to, c)], 0);
        let (zero, one) = (b.const_index(0), b.const_index(1));
        let end = b.const_index(self.row());
        let fill = |b: &mut Builder<'_>, at: ValueId, from: ValueId, to: ValueId| {
            b.for_loop(from, to, one, &[], |b, i, _| {
                let i = sum_of(b, &[(at, 1), (i, 1)], 0);
                b.store(padding, patch, &[i]);
                Vec::new()
            });
        };
        b.for_range(0, self.height, 1, &[], |b, r, _| {
            let at = sum_of(b, &[(r, self.row())], 0);
            let row = sum_of(b, &[(top, 1), (r, 1)], 0);
            let copy = |b: &mut Builder<'_>| {
                if e.pad.1 > 0 {
                    fill(b, at, zero, from);
                }
                let source = sum_of(
                    b,
                    &[
                        (n, e.input.0 * e.input.1 * c),
                        (row, e.input.1 * c),
                        (left, c),
                    ],
                    0,
                );
                b.for_loop(from, to, one, &[], |b, i, _| {
                    let source = sum_of(b, &[(source, 1), (i, 1)], 0);
                    let target = sum_of(b, &[(at, 1), (i, 1)], 0);
                    let v = b.load(input, &[source]);
                    b.store(v, patch, &[target]);
                    Vec::new()
                });
                if last_left + self.width > e.input.1 {
                    fill(b, at, to, end);
                }
            };
            if rows_inside {
                copy(b);
            } else {
                row_or_padding(b, row, e.input.0, copy, |b| fill(b, at, zero, end));
            }
            Vec::new()
        });
    }
}
