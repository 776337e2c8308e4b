//! The schedules that lower an op, the cheapest first.

use crate::preference::Preference;
use ir::dialects::nn;
use ir::{Diagnostic, Module, OpId, Type};
use pass::{Cost, Knobs, PassCx, Schedule};

/// A schedule with a choice of its knobs.
pub(super) struct Candidate<'r> {
    pub cost: Cost,
    /// Whether it calls a library that is preferred.
    preferred: bool,
    pub schedule: &'r dyn Schedule,
    pub knobs: Knobs,
}

impl Candidate<'_> {
    fn key(&self) -> (bool, u64, u64, u64) {
        let c = self.cost;
        (!self.preferred, c.cycles, c.flash, c.ram)
    }
}

/// What may lower an op, with the reasons why requested schedules may not.
pub(super) struct Candidates<'r> {
    /// Preferred ones first, then fewest cycles, then least flash, then least scratch, then first registered.
    all: Vec<Candidate<'r>>,
    refused: Vec<(&'r str, String)>,
}

impl<'r> Candidates<'r> {
    /// Puts the least flash before the fewest cycles.
    pub fn flash_first(&mut self) {
        let key = |c: &Candidate<'_>| (!c.preferred, c.cost.flash, c.cost.cycles, c.cost.ram);
        self.all.sort_by_key(key);
    }

    pub fn iter(&self) -> impl Iterator<Item = &Candidate<'r>> {
        self.all.iter()
    }
}

/// Every schedule that applies to an op, with every choice of its knobs; at least one.
///
/// # Errors
/// `L002` if there is none.
pub(super) fn candidates<'r>(
    m: &Module,
    op: OpId,
    prefer: &Preference,
    cx: &PassCx<'r>,
) -> Result<Candidates<'r>, Diagnostic> {
    let r = m.op(op);
    let name = r.name();
    let (mut all, mut refused, mut reasons) = (Vec::new(), Vec::new(), Vec::new());
    for schedule in cx.registry.schedules().filter(|s| s.op() == name) {
        if let Err(why) = schedule.applies(r, cx.target) {
            if schedule.library().is_some() {
                refused.push((schedule.name(), why.clone()));
            }
            reasons.push(format!("{}: {why}", schedule.name()));
            continue;
        }
        for knobs in schedule.space(r, cx.target) {
            all.push(Candidate {
                cost: schedule.cost(r, &knobs, cx.target),
                preferred: prefer.holds(schedule),
                schedule,
                knobs,
            });
        }
    }
    if !all.is_empty() {
        all.sort_by_key(Candidate::key);
        return Ok(Candidates { all, refused });
    }
    let types: Vec<String> = m
        .operands(op)
        .map(|v| short_type(m, m.value_type(v)))
        .collect();
    let mut d = Diagnostic::error(
        "L002",
        format!("no schedule lowers `{name}` on ({})", types.join(", ")),
    );
    d.location = m.describe_loc(m.op_loc(op));
    d.notes = reasons;
    Err(d.help("register a schedule for this op, or choose another target"))
}

/// The cheapest candidate that fits, or the cheapest one if none does; and for every other schedule that the user asked for, a remark.
pub(super) fn take<'r>(
    m: &Module,
    op: OpId,
    of: Candidates<'r>,
    mut fits: impl FnMut(&Candidate<'r>) -> bool,
) -> (Candidate<'r>, Vec<Diagnostic>) {
    let Candidates { mut all, refused } = of;
    let at = all.iter().position(&mut fits).unwrap_or(0);
    let taken = all.remove(at);
    let (name, cycles) = (taken.schedule.name(), taken.cost.cycles);
    let asked = all.iter().filter(|c| c.schedule.library().is_some());
    let dearer = asked.map(|c| {
        let why = match taken.preferred && !c.preferred {
            true => format!("{name} is preferred"),
            false => format!("it costs {} cycles, {name} costs {cycles}", c.cost.cycles),
        };
        (c.schedule.name(), why)
    });
    let remarks = refused
        .into_iter()
        .chain(dearer)
        .filter(|(s, _)| *s != name)
        .map(|(s, why)| {
            let mut d = Diagnostic::remark(
                "remark.schedule-not-taken",
                format!("{s} does not lower `{}`: {why}", m.op_name(op)),
            );
            d.location = m.describe_loc(m.op_loc(op));
            d
        });
    let remarks = remarks.collect();
    (taken, remarks)
}

/// A tensor type without its quantisation, which may list thousands of scales: `8x3x3x16 int8`.
fn short_type(m: &Module, ty: Type) -> String {
    let shape: Vec<String> = m
        .type_data(ty)
        .shape()
        .unwrap_or(&[])
        .iter()
        .map(i64::to_string)
        .collect();
    let elem = match nn::element(m, ty) {
        nn::Element::F32 => "float32",
        nn::Element::QuantI8 => "int8",
        nn::Element::I32 => "int32",
        nn::Element::Other => "another element",
    };
    format!("{} {elem}", shape.join("x"))
}
