//! The order of a graph: every tensor is written before it is read, once, and no operators wait for each other.

use super::codes;
use super::model::{Operator, Subgraph};
use crate::finding::{CONVERT_AGAIN, Finding};

/// What the graph's order lacks, with the operator at fault where there is one.
pub(super) fn check(graph: &Subgraph) -> Vec<(Option<usize>, Finding)> {
    let mut findings = Vec::new();
    let sources = sources(graph, &mut findings);
    let writers = writers(graph, &sources, &mut findings);
    match cycle(graph, &writers) {
        Some(cycle) => findings.push((cycle.first().copied(), cycle_finding(graph, &cycle))),
        None => reads(graph, &sources, &writers, &mut findings),
    }
    for &output in &graph.outputs {
        if sources[output] == Source::Operator && writers[output].is_none() {
            let name = &graph.tensors[output].name;
            let message = format!("nothing writes the graph's output \"{name}\"");
            findings.push((
                None,
                Finding::new(codes::GRAPH_OUTPUT, message, CONVERT_AGAIN),
            ));
        }
    }
    findings
}

/// Where a tensor's value comes from before any operator ran.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Source {
    Operator,
    Input,
    Constant,
    Variable,
}

fn sources(graph: &Subgraph, findings: &mut Vec<(Option<usize>, Finding)>) -> Vec<Source> {
    let mut sources: Vec<Source> = graph
        .tensors
        .iter()
        .map(|tensor| match () {
            () if tensor.is_variable => Source::Variable,
            // A tensor without elements needs no data.
            () if tensor.data.is_some() || tensor.elements() == 0 => Source::Constant,
            () => Source::Operator,
        })
        .collect();
    for &input in &graph.inputs {
        let what = match sources[input] {
            Source::Operator => None,
            Source::Constant if graph.tensors[input].data.is_none() => None,
            Source::Input => Some("is listed twice"),
            Source::Constant => Some("is a constant"),
            Source::Variable => Some("is a variable"),
        };
        if let Some(what) = what {
            let message = format!("the graph's input \"{}\" {what}", graph.tensors[input].name);
            findings.push((
                None,
                Finding::new(codes::GRAPH_INPUT, message, CONVERT_AGAIN),
            ));
        }
        sources[input] = Source::Input;
    }
    sources
}

/// The operator that writes each tensor.
fn writers(
    graph: &Subgraph,
    sources: &[Source],
    findings: &mut Vec<(Option<usize>, Finding)>,
) -> Vec<Option<usize>> {
    let mut writers = vec![None; graph.tensors.len()];
    for operator in &graph.operators {
        for &output in &operator.outputs {
            let tensor = &graph.tensors[output];
            let what = match (sources[output], writers[output]) {
                (Source::Input, _) => Some("is an input of the graph".to_owned()),
                (Source::Variable, _) => Some("is a variable".to_owned()),
                (Source::Constant, _) if tensor.data.is_some() => Some("is a constant".to_owned()),
                (_, Some(first)) => Some(format!("operator {first} writes already")),
                _ => None,
            };
            if let Some(what) = what {
                let message = format!("it writes tensor \"{}\", which {what}", tensor.name);
                findings.push((
                    Some(operator.index),
                    Finding::new(codes::WRITTEN_TWICE, message, CONVERT_AGAIN),
                ));
            } else {
                writers[output] = Some(operator.index);
            }
        }
    }
    writers
}

fn reads(
    graph: &Subgraph,
    sources: &[Source],
    writers: &[Option<usize>],
    findings: &mut Vec<(Option<usize>, Finding)>,
) {
    for operator in &graph.operators {
        for &input in operator.inputs.iter().flatten() {
            let name = &graph.tensors[input].name;
            let finding = match (sources[input], writers[input]) {
                (Source::Operator, None) => Finding::new(
                    codes::NEVER_WRITTEN,
                    format!("it reads tensor \"{name}\", which nothing writes"),
                    CONVERT_AGAIN,
                ),
                (Source::Operator, Some(writer)) if writer > operator.index => Finding::new(
                    codes::READ_BEFORE_WRITE,
                    format!(
                        "it reads tensor \"{name}\", which operator {writer} writes only later"
                    ),
                    "the operators are not in execution order; convert the model again",
                ),
                _ => continue,
            };
            findings.push((Some(operator.index), finding));
        }
    }
}

/// Operators that `operator` waits for.
fn predecessors<'a>(
    operator: &'a Operator,
    writers: &'a [Option<usize>],
) -> impl Iterator<Item = usize> + 'a {
    operator
        .inputs
        .iter()
        .flatten()
        .filter_map(|&input| writers[input])
}

/// The operators of one circle, each waiting for the one before it, the least index first; or `None`.
fn cycle(graph: &Subgraph, writers: &[Option<usize>]) -> Option<Vec<usize>> {
    // Kahn's algorithm: what is left over lies on a circle or behind one.
    let count = graph.operators.len();
    let mut waiting = vec![0usize; count];
    let mut successors = vec![Vec::new(); count];
    for operator in &graph.operators {
        for p in predecessors(operator, writers) {
            waiting[operator.index] += 1;
            successors[p].push(operator.index);
        }
    }
    let mut ready: Vec<usize> = (0..count).filter(|&i| waiting[i] == 0).collect();
    while let Some(done) = ready.pop() {
        for &next in &successors[done] {
            waiting[next] -= 1;
            if waiting[next] == 0 {
                ready.push(next);
            }
        }
    }
    // Each operator left over has a predecessor left over: walking back must meet itself.
    let mut at = (0..count).find(|&i| waiting[i] > 0)?;
    let mut seen_at = vec![None; count];
    let mut path = Vec::new();
    while seen_at[at].is_none() {
        seen_at[at] = Some(path.len());
        path.push(at);
        at = predecessors(&graph.operators[at], writers).find(|&p| waiting[p] > 0)?;
    }
    let mut circle = path.split_off(seen_at[at]?);
    circle.reverse();
    let least = circle
        .iter()
        .enumerate()
        .min_by_key(|&(_, &i)| i)
        .map_or(0, |(position, _)| position);
    circle.rotate_left(least);
    Some(circle)
}

fn cycle_finding(graph: &Subgraph, circle: &[usize]) -> Finding {
    const SHOWN: usize = 8;
    let mut names: Vec<String> = circle
        .iter()
        .take(SHOWN)
        .map(|&i| format!("{} (operator {i})", graph.operators[i].kind))
        .collect();
    if circle.len() > SHOWN {
        names.push(format!("{} more", circle.len() - SHOWN));
    }
    Finding::new(
        codes::CYCLE,
        format!(
            "the graph is cyclic: {} wait for each other",
            names.join(", ")
        ),
        CONVERT_AGAIN,
    )
}
