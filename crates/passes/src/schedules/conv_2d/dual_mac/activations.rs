//! Activations as words for dual multiplications: of four bytes `x₀ x₁ x₂ x₃` in a row, the even ones `(x₀, x₂)` as halves, and the odd
//! ones 256 times as large, `(256·x₁ + 127 − x₀, 256·x₃ + 127 − x₂)`, which are the bytes themselves with seven bits inverted.

use crate::schedules::conv_2d::kernel::{loop_cycles, row_or_padding};
use crate::schedules::conv_2d::patch::Patch;
use crate::schedules::layer::Extents;
use crate::schedules::subscript::{at_least, at_most, sum_of};
use ir::{Builder, ValueId};
use target::Target;

/// Bytes in a quad.
pub const QUAD: i64 = 4;
/// Words of a quad.
pub const QUAD_WORDS: i64 = 2;
/// What turns the bytes of a word into the odd ones of a quad.
const INVERTED: i64 = 0x007f_007f;
/// Quads that are converted in a row.
const UNROLL: i64 = 4;
/// Quads of a window that are converted without a loop.
const STRAIGHT: i64 = 16;
/// Taps at most that are gathered byte by byte.
const GATHERED: usize = 32;

/// Where the words of a tile of outputs lie.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Form {
    /// `[column of the input][kernel row][channel]`: windows share columns. Channels are whole quads.
    Columns,
    /// `[pixel][kernel row][run of taps]`, and what is left of the runs at the end.
    Pixels,
    /// The input itself, where a window is one pixel of whole quads.
    Input,
}

/// The words of a tile of `rows` × `columns` outputs.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Words {
    extents: Extents,
    form: Form,
    rows: i64,
    columns: i64,
}

/// Buffers and values that filling needs.
#[derive(Clone, Copy, Debug)]
pub struct Source {
    /// The input.
    pub input: ValueId,
    /// The words; the input itself if they are its bytes.
    pub words: ValueId,
    /// The padded bytes under a tile, if they are needed.
    pub patch: Option<ValueId>,
    /// The input's zero point.
    pub padding: i64,
}

impl Words {
    /// For tiles of a layer. Tiles of several rows are whole rows. One pixel of one tap is read where it is: words that are made are
    /// read once for every block of channels, which does not pay for scratch.
    pub fn new(extents: &Extents, rows: i64, columns: i64) -> Words {
        let e = extents;
        let whole = e.channels % QUAD == 0 && (e.dilation.1 == 1 || e.kernel.1 == 1);
        let single = e.kernel == (1, 1) && e.is_inside() && rows * columns == 1;
        Words {
            extents: *e,
            form: match whole {
                true if single => Form::Input,
                true => Form::Columns,
                false => Form::Pixels,
            },
            rows,
            columns,
        }
    }

    /// Whether pixels of several rows may share a tile.
    pub fn may_have_rows(extents: &Extents) -> bool {
        Words::new(extents, 1, 2).form == Form::Pixels
    }

    /// Whether the words are the input's bytes.
    pub fn is_raw(&self) -> bool {
        self.form == Form::Input
    }

    /// Runs of taps that are contiguous in a row of the input, and the length of each.
    fn runs(&self) -> (i64, i64) {
        let e = &self.extents;
        if e.dilation.1 == 1 || e.kernel.1 == 1 {
            (1, e.kernel.1 * e.channels)
        } else {
            (e.kernel.1, e.channels)
        }
    }

    /// Taps (positions in a filter) in the order of the words, four a quad; none is a weight of zero.
    pub fn order(&self) -> Vec<Option<usize>> {
        let e = &self.extents;
        let (kh, kw, c) = (e.kernel.0, e.kernel.1, e.channels);
        let tap = |y: i64, x: i64, i: i64| Some(((y * kw + x) * c + i) as usize);
        let mut order = Vec::new();
        match self.form {
            Form::Columns | Form::Input => {
                for x in 0..kw {
                    for y in 0..kh {
                        order.extend((0..c).map(|i| tap(y, x, i)));
                    }
                }
            }
            Form::Pixels => {
                let (runs, length) = self.runs();
                let whole = length - length % QUAD;
                let mut left: Vec<Option<usize>> = Vec::new();
                for y in 0..kh {
                    for r in 0..runs {
                        let taps =
                            (0..length).map(|i| Some(((y * runs + r) * length + i) as usize));
                        let taps: Vec<_> = taps.collect();
                        order.extend(&taps[..whole as usize]);
                        left.extend(&taps[whole as usize..]);
                    }
                }
                order.extend(left);
                while order.len() % QUAD as usize != 0 {
                    order.push(None);
                }
            }
        }
        order
    }

