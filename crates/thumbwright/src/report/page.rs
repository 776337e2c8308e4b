//! `report.html`: the report as a page without external resources, from `report.html.j2`.

use super::escape::{elide, escape, first_name};
use super::numbers::{bytes, grouped, percent, rounded};
use super::picture::{self, Block, Memory, Picture, Step, Width};
use super::schema::{BufferReport, IoTensor, LayerReport, MemoryReport, Report};
use minijinja::value::Serde;
use minijinja::{AutoEscape, Environment, Value};
use serde::Serialize;
use usmp::BufferKind;

/// What the page shows beside the report.
#[derive(Clone, PartialEq, Default, Debug)]
pub struct PageOptions {
    /// Time of this compile. Two compiles differ in it: leave it out where output must be the same each time.
    pub host_time: Option<HostTime>,
}

/// Time that a compile took on the host, in milliseconds.
#[derive(Clone, Copy, PartialEq, Debug, Serialize)]
pub struct HostTime {
    /// Reading and checking the model.
    pub import_ms: f64,
    /// The pipeline.
    pub passes_ms: f64,
    /// Writing C.
    pub emission_ms: f64,
}

const TEMPLATE: &str = include_str!("report.html.j2");

/// See [`Report::html`].
pub(crate) fn html(report: &Report, options: &PageOptions) -> String {
    let mut env = Environment::new();
    env.set_auto_escape_callback(|_| AutoEscape::Html);
    env.set_formatter(|out, _, value| {
        if value.is_safe() {
            return Ok(out.write_str(value.as_str().unwrap_or_default())?);
        }
        let text = value
            .as_str()
            .map_or_else(|| value.to_string(), str::to_owned);
        Ok(out.write_str(&escape(&text))?)
    });
    env.add_filter("grouped", grouped);
    let rendered = env
        .add_template("report.html", TEMPLATE)
        .and_then(|()| env.get_template("report.html"))
        .and_then(|t| t.render(Serde(Page::of(report, options))));
    rendered.expect("invariant: the built-in template renders every report")
}

#[derive(Serialize)]
struct Page<'r> {
    report: &'r Report,
    host_time: Option<Vec<(&'static str, String)>>,
    style_sheet: Value,
    cards: Vec<Card>,
    /// Wide and compact; none if nothing is placed.
    pictures: Option<[Value; 2]>,
    legend: Vec<(&'static str, &'static str)>,
    memory_notes: Vec<String>,
    columns: Vec<Column>,
    layers: Vec<Row>,
    io: Vec<IoRow>,
    buffers: Vec<BufferRow>,
    kernels: Vec<KernelRow>,
    profiled: bool,
}

/// A key figure.
#[derive(Serialize)]
struct Card {
    title: &'static str,
    value: String,
    unit: &'static str,
    note: String,
}

/// A column of numbers in the table of layers, with the sum below it.
#[derive(Serialize)]
struct Column {
    title: &'static str,
    sum: String,
}

#[derive(Serialize)]
struct Row {
    index: u32,
    name: String,
    full_name: String,
    op: String,
    shapes: String,
    schedule: String,
    knobs: String,
    kernel: String,
    cells: Vec<Cell>,
}

/// A number with a bar behind it.
#[derive(Serialize)]
struct Cell {
    title: &'static str,
    value: u64,
    text: String,
    exact: String,
    percent: String,
    class: &'static str,
}

#[derive(Serialize)]
struct IoRow {
    direction: &'static str,
    name: String,
    shape: String,
    dtype: String,
    quantisation: String,
    bytes: String,
    place: String,
}

#[derive(Serialize)]
struct BufferRow {
    name: String,
    full_name: String,
    role: String,
    class: &'static str,
    bytes: String,
    place: String,
    lifetime: String,
}

#[derive(Serialize)]
struct KernelRow {
    name: String,
    calls: usize,
    layers: String,
    cycles: String,
}

