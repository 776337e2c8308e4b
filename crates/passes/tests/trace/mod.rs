//! Write leads from the addresses that a run of a kernel touches: the oracle for the analysis of loop nests.

use interp::loops::Watch;
use ir::{Module, OpId};
use pass::{Kernel, KernelArg};
use std::ops::Range;

/// One operand that is read and one that is written: where they are in the kernel's arguments and in memory.
struct Pair {
    arguments: (usize, usize),
    read: Range<usize>,
    written: Range<usize>,
    /// The end of what is written so far, from the start of `written`.
    end: Option<i64>,
    /// The lead so far.
    lead: i64,
    /// Whether what is written was read.
    read_back: bool,
}

/// Watches the inputs and outputs of a kernel.
pub struct Leads(Vec<Pair>);

impl Leads {
    /// Of a kernel's arguments and their places in memory.
    pub fn of(kernel: &Kernel, places: &[Option<Range<usize>>]) -> Leads {
        let at = |wanted: fn(&KernelArg) -> bool| {
            let all = kernel.args.iter().enumerate();
            all.filter(move |a| wanted(a.1)).map(|a| a.0)
        };
        let mut pairs = Vec::new();
        for r in at(|a| matches!(a, KernelArg::Input(_))) {
            for w in at(|a| matches!(a, KernelArg::Output(_))) {
                pairs.push(Pair {
                    arguments: (r, w),
                    read: places[r].clone().unwrap(),
                    written: places[w].clone().unwrap(),
                    end: None,
                    lead: 0,
                    read_back: false,
                });
            }
        }
        Leads(pairs)
    }

    /// Compares with the analysis, which is to know a lead unless the kernel reads what it wrote. A lead is never smaller than that
    /// of the run, and equal to it unless `budget_ran_out`.
    pub fn check(&self, m: &Module, function: OpId, budget_ran_out: bool) -> Result<(), String> {
        for p in &self.0 {
            let (r, w) = p.arguments;
            let found = passes::write_lead::write_lead(m, function, r, w);
            let good = match found {
                None => p.read_back,
                Some(lead) if budget_ran_out => lead >= p.lead as u64 && !p.read_back,
                Some(lead) => lead == p.lead as u64 && !p.read_back,
            };
            if !good {
                return Err(format!(
                    "the write lead of argument {w} over {r} is {}, the analysis says {found:?}; {w} is {}",
                    p.lead,
                    if p.read_back {
                        "read, too"
                    } else {
                        "written only"
                    }
                ));
            }
        }
        Ok(())
    }
}

impl Watch for Leads {
    fn load(&mut self, bytes: Range<usize>) {
        for p in &mut self.0 {
            p.read_back |= p.written.contains(&bytes.start);
            if p.read.contains(&bytes.start)
                && let Some(end) = p.end
            {
                p.lead = p.lead.max(end - (bytes.start - p.read.start) as i64);
            }
        }
    }

    fn store(&mut self, bytes: Range<usize>) {
        for p in &mut self.0 {
            if p.written.contains(&bytes.start) {
                p.end = p.end.max(Some((bytes.end - p.written.start) as i64));
            }
        }
    }
}
