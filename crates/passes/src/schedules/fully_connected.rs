//! Schedules of `nn.fully_connected` on int8.

use super::conv_2d::block::{Arithmetic, unroll};
use super::conv_2d::dual_mac::DualMac;
use super::conv_2d::helium::Helium;
use super::conv_2d::kernel::{LayerKernel, OfOp, block_start, blocks, loop_cycles, over_taps};
use super::conv_2d::pointwise::PointwisePairs;
use super::conv_2d::rows::Rows;
use super::interval::Interval;
use super::layer::{Layer, fully_connected_i8};
use super::requantize::{Channel, Requantization};
use super::subscript::sum_of;
use ir::{Builder, Diagnostic, OpId, OpRef, ValueId};
use pass::{Cost, KernelBuilder, Knobs, RegistryBuilder, RegistryError, Schedule};
use target::{Feature, Target};

/// Any fully connected layer, one output at a time.
pub struct Direct;

impl Schedule for Direct {
    fn name(&self) -> &str {
        "fully-connected-direct"
    }

    fn op(&self) -> &str {
        "nn.fully_connected"
    }

    fn applies(&self, op: OpRef<'_>, _: &Target) -> Result<(), String> {
        fully_connected_i8(op).map(|_| ())
    }

    fn cost(&self, op: OpRef<'_>, _: &Knobs, target: &Target) -> Cost {
        let ([rows, depth, channels], _) =
            fully_connected_i8(op).expect("invariant: the schedule applies");
        let c = &target.cost;
        let tap = u64::from(2 * c.load + c.mul + 5 * c.alu + c.branch_taken);
        let end = u64::from(c.wide_mul) + 60;
        Cost {
            cycles: (rows * channels) as u64 * (depth as u64 * tap + end),
            flash: 200 + channels as u64 * (depth as u64 + 9),
            ram: 0,
        }
    }

    fn lower(
        &self,
        op: OpId,
        _: &Knobs,
        _: &Target,
        k: &mut KernelBuilder<'_>,
    ) -> Result<(), Diagnostic> {
        let m = k.module();
        let ([rows, depth, channels], p) =
            fully_connected_i8(m.op(op)).map_err(|why| Diagnostic::error("L003", why))?;
        let has_bias = m.op(op).operand_count() > 2;
        // Nothing is proven of the accumulator; the bias is added by the loop.
        let unknown: Vec<Channel> = p
            .multipliers
            .iter()
            .map(|&multiplier| Channel {
                multiplier,
                accumulator: Interval::point(0),
                bias: 0,
            })
            .collect();
        let r = Requantization::reference(&unknown, p.output_zero_point, p.clamp);
        k.set_name(&format!("fully_connected_{rows}x{depth}x{channels}"));
        let input = k.input(op, 0, &[rows * depth]);
        let weights = k.input(op, 1, &[channels * depth]);
        let bias = has_bias.then(|| k.input(op, 2, &[channels]));
        let requantizer = r.declare(k);
        let input_zero_point = k.scalar_i32(i64::from(p.input_zero_point));
        let weight_zero_point =
            (p.weight_zero_point != 0).then(|| k.scalar_i32(i64::from(p.weight_zero_point)));
        let output = k.output(op, 0, &[rows * channels]);

        let mut b = k.body();
        b.for_range(0, rows, 1, &[], |b, row, _| {
            b.for_range(0, channels, 1, &[], |b, o, _| {
                let i32t = b.m.i32();
                let zero = b.const_i32(0);
                let sum = b.for_range(0, depth, 1, &[zero], |b, i, sum| {
                    let at = sum_of(b, &[(row, depth), (i, 1)], 0);
                    let v = b.load(input, &[at]);
                    let v = b.extsi(v, i32t);
                    let v = b.subi(v, input_zero_point);
                    let at = sum_of(b, &[(o, depth), (i, 1)], 0);
                    let w = b.load(weights, &[at]);
                    let mut w = b.extsi(w, i32t);
                    if let Some(z) = weight_zero_point {
                        w = b.subi(w, z);
                    }
                    let product = b.muli(v, w);
                    vec![b.addi(sum[0], product)]
                });
                let mut sum = sum[0];
                if let Some(bias) = bias {
                    let bias = b.load(bias, &[o]);
                    sum = b.addi(sum, bias);
                }
                let constants = requantizer.channel(b, o);
                let v = requantizer.output(b, &constants, sum);
                let at = sum_of(b, &[(row, channels), (o, 1)], 0);
                b.store(v, output, &[at]);
                Vec::new()
            });
            Vec::new()
        });
        Ok(())
    }
}