    /// Quads of a window.
    pub fn quads(&self) -> i64 {
        let e = &self.extents;
        let taps = e.kernel.0 * e.kernel.1 * e.channels;
        (taps + QUAD - 1) / QUAD
    }

    /// Whether columns that no window has are left out.
    fn skips(&self) -> bool {
        self.extents.kernel.1 == 1 && self.extents.is_inside()
    }

    /// Columns of the input that are converted, and their distance.
    fn columns_of_input(&self) -> (i64, i64) {
        let e = &self.extents;
        if self.skips() {
            (self.columns, e.stride.1)
        } else {
            ((self.columns - 1) * e.stride.1 + e.kernel.1, 1)
        }
    }

    /// Words of a column.
    fn column(&self) -> i64 {
        self.extents.kernel.0 * self.extents.channels / QUAD * QUAD_WORDS
    }

    /// Words between the windows of two pixels in a row.
    pub fn pixel(&self) -> i64 {
        match self.form {
            Form::Columns if self.skips() => self.column(),
            Form::Columns => self.extents.stride.1 * self.column(),
            Form::Input => 0,
            Form::Pixels => self.quads() * QUAD_WORDS,
        }
    }

    /// Words of a tile, or of a block of `pixels` pixels where a tile is not converted as a whole.
    pub fn len(&self, pixels: i64) -> i64 {
        match self.form {
            Form::Columns => self.columns_of_input().0 * self.column(),
            Form::Input => 0,
            Form::Pixels if self.rows > 1 => self.rows * self.columns * self.pixel(),
            Form::Pixels => pixels * self.pixel(),
        }
    }

    /// Whether a tile is converted as a whole; else block by block.
    pub fn is_shared(&self) -> bool {
        self.form != Form::Pixels || self.rows > 1
    }

    /// The padded bytes under a tile, if they are needed.
    pub fn patch(&self) -> Option<Patch> {
        let is_needed = self.form == Form::Pixels && !self.extents.is_inside();
        is_needed.then(|| Patch::new(&self.extents, self.rows, self.columns))
    }

    /// Whether the taps that are left over are few enough to be gathered.
    pub fn can_gather(&self) -> bool {
        let (runs, length) = self.runs();
        let left = self.extents.kernel.0 * runs * (length % QUAD);
        self.form != Form::Pixels || left <= GATHERED as i64
    }

    /// Cycles of converting a tile of `pixels`, without its patch.
    pub fn cycles(&self, pixels: i64, target: &Target) -> u64 {
        let c = &target.cost;
        let quad = u64::from(c.load + 2 * c.alu + 2 * c.store);
        let run = |quads: i64| quads as u64 * quad + (quads as u64 / 4) * loop_cycles(target);
        match self.form {
            Form::Input => 0,
            Form::Columns => {
                let e = &self.extents;
                let (columns, step) = self.columns_of_input();
                if e.kernel == (1, 1) && step == 1 && e.is_inside() {
                    return run(columns * e.channels / QUAD) + 8;
                }
                let column = run(e.channels / QUAD) + loop_cycles(target) + 4;
                e.kernel.0 as u64 * (columns as u64 * column + 30)
            }
            Form::Pixels => {
                let (runs, length) = self.runs();
                let rows = self.extents.kernel.0 * runs;
                let left = rows * (length % QUAD);
                let gathered = left as u64 * u64::from(c.load_after_load + 3 * c.alu);
                pixels as u64 * (rows as u64 * (run(length / QUAD) + 2) + gathered + 12)
            }
        }
    }

    /// Bytes of code that converts.
    pub fn code_bytes(&self) -> u64 {
        match self.form {
            Form::Input => 0,
            Form::Columns if self.extents.is_inside() => 160,
            Form::Columns => 400,
            Form::Pixels => 300,
        }
    }

