//! Prints one drawn module: `cargo run -p thumbwright-testgen --example print -- nn|network|loops SEED NUMBER`.

use std::process::ExitCode;
use std::sync::Arc;
use testgen::loops::Features;

fn main() -> ExitCode {
    let args: Vec<String> = std::env::args().skip(1).collect();
    let number = |i: usize| args.get(i).and_then(|a| a.parse::<u32>().ok());
    let (Some(kind), Some(seed), Some(at)) = (args.first(), number(1), number(2)) else {
        eprintln!("usage: print nn|network|loops SEED NUMBER");
        return ExitCode::from(2);
    };
    let mut registry = ir::DialectRegistry::builder();
    if let Err(e) = ir::dialects::register_all(&mut registry) {
        eprintln!("{e}");
        return ExitCode::FAILURE;
    }
    let registry = Arc::new(registry.freeze());
    let (seed, at) = (u64::from(seed), at as usize);
    let module = match kind.as_str() {
        "nn" => testgen::nn::cases(seed, at + 1)[at].build(&registry),
        "network" => testgen::network::networks(seed, at + 1)[at].build(&registry),
        "loops" => testgen::loops::cases(Features::ALL, seed, at + 1)[at].build(&registry),
        _ => {
            eprintln!("unknown kind `{kind}`: nn, network or loops");
            return ExitCode::from(2);
        }
    };
    print!("{}", ir::text::print_module(&module));
    ExitCode::SUCCESS
}
