//! Models on boards with several memories: what goes where, and that the results stay the goldens, byte for byte.
#![allow(clippy::unwrap_used, reason = "tests")]

mod models;

use models::Model;
use passes::access_counts::AccessCounts;
use thumbwright::runtime::{Runtime, run};
use thumbwright::{
    CompileError, CompileOptions, Compiled, Compiler, Constants, PipelineOptions, Role,
};

/// A board with a fast and a slow memory of these sizes.
fn board(core: &str, fast: u64, slow: u64) -> String {
    format!(
        r#"
name = "two-memories"
kind = "board"
description = "Two memories"
source = "made up"
base = "{core}"

[[memory]]
name = "fast"
kind = "tcm"
address = 0x20000000
size = {fast}

[[memory]]
name = "slow"
kind = "ram"
address = 0x30000000
size = {slow}
read_wait = 3
write_wait = 2

[[memory]]
name = "flash"
kind = "flash"
address = 0x08000000
size = 0x200000
read_wait = 5
"#
    )
}

fn compile(model: &Model, board: &str, tuning: PipelineOptions) -> Result<Compiled, CompileError> {
    let builder = Compiler::builder().unwrap();
    let builder = builder.register(|r| {
        r.target("board.toml", board)?;
        Ok(())
    });
    let options = CompileOptions {
        tuning,
        ..CompileOptions::for_target("two-memories")
    };
    let compiler = builder.unwrap().build();
    compiler.compile(&model.file(), &model.bytes(), &options)
}

fn digits() -> Model {
    models::all("digits")
        .into_iter()
        .find(|m| m.name == "digits_int8")
        .unwrap()
}

/// Runs the placed module on the goldens' samples.
fn gives_the_golden(model: &Model, compiled: &Compiled) {
    let samples = model.golden.n_samples.min(4);
    let outcome = run(
        compiled,
        &Runtime::InterpLoops,
        model.inputs(samples),
        false,
    )
    .unwrap();
    let expected = model.outputs(samples);
    assert!(outcome.outputs == expected, "{} differs", model.name);
}

/// Bytes of each arena by its memory.
fn arenas(compiled: &Compiled) -> Vec<(String, u64)> {
    let arenas = compiled.memory().arenas.iter();
    arenas
        .map(|a| (a.pool.clone().unwrap_or_default(), a.size))
        .collect()
}

fn default() -> PipelineOptions {
    PipelineOptions::default()
}

#[test]
fn what_does_not_fit_spills_and_the_bytes_stay_the_golden() {
    let model = digits();
    let whole = compile(&model, &board("cortex-m4", 1 << 20, 1 << 20), default()).unwrap();
    assert_eq!(whole.memory().arenas.len(), 1);
    assert_eq!(arenas(&whole)[0].0, "fast");
    let need = whole.memory().arena_size;
    for core in ["cortex-m0", "cortex-m4", "cortex-m55"] {
        let text = board(core, need / 2, need);
        let split = compile(&model, &text, default()).unwrap();
        let sizes = arenas(&split);
        assert_eq!(sizes.len(), 2, "{core}: {sizes:?}");
        assert!(sizes.iter().all(|(_, size)| *size > 0));
        assert!(sizes[0].0 == "fast" && sizes[0].1 <= need / 2, "{sizes:?}");
        gives_the_golden(&model, &split);
    }
}

/// Every buffer in the fast memory has more accesses a byte than some buffer in the slow one that is live at the same time, or the plan
/// would gain by changing them; on a model of a few buffers the plan is the best there is.
#[test]
fn the_plan_costs_less_than_all_in_the_slow_memory() {
    let model = digits();
    let whole = compile(&model, &board("cortex-m4", 1 << 20, 1 << 20), default()).unwrap();
    let need = whole.memory().arena_size;
    let split = compile(&model, &board("cortex-m4", need / 2, need), default()).unwrap();
    let counts = AccessCounts::of(split.module());
    let waiting = |fast: bool| -> u64 {
        let slow =
            |b: &&thumbwright::MappedBuffer| !fast || b.arena.as_deref() == Some("arena_slow");
        let buffers = split.memory().buffers.iter().filter(slow);
        let access = buffers.map(|b| counts.buffer(split.module(), b.value));
        access.map(|a| 3 * a.reads + 2 * a.writes).sum()
    };
    let (planned, all_slow) = (waiting(true), waiting(false));
    assert!(planned > 0 && planned < all_slow, "{planned} {all_slow}");
    let remark = split
        .diagnostics()
        .iter()
        .find(|d| &*d.code == "remark.plan")
        .unwrap();
    let note = format!("{planned} cycles of waiting for buffers");
    assert!(
        remark.notes.iter().any(|n| n.starts_with(&note)),
        "{remark:?}"
    );
}

