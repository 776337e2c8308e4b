//! `make demo`: compiles the built-in digits network for a Cortex-M4, runs the firmware under QEMU on all test images, and shows what
//! came out.
//!
//! It uses nothing but the library: read it as an example of compiling, running and measuring a model from Rust.

use std::error::Error;
use std::path::Path;
use std::time::Instant;

use thumbwright::runtime::{RunOutcome, Runtime, run};
use thumbwright::{CompileOptions, Compiled, Compiler, TensorInfo, example};

const TARGET: &str = "cortex-m4";
/// Pixels in a row, and rows.
const SIDE: usize = 8;
/// The brightest pixel.
const BRIGHTEST: u8 = 16;
/// How many images are drawn, and how many of them in a row.
const DRAWN: usize = 8;
const IN_A_ROW: usize = 4;

fn main() -> Result<(), Box<dyn Error>> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../..");
    let read = |path: &str| std::fs::read(root.join(path)).map_err(|e| format!("{path}: {e}"));
    let images = read("models/digits/test_images.u8.bin")?;
    let labels = read("models/digits/test_labels.u8.bin")?;

    println!("Thumbwright: a network that reads handwritten digits, on a {TARGET}\n");
    let compiler = Compiler::new()?;
    let started = Instant::now();
    let compiled = compiler.compile(
        example::FILE,
        example::MODEL,
        &CompileOptions::for_target(TARGET),
    )?;
    let files = compiled.c_files()?;
    println!(
        "compiled  {} ({} bytes, {} layers) to {} files in {} ms",
        example::FILE,
        grouped(example::MODEL.len() as u64),
        compiled.layers().len(),
        files.len(),
        started.elapsed().as_millis()
    );

    let input = only(compiled.inputs())?;
    let output = only(compiled.outputs())?;
    let quantized: Vec<u8> = images.iter().map(|&p| quantize(p, &input)).collect();
    let core = Runtime::parse(TARGET, compiler.registry().targets())?;
    let firmware = run(&compiled, &core, vec![quantized.clone()], true)?;
    let reference = run(&compiled, &Runtime::Interp, vec![quantized], false)?;
    println!(
        "built     firmware with arm-none-eabi-gcc -O2, run by qemu-system-arm as {}",
        firmware.machine.unwrap_or("a machine")
    );

    let classes = usize::try_from(output.bytes)?;
    let scores: Vec<&[u8]> = firmware.outputs[0].chunks(classes).collect();
    let guesses: Vec<usize> = scores.iter().map(|s| largest(s)).collect();
    let wrong: Vec<usize> = (0..labels.len())
        .filter(|&i| guesses[i] != usize::from(labels[i]))
        .collect();
    println!(
        "\nSome of the {} images that it has not been trained on:\n",
        labels.len()
    );
    for row in choose(&labels, &wrong).chunks(IN_A_ROW) {
        draw(row, &images, &labels, &guesses, |i| {
            probability(scores[i][guesses[i]], &output)
        });
    }
    let right = labels.len() - wrong.len();
    println!(
        "{right} of {} images are read correctly: {:.2} %",
        labels.len(),
        100.0 * right as f64 / labels.len() as f64
    );
    if firmware.outputs != reference.outputs {
        return Err(
            "the firmware and the interpreter of the network disagree: please report this".into(),
        );
    }
    println!("All outputs equal those of the network's interpreter, byte for byte.\n");

    print_layers(&compiled, &firmware)?;
    print_memory(&compiled, &firmware)
}

/// The model's one tensor.
fn only(tensors: Vec<TensorInfo>) -> Result<TensorInfo, String> {
    match <[TensorInfo; 1]>::try_from(tensors) {
        Ok([tensor]) => Ok(tensor),
        Err(tensors) => Err(format!(
            "{} has {} tensors where one is expected",
            example::FILE,
            tensors.len()
        )),
    }
}

/// The rule of `models/digits/digits.json`: a pixel becomes its share of the brightest, then int8.
fn quantize(pixel: u8, input: &TensorInfo) -> u8 {
    let real = f64::from(pixel) / f64::from(BRIGHTEST);
    let stored = (real / input.scales[0]).round_ties_even() + input.zero_points[0] as f64;
    (stored.clamp(-128.0, 127.0) as i8) as u8
}

/// What a stored output stands for.
fn probability(stored: u8, output: &TensorInfo) -> f64 {
    output.scales[0] * (i64::from(stored as i8) - output.zero_points[0]) as f64
}

/// The index of the largest int8; of equal ones the first.
fn largest(scores: &[u8]) -> usize {
    let mut best = 0;
    for (i, &s) in scores.iter().enumerate() {
        if s as i8 > scores[best] as i8 {
            best = i;
        }
    }
    best
}

/// Images to draw: one a digit from the start of the set, but at the end those that are misread, since they tell most.
fn choose(labels: &[u8], wrong: &[usize]) -> Vec<usize> {
    let wrong = &wrong[..wrong.len().min(IN_A_ROW)];
    let mut chosen: Vec<usize> = Vec::new();
    for digit in 0..10 {
        let first = (0..labels.len()).find(|i| labels[*i] == digit && !wrong.contains(i));
        chosen.extend(first);
    }
    chosen.truncate(DRAWN - wrong.len());
    chosen.extend(wrong);
    chosen
}

