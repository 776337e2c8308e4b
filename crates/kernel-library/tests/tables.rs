//! What is said of wrong tables, and of ops that an entry does not compute.
#![allow(clippy::unwrap_used, reason = "tests")]

use ir::dialects::{func, nn};
use ir::{Module, OpId, OpState, QuantType};
use kernel_library::{KernelLibrary, LibraryError};
use pass::{Registry, RegistryBuilder};
use proptest::prelude::*;
use std::path::Path;
use target::{Target, Targets};

const HEAD: &str = "name = \"acme\"\nheader = \"acme.h\"\n";

/// A kernel of eleven lines; those that a test needs are replaced.
const KERNEL: &str = r#"[[kernel]]
function = "acme_conv"
op = "nn.conv_2d"
element = "int8"
returns = "status"
when = ["dilation.h == 1", "filter.channels % 2 == 0 or feature('dsp') == 0"]
args = ["input", "output", "filter", { buffer = "bias", optional = true }, "multiplier", "shift", "-input.zero_point", "workspace",
    { struct = "struct dims", fields = { n = "input.batches", list = { array = "int16_t", values = [1, "kernel.h"] } } }]
workspace = "2 * filter.channels"
cycles = "macs + 10"
flash = 100
"#;

fn builder() -> RegistryBuilder {
    let mut r = Registry::builder(Targets::builtin());
    ir::dialects::register_all(&mut r.dialects).unwrap();
    interp::register(&mut r.dialects).unwrap();
    r
}

fn register(text: &str) -> Result<Registry, LibraryError> {
    let library = KernelLibrary::from_text("acme.toml", text, Path::new("."))?;
    let mut r = builder();
    library.register(&mut r)?;
    Ok(r.freeze())
}

fn message(text: &str) -> String {
    match register(text) {
        Ok(_) => panic!("no error:\n{text}"),
        Err(e) => e.to_string(),
    }
}

#[test]
fn the_head_is_checked() {
    for (text, want) in [
        (
            "name = \"acme\"",
            "acme.toml:1: header: the key is missing; add `header = …`",
        ),
        (
            "name = 3\nheader = \"a.h\"",
            "acme.toml:1: name: is an integer; write the library's name",
        ),
        (
            "name = \"acme\"\nheader = \"../a.h\"",
            "acme.toml:2: header: \"../a.h\" cannot be",
        ),
        (
            "name = \"a b\"\nheader = \"a.h\"",
            "acme.toml:1: name: \"a b\" cannot be",
        ),
        (
            "name = \"acme\"\nheader = \"a.h\"\n",
            "acme.toml:1: kernel: the library computes nothing; add a [[kernel]]",
        ),
        (
            "name = \"acme\"\nheader = \"a.h\"\nlibs = []",
            "acme.toml:3: libs: unknown key; known here are name,",
        ),
        (
            "name = \"acme\"\nheader = \"a.h\"\nsources = [\"none.c\"]",
            "acme.toml:3: sources: there is no file \"none.c\"",
        ),
        (
            "name = \"acme\"\nheader = \"a.h\"\ninclude = \"src\"",
            "acme.toml:3: include: is a string; write a list of strings",
        ),
        ("name = \"acme\"\nname", "acme.toml:2: "),
    ] {
        let got = message(text);
        assert!(got.contains(want), "{text}\n{got}");
    }
}

