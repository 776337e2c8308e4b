//! Plans every CSV file that is named on the command line with `exact` and prints heights, nodes and times.
//!
//! The first argument is the capacity to meet, or `min` for the lowest plan that the node budget finds, with its gap:
//! `cargo run --release -p thumbwright-usmp --example instances -- 1048576 ../shared/planner/minimalloc/?.1048576.csv`

use std::time::{Duration, Instant};
use usmp::exact::FitAnswer;
use usmp::{Algorithm, Exact, Liveness, Plan, Problem, check, csv};

/// A plan, the height that is proved to be needed, and the nodes that took.
type Found = (Option<Plan>, u64, u64);

fn lowest(problem: &Problem) -> Found {
    let outcome = Exact::default().solve(problem);
    let (bound, nodes) = (outcome.lower_bound(), outcome.nodes());
    (Some(outcome.into_plan()), bound, nodes)
}

fn fit(problem: &Problem, capacity: u64) -> Found {
    let bound = Liveness::of(problem).bound();
    let fit = Exact::default().fit(problem, capacity);
    match fit.answer {
        FitAnswer::Fits(plan) => (Some(plan), bound, fit.nodes),
        FitAnswer::Refuted { lower_bound } => (None, lower_bound, fit.nodes),
        FitAnswer::Unknown => (None, bound, fit.nodes),
    }
}

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let mut arguments = std::env::args().skip(1);
    let capacity = arguments.next().ok_or("no capacity given")?;
    let capacity: Option<u64> = match capacity.as_str() {
        "min" => None,
        number => Some(number.parse()?),
    };
    println!(
        "{:<24} {:>7} {:>9} {:>9} {:>9} {:>9} {:>10}",
        "instance", "buffers", "liveness", "proved", "height", "nodes", "time"
    );
    let mut total = Duration::ZERO;
    for path in arguments {
        let mut problem = csv::read(&std::fs::read_to_string(&path)?, 1)?.problem;
        if let Some(capacity) = capacity {
            problem = problem.with_capacity(capacity);
        }
        let start = Instant::now();
        let (plan, proved, nodes) = match capacity {
            None => lowest(&problem),
            Some(capacity) => fit(&problem, capacity),
        };
        let time = start.elapsed();
        total += time;
        let height = match &plan {
            Some(plan) => {
                if let Some(violation) = check(&problem, plan).first() {
                    return Err(format!("{path}: {violation}").into());
                }
                plan.height().to_string()
            }
            None => "none".to_owned(),
        };
        let name = path.rsplit('/').next().unwrap_or(&path);
        println!(
            "{name:<24} {:>7} {:>9} {proved:>9} {height:>9} {nodes:>9} {time:>10.2?}",
            problem.buffers().len(),
            Liveness::of(&problem).bound(),
        );
    }
    println!("total {total:.2?}");
    Ok(())
}
