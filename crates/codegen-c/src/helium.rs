//! The names of Helium's intrinsics in `<arm_mve.h>`, Arm's C Language Extensions.

use ir::dialects::arm_mve::{Instruction, Shape, TRANSFERS, Transfer};

/// Of an instruction on registers whose elements have `width` bits; `word` says that a word stands for a vector.
pub(crate) fn instruction(i: &Instruction, width: u32, word: bool) -> String {
    let mnemonic = i.name.trim_start_matches("arm.mve.");
    let (mnemonic, predicated) = match mnemonic.strip_suffix("_p") {
        Some(m) => (m, "_p"),
        None => (mnemonic, ""),
    };
    let (mnemonic, immediate) = match mnemonic.strip_suffix("_n") {
        Some(m) => (m, "_n"),
        None => (mnemonic, ""),
    };
    let form = match mnemonic {
        "vpnot" => return mnemonic.to_owned(),
        "vctp8" | "vctp16" | "vctp32" => return format!("{mnemonic}q"),
        "vmullb" | "vmullt" => "_int",
        // The register of a shift has a letter of its own.
        "vshl" if word => "_r",
        "vdup" | "vmla" => "_n",
        _ if word => "_n",
        _ => immediate,
    };
    // Named after the elements that are read.
    let suffix = match i.operands {
        [Shape::Narrow] => width / 2,
        _ => width,
    };
    format!("{mnemonic}q{predicated}{form}_s{suffix}")
}

/// Of the products of the lanes, added up.
pub(crate) fn product(width: u32) -> String {
    format!("vmladavq_s{width}")
}

/// Of a load or store of a vector whose elements have `width` bits.
pub(crate) fn transfer(t: &Transfer, width: u32) -> String {
    let mnemonic = t.name.trim_start_matches("arm.mve.");
    let mnemonic = mnemonic.split('_').next().unwrap_or(mnemonic);
    let form = match (t.offsets, t.predicated, t.store) {
        (true, ..) if t.element == 8 => "_gather_offset",
        (true, ..) => "_gather_shifted_offset",
        (_, true, true) => "_p",
        (_, true, false) => "_z",
        (_, false, _) => "",
    };
    format!("{mnemonic}q{form}_s{width}")
}

/// Every name that the C may call.
pub(crate) fn reserved() -> Vec<String> {
    let mut names = Vec::new();
    for i in ir::dialects::arm_mve::INSTRUCTIONS {
        for &width in i.widths {
            names.push(instruction(i, width, false));
            if i.operands.contains(&Shape::VectorOrWord) {
                names.push(instruction(i, width, true));
            }
        }
    }
    names.extend([8, 16, 32].map(product));
    for t in TRANSFERS {
        names.extend(t.widths.iter().map(|&width| transfer(t, width)));
    }
    for width in [8, 16, 32] {
        names.push(format!("vgetq_lane_s{width}"));
        for from in [8, 16, 32] {
            names.push(format!("vreinterpretq_s{width}_s{from}"));
            names.push(format!("vreinterpretq_u{width}_s{from}"));
        }
    }
    names.extend([8, 16, 32].map(|w| format!("int{w}x{}_t", 128 / w)));
    names
}