/// What is replaced in the kernel by what, and what is said.
const WRONG: &[(&str, &str, &str)] = &[
    (
        "op = \"nn.conv_2d\"",
        "op = \"nn.conv2d\"",
        "acme.toml:5: kernel[0].op: there is no op `nn.conv2d`, did you mean `nn.conv_2d`? there are nn.conv_2d",
    ),
    (
        "op = \"nn.conv_2d\"",
        "op = \"scf.for\"",
        "kernel[0].op: `scf.for` is no op that a function can compute",
    ),
    (
        "element = \"int8\"",
        "element = \"i8\"",
        "acme.toml:6: kernel[0].element: is none of the choices; write one of int8",
    ),
    (
        "element = \"int8\"",
        "",
        "kernel[0].element: the key is missing",
    ),
    (
        "returns = \"status\"",
        "returns = \"int\"",
        "acme.toml:7: kernel[0].returns: is none of the choices; write \"void\"",
    ),
    (
        "\"dilation.h == 1\"",
        "\"dilation.h = 1\"",
        "acme.toml:8: kernel[0].when[0]: unexpected character `=` at column 12 (equality is `==`)",
    ),
    (
        "\"dilation.h == 1\"",
        "\"dilation.z == 1\"",
        "acme.toml:8: kernel[0].when[0]: in `dilation.z == 1`: `dilation.z` is unknown for `nn.conv_2d`",
    ),
    (
        "\"dilation.h == 1\"",
        "\"input.hight == 1\"",
        "in `input.hight == 1`: `input.hight` is unknown for `nn.conv_2d`, did you mean `input.height`? Of a tensor there are batches, height",
    ),
    (
        "\"dilation.h == 1\"",
        "\"input.dim == 1\"",
        "`input.dim` takes one argument: `input.dim(0)`",
    ),
    (
        "\"dilation.h == 1\"",
        "\"left_shift == 1\"",
        "`left_shift` is unknown for `nn.conv_2d`",
    ),
    (
        "\"output\", ",
        "",
        "kernel[0].args: no argument is the output; pass \"output\"",
    ),
    (
        "\"output\", ",
        "\"output\", true, ",
        "acme.toml:9: kernel[0].args[2]: is no argument; write a buffer's name",
    ),
    (
        "\"output\", ",
        "\"output\", \"outputs\", ",
        "acme.toml:9: kernel[0].args[2]: in `outputs`: `outputs` is unknown",
    ),
    (
        "buffer = \"bias\"",
        "buffer = \"biases\"",
        "kernel[0].args[3].buffer: there is no buffer \"biases\"; there are input, filter, bias, output, multiplier, shift, folded_bias, workspace",
    ),
    (
        "optional = true",
        "optional = 1",
        "kernel[0].args[3].optional: is an integer; write true or false",
    ),
    (
        "fields = {",
        "members = {",
        "kernel[0].args[8].members: unknown key; known here are struct, fields",
    ),
    (
        "array = \"int16_t\"",
        "list = \"int16_t\"",
        "acme.toml:10: kernel[0].args[8].fields.list: is no argument",
    ),
    (
        "\"2 * filter.channels\"",
        "\"2 * filter.channels +\"",
        "acme.toml:11: kernel[0].workspace: the expression ends too early",
    ),
    (
        "cycles = \"macs + 10\"\n",
        "",
        "kernel[0].cycles: the key is missing; add `cycles =",
    ),
    (
        "function = \"acme_conv\"",
        "function = \"acme_conv\"\nname = \"Acme\"",
        "acme.toml:5: kernel[0].name: \"Acme\" is no name of a schedule",
    ),
];

#[test]
fn entries_are_checked_with_line_and_key() {
    register(&format!("{HEAD}{KERNEL}")).unwrap_or_else(|e| panic!("{e}"));
    for (old, new, want) in WRONG {
        assert!(KERNEL.contains(old), "{old}");
        let got = message(&format!("{HEAD}{}", KERNEL.replacen(old, new, 1)));
        assert!(got.contains(want), "{new}\nwanted: {want}\n{got}");
    }
}

#[test]
fn all_problems_are_said_at_once() {
    let text = KERNEL
        .replace("dilation.h", "dilation.q")
        .replace("macs", "max()+mac");
    let got = message(&format!("{HEAD}{text}{}", KERNEL.replace("int8", "int4")));
    assert_eq!(got.lines().count(), 3, "{got}");
}