/// Two output channels in one 64-bit multiply-add: of a word with the weights of four channels, the lowest and the highest byte, or the
/// two in the middle after a rotation, are multiplied with the input at once.
///
/// A masked word is `(w₀ + 128) + w₃·2²⁴`, so that 128 times the sum of the inputs is taken off at the start.
pub struct WordPairs;

/// Bits of the lower channel's sum.
const LANE_BITS: u32 = 24;
/// What makes it non-negative.
const LANE_BIAS: i64 = 1 << (LANE_BITS - 1);
/// The lowest and the highest byte of a word.
const ENDS: i64 = 0xff00_00ff;
/// Channels of a word.
const CHANNELS: i64 = 4;

impl WordPairs {
    /// The weights as words: of channels 0 and 2 with 128 added, since they are read unsigned.
    fn words(layer: &Layer) -> Vec<i8> {
        let order: Vec<usize> = (0..layer.depth() as usize).collect();
        let mut packed = layer.packed(CHANNELS, &order);
        for word in packed.chunks_exact_mut(CHANNELS as usize) {
            word[0] ^= i8::MIN;
            word[2] ^= i8::MIN;
        }
        packed
    }
}

impl LayerKernel for WordPairs {
    fn applies(&self, layer: &Layer, target: &Target) -> Result<(), String> {
        if !target.has(Feature::LongMultiply) {
            return Err("the core has no long multiplication".to_owned());
        }
        if layer.extents.out_channels < CHANNELS {
            return Err("has fewer than four output channels".to_owned());
        }
        layer.fits_bits(LANE_BITS)
    }

    fn space(&self, _: &Layer, _: &Target) -> Vec<Knobs> {
        vec![Knobs::default()]
    }

    fn cost(&self, layer: &Layer, _: &Knobs, target: &Target) -> Cost {
        let (e, c) = (&layer.extents, &target.cost);
        let r = layer.requantization();
        let (depth, rows) = (layer.depth() as u64, e.output.1 as u64);
        let u = unroll(layer.depth());
        let tap = u64::from(c.load + c.load_after_load + 2 * c.alu + 2 * c.wide_mul);
        let inner = depth * tap + blocks(layer.depth(), u) as u64 * loop_cycles(target);
        let output = u64::from(3 * c.alu + c.store) + r.cycles(target) + r.channel_cycles(target);
        let block = inner + 4 * output + loop_cycles(target);
        let sum = depth * u64::from(c.load + c.alu + 1);
        Cost {
            cycles: rows * (sum + blocks(e.out_channels, CHANNELS) as u64 * block),
            flash: 120
                + 28 * u as u64
                + 4 * (r.code_bytes() + 12)
                + layer.weight_bytes()
                + r.table_bytes(),
            ram: 0,
        }
    }

    fn lower(&self, layer: &Layer, _: &Knobs, op: OpId, k: &mut KernelBuilder<'_>) {
        let e = layer.extents;
        let (rows, depth, channels) = (e.output.1, layer.depth(), e.out_channels);
        k.set_name(&layer.kernel_name());
        let input = layer.declare_input(op, k);
        let packed = Self::words(layer);
        let weights = k.table_i8("weights", &[packed.len() as i64], &packed);
        let requantizer = layer.requantization().declare(k);
        let output = layer.declare_output(op, k);
        let u = unroll(depth);

        let mut b = k.body();
        b.for_range(0, rows, 1, &[], |b, row, _| {
            let from = sum_of(b, &[(row, depth)], 0);
            let start = start_value(b, input, from, depth);
            b.for_range(0, blocks(channels, CHANNELS), 1, &[], |b, block, _| {
                let o = block_start(b, block, CHANNELS, channels);
                let w0 = sum_of(b, &[(block, depth * CHANNELS)], 0);
                let sums = over_taps(b, depth, u, vec![start, start], |b, i, j, sums| {
                    let (i32t, i64t) = (b.m.i32(), b.m.i64());
                    let at = sum_of(b, &[(from, 1), (i, 1)], j);
                    let x = b.load(input, &[at]);
                    let x = b.extsi(x, i32t);
                    let x = b.extsi(x, i64t);
                    let at = sum_of(b, &[(w0, 1), (i, CHANNELS)], j * CHANNELS);
                    let word = load_word(b, weights, at);
                    let mask = b.const_i32(ENDS as i32 as i64);
                    let half = b.const_i32(16);
                    let (right, left) = (b.shrui(word, half), b.shli(word, half));
                    let rotated = b.ori(right, left);
                    for (sum, word) in sums.iter_mut().zip([word, rotated]) {
                        let w = b.andi(word, mask);
                        let w = b.extsi(w, i64t);
                        let product = b.muli_nsw(w, x);
                        *sum = b.addi_nsw(*sum, product);
                    }
                });
                let to = sum_of(b, &[(row, channels), (o, 1)], 0);
                for c in 0..CHANNELS {
                    let channel = sum_of(b, &[(o, 1)], c);
                    let constants = requantizer.channel(b, channel);
                    // Channels 0 and 3 are in the first sum, 2 and 1 in the second; 0 and 2 below.
                    let sum = sums[usize::from(c == 1 || c == 2)];
                    let sum = lane(b, sum, c % 2 == 1);
                    let v = requantizer.output(b, &constants, sum);
                    let at = sum_of(b, &[(to, 1)], c);
                    output.store(b, v, at);
                }
                Vec::new()
            });
            Vec::new()
        });
    }
}