    /// Converts `count` quads at `from` to the words at `to`.
    fn convert(
        &self,
        b: &mut Builder<'_>,
        (source, from): (ValueId, ValueId),
        (words, to): (ValueId, ValueId),
        count: i64,
    ) {
        let aligned = self.extents.channels % QUAD == 0;
        let whole = count - count % UNROLL;
        let quad = |b: &mut Builder<'_>, i: ValueId, behind: i64| {
            let at = sum_of(b, &[(from, 1), (i, QUAD)], behind * QUAD);
            let i32t = b.m.i32();
            let word = b.m.vector(&[1], i32t);
            let bytes = b.vload(source, &[at], QUAD, aligned.then_some(QUAD));
            let bits = b.cast("vector.bitcast", bytes, word);
            let x = b.extract(bits, 0);
            let (even, odd) = (even(b, x), odd(b, x));
            for (j, value) in [even, odd].into_iter().enumerate() {
                let at = sum_of(
                    b,
                    &[(to, 1), (i, QUAD_WORDS)],
                    behind * QUAD_WORDS + j as i64,
                );
                b.store(value, words, &[at]);
            }
        };
        b.for_range(0, whole, UNROLL, &[], |b, i, _| {
            for u in 0..UNROLL {
                quad(b, i, u);
            }
            Vec::new()
        });
        let rest = b.const_index(whole);
        for u in 0..count - whole {
            quad(b, rest, u);
        }
    }

    /// Writes `count` quads of padding at `to`.
    fn pad(b: &mut Builder<'_>, s: &Source, to: ValueId, count: i64) {
        let z = s.padding;
        let half = |x: i64| i64::from(((x & 0xffff) | (x << 16)) as i32);
        b.for_range(0, count, 1, &[], |b, i, _| {
            for (j, value) in [half(z), half(256 * z + 127 - z)].into_iter().enumerate() {
                let value = b.const_i32(value);
                let at = sum_of(b, &[(to, 1), (i, QUAD_WORDS)], j as i64);
                b.store(value, s.words, &[at]);
            }
            Vec::new()
        });
    }

    /// Converts what lies under the tile at output (`y`, `x`) of image `n` as a whole; gives the place of the first pixel's words.
    pub fn fill(&self, b: &mut Builder<'_>, s: &Source, at: [ValueId; 3]) -> ValueId {
        if self.is_raw() {
            let e = &self.extents;
            let pixel = e.channels / QUAD;
            let line = e.input.1 * pixel;
            let strides = [e.input.0 * line, e.stride.0 * line, e.stride.1 * pixel];
            let terms: Vec<_> = at.into_iter().zip(strides).collect();
            return sum_of(b, &terms, 0);
        }
        match self.form {
            Form::Pixels => self.fill_rows(b, s, at),
            Form::Columns | Form::Input => self.fill_columns(b, s, at),
        }
        b.const_index(0)
    }

    fn fill_columns(&self, b: &mut Builder<'_>, s: &Source, [n, y, x]: [ValueId; 3]) {
        let e = self.extents;
        let (c, kh) = (e.channels, e.kernel.0);
        let (columns, step) = self.columns_of_input();
        let image = e.input.0 * e.input.1 * c;
        let line = e.input.1 * c;
        let zero = b.const_index(0);
        let top = sum_of(b, &[(y, e.stride.0)], -e.pad.0);
        let left = sum_of(b, &[(x, e.stride.1)], -e.pad.1);
        if e.kernel == (1, 1) && step == 1 && e.is_inside() {
            let from = sum_of(b, &[(n, image), (top, line), (left, c)], 0);
            self.convert(b, (s.input, from), (s.words, zero), columns * c / QUAD);
            return;
        }
        let last_top = (e.output.0 - 1) * e.stride.0 - e.pad.0;
        let last_left = (e.output.1 - self.columns) * e.stride.1 - e.pad.1;
        let rows_inside = e.pad.0 == 0 && last_top + (kh - 1) * e.dilation.0 < e.input.0;
        let starts_inside = e.pad.1 == 0;
        let ends_inside = last_left + (columns - 1) * step < e.input.1;
        // Columns of the tile from which to which it is inside; the distance is 1 where there is padding.
        let from = if starts_inside {
            zero
        } else {
            let v = sum_of(b, &[(left, -1)], 0);
            let v = at_least(b, v, 0);
            at_most(b, v, columns)
        };
        let to = if ends_inside {
            b.const_index(columns)
        } else {
            let v = sum_of(b, &[(left, -1)], e.input.1);
            let v = at_most(b, v, columns);
            at_least(b, v, 0)
        };
        let (one, end) = (b.const_index(1), b.const_index(columns));
        let quads = c / QUAD;
        let pad = |b: &mut Builder<'_>, r: ValueId, from: ValueId, to: ValueId| {
            b.for_loop(from, to, one, &[], |b, column, _| {
                let terms = [(column, self.column()), (r, quads * QUAD_WORDS)];
                let to = sum_of(b, &terms, 0);
                Self::pad(b, s, to, quads);
                Vec::new()
            });
        };
        b.for_range(0, kh, 1, &[], |b, r, _| {
            let row = sum_of(b, &[(top, 1), (r, e.dilation.0)], 0);
            let copy = |b: &mut Builder<'_>| {
                if !starts_inside {
                    pad(b, r, zero, from);
                }
                let source = sum_of(b, &[(n, image), (row, line), (left, c)], 0);
                b.for_loop(from, to, one, &[], |b, column, _| {
                    let from = sum_of(b, &[(source, 1), (column, step * c)], 0);
                    let terms = [(column, self.column()), (r, quads * QUAD_WORDS)];
                    let to = sum_of(b, &terms, 0);
                    self.convert(b, (s.input, from), (s.words, to), quads);
                    Vec::new()
                });
                if !ends_inside {
                    pad(b, r, to, end);
                }
            };
            if rows_inside {
                copy(b);
            } else {
                row_or_padding(b, row, e.input.0, copy, |b| pad(b, r, zero, end));
            }
            Vec::new()
        });
    }

    /// Fills the patch under the tile at output (`y`, `x`) of image `n`, if there is one.
    pub fn fill_patch(&self, b: &mut Builder<'_>, s: &Source, at: [ValueId; 3]) {
        if let (Some(shape), Some(patch)) = (self.patch(), s.patch) {
            let i8t = b.m.i8();
            let padding = b.const_int(s.padding, i8t);
            shape.fill(b, s.input, patch, padding, at);
        }
    }

    /// Converts the windows of `pixels` pixels of a row from column `first` of the tile at output (`y`, `x`) of image `n` to the first words.
    pub fn fill_pixels(
        &self,
        b: &mut Builder<'_>,
        s: &Source,
        at: [ValueId; 3],
        first: ValueId,
        pixels: i64,
    ) {
        let bytes = self.bytes(b, s, at);
        b.for_range(0, pixels, 1, &[], |b, p, _| {
            let terms = [(bytes.start, 1), (first, bytes.column), (p, bytes.column)];
            let from = sum_of(b, &terms, 0);
            let to = sum_of(b, &[(p, self.pixel())], 0);
            self.window(b, s, &bytes, from, to);
            Vec::new()
        });
    }

    /// Converts the windows of all pixels of a tile of several rows.
    fn fill_rows(&self, b: &mut Builder<'_>, s: &Source, at: [ValueId; 3]) {
        self.fill_patch(b, s, at);
        let bytes = self.bytes(b, s, at);
        let down = self.extents.stride.0 * bytes.line;
        b.for_range(0, self.rows, 1, &[], |b, row, _| {
            b.for_range(0, self.columns, 1, &[], |b, column, _| {
                let terms = [(bytes.start, 1), (row, down), (column, bytes.column)];
                let from = sum_of(b, &terms, 0);
                let pixel = self.pixel();
                let to = sum_of(b, &[(row, self.columns * pixel), (column, pixel)], 0);
                self.window(b, s, &bytes, from, to);
                Vec::new()
            });
            Vec::new()
        });
    }

    /// Where the bytes of the tile at output (`y`, `x`) of image `n` are.
    fn bytes(&self, b: &mut Builder<'_>, s: &Source, [n, y, x]: [ValueId; 3]) -> Bytes {
        let e = &self.extents;
        let column = e.stride.1 * e.channels;
        match (self.patch(), s.patch) {
            (Some(shape), Some(patch)) => Bytes {
                buffer: patch,
                start: b.const_index(0),
                line: shape.row(),
                column,
            },
            _ => {
                let line = e.input.1 * e.channels;
                let terms = [(n, e.input.0 * line), (y, e.stride.0 * line), (x, column)];
                Bytes {
                    buffer: s.input,
                    start: sum_of(b, &terms, 0),
                    line,
                    column,
                }
            }
        }
    }

    /// Converts the window whose first byte is at `from` to the words at `to`.
    fn window(&self, b: &mut Builder<'_>, s: &Source, bytes: &Bytes, from: ValueId, to: ValueId) {
        let e = self.extents;
        let (runs, length) = self.runs();
        let whole = length / QUAD;
        let (down, across) = (e.dilation.0 * bytes.line, e.dilation.1 * e.channels);
        if whole > 0 {
            let row = |b: &mut Builder<'_>, r: ValueId| {
                for run in 0..runs {
                    let from = sum_of(b, &[(from, 1), (r, down)], run * across);
                    let words = whole * QUAD_WORDS;
                    let to = sum_of(b, &[(to, 1), (r, runs * words)], run * words);
                    self.convert(b, (bytes.buffer, from), (s.words, to), whole);
                }
            };
            if whole * runs * e.kernel.0 <= STRAIGHT {
                for r in 0..e.kernel.0 {
                    let r = b.const_index(r);
                    row(b, r);
                }
            } else {
                b.for_range(0, e.kernel.0, 1, &[], |b, r, _| {
                    row(b, r);
                    Vec::new()
                });
            }
        }
        let mut left = Vec::new();
        for r in 0..e.kernel.0 {
            for run in 0..runs {
                left.extend((whole * QUAD..length).map(|i| r * down + run * across + i));
            }
        }
        let done = whole * runs * e.kernel.0;
        for (i, quad) in left.chunks(QUAD as usize).enumerate() {
            let to = sum_of(b, &[(to, 1)], (done + i as i64) * QUAD_WORDS);
            gather(b, (bytes.buffer, from), quad, (s.words, to));
        }
    }
}

