//! Large planning problems, the same at every run.

use usmp::{Buffer, BufferKind, Overlap, Problem};

/// Knuth's 64-bit linear congruential generator, upper half.
struct Random(u64);

impl Random {
    fn below(&mut self, limit: u32) -> u32 {
        self.0 = self
            .0
            .wrapping_mul(6_364_136_223_846_793_005)
            .wrapping_add(1_442_695_040_888_963_407);
        (((self.0 >> 32) * u64::from(limit)) >> 32) as u32
    }
}

/// `count` buffers with lifetimes of 1 to `length` times that start at any of `count` times: about half of `length` are
/// live at once.
pub fn plain(count: u32, length: u32) -> Problem {
    let mut random = Random(u64::from(count) << 32 | u64::from(length));
    let buffers = (0..count).map(|index| {
        let start = random.below(count);
        Buffer {
            name: format!("b{index}"),
            size: 1 + u64::from(random.below(1 << (4 + index % 14))),
            align: 1u64 << random.below(5),
            start,
            end: start + 1 + random.below(length),
            kind: BufferKind::Activation,
        }
    });
    Problem::new(buffers.collect()).expect("the buffers are valid")
}

/// A chain of `count` operators, each of which may run into its operand by half of its result.
pub fn chain(count: u32) -> Problem {
    let mut random = Random(u64::from(count));
    let buffers = (0..count).map(|index| Buffer {
        name: format!("b{index}"),
        size: 64 * u64::from(1 + random.below(1000)),
        align: 16,
        start: index,
        end: index + 2 + u32::from(index % 8 == 0) * 3,
        kind: BufferKind::Activation,
    });
    let buffers: Vec<Buffer> = buffers.collect();
    let leads: Vec<u64> = buffers.iter().map(|b| b.size / 2).collect();
    let problem = Problem::new(buffers).expect("the buffers are valid");
    (1..count as usize).fold(problem, |problem, result| {
        let overlap = Overlap {
            result,
            operand: result - 1,
            lead: leads[result],
        };
        problem
            .with_overlap(overlap)
            .expect("two buffers, one allowance")
    })
}
