//! Chooses a term of every class, so that all that is needed together costs little: the best networks, one after the other.
//!
//! What two terms share is counted once. A greedy pass keeps, for each class, the cheapest set of terms that it needs; then single choices
//! are changed as long as the whole gets cheaper, since a term that is needed anyway costs nothing more. Further networks are those that
//! differ from one that is known in a single choice, the cheapest first. All passes are bounded.

use super::cost::Costs;
use super::graph::{Graph, Node};
use super::term::Term;
use egg::{Id, Language};
use pass::Cost;
use rustc_hash::FxHashMap;
use std::collections::{BTreeMap, BTreeSet};

/// Rounds of either pass at most.
const ROUNDS: usize = 64;

/// What a class is computed by.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub enum Choice {
    /// A term.
    Term(Term),
    /// A constant that is computed at compile time.
    Computed,
}

/// What counts how much.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Weights {
    /// Of a cycle.
    pub cycles: u64,
    /// Of a byte of code or of a constant.
    pub flash: u64,
    /// Of a byte of an intermediate result.
    pub results: u64,
}

/// A choice for each class that is needed.
pub type Choices = BTreeMap<Id, Choice>;

/// What may compute a class.
struct Alternative {
    choice: Choice,
    /// The classes that it needs, by position.
    children: Vec<usize>,
    cost: Cost,
    /// Bytes of its results, if they take memory.
    results: u64,
}

/// An e-graph as it is extracted from: classes by position, in the order of their numbers, with what may compute them and what that costs.
pub struct Extraction {
    classes: Vec<Id>,
    alternatives: Vec<Vec<Alternative>>,
    roots: Vec<usize>,
}

impl Extraction {
    /// Of all that `roots` may need.
    pub fn of(g: &mut Graph, costs: &mut Costs<'_>, roots: &[Id]) -> Extraction {
        let classes = g.classes();
        let position: FxHashMap<Id, usize> =
            classes.iter().enumerate().map(|(i, &c)| (c, i)).collect();
        let alternatives = classes
            .iter()
            .map(|&class| alternatives(g, costs, class, &position))
            .collect();
        let roots = roots.iter().map(|&r| position[&g.egraph.find(r)]).collect();
        Extraction {
            classes,
            alternatives,
            roots,
        }
    }

    /// At most `count` networks: of each of the weights the best, then of each the next, and so on.
    pub fn best(&self, weights: &[Weights], count: usize) -> Vec<Choices> {
        let mut series: Vec<Series<'_>> = weights
            .iter()
            .map(|&w| Series::start(self, w, count))
            .collect();
        let mut all = Vec::new();
        loop {
            let mut ended = true;
            for s in &mut series {
                if all.len() == count {
                    return all;
                }
                let Some(choices) = s.next() else {
                    continue;
                };
                ended = false;
                if !all.contains(&choices) {
                    all.push(choices);
                }
            }
            if ended {
                return all;
            }
        }
    }
}

/// What may compute a class.
fn alternatives(
    g: &mut Graph,
    costs: &mut Costs<'_>,
    class: Id,
    position: &FxHashMap<Id, usize>,
) -> Vec<Alternative> {
    let sizes = g.egraph[class].data.types.iter();
    let bytes: u64 = sizes.map(|&t| g.module().size_bytes(t).unwrap_or(0)).sum();
    let table = Cost {
        flash: bytes,
        ..Cost::default()
    };
    let mut all = Vec::new();
    let mut is_known = false;
    for term in g.egraph[class].nodes.clone() {
        let (cost, results) = match &term {
            Term::Outside(_) | Term::Part { .. } => (Cost::default(), 0),
            Term::Constant(_) => {
                is_known = true;
                (table, 0)
            }
            Term::Op { operator, operands } => {
                let node = Node {
                    class,
                    operator: *operator,
                    operands: operands.clone(),
                };
                let (cost, is_view) = costs.of(g, &node);
                (cost, if is_view { 0 } else { bytes })
            }
        };
        let children = term.children().iter();
        all.push(Alternative {
            children: children.map(|&c| position[&g.egraph.find(c)]).collect(),
            choice: Choice::Term(term),
            cost,
            results,
        });
    }
    if g.is_constant(class) && !is_known && g.value(class).is_some() {
        all.push(Alternative {
            choice: Choice::Computed,
            children: Vec::new(),
            cost: table,
            results: 0,
        });
    }
    all
}