/// The bytes under a tile.
#[derive(Clone, Copy, Debug)]
struct Bytes {
    buffer: ValueId,
    /// Where those of the first pixel's window begin.
    start: ValueId,
    /// Bytes between rows of the input.
    line: i64,
    /// Bytes between the windows of two pixels in a row.
    column: i64,
}

/// The even activations of a word of the input.
pub fn even(b: &mut Builder<'_>, x: ValueId) -> ValueId {
    b.dsp_by("sxtb16", &[x], 0)
}

/// The odd activations of a word of the input.
pub fn odd(b: &mut Builder<'_>, x: ValueId) -> ValueId {
    let inverted = b.const_i32(INVERTED);
    b.xori(x, inverted)
}

/// Makes a quad of up to four bytes at distances from `from`; what is missing is 0, or anything that a weight of 0 is multiplied with.
fn gather(
    b: &mut Builder<'_>,
    (source, from): (ValueId, ValueId),
    distances: &[i64],
    (words, to): (ValueId, ValueId),
) {
    let i32t = b.m.i32();
    let zero = b.const_i32(0);
    let mut x = [zero; QUAD as usize];
    for (x, &distance) in x.iter_mut().zip(distances) {
        let at = sum_of(b, &[(from, 1)], distance);
        let byte = b.load(source, &[at]);
        *x = b.extsi(byte, i32t);
    }
    let mut halves = [zero; 2];
    for (half, pair) in halves.iter_mut().zip(x.chunks(2)) {
        if pair[1] == zero && pair[0] == zero {
            continue;
        }
        let scale = b.const_i32(256);
        let scaled = b.muli_nsw(pair[1], scale);
        let offset = b.const_i32(127);
        let rest = b.subi_nsw(offset, pair[0]);
        *half = b.addi_nsw(scaled, rest);
    }
    for (j, [low, high]) in [[x[0], x[2]], halves].into_iter().enumerate() {
        let word = b.dsp_by("pkhbt", &[low, high], 16);
        let at = sum_of(b, &[(to, 1)], j as i64);
        b.store(word, words, &[at]);
    }
}
