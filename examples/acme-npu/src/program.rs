//! What the NPU reads: a program of [`WORDS`] words a layer, weights in the order in which the array takes them, and three words for every output
//! channel. `driver/acme_npu_registers.h` describes the same for those who write C.

use crate::layer::{Kind, Layer, layers};
use ir::dialects::nn::{OffloadOp, YieldOp};
use ir::{Module, OpId, ValueId};
use std::collections::BTreeMap;

/// Words of a layer.
pub const WORDS: usize = 24;
/// Output channels that the array computes at a time.
pub const LANES: usize = 8;
/// Bytes of memory in the NPU, for what lies between the layers of one program.
pub const MEMORY: usize = 32 * 1024;
/// Registers for addresses of tensors outside.
pub const BUFFERS: usize = 8;

/// A program, with its constants.
#[derive(Clone, PartialEq, Debug)]
pub struct Program {
    /// The layers.
    pub layers: Vec<Layer>,
    /// [`WORDS`] for every layer.
    pub words: Vec<i32>,
    /// Weights; at least one byte.
    pub weights: Vec<i8>,
    /// Bias, multiplier and shift of every output channel; at least one word.
    pub parameters: Vec<i32>,
}

impl Program {
    /// Of a claim.
    ///
    /// # Errors
    /// What the NPU cannot do, in words.
    pub fn of(m: &Module, claim: OpId) -> Result<Program, String> {
        let layers = layers(m, claim)?;
        let places = places(m, claim, &layers)?;
        let mut program = Program {
            words: Vec::new(),
            weights: Vec::new(),
            parameters: Vec::new(),
            layers: Vec::new(),
        };
        for layer in &layers {
            program.add(layer, &places);
        }
        // A table has at least one element.
        program.weights.resize(program.weights.len().max(1), 0);
        program
            .parameters
            .resize(program.parameters.len().max(1), 0);
        program.layers = layers;
        Ok(program)
    }

    fn add(&mut self, layer: &Layer, places: &BTreeMap<ValueId, i32>) {
        let s = &layer.shape;
        let w = &s.window;
        let (kind, in_zero, out_zero) = match &layer.kind {
            Kind::Convolution {
                input_zero_point,
                output_zero_point,
                ..
            } => (0, *input_zero_point, *output_zero_point),
            Kind::MaxPool => (1, 0, 0),
            Kind::AveragePool => (2, 0, 0),
        };
        let size = |n: usize| n as i32;
        self.words.extend([
            kind,
            places[&layer.source],
            places[&layer.target],
            size(s.in_h),
            size(s.in_w),
            size(s.in_c),
            size(layer.output.0),
            size(layer.output.1),
            size(s.out_c),
            size(s.kernel_h),
            size(s.kernel_w),
            size(w.stride_h),
            size(w.stride_w),
            size(w.dilation_h),
            size(w.dilation_w),
            size(w.pad_top),
            size(w.pad_left),
            in_zero,
            out_zero,
            layer.clamp.min,
            layer.clamp.max,
            size(self.weights.len()),
            size(self.parameters.len()),
            0,
        ]);
        if let Kind::Convolution {
            filter,
            bias,
            factors,
            input_zero_point,
            ..
        } = &layer.kind
        {
            let taps = s.kernel_h * s.kernel_w * s.in_c;
            for group in (0..s.out_c).step_by(LANES) {
                for tap in 0..taps {
                    let lane = |channel: usize| match channel < s.out_c {
                        true => filter[channel * taps + tap],
                        false => 0,
                    };
                    self.weights.extend((group..group + LANES).map(lane));
                }
            }
            for channel in 0..s.out_c {
                // The array multiplies what is stored; the zero point's share of the sum is known.
                let weights = &filter[channel * taps..(channel + 1) * taps];
                let sum: i32 = weights.iter().map(|&w| i32::from(w)).sum();
                let bias = bias[channel].wrapping_sub(input_zero_point.wrapping_mul(sum));
                let (multiplier, shift) = factors[channel];
                self.parameters.extend([bias, multiplier, shift]);
            }
        }
    }

    /// Cycles in which the array computes and the bus moves tensors.
    pub fn cycles(&self, m: &Module, claim: OpId) -> u64 {
        let work = self.layers.iter().map(|l| {
            let s = &l.shape;
            let groups = s.out_c.div_ceil(LANES);
            // Of a pool every lane takes a channel of its own.
            let depth = match l.kind {
                Kind::Convolution { .. } => s.in_c.div_ceil(LANES),
                Kind::MaxPool | Kind::AveragePool => 1,
            };
            let pixels = l.output.0 * l.output.1;
            (pixels * groups * depth * s.kernel_h * s.kernel_w) as u64
        });
        // The bus moves four bytes a cycle.
        let outside = m.operands(claim).chain(m.results(claim).iter().copied());
        let moved: u64 = outside
            .map(|v| m.size_bytes(m.value_type(v)).unwrap_or(0))
            .sum();
        work.sum::<u64>() + moved / 4
    }

    /// Bytes of the tables.
    pub fn bytes(&self) -> u64 {
        (4 * self.words.len() + self.weights.len() + 4 * self.parameters.len()) as u64
    }
}

/// Where every tensor of a claim lies: below 0 the buffer −1 − n, else a byte of the NPU's memory.
fn places(m: &Module, claim: OpId, layers: &[Layer]) -> Result<BTreeMap<ValueId, i32>, String> {
    let block = OffloadOp(claim).block(m).ok_or("it is empty")?;
    let end = m.last_op(block).and_then(|op| YieldOp::cast(m, op));
    let yielded = end.map(|y| y.values(m)).unwrap_or_default();
    let outside: Vec<ValueId> = [m.block_args(block), &yielded[..]].concat();
    if outside.len() > BUFFERS {
        let n = outside.len();
        return Err(format!(
            "it reads and writes at most {BUFFERS} tensors, not {n}"
        ));
    }
    let mut places: BTreeMap<ValueId, i32> = BTreeMap::new();
    for (i, v) in outside.into_iter().enumerate() {
        if places.insert(v, -1 - i as i32).is_some() {
            return Err("a tensor is yielded twice".to_owned());
        }
    }
    let last_read = |v: ValueId| layers.iter().rposition(|l| l.source == v);
    // What lies in the memory, and until which layer.
    let mut held: Vec<(usize, usize, usize)> = Vec::new();
    for (i, layer) in layers.iter().enumerate() {
        if places.contains_key(&layer.target) {
            continue;
        }
        let size = (layer.output.0 * layer.output.1 * layer.shape.out_c).next_multiple_of(8);
        held.retain(|&(_, _, until)| until >= i);
        held.sort_unstable();
        let mut at = 0;
        for &(start, end, _) in &held {
            if at + size <= start {
                break;
            }
            at = at.max(end);
        }
        if at + size > MEMORY {
            return Err(format!(
                "what lies between its layers takes more than {MEMORY} bytes"
            ));
        }
        held.push((at, at + size, last_read(layer.target).unwrap_or(i)));
        places.insert(layer.target, at as i32);
    }
    let known = |v: &ValueId| places.contains_key(v);
    match layers.iter().all(|l| known(&l.source)) {
        true => Ok(places),
        false => Err("it reads no constants".to_owned()),
    }
}