impl<'r> Page<'r> {
    fn of(report: &'r Report, options: &PageOptions) -> Page<'r> {
        let plan = report.memory.placed.then(|| picture_of(report));
        let svg = |p: &Picture, w: Width| Value::from_safe_string(picture::inline(p, w));
        let milliseconds = |ms: f64| format!("{ms:.1} ms");
        let (columns, layers) = layer_table(report);
        let memory = &report.memory;
        Page {
            report,
            host_time: options.host_time.map(|t| {
                vec![
                    ("import", milliseconds(t.import_ms)),
                    ("passes", milliseconds(t.passes_ms)),
                    ("emission", milliseconds(t.emission_ms)),
                ]
            }),
            style_sheet: Value::from_safe_string(picture::style_sheet().to_owned()),
            cards: cards(report),
            legend: legend(plan.as_ref()),
            pictures: plan
                .as_ref()
                .map(|p| [svg(p, Width::Wide), svg(p, Width::Compact)]),
            memory_notes: memory_notes(report),
            columns,
            layers,
            io: io_table(report),
            buffers: memory
                .buffers
                .iter()
                .chain(&memory.scratch)
                .chain(&memory.states)
                .map(|b| buffer_row(report, b))
                .collect(),
            kernels: report
                .kernels
                .iter()
                .map(|k| KernelRow {
                    name: k.name.clone(),
                    calls: k.layers.len(),
                    layers: list_layers(&k.layers),
                    cycles: k.cycles.map(grouped).unwrap_or_default(),
                })
                .collect(),
            profiled: report.totals.cycles.is_some(),
        }
    }
}

/// The arenas of a report, in their order one above the other; inputs and outputs that the caller brings are not in it.
pub(crate) fn picture_of(report: &Report) -> Picture {
    let memory = &report.memory;
    let base = |arena: &str| {
        let below = memory.arenas.iter().take_while(|a| a.name != arena);
        below.fold(0u64, |sum, a| sum.saturating_add(a.bytes))
    };
    let block = |b: &BufferReport| {
        let arena = b.arena.as_deref()?;
        let several = memory.arenas.len() > 1;
        Some(Block {
            name: match several {
                true => format!("{} in @{arena}", b.name),
                false => b.name.clone(),
            },
            kind: kind(&b.role),
            size: b.bytes,
            offset: base(arena).saturating_add(b.offset?),
            start: u32::try_from(b.start).unwrap_or(u32::MAX),
            end: u32::try_from(b.end).unwrap_or(u32::MAX),
        })
    };
    let buffers = memory.buffers.iter().chain(&memory.scratch);
    Picture {
        title: format!("Memory plan of {}", report.model.file),
        steps: steps_of(report),
        blocks: buffers.filter_map(block).collect(),
        memories: match &memory.arenas[..] {
            [] | [_] => Vec::new(),
            arenas => arenas
                .iter()
                .map(|a| Memory {
                    name: a.pool.clone().unwrap_or_else(|| a.name.clone()),
                    base: base(&a.name),
                })
                .collect(),
        },
        height: memory.arena_bytes,
        bound: memory.bound_bytes,
        capacity: report.target.ram_bytes,
    }
}

/// The steps of a report as a picture names them.
pub(crate) fn steps_of(report: &Report) -> Vec<Step> {
    let steps = report.memory.steps.iter();
    steps
        .map(|s| Step {
            label: s.op.as_deref().map_or("copy", axis_label).to_owned(),
            name: s.layer.clone(),
        })
        .collect()
}

fn kind(role: &str) -> BufferKind {
    match role {
        "input" => BufferKind::Input,
        "output" => BufferKind::Output,
        "scratch" => BufferKind::Scratch,
        "state" => BufferKind::State,
        _ => BufferKind::Activation,
    }
}

fn short_op(op: &str) -> &str {
    op.strip_prefix("nn.").unwrap_or(op)
}

fn axis_label(op: &str) -> &str {
    let op = short_op(op);
    op.strip_suffix("_2d").unwrap_or(op)
}

/// The kinds that a plan shows, as name and class.
fn legend(plan: Option<&Picture>) -> Vec<(&'static str, &'static str)> {
    let kinds = [
        BufferKind::Input,
        BufferKind::Activation,
        BufferKind::Output,
        BufferKind::Scratch,
        BufferKind::Constant,
        BufferKind::State,
    ];
    let shown = |k: &BufferKind| plan.is_some_and(|p| p.blocks.iter().any(|b| b.kind == *k));
    let entry = |k: BufferKind| (k.name(), picture::class(k));
    kinds.into_iter().filter(shown).map(entry).collect()
}

fn cards(report: &Report) -> Vec<Card> {
    let memory = &report.memory;
    let of = |total: Option<u64>, part: u64, what: &str| match total {
        Some(total) => format!(" · {:.0}\u{a0}% of the {what}", percent(part, total)),
        None => String::new(),
    };
    let optimal = match memory.gap_bytes {
        _ if !memory.placed => "not placed".to_owned(),
        0 if memory.arenas.len() > 1 => format!(
            "in {} memories; no plan for what is in each is lower",
            memory.arenas.len()
        ),
        0 => "optimal: it is proved that no plan is lower".to_owned(),
        gap => format!(
            "at most {} above the lowest plan ({:.1}\u{a0}%)",
            bytes(gap),
            gap as f64 / memory.bound_bytes.max(1) as f64 * 100.0
        ),
    };
    let mut cards = vec![
        Card {
            title: "Arena",
            value: grouped(memory.arena_bytes),
            unit: "B",
            note: optimal + &of(report.target.ram_bytes, memory.arena_bytes, "RAM"),
        },
        Card {
            title: "Constants",
            value: grouped(report.totals.constant_bytes),
            unit: "B",
            note: format!(
                "packed weights and tables, {} in the model{}",
                bytes(report.totals.weight_bytes),
                of(
                    report.target.flash_bytes,
                    report.totals.constant_bytes,
                    "flash"
                )
            ),
        },
        Card {
            title: "Code",
            value: not_measured(report.code.map(|c| c.text_bytes + c.rodata_bytes)),
            unit: if report.code.is_some() { "B" } else { "" },
            note: "machine code and the constants beside it".to_owned(),
        },
        Card {
            title: "Stack",
            value: not_measured(report.stack.map(|s| s.bytes)),
            unit: if report.stack.is_some() { "B" } else { "" },
            note: report
                .stack
                .map_or("needed beside the arena", |s| s.source.describe())
                .to_owned(),
        },
        Card {
            title: "Work",
            value: rounded(report.totals.macs),
            unit: "MAC",
            note: format!("multiply–accumulates in {} layers", report.layers.len()),
        },
    ];
    if let Some(cycles) = report.totals.cycles {
        let macs = report.totals.macs.max(1);
        cards.push(Card {
            title: "Time",
            value: rounded(cycles),
            unit: "cycles",
            note: format!("modelled, {:.2} cycles a MAC", cycles as f64 / macs as f64),
        });
    }
    cards
}

fn not_measured(n: Option<u64>) -> String {
    n.map_or_else(|| "not measured".to_owned(), grouped)
}

fn memory_notes(report: &Report) -> Vec<String> {
    let memory = &report.memory;
    let mut notes = vec![match memory.io.as_str() {
        "arena" => "Inputs and outputs are in the arena; a run may overwrite the input.".to_owned(),
        _ => "Inputs and outputs are in the caller's own memory.".to_owned(),
    }];
    notes.push(planned_by(memory));
    notes.push(format!(
        "Activations reach up to {}; {} of them are live at once.",
        bytes(memory.activation_bytes),
        bytes(memory.activation_bound_bytes)
    ));
    if memory.scratch_bytes > 0 {
        notes.push(format!(
            "Scratch takes at most {} at a time; with it, {} are live at once.",
            bytes(memory.scratch_bytes),
            bytes(memory.liveness_bound_bytes)
        ));
    }
    if let Some(peak) = &memory.peak {
        notes.push(format!(
            "Most bytes are live in step {}, {}.",
            peak.step,
            elide(first_name(&peak.layer), 80)
        ));
    }
    notes.extend(in_place(memory));
    let order = report.remarks.iter().filter(|r| r.code == "remark.order");
    notes.extend(order.map(|r| sentence(&r.message)));
    notes
}

/// A remark's message as a sentence.
fn sentence(message: &str) -> String {
    let mut rest = message.chars();
    let first: String = rest
        .next()
        .into_iter()
        .flat_map(char::to_uppercase)
        .collect();
    format!("{first}{}.", rest.as_str())
}

/// Who planned the arenas, and what is known of lower plans.
fn planned_by(memory: &MemoryReport) -> String {
    let algorithm = memory.algorithm.as_deref();
    let by = algorithm.map_or(String::new(), |a| format!(" by {a}"));
    match memory.gap_bytes {
        _ if !memory.placed => "The memory is not planned.".to_owned(),
        0 if memory.arenas.len() > 1 => {
            format!("Planned{by}; it is proved that no plan for what is in each memory is lower.")
        }
        0 => format!("Planned{by}; it is proved that no plan is lower."),
        gap => format!(
            "Planned{by}; a plan may be up to {} lower: none is below {}.",
            bytes(gap),
            bytes(memory.bound_bytes)
        ),
    }
}

/// What it brings that results run into operands.
fn in_place(memory: &MemoryReport) -> Option<String> {
    let layers = memory.overlaps.len();
    let saved = memory
        .liveness_bound_bytes
        .saturating_sub(memory.arena_bytes);
    let what = match layers {
        0 => return None,
        1 => "1 result runs into an operand that it is the last to read".to_owned(),
        n => format!("{n} results run into operands that they are the last to read"),
    };
    Some(match saved {
        0 => format!("{what}."),
        saved => format!(
            "{what}: the arena is {} smaller than what is live at once.",
            bytes(saved)
        ),
    })
}

fn shape_text(shape: &[i64]) -> String {
    let dims: Vec<String> = shape.iter().map(i64::to_string).collect();
    if dims.is_empty() {
        "scalar".to_owned()
    } else {
        dims.join("×")
    }
}

fn layer_table(report: &Report) -> (Vec<Column>, Vec<Row>) {
    type Get = fn(&LayerReport) -> u64;
    let all: [(&'static str, &'static str, Get); 5] = [
        ("MACs", "bar-macs", |l| l.macs),
        ("Cycles", "bar-cycles", |l| l.cycles.unwrap_or(0)),
        ("Weights", "bar-weights", |l| l.weight_bytes),
        ("Activation", "bar-activation", |l| l.activation_bytes),
        ("Scratch", "bar-scratch", |l| l.scratch_bytes),
    ];
    let profiled = report.layers.iter().any(|l| l.cycles.is_some());
    let shown = all.into_iter().filter(|c| c.0 != "Cycles" || profiled);
    let columns: Vec<(&'static str, &'static str, Get, u64)> = shown
        .map(|(title, class, get)| {
            let largest = report.layers.iter().map(get).max().unwrap_or(0);
            (title, class, get, largest)
        })
        .collect();
    let cell = |l: &LayerReport, &(title, class, get, largest): &(_, _, Get, u64)| {
        let value = get(l);
        let counted = matches!(title, "MACs" | "Cycles");
        Cell {
            title,
            value,
            text: match value {
                0 => "–".to_owned(),
                _ if counted => rounded(value),
                _ => grouped(value),
            },
            exact: grouped(value),
            percent: format!("{:.1}", percent(value, largest)),
            class,
        }
    };
    let rows = report.layers.iter().map(|l| {
        let (schedule, knobs) = schedule_and_knobs(l.schedule.as_deref().unwrap_or_default());
        Row {
            index: l.index,
            name: elide(first_name(&l.name), 80),
            full_name: l.name.clone(),
            op: short_op(&l.op).to_owned(),
            shapes: layer_shapes(l),
            schedule,
            knobs,
            kernel: l.kernel.clone().unwrap_or_default(),
            cells: columns.iter().map(|c| cell(l, c)).collect(),
        }
    });
    let rows = rows.collect();
    let head = columns.iter().map(|&(title, _, get, largest)| {
        let sum = || report.layers.iter().map(get).sum();
        Column {
            title,
            // Activations and scratch of different layers share memory: their largest says more than their sum.
            sum: match title {
                "MACs" | "Cycles" => rounded(sum()),
                "Weights" => grouped(sum()),
                _ => format!("≤ {}", grouped(largest)),
            },
        }
    });
    (head.collect(), rows)
}

/// `tile` and `rows=2, channels=4` of `tile{rows=2,channels=4}`.
fn schedule_and_knobs(schedule: &str) -> (String, String) {
    match schedule.split_once('{') {
        Some((name, knobs)) => (
            name.to_owned(),
            knobs.trim_end_matches('}').replace(',', ", "),
        ),
        None => (schedule.to_owned(), String::new()),
    }
}

fn layer_shapes(l: &LayerReport) -> String {
    let list = |tensors: &[crate::TensorInfo]| {
        let texts: Vec<String> = tensors.iter().map(|t| shape_text(&t.shape)).collect();
        texts.join(", ")
    };
    let filter = l
        .filter
        .as_ref()
        .map(|f| format!(" · {}", shape_text(f)))
        .unwrap_or_default();
    format!("{}{filter} → {}", list(&l.inputs), list(&l.outputs))
}

fn io_table(report: &Report) -> Vec<IoRow> {
    let row = |direction: &'static str, t: &IoTensor| {
        let q = &t.tensor;
        let quantisation = match (q.scales.as_slice(), q.zero_points.as_slice()) {
            ([scale], [zero]) => format!("{scale} · (q − {zero})").replace("− -", "+ "),
            ([], _) => "–".to_owned(),
            (scales, _) => format!("{} scales", scales.len()),
        };
        IoRow {
            direction,
            name: q.name.clone(),
            shape: shape_text(&q.shape),
            dtype: q.dtype.clone(),
            quantisation,
            bytes: grouped(q.bytes),
            place: place(report, t.arena.as_deref(), t.offset, "the caller's"),
        }
    };
    let inputs = report.inputs.iter().map(|t| row("input", t));
    let outputs = report.outputs.iter().map(|t| row("output", t));
    inputs.chain(outputs).collect()
}

