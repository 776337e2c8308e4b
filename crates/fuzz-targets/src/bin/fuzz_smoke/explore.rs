//! The process of one target: mutates, runs, keeps what went another way, makes failures smaller.

use crate::arguments::Arguments;
use crate::current::Current;
use fuzz_targets::{Failure, Mutator, Target, inputs, measure, quiet_panics, regressions_dir};
use std::collections::HashSet;
use std::hash::{DefaultHasher, Hash, Hasher};
use std::io;
use std::path::PathBuf;
use std::time::{Duration, Instant};

/// Inputs that a pool holds at most.
const MAX_POOL: usize = 4000;

/// Bytes of stack: what a thread of an embedder has by default.
const STACK: usize = 2 << 20;

/// Different failures after which a target stops.
const MAX_FAILURES: usize = 10;

/// Runs of the target that making one failure smaller may take, and for how long.
const SHRINKING: (usize, Duration) = (20_000, Duration::from_secs(20));

/// Keeps an input that failed.
///
/// # Errors
/// If the file cannot be written.
pub fn store(target: &Target, input: &[u8]) -> io::Result<PathBuf> {
    let mut hash = DefaultHasher::new();
    input.hash(&mut hash);
    let dir = regressions_dir(target.name);
    std::fs::create_dir_all(&dir)?;
    let file = dir.join(format!("new-{:016x}", hash.finish()));
    std::fs::write(&file, input)?;
    Ok(file.canonicalize().unwrap_or(file))
}

/// Runs mutations of a target's committed inputs; whether one failed.
///
/// # Errors
/// If a file cannot be read or written.
pub fn explore(target: &'static Target, a: &Arguments) -> io::Result<bool> {
    let a = a.clone();
    let thread = std::thread::Builder::new().stack_size(STACK);
    let thread = thread.spawn(move || Exploration::new(target, &a)?.run(&a))?;
    thread.join().unwrap_or(Ok(true))
}

struct Exploration {
    target: &'static Target,
    current: Current,
    /// The committed inputs.
    seeds: Vec<Vec<u8>>,
    /// Inputs that were accepted, each in another way.
    accepted_pool: Vec<Vec<u8>>,
    /// Inputs that were refused, each in another way.
    refused_pool: Vec<Vec<u8>>,
    features: HashSet<u64>,
    failures: Vec<Failure>,
    accepted: u64,
    refused: u64,
    slowest: Duration,
    largest: usize,
}

impl Exploration {
    fn new(target: &'static Target, a: &Arguments) -> io::Result<Exploration> {
        println!("{}: seed {}", target.name, a.seed);
        quiet_panics();
        Ok(Exploration {
            target,
            current: Current::create()?,
            seeds: inputs(target.name)?.into_iter().map(|i| i.1).collect(),
            accepted_pool: Vec::new(),
            refused_pool: Vec::new(),
            features: HashSet::new(),
            failures: Vec::new(),
            accepted: 0,
            refused: 0,
            slowest: Duration::ZERO,
            largest: 0,
        })
    }

    fn run(&mut self, a: &Arguments) -> io::Result<bool> {
        let start = Instant::now();
        for seed in std::mem::take(&mut self.seeds) {
            self.input(&seed)?;
            self.seeds.push(seed);
        }
        if self.seeds.is_empty() {
            self.seeds.push(Vec::new());
        }
        let mut mutator = Mutator::new(a.seed, self.target.syntax, self.target.max_len);
        let mut runs = 0;
        while runs < a.runs && start.elapsed() < a.time && self.failures.len() < MAX_FAILURES {
            let of = match mutator.below(8) {
                0..4 => latest(&self.accepted_pool),
                4 => latest(&self.refused_pool),
                5..7 => &self.accepted_pool,
                _ => &self.seeds,
            };
            let of = if of.is_empty() { &self.seeds } else { of };
            let input = mutator.mutate(of, &self.seeds);
            self.input(&input)?;
            runs += 1;
        }
        let Exploration {
            accepted,
            refused,
            features,
            slowest,
            largest,
            failures,
            ..
        } = self;
        println!(
            "{}: {runs} mutations, {accepted} accepted, {refused} refused, {} ways, slowest {slowest:.0?}, largest {} KiB, {} failures",
            self.target.name,
            features.len(),
            *largest >> 10,
            failures.len()
        );
        Ok(!failures.is_empty())
    }

    fn input(&mut self, input: &[u8]) -> io::Result<()> {
        self.current.set(input)?;
        match measure(self.target, input) {
            Ok(spent) => {
                let (count, pool) = if spent.outcome.accepted {
                    (&mut self.accepted, &mut self.accepted_pool)
                } else {
                    (&mut self.refused, &mut self.refused_pool)
                };
                *count += 1;
                self.slowest = self.slowest.max(spent.time);
                self.largest = self.largest.max(spent.memory);
                if self.features.insert(spent.outcome.feature) && pool.len() < MAX_POOL {
                    pool.push(input.to_vec());
                }
                Ok(())
            }
            Err(failure) if self.failures.iter().any(|f| f.is_like(&failure)) => Ok(()),
            Err(failure) => {
                let small = self.shrink(input.to_vec(), &failure);
                let file = store(self.target, &small)?;
                let text: String = failure.to_string().chars().take(2000).collect();
                println!(
                    "{}: {text}\n  the input is {}",
                    self.target.name,
                    file.display()
                );
                self.failures.push(failure);
                Ok(())
            }
        }
    }

    /// The input without the parts that the failure does not need.
    fn shrink(&self, mut input: Vec<u8>, failure: &Failure) -> Vec<u8> {
        let (mut runs, start) = (SHRINKING.0, Instant::now());
        loop {
            let before = input.len();
            let mut size = before / 2;
            while size > 0 {
                let mut at = 0;
                while at < input.len() {
                    if runs == 0 || start.elapsed() > SHRINKING.1 {
                        return input;
                    }
                    runs -= 1;
                    let end = (at + size).min(input.len());
                    let smaller = [&input[..at], &input[end..]].concat();
                    if measure(self.target, &smaller).is_err_and(|f| f.is_like(failure)) {
                        input = smaller;
                    } else {
                        at = end;
                    }
                }
                size /= 2;
            }
            if input.len() == before {
                return input;
            }
        }
    }
}

/// What was found lately is where something new is likeliest.
fn latest(pool: &[Vec<u8>]) -> &[Vec<u8>] {
    &pool[pool.len().saturating_sub(100)..]
}
