//! The choices for a layer: blocks of registers, and tiles of outputs that words are made for at a time.

use super::activations::{QUAD_WORDS, Words};
use super::block::{DualBlock, REACH};
use crate::schedules::conv_2d::kernel::{SCRATCH, blocks};
use crate::schedules::layer::Extents;
use pass::Knobs;

/// Blocks of pixels × channels.
const BLOCKS: [(i64, i64); 8] = [
    (3, 2),
    (2, 3),
    (2, 2),
    (1, 4),
    (3, 1),
    (1, 2),
    (2, 1),
    (1, 1),
];
/// Quads that are multiplied without a loop.
const STRAIGHT: i64 = 16;
/// Scratch in bytes of a tile of one block.
const BLOCK_SCRATCH: i64 = 2048;
/// Scratch in bytes up to which words are made where no smaller tile does.
const LARGEST_SCRATCH: i64 = 4096;
/// Rows of a tile at most.
const ROWS: i64 = 4;
/// A choice.
#[derive(Clone, Copy, Debug)]
pub struct Plan {
    /// The block of registers.
    pub block: DualBlock,
    /// Rows of a tile.
    pub rows: i64,
    /// Columns of a tile.
    pub columns: i64,
    /// Its words.
    pub words: Words,
}

impl Plan {
    fn new(e: &Extents, block: (i64, i64), rows: i64, columns: i64) -> Plan {
        Plan {
            block: DualBlock {
                pixels: block.0,
                channels: block.1,
            },
            rows,
            columns,
            words: Words::new(e, rows, columns),
        }
    }

    /// As knobs say.
    pub fn of(e: &Extents, knobs: &Knobs) -> Plan {
        let [pixels, channels, rows, columns] =
            ["pixels", "channels", "rows", "columns"].map(|k| knobs.get(k));
        Plan::new(e, (pixels, channels), rows, columns)
    }

    fn knobs(&self) -> Knobs {
        Knobs::new(&[
            ("pixels", self.block.pixels),
            ("channels", self.block.channels),
            ("rows", self.rows),
            ("columns", self.columns),
        ])
    }

    /// Words in scratch: of the tile, or of a block of it.
    pub fn len(&self) -> i64 {
        self.words.len(self.block.pixels)
    }

    /// Bytes of scratch.
    pub fn scratch(&self) -> i64 {
        let patch = self.words.patch().map_or(0, |p| p.elements());
        self.len().saturating_mul(4).saturating_add(patch)
    }

    /// Blocks of a tile.
    pub fn blocks(&self) -> i64 {
        self.rows * self.columns / self.block.pixels
    }

    /// Tiles of a layer.
    pub fn tiles(&self, e: &Extents) -> i64 {
        e.batches * blocks(e.output.0, self.rows) * blocks(e.output.1, self.columns)
    }

    fn fits(&self, e: &Extents) -> bool {
        let furthest = (self.block.pixels - 1) * self.words.pixel() + STRAIGHT * QUAD_WORDS;
        self.block.fits()
            && e.out_channels >= self.block.channels
            && e.output.0 >= self.rows
            && e.output.1 >= self.columns
            && self.words.can_gather()
            && 4 * furthest <= REACH
    }

    /// All that fit a layer, with scratch of at most so many bytes for tiles of so many blocks.
    fn all(e: &Extents, limit: impl Fn(i64) -> i64) -> Vec<Plan> {
        let mut all = Vec::new();
        for block in BLOCKS {
            let pixels = block.0;
            let mut tiles = vec![
                (1, pixels),
                (1, 2 * pixels),
                (1, 4 * pixels),
                (1, 8 * pixels),
            ];
            if Words::may_have_rows(e) {
                tiles.push((1, e.output.1));
                tiles.extend((2..=ROWS).map(|rows| (rows, e.output.1)));
            }
            for (rows, columns) in tiles {
                let plan = Plan::new(e, block, rows, columns);
                if rows * columns % pixels == 0
                    && plan.fits(e)
                    && plan.scratch() <= limit(plan.blocks())
                {
                    all.push(plan);
                }
            }
        }
        all
    }
}

/// All choices for a layer: small tiles, or if none fits, larger ones.
pub fn space(e: &Extents) -> Vec<Knobs> {
    let mut all = Plan::all(
        e,
        |blocks| if blocks == 1 { BLOCK_SCRATCH } else { SCRATCH },
    );
    if all.is_empty() {
        all = Plan::all(e, |_| LARGEST_SCRATCH);
    }
    all.iter().map(Plan::knobs).collect()
}

/// Quads in a loop's body.
pub fn unroll(quads: i64) -> i64 {
    if quads <= STRAIGHT {
        return quads;
    }
    (6..=12).rev().find(|u| quads % u == 0).unwrap_or(8)
}