#[test]
fn limits_are_kept() {
    let model = digits();
    let text = board("cortex-m4", 1 << 20, 1 << 20);
    let limited = |pools: &[(&str, u64)]| PipelineOptions {
        pools: pools.iter().map(|&(n, b)| (n.to_owned(), b)).collect(),
        ..default()
    };
    let compiled = compile(&model, &text, limited(&[("fast", 0)])).unwrap();
    assert_eq!(arenas(&compiled)[0].0, "slow");
    gives_the_golden(&model, &compiled);
    let compiled = compile(&model, &text, limited(&[("fast", 1500)])).unwrap();
    let sizes = arenas(&compiled);
    assert!(sizes.len() == 2 && sizes[0].1 <= 1500, "{sizes:?}");
    let error = compile(&model, &text, limited(&[("fast", 64), ("slow", 512)])).err();
    let error = error.unwrap().0.to_string();
    for part in [
        "M006",
        "memory `fast` has 64 bytes",
        "memory `slow` has 512 bytes",
        "live there: ",
        "boards with enough RAM: arduino-nano-33-ble",
    ] {
        assert!(error.contains(part), "{part:?} is not in\n{error}");
    }
    let error = compile(&model, &text, limited(&[("fats", 64)])).err();
    assert!(
        error
            .unwrap()
            .0
            .to_string()
            .contains("did you mean `fast`?")
    );
}

#[test]
fn constants_go_to_what_the_buffers_leave() {
    let model = digits();
    let text = board("cortex-m4", 6000, 1 << 20);
    let fast = PipelineOptions {
        constants: Constants::Fast,
        pools: vec![("fast".to_owned(), 6000), ("slow".to_owned(), 2048)],
        ..default()
    };
    let plain = compile(&model, &text, default()).unwrap();
    let moved = compile(&model, &text, fast).unwrap();
    assert_eq!(arenas(&plain), arenas(&moved));
    let in_pool = |compiled: &Compiled, pool: &str| -> u64 {
        let m = compiled.module();
        let of_pool = m.ops(m.body()).filter(|&op| {
            let named = m.discardable(op, "mcu.pool").and_then(|a| m.attr_symbol(a));
            m.prop(op, "constant").is_some() && named == Some(pool)
        });
        let types = of_pool.filter_map(|op| m.prop(op, "type").and_then(|a| m.attr_type(a)));
        types.filter_map(|t| m.size_bytes(t)).sum()
    };
    assert_eq!(in_pool(&plain, "fast") + in_pool(&plain, "slow"), 0);
    let (first, second) = (in_pool(&moved, "fast"), in_pool(&moved, "slow"));
    let arena = arenas(&moved)[0].1;
    assert!(first > 0 && arena + first <= 6000, "{arena} {first}");
    assert!(second > 0 && second <= 2048, "{second}");
    gives_the_golden(&model, &moved);
}

/// The models beside the repository: half of what they need is fast.
#[test]
fn larger_models_spill_byte_for_byte() {
    let wanted = ["kws_int8", "vww_int8", "resnet_int8", "ad_int8"];
    let all = models::all("larger_models_spill_byte_for_byte");
    for model in all.iter().filter(|m| wanted.contains(&m.name.as_str())) {
        let whole = compile(model, &board("cortex-m4", 1 << 22, 1 << 22), default()).unwrap();
        let need = whole.memory().arena_size;
        let split = compile(model, &board("cortex-m4", need / 2, need), default()).unwrap();
        assert!(
            arenas(&split).len() == 2,
            "{}: {:?}",
            model.name,
            arenas(&split)
        );
        let placed = |b: &thumbwright::MappedBuffer| b.arena.is_some() && b.role != Role::Input;
        assert!(split.memory().buffers.iter().any(placed));
        gives_the_golden(model, &split);
    }
}
