//! The emitted C of `expf`, compiled by the host's compiler, gives the same bits as the Rust.

use interp::numerics::math::expf;
use std::io::Write;
use std::process::{Command, Stdio};

const FROM_BITS: &str = r"
static float tw_float_from_bits(uint32_t bits)
{
    float value;
    memcpy(&value, &bits, sizeof value);
    return value;
}
";

/// What the C back end emits.
const EXPF_C: &str = include_str!("../../codegen-c/src/templates/expf.c");

const DRIVER: &str = r"
int main(void)
{
    uint32_t bits;
    while (fread(&bits, sizeof bits, 1, stdin) == 1) {
        float result = tw_expf(tw_float_from_bits(bits));
        fwrite(&result, sizeof result, 1, stdout);
    }
    return 0;
}
";

fn arguments() -> Vec<u32> {
    let mut bits = vec![0, 1, 0x8000_0000, 0x8000_0001, 0x7f80_0000, 0xff80_0000];
    bits.extend([
        0x7fc0_0000,
        0xffc0_0001,
        0x7f80_0001,
        0x7f7f_ffff,
        0xff7f_ffff,
    ]);
    for edge in [
        0x42b1_7218u32,
        0xc2cf_f1b5,
        0x3eb1_7218,
        0xbeb1_7218,
        0xc2ae_ac50,
    ] {
        bits.extend(edge - 64..edge + 64);
    }
    // A Weyl sequence over all bit patterns, then one over the interesting magnitudes of both signs.
    bits.extend((0..50_000u32).map(|i| i.wrapping_mul(2_654_435_769)));
    bits.extend((0..60_000u32).map(|i| {
        let magnitude = 0x3000_0000 + i.wrapping_mul(2_654_435_769) % 0x12d0_0000;
        magnitude | (i & 1) << 31
    }));
    bits
}

#[test]
fn c_and_rust_agree_bit_for_bit() {
    if !prerequisites::programs("c_and_rust_agree_bit_for_bit", &["cc"]) {
        return;
    }
    let dir = tempfile::tempdir().unwrap();
    let source = dir.path().join("expf.c");
    let program = dir.path().join("expf");
    let text = format!(
        "#include <stdint.h>\n#include <stdio.h>\n#include <string.h>\n{FROM_BITS}{EXPF_C}{DRIVER}"
    );
    std::fs::write(&source, text).unwrap();
    let flags = [
        "-std=c99",
        "-O2",
        "-ffp-contract=off",
        "-pedantic",
        "-Wall",
        "-Wextra",
        "-Werror",
    ];
    let build = Command::new("cc")
        .args(flags)
        .arg("-o")
        .args([&program, &source])
        .output()
        .unwrap();
    assert!(
        build.status.success(),
        "{}",
        String::from_utf8_lossy(&build.stderr)
    );

    let bits = arguments();
    assert!(bits.len() > 100_000);
    let input: Vec<u8> = bits.iter().flat_map(|b| b.to_le_bytes()).collect();
    let mut child = Command::new(&program)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let mut stdin = child.stdin.take().unwrap();
    let writer = std::thread::spawn(move || stdin.write_all(&input).unwrap());
    let output = child.wait_with_output().unwrap();
    writer.join().unwrap();
    assert_eq!(output.stdout.len(), 4 * bits.len());
    for (chunk, &b) in output.stdout.chunks_exact(4).zip(&bits) {
        let c = u32::from_le_bytes(chunk.try_into().unwrap());
        let rust = expf(f32::from_bits(b)).to_bits();
        assert_eq!(c, rust, "argument {b:#010x}");
    }
}