/// The offset, behind the arena's name if there are several.
fn place(report: &Report, arena: Option<&str>, offset: Option<u64>, none: &str) -> String {
    match (arena, offset) {
        (Some(arena), Some(offset)) if report.memory.arenas.len() > 1 => {
            format!("@{arena} + {}", grouped(offset))
        }
        (_, offset) => offset.map_or_else(|| none.to_owned(), grouped),
    }
}

fn buffer_row(report: &Report, b: &BufferReport) -> BufferRow {
    let none = match b.role.as_str() {
        "input" | "output" => "the caller's",
        _ => "none",
    };
    BufferRow {
        name: elide(first_name(&b.name), 80),
        full_name: b.name.clone(),
        role: b.role.clone(),
        class: picture::class(kind(&b.role)),
        bytes: grouped(b.bytes),
        place: place(report, b.arena.as_deref(), b.offset, none),
        lifetime: match b.end.saturating_sub(1) {
            last if last == b.start => format!("{last}"),
            last => format!("{}–{last}", b.start),
        },
    }
}

/// The first few names.
fn list_layers(layers: &[String]) -> String {
    let names = layers.iter().take(4).map(|l| elide(first_name(l), 48));
    let mut text = names.collect::<Vec<_>>().join(", ");
    if layers.len() > 4 {
        text.push_str(&format!(" and {} more", layers.len() - 4));
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn knobs_are_shown_apart() {
        let both = |a: &str, b: &str| (a.to_owned(), b.to_owned());
        assert_eq!(
            schedule_and_knobs("tile{rows=2,channels=4}"),
            both("tile", "rows=2, channels=4")
        );
        assert_eq!(schedule_and_knobs("softmax-i8"), both("softmax-i8", ""));
    }
}