#[test]
fn two_entries_have_two_names() {
    let got = message(&format!("{HEAD}{KERNEL}{KERNEL}"));
    assert!(
        got.contains(
            "kernel[1].name: schedule `acme-conv` is registered twice; set another `name`"
        ),
        "{got}"
    );
    register(&format!("{HEAD}{KERNEL}{KERNEL}name = \"acme-conv-too\"\n")).unwrap();
}

#[derive(Clone)]
struct Conv {
    dilation: i64,
    channels: i64,
    float: bool,
    bias: bool,
}

const PLAIN: Conv = Conv {
    dilation: 1,
    channels: 2,
    float: false,
    bias: true,
};

/// A convolution of 3 × 3 on 1 × 8 × 8 in a module of its own.
fn conv(registry: &Registry, c: &Conv) -> (Module, OpId) {
    let mut m = Module::new(registry.dialects().clone());
    let f32 = m.f32();
    let (q, w) = match c.float {
        true => (f32, f32),
        false => (
            m.quant(QuantType::per_tensor(8, 0.5, -3)),
            m.quant(QuantType::per_tensor(8, 0.25, 0)),
        ),
    };
    let side = 8 - 2 * c.dilation;
    let bias = if c.float { f32 } else { m.i32() };
    let types = [
        m.tensor(&[1, 8, 8, c.channels], q),
        m.tensor(&[4, 3, 3, c.channels], w),
        m.tensor(&[4], bias),
    ];
    let types = &types[..2 + usize::from(c.bias)];
    let out = m.tensor(&[1, side, side, 4], q);
    let (_, block) = func::build_func(&mut m, "main", types, &[out], ir::Loc::UNKNOWN);
    let args = m.block_args(block).to_vec();
    let state = OpState::new(nn::Conv2dOp::NAME)
        .operands(&args)
        .results(&[out])
        .prop("strides", m.i64s_attr(&[1, 1]))
        .prop("dilations", m.i64s_attr(&[c.dilation; 2]))
        .prop("pads", m.i64s_attr(&[0; 4]))
        .prop("activation", m.str_attr("none"));
    let mut b = ir::Builder::at_end(&mut m, block);
    let op = b.insert(state);
    let y = b.m.result(op, 0);
    b.op("func.return", &[y], &[]);
    ir::verify::verify(&m).unwrap_or_else(|e| panic!("{e}"));
    (m, op)
}

fn target(name: &str) -> Target {
    Targets::builtin().get(name).unwrap().clone()
}

/// Whether the only entry of a table takes a convolution.
fn applies(kernel: &str, c: &Conv, core: &str) -> Result<(), String> {
    let registry = register(&format!("{HEAD}{kernel}")).unwrap_or_else(|e| panic!("{e}"));
    let (m, op) = conv(&registry, c);
    let schedule = registry.schedules().next().unwrap();
    schedule.applies(m.op(op), &target(core))
}

#[test]
fn an_entry_says_why_it_does_not_apply() {
    let refused = |kernel: &str, c: &Conv, core: &str| applies(kernel, c, core).unwrap_err();
    assert_eq!(applies(KERNEL, &PLAIN, "cortex-m4"), Ok(()));
    let dilated = Conv {
        dilation: 2,
        ..PLAIN
    };
    assert_eq!(
        refused(KERNEL, &dilated, "cortex-m4"),
        "wants dilation.h == 1, where dilation.h is 2"
    );
    let odd = Conv {
        channels: 3,
        ..PLAIN
    };
    assert_eq!(
        refused(KERNEL, &odd, "cortex-m4"),
        "wants filter.channels % 2 == 0 or feature('dsp') == 0, where filter.channels is 3"
    );
    // Without the DSP extension the second half holds.
    assert_eq!(applies(KERNEL, &odd, "cortex-m0"), Ok(()));
    let float = Conv {
        float: true,
        ..PLAIN
    };
    assert_eq!(
        refused(KERNEL, &float, "cortex-m4"),
        "is made for int8, not float32"
    );
    let without = Conv {
        bias: false,
        ..PLAIN
    };
    assert_eq!(applies(KERNEL, &without, "cortex-m4"), Ok(()));
    let must = KERNEL.replace(", optional = true", "");
    assert_eq!(
        refused(&must, &without, "cortex-m4"),
        "argument 3: has no bias"
    );
    let small = KERNEL.replace(
        "\"-input.zero_point\"",
        "{ value = \"input.elements * 2\", type = \"int8_t\" }",
    );
    assert_eq!(
        refused(&small, &PLAIN, "cortex-m4"),
        "argument 6: 256 is no value that every `int8_t` has"
    );
    let negative = KERNEL.replace("2 * filter.channels", "2 - input.elements");
    assert_eq!(
        refused(&negative, &PLAIN, "cortex-m4"),
        "workspace: 2 - input.elements is -126"
    );
    let zero = KERNEL.replace("macs + 10", "macs / (input.rank - 4)");
    assert_eq!(
        refused(&zero, &PLAIN, "cortex-m4"),
        "cycles: a division by zero"
    );
}

