//! Measures the executor of loop-level modules: instructions of register code a second, on an int8 matrix product.
//!
//! `cargo run --release -p thumbwright-interp --example loop_speed`

use interp::loops::Program;
use ir::{Builder, DialectRegistry, Loc, Module, ValueId, dialects::func};
use std::sync::Arc;
use std::time::Instant;

const N: i64 = 192;

fn product(b: &mut Builder<'_>, v: &[ValueId], unroll: i64) {
    let i32 = b.m.i32();
    let zero = b.const_i32(0);
    b.for_range(0, N, 1, &[], |b, i, _| {
        b.for_range(0, N, 1, &[], |b, j, _| {
            let sum = b.for_range(0, N, unroll, &[zero], |b, k, acc| {
                let mut acc = acc[0];
                for u in 0..unroll {
                    let offset = b.const_index(u);
                    let k = if u == 0 { k } else { b.addi(k, offset) };
                    let (x, y) = (b.load(v[0], &[i, k]), b.load(v[1], &[j, k]));
                    let (x, y) = (b.extsi(x, i32), b.extsi(y, i32));
                    let xy = b.muli_nsw(x, y);
                    acc = b.addi(acc, xy);
                }
                vec![acc]
            });
            b.store(sum[0], v[2], &[i, j]);
            vec![]
        })
    });
    b.op("func.return", &[], &[]);
}

fn main() -> Result<(), Box<dyn std::error::Error>> {
    for unroll in [1, 4, 8] {
        let mut registry = DialectRegistry::builder();
        ir::dialects::register_all(&mut registry)?;
        interp::register(&mut registry)?;
        let mut m = Module::new(Arc::new(registry.freeze()));
        let (i8, i32) = (m.i8(), m.i32());
        let (a, c) = (m.memref(&[N, N], i8), m.memref(&[N, N], i32));
        let (main, block) = func::build_func(&mut m, "main", &[a, a, c], &[], Loc::UNKNOWN);
        let count = m.i64_attr(2);
        m.set_discardable(main, "mcu.inputs", count);
        let args = m.block_args(block).to_vec();
        product(&mut Builder::at_end(&mut m, block), &args, unroll);
        let verified = ir::verify::verify(&m).map_err(|e| format!("{e:?}"))?;
        let program = Program::compile(verified)?;
        let input: Vec<u8> = (0..N * N).map(|i| (i * 31 % 251) as u8).collect();
        let start = Instant::now();
        let run = program.run_counted(&[&input, &input])?;
        let seconds = start.elapsed().as_secs_f64();
        // Two loads, two extensions, a product and a sum for each step of the reduction.
        let ops = 6.0 * (N * N * N) as f64;
        println!(
            "unrolled {unroll}: {:.0} million instructions a second, {:.0} million ops of the IR",
            run.steps as f64 / seconds / 1e6,
            ops / seconds / 1e6,
        );
    }
    Ok(())
}
