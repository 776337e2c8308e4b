//! Plans every CSV file that is named on the command line with `exact`, after the capacity to meet, and prints nodes and time.
//!
//! `cargo run --release -p thumbwright-usmp --example instances -- 1048576 ../shared/planner/minimalloc/?.1048576.csv`

use std::time::{Duration, Instant};
use usmp::exact::FitAnswer;
use usmp::{Exact, Liveness, check, csv};

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let mut arguments = std::env::args().skip(1);
    let capacity: u64 = arguments.next().ok_or("no capacity given")?.parse()?;
    println!(
        "{:<24} {:>7} {:>9} {:>9} {:>9} {:>10}",
        "instance", "buffers", "bound", "height", "nodes", "time"
    );
    let mut total = Duration::ZERO;
    for path in arguments {
        let problem = csv::read(&std::fs::read_to_string(&path)?, 1)?.problem;
        let problem = problem.with_capacity(capacity);
        let start = Instant::now();
        let fit = Exact::default().fit(&problem, capacity);
        let time = start.elapsed();
        total += time;
        let height = match &fit.answer {
            FitAnswer::Fits(plan) => {
                if let Some(violation) = check(&problem, plan).first() {
                    return Err(format!("{path}: {violation}").into());
                }
                plan.height().to_string()
            }
            FitAnswer::Refuted { lower_bound } => format!(">= {lower_bound}"),
            FitAnswer::Unknown => "unknown".to_owned(),
        };
        let name = path.rsplit('/').next().unwrap_or(&path);
        println!(
            "{name:<24} {:>7} {:>9} {height:>9} {:>9} {time:>10.2?}",
            problem.buffers().len(),
            Liveness::of(&problem).bound(),
            fit.nodes
        );
    }
    println!("total {total:.2?}");
    Ok(())
}