#[test]
fn the_size_of_working_memory_is_for_arguments() {
    let passed = KERNEL.replace("\"-input.zero_point\"", "\"workspace.bytes\"");
    assert_eq!(applies(&passed, &PLAIN, "cortex-m4"), Ok(()));
    let asked = KERNEL.replace("dilation.h == 1", "workspace.bytes == 4");
    assert_eq!(
        applies(&asked, &PLAIN, "cortex-m4"),
        Err("workspace.bytes == 4: `workspace.bytes` is for arguments".to_owned())
    );
}

/// The network's arguments are no constants.
#[test]
fn a_folded_bias_wants_constant_weights() {
    let folded = KERNEL.replace("\"shift\"", "\"folded_bias\"");
    assert_eq!(
        applies(&folded, &PLAIN, "cortex-m4"),
        Err("the filter is not constant".to_owned())
    );
}

#[test]
fn tables_that_come_along_are_right() {
    for name in KernelLibrary::BUILTIN {
        let library = KernelLibrary::builtin(name).unwrap();
        assert_eq!(library.name(), name);
        library
            .register(&mut builder())
            .unwrap_or_else(|e| panic!("{e}"));
    }
    assert_eq!(KernelLibrary::builtin("cmsis"), None);
}

#[test]
fn costs_are_the_formulas() {
    let registry = register(&format!("{HEAD}{KERNEL}")).unwrap();
    let (m, op) = conv(&registry, &PLAIN);
    let schedule = registry.schedules().next().unwrap();
    let t = target("cortex-m4");
    let knobs = schedule.space(m.op(op), &t).remove(0);
    let cost = schedule.cost(m.op(op), &knobs, &t);
    // 6 · 6 · 4 outputs of 3 · 3 · 2 products; multiplier and shift of 4 channels.
    assert_eq!(cost.cycles, 144 * 18 + 10);
    assert_eq!(cost.flash, 100 + 2 * 4 * 4);
    assert_eq!(cost.ram, 4);
}