/// The bias of the lower lane, less 128 times the sum of a row of the input.
fn start_value(b: &mut Builder<'_>, input: ValueId, from: ValueId, depth: i64) -> ValueId {
    let zero = b.const_i32(0);
    let sum = over_taps(
        b,
        depth,
        unroll(depth).min(4),
        vec![zero],
        |b, i, j, sum| {
            let i32t = b.m.i32();
            let at = sum_of(b, &[(from, 1), (i, 1)], j);
            let x = b.load(input, &[at]);
            let x = b.extsi(x, i32t);
            sum[0] = b.addi_nsw(sum[0], x);
        },
    );
    let i64t = b.m.i64();
    let sum = b.extsi(sum[0], i64t);
    let factor = b.const_i64(128);
    let taken = b.muli_nsw(sum, factor);
    let bias = b.const_i64(LANE_BIAS);
    b.subi_nsw(bias, taken)
}

/// Four bytes at a multiple of four as a word.
fn load_word(b: &mut Builder<'_>, table: ValueId, at: ValueId) -> ValueId {
    let i32t = b.m.i32();
    let word = b.m.vector(&[1], i32t);
    let bytes = b.vload(table, &[at], 4, Some(4));
    let bits = b.cast("vector.bitcast", bytes, word);
    b.extract(bits, 0)
}

/// One of the two sums in an accumulator, as i32.
fn lane(b: &mut Builder<'_>, both: ValueId, upper: bool) -> ValueId {
    let i32t = b.m.i32();
    if upper {
        let places = b.const_i64(i64::from(LANE_BITS));
        let high = b.shrsi(both, places);
        return b.trunci(high, i32t);
    }
    let mask = b.const_i64((1 << LANE_BITS) - 1);
    let low = b.andi(both, mask);
    let low = b.trunci(low, i32t);
    let bias = b.const_i32(LANE_BIAS);
    b.subi_nsw(low, bias)
}

/// Registers the schedules.
///
/// # Errors
/// If a name is taken.
pub fn register(r: &mut RegistryBuilder) -> Result<(), RegistryError> {
    let op = "nn.fully_connected";
    let layer = Layer::fully_connected;
    r.schedule(Direct)?;
    r.schedule(OfOp {
        name: "fully-connected-helium",
        op,
        layer,
        kernel: Helium,
    })?;
    r.schedule(OfOp {
        name: "fully-connected-dual-mac",
        op,
        layer,
        kernel: DualMac,
    })?;
    r.schedule(OfOp {
        name: "fully-connected-word-pairs",
        op,
        layer,
        kernel: WordPairs,
    })?;
    r.schedule(OfOp {
        name: "fully-connected-pixel-pairs",
        op,
        layer,
        kernel: PointwisePairs,
    })?;
    r.schedule(OfOp {
        name: "fully-connected-row-pairs",
        op,
        layer,
        kernel: Rows(Arithmetic::Pairs),
    })?;
    r.schedule(OfOp {
        name: "fully-connected-rows",
        op,
        layer,
        kernel: Rows(Arithmetic::Single),
    })?;
    Ok(())
}
