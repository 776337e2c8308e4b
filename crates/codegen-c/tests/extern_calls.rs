//! Calls of external functions, against C that looks at every argument.
#![allow(clippy::unwrap_used, reason = "tests")]

mod harness;

use harness::*;
use ir::dialects::mcu::ExternValue;
use ir::{AttrData, Module, OpState, QuantType};
use std::process::Command;

/// `out[i] = data[i] + add + table[i % 3] + steps[i % 2]`, unless something is not as it should be: then a status.
const HEADER: &str = r#"
#include <stddef.h>
#include <stdint.h>
struct acme_inner { const int8_t *data; int32_t n; };
struct acme_job { int32_t add; struct acme_inner inner; int16_t steps[2]; };
static inline int acme_run(const struct acme_job *job, const int32_t *table, int8_t *out, uint8_t *work, const void *nothing, int32_t low, uint32_t high)
{
    if (nothing != NULL || low != INT32_MIN || high != 4000000000u) {
        return 2;
    }
    for (int32_t i = 0; i < job->inner.n; i++) {
        work[i] = (uint8_t)job->inner.data[i];
    }
    for (int32_t i = 0; i < job->inner.n; i++) {
        if (work[i] == 99) {
            return 7;
        }
        out[i] = (int8_t)((int8_t)work[i] + job->add + table[i % 3] + job->steps[i % 2]);
    }
    return 0;
}
"#;

const MAIN: &str = r#"
#include "net.h"
#include <stdio.h>
int main(void)
{
    const int8_t good[4] = {1, -2, 3, 4}, bad[4] = {1, 99, 3, 4};
    int8_t y[4] = {0, 0, 0, 0};
    const struct net_outputs out = {y};
    struct net_inputs in = {good};
    int32_t status = net_run(&in, &out);
    printf("%d: %d %d %d %d\n", (int)status, y[0], y[1], y[2], y[3]);
    in.x0 = bad;
    status = net_run(&in, &out);
    printf("%d\n", (int)status);
    return status != NET_ERROR_KERNEL;
}
"#;

fn scalar(ty: &str, value: i64) -> ExternValue {
    ExternValue::Scalar {
        ty: ty.to_owned(),
        value,
    }
}

fn array(ty: &str, values: &[i64]) -> ExternValue {
    ExternValue::Array {
        ty: ty.to_owned(),
        values: values.to_vec(),
    }
}

fn buffer(operand: usize, cast: Option<&str>) -> ExternValue {
    ExternValue::Buffer {
        operand,
        cast: cast.map(str::to_owned),
    }
}

fn record(ty: &str, fields: &[(&str, ExternValue)]) -> ExternValue {
    ExternValue::Struct {
        ty: ty.to_owned(),
        fields: fields
            .iter()
            .map(|(n, v)| ((*n).to_owned(), v.clone()))
            .collect(),
        complete: false,
    }
}

fn arguments() -> Vec<ExternValue> {
    let inner = record(
        "struct acme_inner",
        &[("data", buffer(0, None)), ("n", scalar("int32_t", 4))],
    );
    let job = record(
        "struct acme_job",
        &[
            ("add", scalar("int32_t", 10)),
            ("inner", inner),
            ("steps", array("int16_t", &[0, 1])),
        ],
    );
    vec![
        job,
        array("int32_t", &[100, 20, 30]),
        buffer(2, None),
        buffer(1, Some("uint8_t *")),
        ExternValue::Null,
        scalar("int32_t", i64::from(i32::MIN)),
        scalar("uint32_t", 4_000_000_000),
    ]
}

