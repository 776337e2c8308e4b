//! A model whose one layer is a call of C with arguments of every form, that C, which looks at each, and a program that runs the model. The
//! tests of both back ends use it.
#![allow(clippy::unwrap_used, reason = "tests")]

use ir::{DialectRegistry, Module, dialects};
use std::path::Path;
use std::sync::Arc;

const HEADER: &str = r#"
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
struct acme_inner { int8_t tag; const int8_t *data; int32_t n; };
struct acme_job { int32_t add; struct acme_inner inner; int16_t steps[2]; int64_t wide; const void *none; uint8_t last; float scale; };
struct acme_limits { uint16_t low; int64_t high; bool on; };
int acme_run(const struct acme_job *job, const struct acme_limits *limits, const int32_t *table, int8_t *out, uint8_t *work, const void *nothing,
    int32_t low, uint32_t high, int8_t small, uint16_t half, bool flag, float real, int64_t wide, double precise, size_t size);
"#;

/// `out[i] = data[i] + add + table[i % 3] + steps[i % 2]`, unless something is not as it should be: then a status.
const LIBRARY: &str = r#"
#include "acme.h"
int acme_run(const struct acme_job *job, const struct acme_limits *limits, const int32_t *table, int8_t *out, uint8_t *work, const void *nothing,
    int32_t low, uint32_t high, int8_t small, uint16_t half, bool flag, float real, int64_t wide, double precise, size_t size)
{
    if (nothing != NULL || low != INT32_MIN || high != 4000000000u || small != -3 || half != 65535 || !flag || real != -2.0f) {
        return 2;
    }
    if (wide != INT64_C(-5000000000) || precise != 7.0 || size != 12) {
        return 3;
    }
    if (limits->low != 65530 || limits->high != INT64_C(1099511627776) || !limits->on) {
        return 4;
    }
    if (job->wide != -1 || job->none != NULL || job->last != 200 || job->scale != 3.0f || job->inner.tag != -7) {
        return 5;
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

/// Runs the model on four bytes, and on such that the function does not take.
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
    in.x = bad;
    status = net_run(&in, &out);
    printf("%d\n", (int)status);
    return status != NET_ERROR_KERNEL;
}
"#;

/// What [`MAIN`] prints: 1+10+100+0, -2+10+20+1, 3+10+30+0, 4+10+100+1; then the status of the second run.
pub const PRINTED: &str = "0: 111 29 43 115\n-5\n";

/// What [`LIBRARY`] expects.
pub const ARGUMENTS: &str = r#"
    {type = "struct acme_job", complete, fields = [
      {name = "add", type = "int32_t", value = 10 : i64},
      {name = "inner", type = "struct acme_inner", complete, fields = [
        {name = "tag", type = "int8_t", value = -7 : i64}, {name = "data", buffer = 0 : i64}, {name = "n", type = "int32_t", value = 4 : i64}]},
      {name = "steps", type = "int16_t", values = array<i64: 0, 1>},
      {name = "wide", type = "int64_t", value = -1 : i64},
      {name = "none", null},
      {name = "last", type = "uint8_t", value = 200 : i64},
      {name = "scale", type = "float", value = 3 : i64}]},
    {type = "struct acme_limits", complete, fields = [
      {name = "low", type = "uint16_t", value = 65530 : i64}, {name = "high", type = "int64_t", value = 1099511627776 : i64},
      {name = "on", type = "bool", value = 1 : i64}]},
    {type = "int32_t", values = array<i64: 100, 20, 30>},
    {buffer = 2 : i64}, {buffer = 1 : i64, type = "uint8_t *"}, {null},
    {type = "int32_t", value = -2147483648 : i64}, {type = "uint32_t", value = 4000000000 : i64}, {type = "int8_t", value = -3 : i64},
    {type = "uint16_t", value = 65535 : i64}, {type = "bool", value = 1 : i64}, {type = "float", value = -2 : i64},
    {type = "int64_t", value = -5000000000 : i64}, {type = "double", value = 7 : i64}, {type = "size_t", value = 12 : i64}
"#;

/// A kernel that calls `callee` on four bytes, with scratch, and a `@main` that calls the kernel.
pub fn network(callee: &str, arguments: &str, returns: &str) -> Module {
    let text = format!(
        r#"
"memref.global"() <{{sym_name = "arena", sym_visibility = "private", type = memref<48xi8>, initial_value, alignment = 16 : i64}}> : () -> ()
"func.func"() <{{function_type = (memref<4xi8>, memref<16xi8>, memref<4xi8>) -> (), sym_name = "call_acme", sym_visibility = "private"}}> ({{
^bb0(%x: memref<4xi8>, %work: memref<16xi8>, %y: memref<4xi8>):
  "mcu.call_extern"(%x, %work, %y) <{{callee = "{callee}", header = "acme.h", library = "acme", returns = "{returns}",
    roles = ["input", "workspace", "output"], arguments = [{arguments}]}}> ({{
  ^bb1(%t: tensor<4x!quant.uniform<i8:f32, 0.5>>):
    %r = "nn.relu"(%t) : (tensor<4x!quant.uniform<i8:f32, 0.5>>) -> tensor<4x!quant.uniform<i8:f32, 0.5>>
    "mcu.yield"(%r) : (tensor<4x!quant.uniform<i8:f32, 0.5>>) -> ()
  }}) : (memref<4xi8>, memref<16xi8>, memref<4xi8>) -> ()
  "func.return"() : () -> ()
}}) : () -> ()
"func.func"() <{{function_type = (memref<4xi8>, memref<4xi8>) -> (), sym_name = "main", arg_attrs = [{{mcu.name = "x", mcu.offset = 0 : i64}}, {{mcu.name = "y", mcu.offset = 16 : i64}}]}}> ({{
^bb0(%x: memref<4xi8>, %y: memref<4xi8>):
  %arena = "memref.get_global"() <{{name = @arena}}> : () -> memref<48xi8>
  %32 = "arith.constant"() <{{value = 32 : index}}> : () -> index
  %work = "memref.view"(%arena, %32) : (memref<48xi8>, index) -> memref<16xi8>
  "func.call"(%x, %work, %y) <{{callee = @call_acme}}> : (memref<4xi8>, memref<16xi8>, memref<4xi8>) -> () loc("model/layer"("net.tflite":0:0))
  "func.return"() : () -> ()
}}) {{mcu.inputs = 1 : i64}} : () -> ()
"#
    );
    let mut r = DialectRegistry::builder();
    dialects::register_all(&mut r).unwrap();
    let options = ir::text::parse::ParseOptions::default();
    ir::text::parse(&text, "net.mlir", Arc::new(r.freeze()), &options)
        .unwrap_or_else(|d| panic!("{d}"))
}

/// Writes the library and the program: `acme.h`, `acme.c` and `main.c`.
pub fn write(dir: &Path) {
    for (name, text) in [("acme.h", HEADER), ("acme.c", LIBRARY), ("main.c", MAIN)] {
        std::fs::write(dir.join(name), text).unwrap();
    }
}