/// An alternative of every class, by position.
type Selection = Vec<u32>;

/// The networks of one weighting, the cheapest first.
struct Series<'e> {
    of: &'e Extraction,
    /// What each alternative of each class costs by itself.
    own: Vec<Vec<u128>>,
    /// Networks that are known and were not handed out, by what they cost.
    open: BTreeSet<(u128, Selection)>,
    /// Networks that were handed out.
    seen: BTreeSet<Vec<(usize, u32)>>,
    /// Networks that are kept open at most.
    count: usize,
}

impl<'e> Series<'e> {
    fn start(of: &'e Extraction, w: Weights, count: usize) -> Series<'e> {
        let weigh = |a: &Alternative| {
            1 + u128::from(a.cost.cycles) * u128::from(w.cycles)
                + u128::from(a.cost.flash) * u128::from(w.flash)
                + u128::from(a.results) * u128::from(w.results)
        };
        let mut series = Series {
            of,
            own: of
                .alternatives
                .iter()
                .map(|all| all.iter().map(weigh).collect())
                .collect(),
            open: BTreeSet::new(),
            seen: BTreeSet::new(),
            count,
        };
        let mut selection = series.greedy();
        series.improve(&mut selection);
        if let Some(total) = series.total(&selection) {
            series.open.insert((total, selection));
        }
        series
    }

    /// The cheapest network that was not handed out yet.
    fn next(&mut self) -> Option<Choices> {
        loop {
            let (_, selection) = self.open.pop_first()?;
            let needed = self.needed(&selection)?;
            let network: BTreeSet<(usize, u32)> =
                needed.iter().map(|&c| (c, selection[c])).collect();
            if !self.seen.insert(network.into_iter().collect()) {
                continue;
            }
            self.open_neighbours(&selection, &needed);
            let choices = needed.into_iter().map(|c| {
                let choice = self.of.alternatives[c][selection[c] as usize]
                    .choice
                    .clone();
                (self.of.classes[c], choice)
            });
            return Some(choices.collect());
        }
    }

    /// Opens the networks that differ in one choice.
    fn open_neighbours(&mut self, selection: &Selection, needed: &[usize]) {
        let mut changed = selection.clone();
        for &class in needed {
            for other in 0..self.own[class].len() as u32 {
                if other == selection[class] {
                    continue;
                }
                changed[class] = other;
                if let Some(total) = self.total(&changed) {
                    let full = self.open.len() >= self.count;
                    if !full || self.open.last().is_some_and(|worst| total < worst.0) {
                        self.open.insert((total, changed.clone()));
                    }
                    if self.open.len() > self.count {
                        self.open.pop_last();
                    }
                }
            }
            changed[class] = selection[class];
        }
    }

    /// For each class, the choice whose whole need is cheapest; [`u32::MAX`] where there is none.
    fn greedy(&self) -> Selection {
        let count = self.of.classes.len();
        let mut best: Vec<Option<Best>> = (0..count).map(|_| None).collect();
        for _ in 0..ROUNDS {
            let mut changed = false;
            for class in 0..count {
                for (choice, a) in self.of.alternatives[class].iter().enumerate() {
                    let Some(mut needs) = needs(count, class, a, &best) else {
                        continue;
                    };
                    let of_needs = |c: usize| best[c].as_ref().map_or(0, |b| b.own);
                    let own = self.own[class][choice];
                    let total = own + needs.iter().map(of_needs).sum::<u128>();
                    if best[class].as_ref().is_none_or(|b| total < b.total) {
                        needs.insert(class);
                        best[class] = Some(Best {
                            total,
                            choice: choice as u32,
                            own,
                            needs,
                        });
                        changed = true;
                    }
                }
            }
            if !changed {
                break;
            }
        }
        let choice = |b: &Option<Best>| b.as_ref().map_or(u32::MAX, |b| b.choice);
        best.iter().map(choice).collect()
    }

    /// The classes that the roots need under a selection, those that others need first; `None` if one has no choice, or needs itself.
    fn needed(&self, selection: &Selection) -> Option<Vec<usize>> {
        #[derive(Clone, Copy, PartialEq)]
        enum State {
            New,
            Open,
            Done,
        }
        let mut states = vec![State::New; self.of.classes.len()];
        let mut order = Vec::new();
        // A class is left when it is met the second time.
        let mut next: Vec<(usize, bool)> =
            self.of.roots.iter().rev().map(|&r| (r, false)).collect();
        while let Some((class, leaving)) = next.pop() {
            if leaving {
                states[class] = State::Done;
                order.push(class);
                continue;
            }
            match states[class] {
                State::Done => continue,
                State::Open => return None,
                State::New => states[class] = State::Open,
            }
            next.push((class, true));
            let alternative = self.of.alternatives[class].get(selection[class] as usize)?;
            for &child in alternative.children.iter().rev() {
                next.push((child, false));
            }
        }
        Some(order)
    }

    fn total(&self, selection: &Selection) -> Option<u128> {
        let needed = self.needed(selection)?;
        let own = |c: usize| self.own[c][selection[c] as usize];
        Some(needed.into_iter().map(own).sum())
    }

    /// Changes single choices as long as the whole gets cheaper.
    fn improve(&self, selection: &mut Selection) {
        let Some(mut least) = self.total(selection) else {
            return;
        };
        for _ in 0..ROUNDS {
            let before = least;
            for class in self.needed(selection).unwrap_or_default() {
                for other in 0..self.own[class].len() as u32 {
                    let old = selection[class];
                    if other == old {
                        continue;
                    }
                    selection[class] = other;
                    match self.total(selection) {
                        Some(t) if t < least => least = t,
                        _ => selection[class] = old,
                    }
                }
            }
            if least == before {
                break;
            }
        }
    }
}

/// The best choice for a class so far.
struct Best {
    total: u128,
    choice: u32,
    own: u128,
    /// Every class that is needed, this one too.
    needs: Set,
}

/// What a choice needs beside itself; `None` if something has no choice yet, or needs its own class.
fn needs(count: usize, class: usize, a: &Alternative, best: &[Option<Best>]) -> Option<Set> {
    let mut all = Set::empty(count);
    for &child in &a.children {
        let child = best[child].as_ref()?;
        if child.needs.contains(class) {
            return None;
        }
        all.add(&child.needs);
    }
    Some(all)
}

/// A set of classes, a bit for each.
struct Set(Vec<u64>);

impl Set {
    fn empty(count: usize) -> Set {
        Set(vec![0; count.div_ceil(64)])
    }

    fn contains(&self, i: usize) -> bool {
        self.0[i / 64] >> (i % 64) & 1 == 1
    }

    fn insert(&mut self, i: usize) {
        self.0[i / 64] |= 1 << (i % 64);
    }

    fn add(&mut self, other: &Set) {
        for (a, b) in self.0.iter_mut().zip(&other.0) {
            *a |= b;
        }
    }

    fn iter(&self) -> impl Iterator<Item = usize> + '_ {
        self.0.iter().enumerate().flat_map(|(word, &bits)| {
            let mut bits = bits;
            std::iter::from_fn(move || {
                let bit = bits.trailing_zeros() as usize;
                (bits != 0).then(|| {
                    bits &= bits - 1;
                    64 * word + bit
                })
            })
        })
    }
}
