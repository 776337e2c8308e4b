//! How long parsing, verifying and printing take, and how much memory: `cargo run --release -p thumbwright-ir --example text_speed -- FILE.mlir`.
//!
//! Without a file, the time per op of modules of 1,000, 10,000 and 100,000 ops. Time is what this thread has computed, where the system
//! says that, so that other work on the machine does not count.

use ir::text::{ParseOptions, parse, print_module};
use std::process::ExitCode;
use std::sync::Arc;
use std::time::Duration;

fn main() -> ExitCode {
    let mut registry = ir::DialectRegistry::builder();
    if let Err(e) = ir::dialects::register_all(&mut registry) {
        eprintln!("{e}");
        return ExitCode::FAILURE;
    }
    let registry = Arc::new(registry.freeze());
    let file = std::env::args().nth(1);
    let result = match &file {
        Some(file) => one_file(file, &registry),
        None => scaling(&registry),
    };
    match result {
        Ok(()) => ExitCode::SUCCESS,
        Err(e) => {
            eprintln!("{e}");
            ExitCode::FAILURE
        }
    }
}

/// The most memory that this process has had, in bytes; 0 where the system does not say.
fn peak() -> u64 {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let line = status.lines().find_map(|l| l.strip_prefix("VmHWM:"));
    let kilobytes = line.and_then(|l| l.trim().strip_suffix(" kB")?.parse::<u64>().ok());
    kilobytes.unwrap_or(0) * 1024
}

/// How often a file is parsed: the system counts a thread's time in ticks of milliseconds.
const RUNS: u32 = 50;

/// Time that this thread has computed; since the epoch where the system does not say.
fn now() -> Duration {
    let schedstat = std::fs::read_to_string("/proc/thread-self/schedstat");
    let computed = schedstat
        .ok()
        .and_then(|s| s.split(' ').next()?.parse().ok());
    computed.map_or_else(
        || std::time::UNIX_EPOCH.elapsed().unwrap_or_default(),
        Duration::from_nanos,
    )
}

/// Memory before the file is read, and after it has been verified; then the time of a run.
fn one_file(file: &str, registry: &Arc<ir::DialectRegistry>) -> Result<(), String> {
    let before = peak();
    let source = std::fs::read_to_string(file).map_err(|e| format!("{file}: {e}"))?;
    let read = || parse(&source, file, registry.clone(), &ParseOptions::default());
    let m = read().map_err(|e| e.to_string())?;
    ir::verify::verify(&m).map_err(|e| e.to_string())?;
    let after = peak();
    let start = now();
    for _ in 0..RUNS {
        drop(read());
    }
    let parsed = (now() - start) / RUNS;
    for _ in 0..RUNS {
        drop(ir::verify::verify(&m).map(|_| ()));
    }
    let verified = (now() - start) / RUNS;
    let ops = m.walk(m.root(), ir::WalkOrder::Pre).len();
    let size = source.len() as u64;
    println!("{file}: {size} bytes, {ops} ops");
    println!("  parsed in {parsed:.2?}, parsed and verified in {verified:.2?}");
    println!(
        "  peak memory {after} bytes, of which {before} before: with the text, {:.1} times the file",
        (after - before) as f64 / size as f64
    );
    Ok(())
}

fn lap(start: &mut Duration) -> Duration {
    let before = std::mem::replace(start, now());
    *start - before
}

fn scaling(registry: &Arc<ir::DialectRegistry>) -> Result<(), String> {
    for count in [1_000, 10_000, 100_000] {
        let text = chain(count);
        let runs = 400_000 / count;
        let mut total = [Duration::ZERO; 3];
        let mut start = now();
        let mut modules = Vec::new();
        for _ in 0..runs {
            let m = parse(
                &text,
                "chain.mlir",
                registry.clone(),
                &ParseOptions::default(),
            );
            modules.push(m.map_err(|e| e.to_string())?);
        }
        total[0] = lap(&mut start);
        for m in &modules {
            ir::verify::verify(m).map_err(|e| e.to_string())?;
        }
        total[1] = lap(&mut start);
        let printed: Vec<String> = modules.iter().map(print_module).collect();
        total[2] = lap(&mut start);
        if !printed.iter().all(|p| p.contains("func.return")) {
            return Err("a print is not whole".to_owned());
        }
        let per_op = total.map(|t| t.as_nanos() / (runs * count) as u128);
        println!(
            "{count} ops: {} ns to parse, {} ns to verify, {} ns to print, each per op",
            per_op[0], per_op[1], per_op[2]
        );
    }
    Ok(())
}

/// A function of so many ops, each on the results of the one before, every tenth a call of a function of its own.
fn chain(count: usize) -> String {
    let mut text = String::from("\"builtin.module\"() ({\n");
    for i in 0..count / 20 {
        text += &format!(
            "  \"func.func\"() <{{function_type = () -> (), sym_name = \"f{i}\", sym_visibility = \"private\"}}> ({{\n    \"func.return\"() : () -> () loc(#loc)\n  }}) : () -> () loc(#loc)\n"
        );
    }
    text += "  \"func.func\"() <{function_type = (i32) -> (), sym_name = \"main\"}> ({\n  ^bb0(%arg0: i32):\n    %0 = \"arith.constant\"() <{value = 1 : i32}> : () -> i32\n";
    for i in 1..count * 9 / 10 {
        let before = i - 1;
        text += &format!(
            "    %{i} = \"arith.addi\"(%{before}, %arg0) <{{overflowFlags = #arith.overflow<none>}}> : (i32, i32) -> i32 loc(\"f\":{i}:1)\n"
        );
    }
    for i in 0..count / 20 {
        text += &format!("    \"func.call\"() <{{callee = @f{i}}}> : () -> () loc(#loc)\n");
    }
    text + "    \"func.return\"() : () -> () loc(#loc)\n  }) : () -> () loc(#loc)\n}) : () -> ()\n#loc = loc(unknown)\n"
}