/// A kernel that calls `callee` on four bytes, with scratch, and a `@main` in the arena that calls the kernel.
fn net(callee: &str, returns: &str, values: &[ExternValue]) -> Module {
    let mut m = module();
    let i8 = m.i8();
    let (four, work) = (m.memref(&[4], i8), m.memref(&[16], i8));
    let q = m.quant(QuantType::per_tensor(8, 0.5, 0));
    let tensor = m.tensor(&[4], q);
    kernel(&mut m, "call_acme", &[four, work, four], |b, args| {
        let arguments: Vec<ir::Attr> = values.iter().map(|v| v.to_attr(b.m)).collect();
        let roles = ["input", "workspace", "output"].map(|r| b.m.str_attr(r));
        let state = OpState::new("mcu.call_extern")
            .operands(args)
            .prop("callee", b.m.str_attr(callee))
            .prop("header", b.m.str_attr("acme.h"))
            .prop("library", b.m.str_attr("acme-kernels"))
            .prop("returns", b.m.str_attr(returns))
            .prop("roles", b.m.attr(AttrData::Array(roles.to_vec())))
            .prop("arguments", b.m.attr(AttrData::Array(arguments)));
        let call = b.insert(state.regions(1));
        let region = b.m.regions(call)[0];
        let block = b.m.add_block(region, &[tensor]);
        let x = b.m.block_args(block)[0];
        let mut inside = ir::Builder::at_end(b.m, block);
        let y = inside.op("nn.relu", &[x], &[tensor]);
        let y = inside.m.result(y, 0);
        inside.op("mcu.yield", &[y], &[]);
    });
    main(&mut m, Io::Arena, &[four], &[four], 16, |b, i, o, s| {
        b.call("call_acme", &[i[0], s.unwrap(), o[0]], &[]);
    });
    m
}

#[test]
fn every_form_of_argument_reaches_the_function() {
    let files = emit(&net("acme_run", "status", &arguments()), "net");
    assert!(
        files
            .source
            .text
            .contains("#include \"net_data.h\"\n#include \"acme.h\"\n")
    );
    let link = "target_link_libraries(net PRIVATE acme-kernels)";
    assert!(files.cmake.text.contains(link), "{}", files.cmake.text);
    for compiler in ["cc", "clang-19"] {
        if !has(
            compiler,
            &format!("every_form_of_argument_reaches_the_function with {compiler}"),
        ) {
            continue;
        }
        let dir = tempfile::tempdir().unwrap();
        write(&files, dir.path());
        std::fs::write(dir.path().join("include/acme.h"), HEADER).unwrap();
        std::fs::write(dir.path().join("main.c"), MAIN).unwrap();
        let mut args = STRICT.to_vec();
        args.extend([
            "-Iinclude",
            "src/net.c",
            "src/net_data.c",
            "main.c",
            "-o",
            "run",
        ]);
        compile(compiler, &args, dir.path());
        let out = Command::new(dir.path().join("run")).output().unwrap();
        let text = String::from_utf8(out.stdout).unwrap();
        // 1+10+100+0, -2+10+20+1, 3+10+30+0, 4+10+100+1; then the status of the second run.
        assert_eq!(text, "0: 111 29 43 115\n-5\n", "{}", files.source.text);
        assert!(out.status.success());
    }
}

#[test]
fn nothing_can_fail_where_nothing_returns_a_status() {
    let files = emit(&net("acme_run", "void", &arguments()), "net");
    assert!(
        files
            .source
            .text
            .contains("static NET_NOINLINE void call_acme(")
    );
    assert!(!files.header.text.contains("ERROR_KERNEL"));
    let files = emit(&net("acme_run", "status", &arguments()), "net");
    assert!(files.header.text.contains("#define NET_ERROR_KERNEL (-5)"));
}

#[test]
fn a_name_of_the_models_own_is_refused() {
    let m = net("net_run", "void", &[buffer(0, None)]);
    let verified = ir::verify::verify(&m).unwrap();
    let options = codegen_c::Options {
        name: "net".to_owned(),
        ..codegen_c::Options::default()
    };
    let errors = codegen_c::emit(verified, &host(), &options).unwrap_err();
    assert_eq!(errors.iter().next().unwrap().code, "C009", "{errors}");
    // A kernel of the callee's name gives way.
    let files = emit(&net("call_acme", "void", &[buffer(0, None)]), "net");
    assert!(
        files.source.text.contains("void call_acme_2("),
        "{}",
        files.source.text
    );
}