/// Images side by side, two characters a pixel, what they are and what was read below.
fn draw(
    which: &[usize],
    images: &[u8],
    labels: &[u8],
    guesses: &[usize],
    confidence: impl Fn(usize) -> f64,
) {
    const INK: &[u8] = b" .:-=+*#%@";
    let columns = |of: &dyn Fn(usize) -> String| {
        let line: Vec<String> = which.iter().map(|&i| format!("{:16}", of(i))).collect();
        println!("  {}", line.join("  ").trim_end());
    };
    for y in 0..SIDE {
        columns(&|i| {
            let at = (i * SIDE + y) * SIDE;
            let shade = |&p: &u8| {
                let c = char::from(
                    INK[usize::from(p.min(BRIGHTEST)) * (INK.len() - 1) / usize::from(BRIGHTEST)],
                );
                [c, c]
            };
            images[at..at + SIDE].iter().flat_map(shade).collect()
        });
    }
    columns(&|i| {
        let mark = if guesses[i] == usize::from(labels[i]) {
            ""
        } else {
            "  WRONG"
        };
        format!("a {}{mark}", labels[i])
    });
    columns(&|i| format!("read as {}, {:.0} %", guesses[i], 100.0 * confidence(i)));
    println!();
}

/// What each layer took in one inference.
fn print_layers(compiled: &Compiled, outcome: &RunOutcome) -> Result<(), Box<dyn Error>> {
    let profile = outcome.profile.as_ref().ok_or("the run was not profiled")?;
    let layers = compiled.layers();
    println!(
        "One inference (exact instructions under QEMU; cycles by a model of the core without wait states):\n"
    );
    println!(
        "  {:<20} {:>12} {:>10} {:>12} {:>10}",
        "layer", "output", "MACs", "instructions", "cycles"
    );
    for counted in &profile.layers {
        let layer = layers.iter().find(|l| Some(l.index) == counted.index);
        let shape = layer.and_then(|l| l.outputs.first()).map(|t| {
            let dims: Vec<String> = t.shape.iter().skip(1).map(i64::to_string).collect();
            dims.join("x")
        });
        let share = counted.count.cycles * 24 / profile.total.cycles.max(1);
        let line = format!(
            "  {:<20} {:>12} {:>10} {:>12} {:>10}  {}",
            counted.op.trim_start_matches("nn."),
            shape.unwrap_or_default(),
            grouped(counted.macs),
            grouped(counted.count.instructions),
            grouped(counted.count.cycles),
            "#".repeat(usize::try_from(share)?)
        );
        println!("{}", line.trim_end());
    }
    let macs: u64 = layers.iter().map(|l| l.macs).sum();
    println!(
        "  {:<20} {:>12} {:>10} {:>12} {:>10}\n",
        "all",
        "",
        grouped(macs),
        grouped(profile.total.instructions),
        grouped(profile.total.cycles)
    );
    Ok(())
}

/// What the model takes of the microcontroller.
fn print_memory(compiled: &Compiled, outcome: &RunOutcome) -> Result<(), Box<dyn Error>> {
    let (problem, _) =
        passes::plan_memory::problem(compiled.memory(), true).map_err(|e| e.to_string())?;
    let bound = usmp::Liveness::of(&problem).bound();
    let size_of = |file: &str| {
        let found = outcome.sizes.iter().find(|s| s.file == file);
        found
            .map(|s| s.flash())
            .ok_or_else(|| format!("{file} was not measured"))
    };
    let name = compiled.name();
    let code = size_of(&format!("src/{name}.c"))?;
    let data = size_of(&format!("src/{name}_data.c"))?;
    let line = |what: &str, bytes: u64, about: &str| {
        println!("  {what:<16} {:>8} B   {about}", grouped(bytes));
    };
    println!("Memory:\n");
    let arena = compiled.memory().arena_size;
    let live = grouped(bound);
    let about = match arena < bound {
        true => {
            format!("input and output inside; {live} B live at once: results run into operands")
        }
        false => format!("input and output inside; no plan for this order is below {live} B"),
    };
    line("RAM, arena", arena, &about);
    if let Some(stack) = outcome.stack_high_water {
        line(
            "RAM, stack",
            u64::from(stack),
            "measured, the deepest of all runs",
        );
    }
    line("flash, code", code, &format!("src/{name}.c at -O2"));
    line("flash, weights", data, &format!("src/{name}_data.c"));
    Ok(())
}

/// A number with a comma between thousands.
fn grouped(n: u64) -> String {
    let digits = n.to_string();
    let mut out = String::new();
    for (i, c) in digits.chars().enumerate() {
        if i > 0 && (digits.len() - i) % 3 == 0 {
            out.push(',');
        }
        out.push(c);
    }
    out
}