/// Every name that the documentation of a convolution lists has a value.
#[test]
fn every_name_of_a_convolution_has_a_value() {
    let names = [
        ("input.batches", 1),
        ("input.height", 8),
        ("input.width", 8),
        ("input.channels", 2),
        ("input.dim(3)", 2),
        ("input.rank", 4),
        ("input.elements", 128),
        ("input.bytes", 128),
        ("bias.bytes", 16),
        ("input.zero_point", -3),
        ("filter.per_axis", 0),
        ("bias.present", 1),
        ("stride.h + stride.w", 2),
        ("dilation.h + dilation.w", 2),
        ("pad.top + pad.bottom + pad.left + pad.right", 0),
        ("kernel.h * 10 + kernel.w", 33),
        ("activation.min", -128),
        ("activation.max", 127),
        ("attr.strides(1)", 1),
        ("macs", 144 * 18),
        // 0.5 · 0.25 / 0.5 = 0.25 = 2^30 / 2^31 · 2^-1
        ("multiplier(3)", 1 << 30),
        ("shift(3)", -1),
        ("feature('dsp')", 1),
    ];
    for (name, value) in names {
        let kernel = KERNEL.replace("dilation.h == 1", &format!("{name} == {value}"));
        assert_eq!(applies(&kernel, &PLAIN, "cortex-m4"), Ok(()), "{name}");
        let kernel = KERNEL.replace("dilation.h == 1", &format!("{name} == {value} + 1"));
        assert!(applies(&kernel, &PLAIN, "cortex-m4").is_err(), "{name}");
    }
    for (word, value) in [
        ("input.element", "int8"),
        ("bias.element", "int32"),
        ("activation", "none"),
        ("attr.activation", "none"),
    ] {
        let kernel = KERNEL.replace("dilation.h == 1", &format!("{word} == '{value}'"));
        assert_eq!(applies(&kernel, &PLAIN, "cortex-m4"), Ok(()), "{word}");
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(400))]

    /// A damaged table is an error or a table; nothing panics, also not where its formulas are evaluated.
    #[test]
    fn damage_does_no_harm(at in 0usize..900, cut in 0usize..20, put in "[-+*/%()'\"{}\\[\\].,=a-z0-9 \n]{0,6}") {
        let text = format!("{HEAD}{KERNEL}");
        let at = at.min(text.len());
        let end = (at + cut).min(text.len());
        let damaged = format!("{}{put}{}", &text[..at], &text[end..]);
        if let Ok(registry) = register(&damaged) {
            let (m, op) = conv(&registry, &PLAIN);
            let t = target("cortex-m4");
            for s in registry.schedules_of("nn.conv_2d") {
                let _ = s.applies(m.op(op), &t);
                let _ = s.cost(m.op(op), &s.space(m.op(op), &t)[0], &t);
            }
        }
    }
}

#[test]
fn listed_structs_are_checked() {
    let of = |structs: &str| message(&format!("{HEAD}{structs}\n{KERNEL}"));
    for (structs, want) in [
        (
            "[[struct]]\ntype = \"struct dims\"\nmembers = [\"int32_t n\"]",
            "kernel[0].args[8]: \"struct dims\" has no member `list`; see its [[struct]] table",
        ),
        (
            "[[struct]]\ntype = \"struct dims\"\nmembers = [\"int32_t n\", \"int16_t list\"]",
            "member `list` is of type \"int16_t\"",
        ),
        (
            "[[struct]]\ntype = \"struct dims\"\nmembers = [\"int32_t n\", \"int16_t list[1]\"]",
            "member `list` is an array of 1",
        ),
        (
            "[[struct]]\ntype = \"struct dims\"\nmembers = [\"int32_t *n\", \"int16_t list[2]\"]",
            "member `n` is a pointer",
        ),
        (
            "[[struct]]\ntype = \"struct dims\"\nmembers = [\"enum mode n\"]",
            "acme.toml:5: struct[0].members: \"enum mode n\" has a type that is not known here",
        ),
        (
            "[[struct]]\ntype = \"struct dims\"\nmembers = [\"int32_t\"]",
            "\"int32_t\" is no member",
        ),
        (
            "[[struct]]\ntype = \"struct dims\"\nmembers = [\"int32_t n[0]\"]",
            "is no array that can be",
        ),
        (
            "[[struct]]\ntype = \"struct dims\"\nmembers = []",
            "struct[0].members: there are none",
        ),
        (
            "[[struct]]\ntype = \"int32_t\"\nmembers = [\"int32_t n\"]",
            "struct[0].type: \"int32_t\" is no struct's type",
        ),
        (
            "[[struct]]\ntype = \"d\"\nmembers = [\"int32_t n\"]\n[[struct]]\ntype = \"d\"\nmembers = [\"int32_t n\"]",
            "struct[1].type: \"d\" is listed twice",
        ),
    ] {
        let text = of(structs);
        assert!(text.contains(want), "{want}\n{text}");
    }
}
